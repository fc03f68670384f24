"""Optimizers: how parameters move, given the gradient.

Each is a frozen configuration with its update rule written as a formula of single numbers, which
NumPy broadcasts over the flat parameter vector and a compiler can take as it stands:

    update(w, g, *slots, *coefficients) → (w, *slots)

``slots`` are the running quantities kept for every parameter (velocity, moments), zero at first;
``coefficients`` depend on the learning rate η and the number t = 1, 2, … of the step.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chalknet.errors import ConfigurationError, unknown_name
from chalknet.operations.affine import Vector

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "OptimizerState",
    "RMSprop",
    "as_optimizer",
]


@dataclass
class OptimizerState:
    """How many steps were taken, and one vector a slot, laid out like the parameters."""

    t: int
    slots: list[Vector]


@dataclass(frozen=True, kw_only=True)
class Optimizer(ABC):
    """What the optimizers share: the state, and one step over the flat vectors."""

    learning_rate: float

    name: ClassVar[str]
    slot_names: ClassVar[tuple[str, ...]] = ()
    usual_learning_rate: ClassVar[float] = 0.001
    update: ClassVar[Callable[..., tuple[Any, ...]]]

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(
                    f"{self.name}: {field.name} must be a finite number ≥ 0, not {value}."
                )
            if field.name == "epsilon" and value == 0:
                raise ConfigurationError(
                    f"{self.name}: epsilon must be positive: it keeps 0/0 away."
                )
            if field.name in ("momentum", "decay", "beta_1", "beta_2") and value >= 1:
                raise ConfigurationError(f"{self.name}: {field.name} must be below 1, not {value}.")

    @abstractmethod
    def coefficients(self, learning_rate: float, t: int) -> tuple[float, ...]:
        """What ``update`` takes after the slots, in step ``t`` (from 1)."""

    def init(self, parameters: Vector) -> OptimizerState:
        """The state before the first step."""
        return OptimizerState(0, [np.zeros_like(parameters) for _ in self.slot_names])

    def step(
        self,
        parameters: Vector,
        gradients: Vector,
        state: OptimizerState,
        learning_rate: float | None = None,
    ) -> bool:
        """Take one step in place, unless it would make a number that is not finite.

        Parameters
        ----------
        parameters, gradients : array (n_parameters,)
        state : OptimizerState
            From ``init``; changed in place.
        learning_rate : float, optional
            The schedule's rate for this step; the optimizer's own by default.

        Returns
        -------
        bool
            False if a parameter or a slot would not be finite: then nothing has changed.
        """
        rate = self.learning_rate if learning_rate is None else learning_rate
        with np.errstate(over="ignore", invalid="ignore"):
            new = type(self).update(
                parameters, gradients, *state.slots, *self.coefficients(rate, state.t + 1)
            )
            if not all(_all_finite(values) for values in new):
                return False
        parameters[...] = new[0]
        state.slots = list(new[1:])
        state.t += 1
        return True


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """w ← w − η g.

    >>> w = np.array([1.0, 2.0])
    >>> SGD(learning_rate=0.5).step(w, np.array([1.0, -1.0]), SGD(learning_rate=0.5).init(w))
    True
    >>> w
    array([0.5, 2.5])
    """

    name: ClassVar[str] = "sgd"
    usual_learning_rate: ClassVar[float] = 0.1

    def coefficients(self, learning_rate: float, t: int) -> tuple[float, ...]:  # noqa: ARG002
        """(η,)."""
        return (learning_rate,)

    @staticmethod
    def update(w: Any, g: Any, learning_rate: Any) -> tuple[Any, ...]:
        """w ← w − η g."""
        return (w - learning_rate * g,)


@dataclass(frozen=True, kw_only=True)
class Momentum(Optimizer):
    """v ← μ v + g,   w ← w − η v.   Source: Polyak, 1964 (heavy ball)."""

    momentum: float = 0.9

    name: ClassVar[str] = "momentum"
    slot_names: ClassVar[tuple[str, ...]] = ("v",)
    usual_learning_rate: ClassVar[float] = 0.01

    def coefficients(self, learning_rate: float, t: int) -> tuple[float, ...]:  # noqa: ARG002
        """(η, μ)."""
        return (learning_rate, self.momentum)

    @staticmethod
    def update(w: Any, g: Any, v: Any, learning_rate: Any, momentum: Any) -> tuple[Any, ...]:
        """v ← μ v + g,   w ← w − η v."""
        v = momentum * v + g
        return w - learning_rate * v, v


@dataclass(frozen=True, kw_only=True)
class Nesterov(Momentum):
    """v ← μ v + g,   w ← w − η (g + μ v).

    Source: Nesterov, 1983, in the form of Sutskever, Martens, Dahl and Hinton, ICML 2013.
    """

    name: ClassVar[str] = "nesterov"

    @staticmethod
    def update(w: Any, g: Any, v: Any, learning_rate: Any, momentum: Any) -> tuple[Any, ...]:
        """v ← μ v + g,   w ← w − η (g + μ v)."""
        v = momentum * v + g
        return w - learning_rate * (g + momentum * v), v


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer):
    """s ← ρ s + (1 − ρ) g²,   w ← w − η g / (√s + ε).   Source: Tieleman and Hinton, 2012."""

    decay: float = 0.99
    epsilon: float = 1e-8

    name: ClassVar[str] = "rmsprop"
    slot_names: ClassVar[tuple[str, ...]] = ("s",)

    def coefficients(self, learning_rate: float, t: int) -> tuple[float, ...]:  # noqa: ARG002
        """(η, ρ, ε)."""
        return (learning_rate, self.decay, self.epsilon)

    @staticmethod
    def update(
        w: Any, g: Any, s: Any, learning_rate: Any, decay: Any, epsilon: Any
    ) -> tuple[Any, ...]:
        """s ← ρ s + (1 − ρ) g²,   w ← w − η g / (√s + ε)."""
        s = decay * s + (1.0 - decay) * g * g
        return w - learning_rate * g / (np.sqrt(s) + epsilon), s


@dataclass(frozen=True, kw_only=True)
class Adagrad(Optimizer):
    """s ← s + g²,   w ← w − η g / (√s + ε).   Source: Duchi, Hazan and Singer, JMLR 2011."""

    epsilon: float = 1e-10

    name: ClassVar[str] = "adagrad"
    slot_names: ClassVar[tuple[str, ...]] = ("s",)
    usual_learning_rate: ClassVar[float] = 0.01

    def coefficients(self, learning_rate: float, t: int) -> tuple[float, ...]:  # noqa: ARG002
        """(η, ε)."""
        return (learning_rate, self.epsilon)

    @staticmethod
    def update(w: Any, g: Any, s: Any, learning_rate: Any, epsilon: Any) -> tuple[Any, ...]:
        """s ← s + g²,   w ← w − η g / (√s + ε)."""
        s = s + g * g
        return w - learning_rate * g / (np.sqrt(s) + epsilon), s


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """First and second moments, each corrected for its start at zero.

    m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²,
    w ← w − η m̂ / (√v̂ + ε)   with   m̂ = m / (1 − β₁ᵗ),   v̂ = v / (1 − β₂ᵗ).

    Source: Kingma and Ba, ICLR 2015.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    name: ClassVar[str] = "adam"
    slot_names: ClassVar[tuple[str, ...]] = ("m", "v")

    def coefficients(self, learning_rate: float, t: int) -> tuple[float, ...]:
        """(η, β₁, β₂, ε, 1 − β₁ᵗ, 1 − β₂ᵗ)."""
        return (
            learning_rate,
            self.beta_1,
            self.beta_2,
            self.epsilon,
            1.0 - self.beta_1**t,
            1.0 - self.beta_2**t,
        )

    @staticmethod
    def update(
        w: Any,
        g: Any,
        m: Any,
        v: Any,
        learning_rate: Any,
        beta_1: Any,
        beta_2: Any,
        epsilon: Any,
        correction_1: Any,
        correction_2: Any,
    ) -> tuple[Any, ...]:
        """The three lines of the class."""
        m = beta_1 * m + (1.0 - beta_1) * g
        v = beta_2 * v + (1.0 - beta_2) * g * g
        return w - learning_rate * (m / correction_1) / (np.sqrt(v / correction_2) + epsilon), m, v


