"""How wide an initializer spreads the weights and biases of a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from chalknet.operations.initializers import INITIALIZERS, Initializer

__all__ = ["WeightSpread", "weight_spread"]

Array = npt.NDArray[np.float64]

UNIFORM_KURTOSIS = -1.2
DRAWS = 1_000_000


@dataclass(frozen=True)
class WeightSpread:
    """Variance and excess kurtosis E w⁴/(E w²)² − 3 of a layer's weights and biases."""

    weight_variance: float
    bias_variance: float
    weight_kurtosis: float = 0.0
    bias_kurtosis: float = 0.0


def weight_spread(init: Initializer, fan_in: int, fan_out: int) -> WeightSpread:
    """The spread of what ``init`` draws for a layer of this size.

    Of the built-in schemes it is exact: they scale one draw for W and one for b, so a stand-in
    generator that gives the standard deviation in place of numbers makes them give theirs. Any
    other scheme is measured on a million of its weights.

    >>> weight_spread(INITIALIZERS["lecun_normal"], 4, 3)
    WeightSpread(weight_variance=0.25, bias_variance=0.0, weight_kurtosis=0.0, bias_kurtosis=0.0)
    """
    built_in = INITIALIZERS.get(init.name)
    if built_in is None or built_in.draw is not init.draw:
        return _measured(init, fan_in, fan_out)
    deviations = _Deviations()
    W, b = init(cast(np.random.Generator, deviations), fan_in, fan_out)
    kurtoses = [*deviations.kurtoses, 0.0, 0.0]
    return WeightSpread(float(W.flat[0]) ** 2, float(b[0]) ** 2, kurtoses[0], kurtoses[1])


class _Deviations:
    """In place of a generator: every number drawn is the standard deviation it would have."""

    def __init__(self) -> None:
        self.kurtoses: list[float] = []

    def normal(self, _mean: float, deviation: float, shape: tuple[int, ...]) -> Array:
        self.kurtoses.append(0.0)
        return np.broadcast_to(float(deviation), shape)

    def uniform(self, low: float, high: float, shape: tuple[int, ...]) -> Array:
        self.kurtoses.append(UNIFORM_KURTOSIS)
        return np.broadcast_to((high - low) / np.sqrt(12.0), shape)


def _measured(init: Initializer, fan_in: int, fan_out: int) -> WeightSpread:
    rng = np.random.default_rng(0)
    drawn: list[tuple[Array, Array]] = []
    while sum(W.size for W, _ in drawn) < DRAWS:
        drawn.append(init(rng, fan_in, fan_out))
    (W_variance, W_kurtosis), (b_variance, b_kurtosis) = (
        _moments(np.concatenate([part.ravel() for part in parts]))
        for parts in zip(*drawn, strict=True)
    )
    return WeightSpread(W_variance, b_variance, W_kurtosis, b_kurtosis)


def _moments(values: npt.NDArray[Any]) -> tuple[float, float]:
    size = float(np.abs(values).max()) or 1.0
    square = np.square(values / size, dtype=np.float64)
    second = float(square.mean())
    kurtosis = float(np.square(square).mean()) / second**2 - 3.0 if second else 0.0
    return second * size**2, kurtosis
