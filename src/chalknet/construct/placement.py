"""Where the walls of boxes and the knots of lines go, and how far off each can be at most.

Every box is cut into small parts on which the function is bounded. The best height of a box is the
middle between the largest and the smallest value on it, and half of what lies between is the error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.function import Enclosure, Function
from chalknet.construct.intervals import Interval
from chalknet.errors import ConfigurationError

__all__ = ["Boxes", "Cells", "Lines", "adaptive_boxes", "fewest", "uniform_boxes", "uniform_cells",
           "uniform_lines"]  # fmt: skip

Array = npt.NDArray[Any]
PARTS = 2**14  # of the whole range, at least, on which a function is bounded
FEWEST_PARTS = 16  # of a box
MOST_PARTS = 2**20


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes between ``edges`` (m + 1,) of ``heights`` (m,), off by ``errors`` (m,) at most."""

    edges: Array
    heights: Array
    errors: Array


@dataclass(frozen=True, eq=False)
class Lines:
    """Straight lines between ``edges`` (m + 1,) and ``values`` there, off by ``errors`` (m,)."""

    edges: Array
    values: Array
    errors: Array


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells between ``edges``, one array (m + 1,) an input; heights and errors (m, …, m)."""

    edges: tuple[Array, ...]
    heights: Array
    errors: Array


def uniform_boxes(function: Function, low: float, high: float, boxes: int) -> Boxes:
    """Boxes of equal width."""
    edges = np.linspace(low, high, boxes + 1)
    parts, around = _parts(edges)
    value = _enclosed(function, parts)
    least, largest = value.low.reshape(-1, around), value.high.reshape(-1, around)
    return _boxes(edges, least.min(axis=1), largest.max(axis=1))


def adaptive_boxes(
    function: Function,
    low: float,
    high: float,
    *,
    boxes: int | None = None,
    error: float | None = None,
) -> Boxes:
    """Boxes as wide as an error allows: as few as there can be for it, but for the parts' width.

    With ``boxes`` the error is the least with which so many are enough.

    Raises
    ------
    ConfigurationError
        On a part of the range no box is as close as ``error``.
    """
    count = max(PARTS, 64 * boxes if boxes else PARTS)
    if error is not None:
        count = 4 * PARTS
    parts = np.linspace(low, high, min(count, MOST_PARTS) + 1)
    value = _enclosed(function, parts)
    least, largest = value.low, value.high
    if error is None:
        error = _least_error(least, largest, boxes or 1)
    halves = (largest - least) / 2
    if halves.max() > error:
        i = int(halves.argmax())
        raise ConfigurationError(
            f"no box is within {error:g} of {function.name} near x = {parts[i]:.6g}, where it "
            f"varies by {2 * halves[i]:.3g} over {parts[i + 1] - parts[i]:.2g}: allow a larger "
            "error."
        )
    starts = _greedy(least.tolist(), largest.tolist(), 2 * error)
    edges = np.append(parts[starts], parts[-1])
    return _boxes(edges, np.minimum.reduceat(least, starts), np.maximum.reduceat(largest, starts))


def _boxes(edges: Array, least: Array, largest: Array) -> Boxes:
    heights = least + (largest - least) / 2
    return Boxes(edges, heights, np.maximum(largest - heights, heights - least))


def _least_error(least: Array, largest: Array, boxes: int) -> float:
    """By bisection, to a thousandth: the least error with which so many boxes are enough."""
    lows, highs = least.tolist(), largest.tolist()
    enough = float(largest.max() - least.min()) / 2
    too_small = float((largest - least).max()) / 2
    if len(_greedy(lows, highs, 2 * too_small)) <= boxes:
        return too_small
    for _ in range(60):
        if enough - too_small <= 1e-3 * enough:
            break
        middle = (enough + too_small) / 2
        if len(_greedy(lows, highs, 2 * middle)) <= boxes:
            enough = middle
        else:
            too_small = middle
    return enough


def _greedy(lows: list[float], highs: list[float], most: float) -> list[int]:
    """Where boxes start if each goes on until the values on it would vary by more than ``most``."""
    starts: list[int] = []
    least, largest = np.inf, -np.inf
    for i, (low, high) in enumerate(zip(lows, highs, strict=True)):
        least, largest = min(least, low), max(largest, high)
        if not starts or largest - least > most:
            starts.append(i)
            least, largest = low, high
    return starts


def uniform_lines(function: Function, low: float, high: float, lines: int) -> Lines:
    """Straight lines between the function's values at equally spaced knots."""
    edges = np.linspace(low, high, lines + 1)
    values = function(edges[:, None])
    parts, around = _parts(edges)
    known = function.enclose(parts[:-1, None], parts[1:, None])
    piece = np.repeat(np.arange(lines), around)
    off = _off_line(known, parts, edges, values, piece)
    return Lines(edges, values, off.reshape(-1, around).max(axis=1))


