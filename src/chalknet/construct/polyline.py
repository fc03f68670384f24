"""Straight lines from point to point: the pieces, their slopes, and the knots between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.double_double import two_product, two_sum
from chalknet.construct.points import Points

__all__ = ["Polyline", "connect", "cut", "cuts_of", "sparsest"]

Array = npt.NDArray[Any]

# In units in the last place of the largest |y|: how far three neighbours, and all points of a
# piece, may lie off a straight line for it to be the rounding of their values that bends it.
BENT, STRAIGHT = 3.0, 2.5
SMALLEST = 2.0**-1074


@dataclass(frozen=True, eq=False)
class Polyline:
    """A continuous piecewise-linear function on [t₀, tₘ].

    Attributes
    ----------
    t, v : array (m + 1,)
        Abscissas and values of the ends and of the m − 1 knots, at each of which the slope
        changes; float64, or Fractions in arrays of objects.
    slopes : array (m,)
        Of each piece, as its points give it.
    first, last : array of int (m,)
        The first and the last point on each piece. A knot at a point is the last of one piece and
        the first of the next.
    """

    t: Array
    v: Array
    slopes: Array
    first: Array
    last: Array

    @property
    def knots(self) -> Array:
        """Where the slope changes (m − 1,)."""
        return self.t[1:-1]

    @property
    def is_at_points(self) -> bool:
        """Whether every knot is at a point."""
        return bool((self.first[1:] == self.last[:-1]).all())


def connect(points: Points) -> Polyline:
    """Straight lines from each point to the next, joined to one piece where the slope stays.

    In float64 three points count as on a line where rounding their y explains what they are off.

    >>> connect(Points.of([0, 1, 2, 3, 4], [4, 2, 0, 2, 2])).t.astype(float)
    array([0., 2., 3., 4.])
    """
    x, y = points.x, points.y
    if points.exact:
        slopes = np.diff(y) / np.diff(x)
        bends = np.flatnonzero(slopes[1:] != slopes[:-1]) + 1
    else:
        bends = _bends_beyond_rounding(*(_of_size_one(values) for values in (x, y)))
    kept = np.concatenate([[0], bends, [len(x) - 1]])
    t, v = x[kept], y[kept]
    slopes = np.diff(v) / np.diff(t)
    if not points.exact:
        # A slope below the smallest float is not none.
        slopes = np.where(slopes == 0, np.sign(np.diff(v)) * SMALLEST, slopes)
    return Polyline(t, v, slopes, kept[:-1], kept[1:])


def sparsest(line: Polyline) -> Polyline:
    """The fewest knots of any continuous piecewise-linear function through the same points.

    Two changes of slope of one sign, with no point but their own on the piece between them, become
    one where the pieces beside it meet; docs/construct.md proves that there is nothing better.

    Source: T. Debarre, Q. Denoyelle, M. Unser and J. Fageot, "Sparsest piecewise-linear regression
    of one-dimensional data" (2022).

    >>> sparsest(connect(Points.of([0, 1, 2, 3], [0, 0, 1, 3]))).knots
    array([Fraction(3, 2)], dtype=object)
    """
    return cut(line, cuts_of(line))


def cut(line: Polyline, cuts: Array) -> Polyline:
    """The polyline with one knot, between points, in place of each two that a cut joins."""
    if not len(cuts):
        return line
    # A cut at j puts the meeting point in place of the knots j and j + 1.
    kept, pieces = np.ones(len(line.t), bool), np.ones(len(line.slopes), bool)
    kept[cuts + 1] = pieces[cuts] = False
    places, values = line.t.copy(), line.v.copy()
    places[cuts], values[cuts] = _meeting_points(line, cuts)
    return Polyline(
        places[kept], values[kept], line.slopes[pieces], line.first[pieces], line.last[pieces]
    )


def cuts_of(line: Polyline) -> Array:
    """The knots j whose slope change is joined with that of knot j + 1, from left to right."""
    rising = np.asarray(np.diff(_slopes_in_proportion(line)) > 0, bool)
    # Both changes of one sign, and no point on the piece between but the knots themselves.
    only_its_ends = (line.last - line.first)[1:-1] == 1
    possible = np.flatnonzero((rising[1:] == rising[:-1]) & only_its_ends) + 1
    cuts: list[int] = []
    for j in possible.tolist():
        if not cuts or cuts[-1] < j - 1:
            cuts.append(j)
    return np.array(cuts, int)


def _meeting_points(line: Polyline, j: Array) -> tuple[Array, Array]:
    """Where the pieces before knots j and after knots j + 1 meet."""
    t, v, s = line.t, line.v, _slopes_in_proportion(line)
    share = (s[j] - s[j + 1]) / (s[j - 1] - s[j + 1])
    width = share * (t[j + 1] - t[j])
    return t[j] + width, v[j] + (v[j] - v[j - 1]) * (width / (t[j] - t[j - 1]))


def _slopes_in_proportion(line: Polyline) -> Array:
    """The slopes, up to a factor with which none is too large for a float."""
    if line.t.dtype == object:
        return line.slopes
    slopes: Array = np.diff(_of_size_one(line.v)) / np.diff(_of_size_one(line.t))
    return slopes


# float64 -------------------------------------------------------------------------------------


def _bends_beyond_rounding(x: Array, y: Array) -> Array:
    """The points at which three neighbours, or a whole piece, are off a straight line."""
    unit = float(np.spacing(np.abs(y).max()))
    middle = np.arange(1, len(x) - 1)
    bent = ~(np.abs(_off_chord(x, y, middle, middle - 1, middle + 1)) <= BENT * unit)
    is_knot = np.ones(len(x), bool)
    is_knot[middle] = bent
    open_ = middle[~bent]
    while len(open_):
        kept = np.flatnonzero(is_knot)
        piece = np.searchsorted(kept, open_) - 1
        off = np.abs(_off_chord(x, y, open_, kept[piece], kept[piece + 1]))
        starts = np.flatnonzero(np.diff(piece, prepend=-1))
        lengths = np.diff(starts, append=len(piece))
        furthest = np.repeat(np.maximum.reduceat(off, starts), lengths)
        failing = ~(furthest <= STRAIGHT * unit)
        # The furthest point of each piece that is not straight becomes a knot.
        is_knot[open_[failing & ~(off < furthest)]] = True
        open_ = open_[failing]
        open_ = open_[~is_knot[open_]]
    return np.flatnonzero(is_knot)[1:-1]


def _of_size_one(values: Array) -> Array:
    """Times a power of two: the products of halves stay within the range of floats."""
    scaled: Array = np.ldexp(values, -np.frexp(np.abs(values).max())[1])
    return scaled


def _off_chord(x: Array, y: Array, i: Array, a: Array, b: Array) -> Array:
    """How far points i are above the straight line through points a and b."""
    slope = (y[b] - y[a]) / (x[b] - x[a])
    missed = _above(x, y, b, a, slope)  # but for rounding of the slope, zero
    off: Array = _above(x, y, i, a, slope) - missed * ((x[i] - x[a]) / (x[b] - x[a]))
    return off


def _above(x: Array, y: Array, i: Array, a: Array, slope: Array) -> Array:
    """How far points i are above the line through points a with this slope."""
    (rise, rise_low), (run, run_low) = two_sum(y[i], -y[a]), two_sum(x[i], -x[a])
    product, product_low = two_product(slope, run)
    above: Array = (rise - product) + (rise_low - product_low - slope * run_low)
    return above