@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: w ← (1 − η λ) w before Adam's step, biases included.

    Source: Loshchilov and Hutter, ICLR 2019.
    """

    weight_decay: float = 0.01

    name: ClassVar[str] = "adamw"

    def coefficients(self, learning_rate: float, t: int) -> tuple[float, ...]:
        """Adam's, then 1 − η λ."""
        return (*super().coefficients(learning_rate, t), 1.0 - learning_rate * self.weight_decay)

    @staticmethod
    def update(w: Any, g: Any, m: Any, v: Any, *coefficients: Any) -> tuple[Any, ...]:
        """w ← (1 − η λ) w, then Adam."""
        *adam, shrink = coefficients
        return Adam.update(shrink * w, g, m, v, *adam)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    cls.name: cls for cls in (SGD, Momentum, Nesterov, RMSprop, Adagrad, Adam, AdamW)
}


def as_optimizer(spec: str | Optimizer, **options: float | None) -> Optimizer:
    """The optimizer that ``spec`` names, with ``options`` that are not None, or one already made.

    Without a learning rate it gets the one that is usual for it.

    Raises
    ------
    ConfigurationError
        The name is unknown (the message suggests the nearest), or the optimizer has no such option.

    >>> as_optimizer("momentum", learning_rate=0.05, momentum=None)
    Momentum(learning_rate=0.05, momentum=0.9)
    """
    if isinstance(spec, Optimizer):
        return spec
    if str(spec).lower() not in OPTIMIZERS:
        raise unknown_name("optimizer", spec, OPTIMIZERS)
    cls = OPTIMIZERS[spec.lower()]
    given = {key: value for key, value in options.items() if value is not None}
    known = [field.name for field in dataclasses.fields(cls)]
    for key in given:
        if key not in known:
            raise ConfigurationError(
                f"{cls.name} has no option {key!r}: its options are {', '.join(known)}."
            )
    return cls(**{"learning_rate": cls.usual_learning_rate, **given})


def _all_finite(values: Vector) -> bool:
    # One sum is several times cheaper than a test of each element, and almost always enough.
    return bool(np.isfinite(values.sum())) or bool(np.isfinite(values).all())
