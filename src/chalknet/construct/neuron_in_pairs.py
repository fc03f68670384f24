"""One neuron in float64 that adds what is lacking, as in ``one_neuron``, with numbers in pairs.

What is lacking is known to some 32 digits here, so that a neuron takes a microsecond once this is
compiled. Where that is not enough, none is found, and ``one_neuron`` has to look for it. All
functions take numbers, not arrays; they are compiled for many points (see ``machine_code``) and
give the same bits without.
"""

from __future__ import annotations

from chalknet.construct.double_double import Pair, added, divided, two_product, two_sum
from chalknet.construct.turns import FURTHEST, TURN, first_step, on_turn, parts_of

__all__ = ["NOT_FOUND", "Found", "through_line", "through_point"]

LAST_PLACE = 2.0**-52
ROUND = 1.0 - 2.0**-53
AT_FIRST = 5  # hidden weights tried before remainders are asked
OUTPUT_WEIGHTS = 256  # tried with them
MARGIN = 1.0 - 2.0**-6  # of what may be missed: the rest is for rounding
FINEST = 2.0**-48  # of a turn: what pairs can aim at where a knot has more than 53 bits
NOT_FOUND = 1.0, 0.0, 0.0, float("inf")

Found = tuple[float, float, float, float]  # weights w, b and a, and what they miss the target by


def through_point(silent: float, end: float, target: Pair, most: float) -> Found:
    """A neuron that rests up to ``silent`` and adds the target at ``end``, but for ``most``.

    What it misses is infinite where none was found.
    """
    for i in range(AT_FIRST):
        w = 1.0 + i * 1e-6
        b = _silent_bias(w, silent)
        if w * end + b > 0:
            a, missed = _output_weight(w, b, end, target)
            if abs(missed) <= most:
                return w, b, a, missed
    return _by_remainders(silent, end, target, most)


