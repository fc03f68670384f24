"""Steps on a circle that end in a given arc: ``congruences`` in pairs of floats, to be compiled.

Places on the circle are whole numbers of parts of a turn, 2¹⁰⁰ of them, each kept as a pair: that
holds 106 bits, so that nothing here is rounded.
"""

from __future__ import annotations

from chalknet.construct.double_double import Pair, added, two_product, two_sum

__all__ = ["FURTHEST", "TURN", "first_step", "on_turn", "parts_of"]

TURN = 2.0**100
FURTHEST = 2.0**52  # steps
_WHOLE = 2.0**53  # all floats from here on are whole numbers


def first_step(place: Pair, step: Pair, arc: Pair) -> float:
    """The smallest j ≥ 0 with (place + j step) mod 2¹⁰⁰ ≤ arc; −1 where it is over 2⁵², or none.

    A place nearer to the arc's beginning than all before it is reached by going down by no more
    than what is left. The shortest ways down and up, with the numbers of steps that make them,
    follow from each other as in Euclid's algorithm.

    >>> first_step((50.0, 0.0), (7 * 2.0**93, 0.0), (60.0, 0.0))
    0.0
    >>> first_step((2.0**99, 0.0), (3 * 2.0**90, 0.0), (2.0**89, 0.0))  # 512 + 3 j mod 1024
    512.0
    """
    up, ups = step, 1.0
    down, downs = (TURN, 0.0), 0.0
    j = 0.0
    while _less(arc, place):
        if _less(place, down):
            if up[0] == 0:
                return -1.0
            times, left = _divided(_minus(down, place), up)
            if left[0] > 0:
                times += 1.0
            shorter = _minus(down, _times(times, up))
            if shorter[0] > 0:
                down = shorter
                downs += times * ups
            else:  # the way up is too long for that
                down = added(shorter, up)
                downs += (times - 1.0) * ups
                times, up = _divided(up, down)
                ups += times * downs
        else:
            times, left = _divided(_minus(place, arc), down)
            if left[0] > 0:
                times += 1.0
            lower = _minus(place, _times(times, down))
            if lower[0] < 0:  # over the arc, if it is short
                times -= 1.0
                lower = added(lower, down)
            place = lower
            j += times * downs
        if not (j < FURTHEST and ups < FURTHEST and downs < FURTHEST):
            return -1.0
    return j


def on_turn(high: float, low: float) -> Pair:
    """High + low, in turns, without the whole ones: in parts of a turn."""
    if not (abs(high) < 2.0**62 and abs(low) < 2.0**62):
        return 0.0, 0.0
    place = two_sum(parts_of(high - int(high)), parts_of(low - int(low)))
    while place[0] < 0:
        place = added(place, (TURN, 0.0))
    while place[0] >= TURN:
        place = added(place, (-TURN, 0.0))
    return place


def parts_of(share: float) -> float:
    """A share of a turn that is no larger than one, in whole parts."""
    parts = share * TURN
    return parts if abs(parts) >= _WHOLE else float(int(parts))


def _less(a: Pair, b: Pair) -> bool:
    return bool(a[0] < b[0] or (a[0] == b[0] and a[1] < b[1]))


def _minus(a: Pair, b: Pair) -> Pair:
    return added(a, (-b[0], -b[1]))


def _times(times: float, a: Pair) -> Pair:
    high, low = two_product(times, a[0])
    return two_sum(high, low + times * a[1])


def _divided(a: Pair, b: Pair) -> tuple[float, Pair]:
    """The quotient, rounded down, and the remainder; 2⁵³ and nothing for one that is too large."""
    share = a[0] / b[0]
    if not share < _WHOLE:
        return _WHOLE, (0.0, 0.0)
    times = float(int(share))
    left = _minus(a, _times(times, b))
    if left[0] < 0:
        return times - 1.0, added(left, b)
    if not _less(left, b):
        return times + 1.0, _minus(left, b)
    return times, left
