"""The regression losses: squared, absolute, Huber's and Poisson's, for outputs that are numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError, TargetError
from chalknet.operations.losses.loss import ElementwiseLoss
from chalknet.specs import format_spec

__all__ = ["AbsoluteError", "HalfSquaredError", "Huber", "MeanSquaredError", "Poisson"]


@dataclass(frozen=True)
class MeanSquaredError(ElementwiseLoss):
    """ℓ = (o − t)², ∂ℓ/∂o = 2 (o − t): the mean over samples, the sum over outputs."""

    name: ClassVar[str] = "mean_squared_error"

    @staticmethod
    def formula(o: Any, t: Any) -> Any:
        """(o − t)²."""
        return (o - t) * (o - t)

    @staticmethod
    def derivative(o: Any, t: Any) -> Any:
        """2 (o − t)."""
        return 2.0 * (o - t)


@dataclass(frozen=True)
class HalfSquaredError(ElementwiseLoss):
    """ℓ = ½ (o − t)², ∂ℓ/∂o = o − t."""

    name: ClassVar[str] = "half_squared_error"

    @staticmethod
    def formula(o: Any, t: Any) -> Any:
        """½ (o − t)²."""
        return 0.5 * (o - t) * (o - t)

    @staticmethod
    def derivative(o: Any, t: Any) -> Any:
        """O − t."""
        return o - t


@dataclass(frozen=True)
class AbsoluteError(ElementwiseLoss):
    """ℓ = |o − t|, with the subgradient sign(o − t), sign(0) := 0."""

    name: ClassVar[str] = "absolute_error"

    @staticmethod
    def formula(o: Any, t: Any) -> Any:
        """|o − t|."""
        return np.abs(o - t)

    @staticmethod
    def derivative(o: Any, t: Any) -> Any:
        """sign(o − t)."""
        return np.sign(o - t)


@dataclass(frozen=True)
class Huber(ElementwiseLoss):
    """ℓ = ½ r² for |r| ≤ δ, else δ (|r| − ½ δ), with r = o − t; ∂ℓ/∂o = r clipped to ±δ.

    Source: Huber, "Robust estimation of a location parameter", 1964.
    """

    name: ClassVar[str] = "huber"
    delta: float = 1.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.delta) and self.delta > 0):
            raise ConfigurationError(f"huber: delta must be a positive number, not {self.delta}.")

    @property
    def parameters(self) -> tuple[float, ...]:
        """(δ,)."""
        return (self.delta,)

    @property
    def spec(self) -> str:
        """``huber``, or ``huber(delta=0.5)`` for another δ than 1."""
        return format_spec(self.name, {} if self.delta == 1.0 else {"delta": self.delta})

    @staticmethod
    def formula(o: Any, t: Any, delta: Any) -> Any:
        """With c = min(|r|, δ): c (|r| − ½ c), which is both pieces in one."""
        r = np.abs(o - t)
        c = np.minimum(r, delta)
        return c * (r - 0.5 * c)

    @staticmethod
    def derivative(o: Any, t: Any, delta: Any) -> Any:
        """max(−δ, min(δ, o − t))."""
        return np.maximum(-delta, np.minimum(delta, o - t))


@dataclass(frozen=True)
class Poisson(ElementwiseLoss):
    """Counts with rate eᵒ: ℓ = eᵒ − t o, ∂ℓ/∂o = eᵒ − t (minus log likelihood less log t!).

    Targets are counts or rates ≥ 0; the output is the logarithm of the predicted rate.
    """

    name: ClassVar[str] = "poisson"

    @staticmethod
    def formula(o: Any, t: Any) -> Any:
        """eᵒ − t o."""
        return np.exp(o) - t * o

    @staticmethod
    def derivative(o: Any, t: Any) -> Any:
        """eᵒ − t."""
        return np.exp(o) - t

    def checked_targets(self, targets: npt.ArrayLike, n: int, K: int) -> npt.NDArray[Any]:
        """Non-negative floats (n, K)."""
        t = super().checked_targets(targets, n, K)
        if not (t >= 0).all():
            raise TargetError(f"poisson takes targets ≥ 0, but one is {t[t < 0][0]:g}.")
        return t

    @staticmethod
    def response(o: Any) -> Any:
        """The rate eᵒ."""
        return np.exp(o)
