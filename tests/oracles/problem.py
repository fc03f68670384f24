"""A small network with data and an objective, as plain arrays: what derivatives are compared on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from oracles import splitmix

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Layer:
    """W (fan_in, fan_out), b (fan_out,), and an activation by name with its parameters."""

    W: Array
    b: Array
    activation: str
    parameters: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Problem:
    """A network, data, and an objective.

    ``rates`` are the dropout rates of the hidden layers; the masks are those of step 0 of the epoch
    with ``epoch_key``.
    """

    layers: list[Layer]
    X: Array
    targets: Array
    loss: str
    loss_parameters: tuple[float, ...]
    sample_weight: Array | None
    l2: float
    rates: tuple[float, ...]
    epoch_key: int
    masks: list[Array | None] = field(init=False)

    def __post_init__(self) -> None:
        masks = [
            splitmix.mask(
                splitmix.key_of(self.epoch_key, 0, number),
                (len(self.X), layer.W.shape[1]),
                rate,
            )
            if rate
            else None
            for number, (layer, rate) in enumerate(zip(self.layers, self.rates, strict=False))
        ]
        object.__setattr__(self, "masks", [*masks, None])

    @property
    def rows(self) -> Array:
        """The targets as (n, K): classes as one-hot rows, a flat vector as a column."""
        K = self.layers[-1].W.shape[1]
        if self.loss == "softmax_cross_entropy" and self.targets.ndim == 1:
            return np.eye(K)[self.targets]
        return self.targets.reshape(len(self.X), K)

    @property
    def parameters(self) -> Array:
        """All W and b in one vector (m,): W₁ row by row, b₁, W₂, …"""
        return np.concatenate(
            [part.ravel() for layer in self.layers for part in (layer.W, layer.b)]
        )


@dataclass(frozen=True, eq=False)
class Answer:
    """The mean data term, ∂objective/∂parameters (m,), and ∂objective/∂X where it is computed."""

    loss: float
    parameters: Array
    X: Array | None


GradientsOf = Callable[..., Answer]  # (problem, dtype=float64)