def through_line(
    knot: Pair,
    slope: float,
    ends: tuple[float, float],
    near: Pair,
    far: Pair,
    most: float,
    tries: int,
) -> Found:
    """A neuron of the line through two targets at ``ends``, missing neither by over ``most``.

    ``knot`` and ``slope`` are that line's. Its knot is so near to it that the near target is met
    nearly always; hidden weights are tried until the far one is.
    """
    off = most / (2 * abs(slope))
    grid = _highest_bit(knot[0]) * (2 * LAST_PLACE)
    if not 0 < grid < 1e300 or not 0 < off < 1e300:
        return NOT_FOUND
    width = 2 * off / grid
    if knot[1] != 0 and width < FINEST:
        return NOT_FOUND
    arc = parts_of(min(width, 0.5)), 0.0
    x = knot[0] / grid, knot[1] / grid
    step = _place(LAST_PLACE, x, 0.0)
    # Neighbours round alike where numbers are short: some are tried, and then some far away.
    together = max(1, min(tries // 64, 64))
    stride = (FURTHEST * 5 // 8) // (tries // together) + 1
    hops = _hops(x, step, arc) if together > 1 else (0.0, 0.0, 0.0, 0.0)
    more = 0.0
    while more < FURTHEST and tries > 0:
        place = _place(1.0 + more * LAST_PLACE, x, off / grid)
        j = first_step(place, step, arc)
        if j < 0:
            break
        more += j
        at = _place(1.0 + more * LAST_PLACE, x, off / grid)[0]
        for _ in range(together):
            if more >= FURTHEST:
                break
            w = 1.0 + more * LAST_PLACE
            high, low = _times(w, x)
            b = -_nearest_whole(high, low) * grid
            if w * ends[1] + b > 0:
                a, missed = _output_weight(w, b, ends[1], far)
                if abs(missed) <= most and abs(_missed(a, near, _reach(w, b, ends[0]))) <= most:
                    return w, b, a, missed
            steps, by = _hop(at, arc[0], hops)
            if steps == 0:
                break
            more += steps
            at += by
        tries -= together
        more += stride
    return NOT_FOUND


def _hops(x: Pair, step: Pair, arc: Pair) -> tuple[float, float, float, float]:
    """The steps that go up by no more than the arc, how far, and the same down; 0 for none."""
    on = first_step(step, step, arc) + 1.0
    opposite = added((TURN, 0.0), (-step[0], -step[1]))
    back = first_step(opposite, opposite, arc) + 1.0
    up = _place(on * LAST_PLACE, x, 0.0)[0]
    down = TURN - _place(back * LAST_PLACE, x, 0.0)[0]
    return on, up, back, down


def _hop(at: float, arc: float, hops: tuple[float, float, float, float]) -> tuple[float, float]:
    """The steps from a place on an arc at a turn's beginning to the next there, and how far.

    There are three at most: a few parts up, or down, or both (the three-gap theorem).
    """
    on, up, back, down = hops
    rises, falls = on > 0 and at + up <= arc, back > 0 and at >= down
    if rises and (not falls or on < back):
        return on, up
    if falls:
        return back, -down
    if on > 0 and back > 0:
        return on + back, up - down
    return 0.0, 0.0


def _times(w: float, x: Pair) -> Pair:
    high, low = two_product(w, x[0])
    return high, low + w * x[1]


def _place(w: float, x: Pair, more: float) -> Pair:
    """Where W x + more turns end."""
    high, low = _times(w, x)
    return on_turn(high, low + more)


def _by_remainders(silent: float, end: float, target: Pair, most: float) -> Found:
    """W x + b must be target / a; as b is a whole number of ``grid``, a remainder of w x is."""
    sign = 1.0 if target[0] > 0 else -1.0
    size, size_low = sign * target[0], sign * target[1]
    furthest = two_sum(end, -silent)
    grid = _highest_bit(max(abs(silent), abs(end))) * (2 * LAST_PLACE)
    least = size / furthest[0]
    if not 0 < least < 1e300 or not 0 < grid < 1e300:
        return NOT_FOUND
    last_place = _highest_bit(least) * LAST_PLACE
    if _missed(least, (size, size_low), furthest) < 0:
        least += last_place
    within = most * MARGIN
    lowest = two_sum(size - within, ((size - (size - within)) - within) + size_low)
    x = end / grid, 0.0
    step = _place(LAST_PLACE, x, 0.0)
    for i in range(OUTPUT_WEIGHTS):
        a = least + i * last_place
        low = divided(lowest, (a, 0.0))
        width = min(2 * within / a, (furthest[0] - low[0]) + (furthest[1] - low[1]))
        if not width >= 0:
            continue
        high, rest = two_sum(x[0], -low[0] / grid)
        arc = parts_of(min(width / grid, 0.5)), 0.0
        j = first_step(on_turn(high, rest - low[1] / grid), step, arc)
        if j < 0:
            continue
        w = 1.0 + j * LAST_PLACE
        high, rest = two_product(w, x[0])
        high, more = two_sum(high, -low[0] / grid)
        b = -_nearest_whole(high, rest + (more - (low[1] + width / 2) / grid)) * grid
        missed = _missed(a, (size, size_low), _reach(w, b, end))
        if abs(missed) <= most and _sum(_reach(w, b, silent)) <= 0:
            return w, b, sign * a, sign * missed
    return NOT_FOUND


def _output_weight(w: float, b: float, end: float, target: Pair) -> tuple[float, float]:
    """The output weight nearest to target / (w end + b), and what it misses."""
    reach = _reach(w, b, end)
    a = target[0] / reach[0]
    a = a - _missed(a, target, reach) / reach[0]
    return a, _missed(a, target, reach)


def _missed(a: float, target: Pair, reach: Pair) -> float:
    value, rest = two_product(a, reach[0])
    return float((value - target[0]) + (rest + a * reach[1] - target[1]))


def _reach(w: float, b: float, x: float) -> Pair:
    """W x + b."""
    high, low = two_product(w, x)
    high, more = two_sum(high, b)
    return two_sum(high, more + low)


def _sum(pair: Pair) -> float:
    return float(pair[0] + pair[1])


def _silent_bias(w: float, knot: float) -> float:
    """The bias −w knot, rounded so that w knot + b ≤ 0: silent at the knot itself."""
    product, rest = two_product(w, knot)
    up = _highest_bit(product) * LAST_PLACE if rest > 0 else 0.0
    return float(-(product + up))


def _highest_bit(value: float) -> float:
    """The largest power of two that is not above |value|.

    Source: S. M. Rump, "Error estimation of floating-point summation and dot product" (2012).
    """
    shifted = (2.0**52 + 1.0) * value
    return abs(shifted - ROUND * shifted)


def _nearest_whole(high: float, low: float) -> float:
    """The whole number nearest to a pair, as a float; both are below 2⁵³ in size."""
    if not (abs(high) < 2.0**62 and abs(low) < 2.0**62):
        return 0.0
    whole = int(high)
    rest = (high - whole) + low + 0.5
    down = int(rest)
    return float(whole + down - (rest < down))
