"""The update rules in scikit-learn's form, which differs from the textbook's in two places.

Its velocity has the learning rate inside, v ← μ v − η g, which is another rule once η changes from
step to step; and Adam's ε is added to √v, not to √v̂.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chalknet.training.optimizers import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Optimizer,
    RMSprop,
)

__all__ = ["GradientOnly", "as_in_scikit_learn"]


@dataclass(frozen=True, kw_only=True)
class Velocity(Optimizer):
    """v ← μ v − η g,   w ← w + v: heavy ball momentum with the learning rate in the velocity."""

    momentum: float = 0.9

    name: ClassVar[str] = "momentum"
    slot_names: ClassVar[tuple[str, ...]] = ("v",)

    def __post_init__(self) -> None:
        """Nothing: scikit-learn allows a momentum of 1, and ``parameters.py`` has looked."""

    def coefficients(self, learning_rate: float, t: int) -> tuple[float, ...]:  # noqa: ARG002
        """(η, μ)."""
        return (learning_rate, self.momentum)

    @staticmethod
    def update(w: Any, g: Any, v: Any, learning_rate: Any, momentum: Any) -> tuple[Any, ...]:
        """v ← μ v − η g,   w ← w + v."""
        v = momentum * v - learning_rate * g
        return w + v, v


@dataclass(frozen=True, kw_only=True)
class NesterovVelocity(Velocity):
    """v ← μ v − η g,   w ← w + μ v − η g."""

    name: ClassVar[str] = "nesterov"

    @staticmethod
    def update(w: Any, g: Any, v: Any, learning_rate: Any, momentum: Any) -> tuple[Any, ...]:
        """v ← μ v − η g,   w ← w + μ v − η g."""
        v = momentum * v - learning_rate * g
        return w + (momentum * v - learning_rate * g), v


@dataclass(frozen=True, kw_only=True)
class AdamOfTheAbstract(Adam):
    """Adam in the order of operations that its paper calls more efficient (end of section 2).

    m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,
    w ← w − ηₜ m / (√v + ε)   with   ηₜ = η √(1 − β₂ᵗ) / (1 − β₁ᵗ).
    """

    def coefficients(self, learning_rate: float, t: int) -> tuple[float, ...]:
        """(ηₜ, β₁, β₂, ε)."""
        rate = learning_rate * (1.0 - self.beta_2**t) ** 0.5 / (1.0 - self.beta_1**t)
        return (rate, self.beta_1, self.beta_2, self.epsilon)

    @staticmethod
    def update(
        w: Any,
        g: Any,
        m: Any,
        v: Any,
        *coefficients: Any,
    ) -> tuple[Any, ...]:
        """The lines of the class: one division, where Adam's own have three."""
        rate, beta_1, beta_2, epsilon = coefficients
        m = beta_1 * m + (1.0 - beta_1) * g
        v = beta_2 * v + (1.0 - beta_2) * g * g
        return w - rate * m / (np.sqrt(v) + epsilon), m, v


@dataclass(frozen=True, kw_only=True)
class GradientOnly(Optimizer):
    """Leaves w alone and keeps g, for solvers that go their own way."""

    learning_rate: float = 1.0

    name: ClassVar[str] = "gradient"
    slot_names: ClassVar[tuple[str, ...]] = ("g",)

    def coefficients(self, learning_rate: float, t: int) -> tuple[float, ...]:  # noqa: ARG002
        """None."""
        return ()

    @staticmethod
    def update(w: Any, g: Any, kept: Any) -> tuple[Any, ...]:  # noqa: ARG004
        """w ← w,   kept ← g."""
        return w, g


def as_in_scikit_learn(
    solver: str,
    *,
    learning_rate: float,
    momentum: float,
    nesterovs_momentum: bool,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> Optimizer:
    """The optimizer that the arguments of a constructor describe.

    >>> as_in_scikit_learn("sgd", learning_rate=0.1, momentum=0.9, nesterovs_momentum=False,
    ...                    beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    Velocity(learning_rate=0.1, momentum=0.9)
    """
    if solver == "sgd":
        if momentum == 0:
            return SGD(learning_rate=learning_rate)
        with_momentum = NesterovVelocity if nesterovs_momentum else Velocity
        return with_momentum(learning_rate=learning_rate, momentum=momentum)
    if solver == "rmsprop":
        return RMSprop(learning_rate=learning_rate, epsilon=epsilon)
    if solver == "adagrad":
        return Adagrad(learning_rate=learning_rate, epsilon=epsilon)
    moments = {"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon}
    adam: type[Adam] = AdamW if solver == "adamw" else AdamOfTheAbstract
    return adam(learning_rate=learning_rate, **moments)
