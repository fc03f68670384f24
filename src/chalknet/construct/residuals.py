"""What rounded weights miss points by, told apart from what adding them up would lose."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chalknet.construct.double_double import Pair, two_product, two_sum
from chalknet.construct.fixed_point import (
    BITS,
    as_floats,
    carried,
    digits_of,
    digits_up_to,
    multiplied,
)
from chalknet.construct.rounding import Weights
from chalknet.construct.targets import places_of

__all__ = ["errors_at"]

Array = npt.NDArray[Any]

BLOCK = 4096  # points at a time, whose digits stay in a processor's cache
MOST_DIGITS = 64


def errors_at(x: Array, y: Array, weights: Weights, constant: float, within: float) -> Array | None:
    """Σ a relu(w x + b) + constant − y (n,), off by no more than ``within``, of ascending x.

    Slopes and offsets are added up from knot to knot in fixed point, without rounding errors,
    however many terms there are and however much of them cancels. None where a product of two
    weights leaves the range of floats, or numbers take more than 64 digits of 24 bits.
    """
    w, b, a = weights
    with np.errstate(over="ignore", invalid="ignore"):
        slopes, offsets = two_product(a, w), two_product(a, b)
    if not all(np.isfinite(part).all() for part in (*slopes, *offsets)):
        return None
    grid = _Grid.of(x, y, slopes[0], offsets[0], constant, within)
    if grid is None:
        return None
    knots = -b / np.where(w == 0, 1, w)
    parts = []
    for face in (1, -1):
        here = np.flatnonzero(face * w > 0)
        here = here[np.argsort(face * knots[here], kind="stable")]
        active = np.searchsorted(face * knots[here], face * x, "left")
        slope = _sums_so_far(slopes, here, grid.slope_places, grid.slope_digits)
        parts.append((active, slope, _sums_so_far(offsets, here, grid.places, grid.digits)))
    low = _at_knots(x, knots, weights)
    errors = np.empty(len(x))
    for start in range(0, len(x), BLOCK):
        block = slice(start, start + BLOCK)
        right, left = ((slope[:, i[block]], offset[:, i[block]]) for i, slope, offset in parts)
        total = right[1] + left[1] - digits_of(y[block], grid.places, grid.digits)
        total += digits_of(np.array([constant]), grid.places, grid.digits)
        x_digits = digits_of(x[block], grid.x_places, grid.x_digits)
        product = multiplied(carried(right[0] + left[0]), x_digits, grid.dropped)
        total[: len(product)] += product
        errors[block] = as_floats(total, grid.places) + low[block]
    return errors


class _Grid(NamedTuple):
    """Places and digits of y and offsets, slopes, and x; ``dropped`` digits of slope · x."""

    places: int
    digits: int
    slope_places: int
    slope_digits: int
    x_places: int
    x_digits: int
    dropped: int

    @classmethod
    def of(
        cls, x: Array, y: Array, slopes: Array, offsets: Array, constant: float, within: float
    ) -> _Grid | None:
        """One on which no error is off by more than ``within``, if it is fine and long enough."""
        size, reach = len(slopes), float(np.abs(x).max())
        # Of each neuron a slope and an offset, each in two parts, are rounded to a whole number of
        # 2^−places at the most distant x; x itself is not rounded.
        places = (4 * size + 4).bit_length() - math.frexp(within)[1] + 1
        slope_places = places + max(0, math.frexp(reach)[1])
        x_places = places_of(x)
        x_places += (places - slope_places - x_places) % BITS
        dropped = (slope_places + x_places - places) // BITS
        slope_digits = digits_up_to(size * float(np.abs(slopes).max()), slope_places)
        x_digits = digits_up_to(reach, x_places)
        highest = size * float(np.abs(offsets).max()) + abs(constant) + float(np.abs(y).max())
        digits = max(digits_up_to(highest, places), slope_digits + x_digits - dropped)
        if dropped < 0 or max(digits, slope_digits, x_digits) > MOST_DIGITS:
            return None
        return cls(places, digits, slope_places, slope_digits, x_places, x_digits, dropped)


def _sums_so_far(terms: Pair, order: Array, places: int, count: int) -> Array:
    """The digits (count, m + 1) of the sums of the first 0, 1, … m terms, not carried."""
    sums = np.zeros((count, len(order) + 1))
    for part in terms:
        sums[:, 1:] += digits_of(part[order], places, count)
    return np.cumsum(sums, axis=1, out=sums)


def _at_knots(x: Array, knots: Array, weights: Weights) -> Array:
    """What neurons whose knot rounds to a point add there, where they are active nevertheless."""
    w, b, a = weights
    at = np.minimum(np.searchsorted(x, knots), len(x) - 1)
    here = np.flatnonzero((x[at] == knots) & (w != 0))
    product, rest = two_product(w[here], x[at[here]])
    high, more = two_sum(product, b[here])
    added = np.zeros(len(x))
    np.add.at(added, at[here], a[here] * np.maximum(0, high + (more + rest)))
    return added
