"""Weights in float64, each rounded in the knowledge of what rounding those before it has done.

Right of a flat piece every neuron faces right and is silent until its knot, so that weights can be
chosen from knot to knot: each is rounded after what the network, with the rounded weights so far,
still lacks at the next knot. Errors do not add up: of a million neurons the last knot is hit as
well as the first. Left of the flat piece the same holds in the mirror.

Half a unit in the last place of a steep slope still is too much where the next knot is far away;
then other weights are found. ``following`` does all this in some 32 digits. For the few neurons
where these are not enough, ``sweep`` is asked, in whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chalknet.construct import following
from chalknet.construct.double_double import Pair, divided, two_sum
from chalknet.construct.following import COUNT, EASY, ERROR, HARD, PIECE, SLOPE, STUCK, with_neuron
from chalknet.construct.machine_code import follow_compiled
from chalknet.construct.one_neuron import Patience
from chalknet.construct.points import Points
from chalknet.construct.sweep import Sweep
from chalknet.construct.targets import Line, Piece, Targets, floats_of, whole_of

__all__ = ["MANY", "Span", "Weights", "in_range", "outward"]

Array = npt.NDArray[Any]

# How much of a unit in the last place of the largest |y| a knot may be missed by: between pieces
# without other points on them, and beside one with points, which are not quite on it themselves.
TOLERANCE, TOLERANCE_BESIDE = 2.5, 1.0
RANGE = 2.0**-200, 2.0**200  # of x and y, for the products of halves not to leave that of floats
STEEPEST = 2.0**400
HOPELESS = 4  # units that a point is missed by
PATIENCE = (2**14, 2**7), (2**14, 2**4)  # tries for all neurons together: so many, and for each
MANY = 20_000  # points that the compiled way is worth its loading for

Weights = tuple[Array, Array, Array]  # of each neuron: hidden weight, hidden bias, output weight


class Span(NamedTuple):
    """Pieces from left to right: the points that each begins and ends at.

    ``before`` is the point that the piece before ends at. The knot is there if it is the first one,
    and otherwise in the gap between.
    """

    before: Array
    first: Array
    last: Array

    def mirrored(self, points: int) -> Span:
        """The same seen from the right."""
        behind = np.append(self.first[1:], self.last[-1:])
        turned = (points - 1 - values[::-1] for values in (behind, self.last, self.first))
        return Span(*map(np.ascontiguousarray, turned))


def in_range(*values: Array) -> bool:
    """Whether the largest of each is within ``RANGE``, so that this way may be gone."""
    return all(RANGE[0] < np.abs(each).max() < RANGE[1] for each in values)


def outward(
    points: Points, span: Span, unit: float, *, spare: bool = False, tolerance: float = 1.0
) -> Weights | None:
    """Weights w, b, a (N,) of neurons that face right, from a flat piece outward.

    Added to a constant, the y of the point before the first piece, they give every y at the end of
    a piece up to the tolerances above, unless no weights were found that do. None where slopes are
    too steep for pairs of floats, and where it takes more neurons than there may be of many points.

    Parameters
    ----------
    points, span
        The points in float64, and the straight pieces through those right of the flat one.
    unit : float
        One unit in the last place of the largest |y|.
    spare : bool
        Whether there may be more neurons than pieces where one does not come near enough.
    tolerance : float
        Times what a piece may miss its ends by.
    """
    pieces = len(span.first)
    slopes = divided(*(_steps(values, span) for values in (points.y, points.x)))
    if not (np.abs(slopes[0]) < STEEPEST).all():
        return None
    gaps = span.last - span.first
    beside_points = (gaps > 1) | np.append(gaps[1:] > 1, False)
    allowed = np.where(beside_points, TOLERANCE_BESIDE, TOLERANCE) * (unit * tolerance)
    many = follow_compiled() if pieces > MANY else None
    follow: Callable[..., None] = many or following.follow
    way = _Way(points, span, unit, spare)
    given = [points.x, points.y, span.before.copy(), *span[1:], *slopes, allowed]
    rest = [way.whole, way.state]
    if many is None:
        given, rest = ([values.tolist() for values in part] for part in (given, rest))
        way.whole, way.state = rest
    while way.whole[PIECE] < pieces:
        room = (pieces - way.whole[PIECE]) * (1 + spare)
        made = [np.empty(room) for _ in range(3)] if many else [[0.0] * room for _ in range(3)]
        follow(*given, *made, pieces, int(spare), *rest)
        way.keep(made)
        if way.whole[STUCK]:
            i = way.whole[PIECE]
            missed = way.go_on(int(given[2][i]), float(allowed[i]))
            if many and not spare and missed > HOPELESS * unit:
                return None
    w, b, a = (np.concatenate([part[k] for part in way.made]) for k in range(3))
    return w, b, a


def _steps(values: Array, span: Span) -> Pair:
    return two_sum(values[span.last], -values[span.first])


class _Way:
    """What is carried from knot to knot, and the neurons so far."""

    def __init__(self, points: Points, span: Span, unit: float, spare: bool) -> None:
        self.points, self.span, self.unit, self.spare = points, span, unit, spare
        # Of many neurons none is tried as often again.
        self.patience = Patience(0 if len(span.first) > MANY else len(span.first))
        self.whole: Any = np.zeros(5, np.int64)
        self.whole[EASY], self.whole[HARD] = (a + b * len(span.first) for a, b in PATIENCE)
        self.state: Any = np.zeros(4)
        self.made: list[list[Array]] = [[np.empty(0)] * 3]

    def keep(self, made: list[Any]) -> None:
        """Keep the neurons made since."""
        self.made.append([np.array(values[: self.whole[COUNT]]) for values in made])
        self.whole[COUNT] = 0

    def go_on(self, before: int, most: float) -> float:
        """Make the neuron of the next piece in whole numbers, or neurons; what they miss it by."""
        first, last = (int(values[self.whole[PIECE]]) for values in self.span[1:])
        here = slice(before, last + 1)
        x, y = self.points.x[here], self.points.y[here]
        targets = Targets.of(Points(x, y, False), self.unit)
        error = whole_of(self.state[ERROR], targets.places.y)
        slope = sum(whole_of(part, targets.places.a + 52) for part in self.state[SLOPE:])
        start = Line(slope, targets.y[0] + error - (slope * targets.x[0] << 1))
        sweep = Sweep(targets, start, self.spare, self.patience)
        piece = Piece(first - before, last - before, before == first)
        sweep.bend(piece, whole_of(most, targets.places.y))
        neurons = sweep.neurons
        made = floats_of(neurons, [False] * len(neurons), targets.places)
        self.made.append(list(made))
        line = tuple(self.state[SLOPE:])
        for w, _, a in zip(*(part.tolist() for part in made), strict=True):
            line = with_neuron(line, w, a)
        self.state[SLOPE:] = line
        missed = sweep.line.at(targets.x[-1]) - targets.y[-1]
        bits = max(0, missed.bit_length() - 64)
        self.state[ERROR] = math.ldexp(missed >> bits, bits - targets.places.y)
        self.whole[PIECE] += 1
        return abs(float(self.state[ERROR]))
