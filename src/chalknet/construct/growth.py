"""How the error falls with the number of neurons, and how that number grows with the inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.function import Function
from chalknet.construct.placement import uniform_boxes, uniform_lines
from chalknet.construct.step_networks import count_of_neurons

__all__ = ["Growth", "Rates", "growth", "growth_of", "rates", "steepest"]

Array = npt.NDArray[Any]
PARTS = 2**14
ERRORS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
INPUTS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Rates:
    """Bounds on the error of n boxes and of n lines: proportional to 1/n and to 1/n²."""

    neurons: tuple[int, ...]
    boxes: tuple[float, ...]
    lines: tuple[float, ...]

    def order(self, kind: str) -> float:
        """The power of n with which the error falls over the last two doublings: about 1 or 2."""
        errors = self.boxes if kind == "boxes" else self.lines
        if len(errors) < 3 or min(errors[-3], errors[-1]) <= 1e-12:
            return math.nan
        return math.log(errors[-3] / errors[-1]) / math.log(self.neurons[-1] / self.neurons[-3])


@dataclass(frozen=True)
class Growth:
    """Hidden neurons that suffice for an error, by the number of inputs.

    Cells of width h along each of d inputs are off by at most ½ h Σ Lₐ, with Lₐ the steepest slope
    along input a. With L the same along each, an error of E takes m = d L (b − a) / 2E cells a
    side, and mᵈ in all.

    Attributes
    ----------
    slope : float
        L: the steepest slope along any input.
    errors : tuple of float
    inputs : tuple of int
    neurons : tuple of tuples of int
        One row an error, one count a number of inputs.
    """

    slope: float
    errors: tuple[float, ...]
    inputs: tuple[int, ...]
    neurons: tuple[tuple[int, ...], ...]


def steepest(function: Function, low: float, high: float) -> Array:
    """A bound on the slope along each input (d,); infinite where the function jumps."""
    d = function.inputs
    around = max(4, int(PARTS ** (1 / d)))
    edges = np.linspace(low, high, around + 1)
    index = np.stack(np.meshgrid(*[np.arange(around)] * d, indexing="ij"), -1).reshape(-1, d)
    slopes = function.enclose(edges[index], edges[index + 1]).slopes
    return np.array([max(-float(s.low.min()), float(s.high.max())) for s in slopes])


def growth(
    slope: float,
    low: float,
    high: float,
    errors: Sequence[float] = ERRORS,
    inputs: Sequence[int] = INPUTS,
) -> Growth:
    """The table of counts for functions as steep as ``slope`` along every input.

    >>> growth(1.0, -1.0, 1.0, errors=[0.5, 0.25], inputs=[1, 2, 3]).neurons
    ((3, 26, 237), (5, 82, 1767))
    """
    rows = []
    for error in errors:
        cells = [max(1, math.ceil(d * slope * (high - low) / (2 * error))) for d in inputs]
        rows.append(tuple(count_of_neurons(m, d) for m, d in zip(cells, inputs, strict=True)))
    return Growth(slope, tuple(errors), tuple(inputs), tuple(rows))


def growth_of(function: Function, low: float, high: float) -> Growth | None:
    """The table for functions as steep as this one; None where it jumps.

    The numbers of inputs are 1 to 5, and the function's own.
    """
    slope = float(steepest(function, low, high).max())
    if not math.isfinite(slope) or slope == 0:
        return None
    inputs = tuple(sorted({*INPUTS, function.inputs}))
    return growth(slope, low, high, inputs=inputs)


def rates(function: Function, low: float, high: float, most: int = 256) -> Rates:
    """The bounds for 4, 8, 16 … neurons, boxes and lines, of a function of one input."""
    counts = [2**k for k in range(2, 16) if 2**k <= max(most, 16)]
    boxes = [float(uniform_boxes(function, low, high, n - 1).errors.max()) for n in counts]
    lines = [float(uniform_lines(function, low, high, n).errors.max()) for n in counts]
    return Rates(tuple(counts), tuple(boxes), tuple(lines))
