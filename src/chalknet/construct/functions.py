"""What is approximated: an expression, samples, or a Python callable.

An expression is bounded by interval arithmetic, samples because straight lines join them, and a
callable by the Lipschitz constants that whoever gives it vouches for. Without those it is only
sampled, and nothing about it is proved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chalknet.construct.expression_function import ExpressionFunction
from chalknet.construct.function import Array, Enclosure, Function, middle_form
from chalknet.construct.intervals import Interval
from chalknet.construct.points import Points
from chalknet.errors import ConfigurationError, DataFormatError, ShapeError

__all__ = ["CallableFunction", "ExpressionFunction", "Function", "SampledFunction", "as_function"]

SAMPLES = {1: 17, 2: 5}  # of a box, along each input, where nothing bounds a function


class SampledFunction(Function):
    """Samples (x, y), joined by straight lines."""

    inputs = 1

    def __init__(self, x: Any, y: Any, name: str = "the samples") -> None:
        points = Points.of(x, y, "float64")
        self.x, self.y, self.name = points.x, points.y, name

    def _values(self, points: Array) -> Array:
        outside = (points[:, 0] < self.x[0]) | (points[:, 0] > self.x[-1])
        if outside.any():
            raise DataFormatError(
                f"{self.name} reach from x = {self.x[0]:.6g} to x = {self.x[-1]:.6g}, but "
                f"x = {points[outside, 0][0]:.6g} is asked for: choose a range within."
            )
        return np.interp(points[:, 0], self.x, self.y)

    def _enclosed(self, low: Array, high: Array) -> Enclosure:
        a, b = low[:, 0], high[:, 0]
        doubt = 4 * np.spacing(np.abs(self.y).max())  # interpolation rounds
        first = np.searchsorted(self.x, a, "left")
        last = np.searchsorted(self.x, b, "right")
        ends = np.sort(np.stack([self._values(low), self._values(high)]), axis=0)
        value = Interval(
            np.minimum(ends[0], _over_ranges(np.minimum, self.y, first, last)) - doubt,
            np.maximum(ends[1], _over_ranges(np.maximum, self.y, first, last)) + doubt,
        )
        quotients = np.diff(self.y) / np.diff(self.x)
        before, after = np.maximum(first - 1, 0), np.minimum(last, len(quotients))
        slopes = Interval(
            _over_ranges(np.minimum, quotients, before, after) * 1.0,
            _over_ranges(np.maximum, quotients, before, after) * 1.0,
        )
        rounding = 4 * np.spacing(np.maximum(np.abs(slopes.low), np.abs(slopes.high)))
        slopes = Interval(slopes.low - rounding, slopes.high + rounding)
        at = self._values(low + (high - low) / 2)
        return Enclosure(value, Interval(at - doubt, at + doubt), (slopes,))


def _over_ranges(smallest: Any, values: Array, first: Any, last: Any) -> Array:
    """The least (or greatest) of values[first:last], infinite for an empty range."""
    worst = np.inf if smallest is np.minimum else -np.inf
    padded = np.append(values, worst)
    pairs = np.stack([first, np.maximum(first, last)], axis=1).ravel()
    reduced: Array = smallest.reduceat(padded, pairs)[::2]
    return np.where(last > first, reduced, worst)


class CallableFunction(Function):
    """A Python callable that takes X (n, inputs), or x (n,) for one input, and gives (n,).

    ``lipschitz`` bounds the difference quotients along each input.
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        inputs: int = 1,
        lipschitz: float | Sequence[float] | None = None,
        name: str | None = None,
    ) -> None:
        self.function, self.inputs = function, inputs
        self.name = name or str(getattr(function, "__name__", "the function"))
        self.proved = lipschitz is not None
        self.lipschitz: Array | None = None
        if lipschitz is not None:
            self.lipschitz = np.broadcast_to(np.asarray(lipschitz, np.float64), (inputs,))
            if not (np.isfinite(self.lipschitz).all() and (self.lipschitz >= 0).all()):
                raise ConfigurationError(
                    f"lipschitz must be finite numbers ≥ 0, not {lipschitz!r}."
                )

    def _values(self, points: Array) -> Array:
        values = np.asarray(self.function(points[:, 0] if self.inputs == 1 else points), np.float64)
        if values.shape != (len(points),):
            raise ShapeError(
                f"{self.name} must give one value a row, shape ({len(points)},), but gave shape "
                f"{values.shape}: write it for arrays, as with np.sin."
            )
        return values

    def _enclosed(self, low: Array, high: Array) -> Enclosure:
        middle = low + (high - low) / 2
        at = self._values(middle)
        if self.lipschitz is None:
            return self._sampled(low, high, at)
        half = (high - low) / 2
        slopes = tuple(
            Interval(np.full(len(low), -L), np.full(len(low), L)) for L in self.lipschitz
        )
        everything = Interval(np.full(len(low), -np.inf), np.full(len(low), np.inf))
        value = middle_form(everything, Interval(at, at), slopes, half)
        return Enclosure(value, Interval(at, at), slopes)

    def _sampled(self, low: Array, high: Array, at: Array) -> Enclosure:
        """What a grid of samples shows: no bound, but the best there is."""
        count = SAMPLES.get(self.inputs, 3)
        steps = np.stack(
            np.meshgrid(*[np.linspace(0, 1, count)] * self.inputs, indexing="ij"), -1
        ).reshape(-1, self.inputs)
        points = low[:, None] + (high - low)[:, None] * steps
        values = self._values(points.reshape(-1, self.inputs)).reshape(len(low), -1)
        grid = values.reshape(len(low), *[count] * self.inputs)
        slopes = []
        for a in range(self.inputs):
            width = (high - low)[:, a] / (count - 1)
            quotients = np.diff(grid, axis=a + 1).reshape(len(low), -1) / width[:, None]
            slopes.append(Interval(quotients.min(axis=1), quotients.max(axis=1)))
        value = Interval(values.min(axis=1), values.max(axis=1))
        return Enclosure(value, Interval(at, at), tuple(slopes))


def as_function(
    source: str | Callable[[Any], Any] | Function,
    *,
    inputs: int | None = None,
    lipschitz: float | Sequence[float] | None = None,
) -> Function:
    """The function that ``source`` is or spells.

    Raises
    ------
    ConfigurationError
        The text is no function, or a number of inputs is given that it has not.
    """
    if isinstance(source, Function):
        found = source
    elif callable(source):
        return CallableFunction(source, inputs or 1, lipschitz)
    elif isinstance(source, str):
        found = ExpressionFunction(source)
    else:
        raise ConfigurationError(
            f"a function is text such as 'sin(x)' or a Python callable, not {source!r}."
        )
    if lipschitz is not None:
        raise ConfigurationError(
            f"lipschitz is for a Python callable: {found.name} is bounded without it."
        )
    if inputs is not None and inputs < found.inputs:
        raise ConfigurationError(
            f"{found.name} has {found.inputs} inputs, so inputs cannot be {inputs}."
        )
    if inputs is not None:
        found.inputs = inputs
    return found
