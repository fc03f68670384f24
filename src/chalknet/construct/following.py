"""Neurons from knot to knot, each rounded in the knowledge of what those before have missed.

One loop over numbers, not arrays: it is compiled for many points (see ``machine_code``) and gives
the same bits without. Per neuron it takes some fifty operations where rounding does no harm, and a
microsecond or two where weights have to be found for which it does not.

What is carried from knot to knot is what the network misses the last point by, and the slope of
its line, in three floats: 159 bits, so that a million roundings of steep slopes do not add up.
"""

from __future__ import annotations

from typing import Any

from chalknet.construct.double_double import Pair, added, divided, multiplied, two_product, two_sum
from chalknet.construct.neuron_in_pairs import NOT_FOUND, Found, through_line, through_point

__all__ = ["COUNT", "EASY", "ERROR", "HARD", "PIECE", "SLOPE", "STUCK", "follow", "with_neuron"]

# Where the state is kept: numbers of it that are whole, and numbers that are not.
PIECE, COUNT, STUCK = range(3)  # pieces done; neurons made; whether one was not found
# How often hidden weights may yet be tried, for neurons of better and of worse hopes.
EASY, HARD = 3, 4
ERROR, SLOPE = 0, 1  # the slope takes three places

PATIENCE = 2.0**10  # how often a neuron of better hopes is tried, on average

Triple = tuple[float, float, float]


def follow(
    x: Any,
    y: Any,
    before: Any,
    first: Any,
    last: Any,
    slopes: Any,
    slopes_low: Any,
    allowed: Any,
    weights: Any,
    biases: Any,
    outputs: Any,
    end: int,
    spare: int,
    whole: Any,
    state: Any,
) -> None:
    """Make neurons for the pieces up to ``end``, or up to one for which none was found.

    Parameters
    ----------
    x, y
        The points, x ascending.
    before, first, last
        Of each piece the points that the piece before it ends at, and that it begins and ends at.
        Where the first two are the same its knot is there, and otherwise between them.
    slopes, slopes_low
        The slope of each piece, as a pair.
    allowed
        What a piece may miss its ends by.
    weights, biases, outputs
        Where the neurons are written to, one after the other.
    spare
        Whether two neurons may do what one does not: at the point before the gap that its knot
        should be in, and at the one after. Then ``before`` is made the latter.
    whole, state
        What is carried from one piece to the next; see above.
    """
    j, count, stuck = whole[PIECE], whole[COUNT], 0
    error = state[ERROR]
    line = state[SLOPE], state[SLOPE + 1], state[SLOPE + 2]
    while j < end and not stuck:
        p, f, e = before[j], first[j], last[j]
        run, most = two_sum(x[e], -x[f]), allowed[j]
        slope = slopes[j], slopes_low[j]
        done = 1
        if p == f:
            w, b, a, missed = _plain(x[f], run, slope, line, error)
            if not abs(missed) <= most:
                needed = _slope_needed(slope, line, -error / run[0])
                target = multiplied(needed, run)
                if e == f + 1:
                    w, b, a, missed = through_point(x[f], x[e], target, most)
                else:
                    tries = _tries(target[0], most, whole)
                    knot, level, ends = (x[f], 0.0), (0.0, 0.0), (x[f], x[e])
                    w, b, a, missed = through_line(
                        knot, needed[0], ends, level, target, most, tries
                    )
        else:
            gap = two_sum(x[f], -x[p])
            lacks = _lacks(_difference(y[f], y[p], error), line, gap)
            needed = _slope_needed(slope, line, 0.0)
            w, b, a, missed = _between(x[p], (x[f], x[e]), run, needed, lacks, most, whole)
            if spare and not abs(missed) <= most:
                w, b, a, missed = through_point(x[p], x[f], lacks, most)
                if abs(missed) <= most:
                    before[j] = f
                    done = 0
        if abs(missed) <= most:
            weights[count], biases[count], outputs[count] = w, b, a
            line = with_neuron(line, w, a)
            error = missed
            count += 1
            j += done
        else:
            stuck = 1
    whole[PIECE], whole[COUNT], whole[STUCK] = j, count, stuck
    state[ERROR] = error
    state[SLOPE], state[SLOPE + 1], state[SLOPE + 2] = line


def _plain(knot: float, run: Pair, slope: Pair, line: Triple, error: float) -> Found:
    """The neuron a relu(x − knot), with what it misses the end of its piece by."""
    change, rest = two_sum(slope[0], -line[0])
    rest = (rest + (slope[1] - line[1])) - (line[2] + error / run[0])
    a, rest = two_sum(change, rest)
    return 1.0, -knot, a, -rest * run[0]


def _between(
    silent: float,
    ends: tuple[float, float],
    run: Pair,
    needed: Pair,
    lacks: Pair,
    most: float,
    whole: Any,
) -> Found:
    """A neuron that lacks so much at the first end and changes the slope by what is needed.

    Its knot is where the lines meet, if that is between the point before and the first end.
    """
    rise = multiplied(needed, run)
    target = added(lacks, rise)
    if not (target[0] * rise[0] > 0 and lacks[0] * rise[0] > 0):
        return NOT_FOUND
    back = divided(lacks, needed)
    knot = added((ends[0], 0.0), (-back[0], -back[1]))
    if not knot[0] > silent:
        return NOT_FOUND
    tries = _tries(target[0], most, whole)
    found = through_line(knot, needed[0], ends, lacks, target, most, tries)
    return found if found[0] * silent + found[1] <= 0 else NOT_FOUND


def with_neuron(line: Triple, w: float, a: float) -> Triple:
    """The slope of the line with another neuron's w a added."""
    high, middle, low = line
    if w == 1.0:
        high, rest = two_sum(high, a)
        middle, rest = two_sum(middle, rest)
        low += rest
    else:
        product, more = two_product(a, w)
        high, rest = two_sum(high, product)
        middle, rest = two_sum(middle, rest)
        low += rest
        middle, rest = two_sum(middle, more)
        low += rest
    high, middle = two_sum(high, middle)
    middle, low = two_sum(middle, low)
    return high, middle, low


def _tries(far: float, most: float, whole: Any) -> int:
    """Hidden weights enough to come within ``most`` nearly always, where those are not too many.

    Rounding an output weight to 53 bits misses the far target by up to 2⁻⁵³ of it, anything alike.
    """
    expected = min(abs(far) / most * 2.0**-53, 2.0**60) + 2.0
    which = EASY if expected <= PATIENCE else HARD
    if not expected <= whole[which]:
        return 2
    whole[which] -= int(expected)
    return 8 * int(expected)


def _difference(a: float, b: float, c: float) -> Pair:
    """−(a − b − c): what a line at b, missing it by c, lacks at a if it is level."""
    high, low = two_sum(a, -b)
    high, more = two_sum(high, -c)
    return two_sum(high, low + more)


def _lacks(level: Pair, line: Triple, gap: Pair) -> Pair:
    """The same of a line that is not level."""
    high, low = multiplied((line[0], line[1]), gap)
    return added(level, (-high, -low))


def _slope_needed(slope: Pair, line: Triple, more: float) -> Pair:
    """Slope − line + more, to 2⁻¹⁰⁵ of itself unless nearly all cancels."""
    high, middle = two_sum(slope[0], -line[0])
    low = 0.0
    for number in (slope[1], -line[1], more, -line[2]):
        high, rest = two_sum(high, number)
        middle, rest = two_sum(middle, rest)
        low += rest
    high, middle = two_sum(high, middle)
    return two_sum(high, middle + low)
