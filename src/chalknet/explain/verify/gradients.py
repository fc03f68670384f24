"""The gradients of a round held against complex steps, entry by entry or along random directions.

Every entry of dz, and of db and of small dW, has a step of its own. A large dW is held against
steps along random directions of ±1, which a wrong entry would change too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from chalknet.explain.numerals import Array
from chalknet.explain.solution import Round, Solution
from chalknet.explain.steps import Check
from chalknet.explain.verify.complex_step import activation_tangent, loss_tangent
from chalknet.explain.verify.lines import is_known
from chalknet.explain.verify.second_formulas import SLOPE_SIZES

__all__ = ["gradient_checks"]

# Up to this many entries have a step each; above, this many random directions stand for them all.
MOST_ENTRIES, DIRECTIONS = 600, 8
# So many numbers are moved at once.
AT_ONCE = 2_000_000
TOLERANCE, TOLERANCE_OF_DIFFERENCES = 1e-12, 1e-6


def gradient_checks(solution: Solution, one: Round) -> Iterator[tuple[str, Check]]:
    """Symbol and check for dz, dW and db of every layer."""
    if one.loss is not None:
        yield from _Gradients(solution, one).checks()


class _Gradients:
    """A round in floats: exact numbers have been rounded, which 12 digits do not show."""

    def __init__(self, solution: Solution, one: Round) -> None:
        assert one.loss is not None and solution.targets is not None  # noqa: PT018, S101
        self.loss, self.targets = solution.loss, _floats(solution.targets)
        self.activations = [layer.activation for layer in solution.problem.layers]
        self.W = [_floats(layer.W) for layer in one.network.layers]
        self.A = [_floats(A) for A in (one.trace.inputs, *one.trace.activations)]
        self.Z = [_floats(Z) for Z in one.trace.pre_activations]
        gradients = one.loss.gradients
        self.dZ, self.dW, self.db = (
            [_floats(array) for array in arrays]
            for arrays in (gradients.dZ, gradients.dW, gradients.db)
        )
        n = len(self.targets)
        weight = solution.sample_weight
        self.shares = np.full(n, 1 / n) if weight is None else _floats(weight / weight.sum())
        self.l2 = float(solution.l2)
        self.scales = self._scales([_floats(slope) for slope in one.loss.slopes])
        self.differences = not all(map(is_known, self.activations))

    def checks(self) -> Iterator[tuple[str, Check]]:
        for layer in reversed(range(len(self.W))):
            yield f"dz{layer + 1}", self._check_dz(layer)
            yield f"dW{layer + 1}", self._check_dW(layer)
            yield f"db{layer + 1}", self._check_db(layer)

    # how the loss moves -----------------------------------------------------------------------

    def _moved(self, layer: int, tangents: Array) -> Array:
        """How each sample's loss moves (P, n) when Z of ``layer`` moves along (P, n, fan_out)."""
        for number in range(layer, len(self.W)):
            if number > layer:
                tangents = tangents @ self.W[number]
            tangents = activation_tangent(self.activations[number], self.Z[number], tangents)
        loss = self.loss
        assert loss is not None  # noqa: S101 - for the type checker
        parameters: Any = getattr(loss, "parameters", ())
        return loss_tangent(loss.name, parameters, self.A[-1], self.targets, tangents)

    def _scales(self, slopes: list[Array]) -> list[Array]:
        """How large the terms are from which each dz is made: rounding is relative to them."""
        # Of logits beyond 1e16 not one digit counts any more; their products might overflow.
        distance = np.minimum(np.abs(self.A[-1] - self.targets), 1e16)
        scale = self.shares[:, None] * (distance + 1) * 2
        scale = np.maximum(scale, np.abs(self.dZ[-1]))
        sizes = [self._slope_size(layer, slope) for layer, slope in enumerate(slopes)]
        scales = [scale * np.maximum(sizes[-1], 1e-30)]
        for W, size in zip(self.W[:0:-1], sizes[-2::-1], strict=True):
            scales.insert(0, (scales[0] @ np.abs(W.T)) * size)
        return scales

    def _slope_size(self, layer: int, slope: Array) -> Array:
        """The slope's own size, or that of its terms where they cancel."""
        size = SLOPE_SIZES.get(self.activations[layer].name)
        if size is None:
            return np.abs(slope)
        terms: Array = np.vectorize(lambda z: size(math, z), otypes=[float])(self.Z[layer])
        return terms

    # against what was computed ----------------------------------------------------------------

    def _check_dz(self, layer: int) -> Check:
        n, k = self.Z[layer].shape
        error = 0.0
        for some in _blocks(np.eye(k) if k <= MOST_ENTRIES else _directions(k), n * k):
            moved = self._moved(layer, np.broadcast_to(some[:, None, :], (len(some), n, k)))
            expected = some @ self.dZ[layer].T
            scale = np.abs(some) @ self.scales[layer].T
            error = max(error, _error(moved * self.shares, expected, scale))
        return self._check(error, entries=k <= MOST_ENTRIES)

    def _check_dW(self, layer: int) -> Check:
        below, (n, k) = self.A[layer], self.Z[layer].shape
        size = self.W[layer].size
        directions = np.eye(size) if size <= MOST_ENTRIES else _directions(size)
        scale_of_all = np.abs(below).T @ self.scales[layer] + self.l2 * np.abs(self.W[layer])
        error = 0.0
        for some in _blocks(directions, max(n * k, size)):
            D = some.reshape(-1, *self.W[layer].shape)
            moved = self._moved(layer, below @ D) @ self.shares
            moved = moved + self.l2 * (D * self.W[layer]).sum(axis=(1, 2))
            expected = (D * self.dW[layer]).sum(axis=(1, 2))
            scale = (np.abs(D) * scale_of_all).sum(axis=(1, 2))
            error = max(error, _error(moved, expected, scale))
        return self._check(error, entries=size <= MOST_ENTRIES)

    def _check_db(self, layer: int) -> Check:
        n, k = self.Z[layer].shape
        error = 0.0
        for some in _blocks(np.eye(k) if k <= MOST_ENTRIES else _directions(k), n * k):
            tangents = np.broadcast_to(some[:, None, :], (len(some), n, k))
            moved = self._moved(layer, tangents) @ self.shares
            expected = some @ self.db[layer]
            scale = np.abs(some) @ self.scales[layer].sum(axis=0)
            error = max(error, _error(moved, expected, scale))
        return self._check(error, entries=k <= MOST_ENTRIES)

    def _check(self, error: float, *, entries: bool) -> Check:
        how = "for each entry" if entries else f"along {DIRECTIONS} random directions"
        method = f"a complex step {how}"
        if self.differences:
            method += ", with central differences of the activation function"
        tolerance = TOLERANCE_OF_DIFFERENCES if self.differences else TOLERANCE
        return Check(method=method, error=error, tolerance=tolerance)


def _floats(array: Any) -> Array:
    floats: Array = np.asarray(array, dtype=np.float64)
    return floats


def _directions(size: int) -> Array:
    """Random vectors of ±1, always the same."""
    signs: Array = np.random.default_rng(size).choice([-1.0, 1.0], (DIRECTIONS, size))
    return signs


def _blocks(directions: Array, size: int) -> Iterator[Array]:
    """The directions, so many at once that a block of this size each fits well into memory."""
    step = max(1, AT_ONCE // size)
    for start in range(0, len(directions), step):
        yield directions[start : start + step]


def _error(one: Array, other: Array, scale: Array) -> float:
    # Movements much smaller than that, times the step, are below the smallest float.
    least = 1e-250 * max(1.0, float(np.max(scale, initial=0.0)))
    worst = float(np.max(np.abs(one - other) / np.maximum(scale, least), initial=0.0))
    return worst if worst == worst else np.inf  # noqa: PLR0124 - a NaN is the largest error