def _off_line(known: Enclosure, parts: Array, edges: Array, values: Array, piece: Array) -> Array:
    """How far the function can be from the straight line of its piece, on every part."""
    slope = ((values[1:] - values[:-1]) / (edges[1:] - edges[:-1]))[piece]

    def line(x: Array) -> Array:
        at: Array = values[piece] + slope * (x - edges[piece])
        return at

    rounding = 4 * np.spacing(np.abs(values).max())
    middle, half = parts[:-1] + np.diff(parts) / 2, np.diff(parts) / 2 * (1 + 1e-15)
    quotients = known.slopes[0]
    turn = np.maximum(np.abs(quotients.low - slope), np.abs(quotients.high - slope)) * (1 + 1e-15)
    by_slope = _furthest(known.middle, line(middle), line(middle)) + turn * half
    ends = np.sort(np.stack([line(parts[:-1]), line(parts[1:])]), axis=0)
    by_value = _furthest(known.value, ends[0], ends[1])
    off: Array = np.fmin(by_slope, by_value) + rounding
    return off


def _furthest(values: Interval, low: Array, high: Array) -> Array:
    """The largest distance of a number in the interval from one between low and high."""
    return np.maximum(values.high - low, high - values.low)


def uniform_cells(function: Function, low: float, high: float, cells: int) -> Cells:
    """Cells of equal width along every input."""
    d = function.inputs
    edges = np.linspace(low, high, cells + 1)
    around = max(1, min(16, int(2 ** (18 / d) / cells)))
    parts = np.concatenate([[low], np.linspace(edges[:-1], edges[1:], around + 1)[1:].T.ravel()])
    index = np.stack(np.meshgrid(*[np.arange(len(parts) - 1)] * d, indexing="ij"), -1).reshape(
        -1, d
    )
    value = function.enclose(_opened(parts)[index], parts[index + 1]).value
    shape = sum(((cells, around) for _ in range(d)), ())
    within = tuple(range(1, 2 * d, 2))
    least = value.low.reshape(shape).min(axis=within)
    largest = value.high.reshape(shape).max(axis=within)
    heights = least + (largest - least) / 2
    return Cells((edges,) * d, heights, np.maximum(largest - heights, heights - least))


def fewest(is_enough: Callable[[int], bool], most: int, what: str) -> int:
    """The least count, by doubling and halving, that is enough where one less is not.

    Raises
    ------
    ConfigurationError
        Not even ``most`` are enough.
    """
    high = 1
    while not is_enough(high):
        if high >= most:
            raise ConfigurationError(what)
        high = min(2 * high, most)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _enclosed(function: Function, parts: Array) -> Interval:
    """The function's values between neighbouring parts."""
    return function.enclose(_opened(parts)[:-1, None], parts[1:, None]).value


def _opened(parts: Array) -> Array:
    """Where parts begin: at the float after a wall, for the wall belongs to the box before it."""
    return np.append(parts[:1], np.nextafter(parts[1:], np.inf))


def _parts(edges: Array) -> tuple[Array, int]:
    """Every gap between edges cut into equally many small parts."""
    around = max(FEWEST_PARTS, -(-PARTS // (len(edges) - 1)))
    inner = np.linspace(edges[:-1], edges[1:], around + 1)[:-1].T.ravel()
    return np.append(inner, edges[-1]), around
