"""One neuron in float64 that adds what is lacking at a point, or at two, found by number theory.

All numbers are whole: w in units of 2⁻⁵², x of 2⁻ᵖ, b of 2⁻ᵖ⁻⁵³, a of 2⁻ᑫ and so a (w x + b) of
2⁻ᵖ⁻⁵³⁻ᑫ, for some p and q (see ``targets.py``). Nothing is rounded but the weights.

A line that a neuron is to add goes past its own rounding where the slope changes much and the next
points are far away: half a unit in the last place of a then is many of y. But a neuron has three
weights, 159 bits for two numbers. With 1 + j 2⁻⁵² in place of 1 for the hidden one the other two
round elsewhere, and which j rounds where it should is a question about remainders.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from chalknet.construct.congruences import first_multiple

__all__ = ["ONE", "Neuron", "Patience", "Target", "nearest", "through_one", "through_two"]

ONE = 1 << 52
HEAVIEST = 2 * ONE - 1  # hidden weights are tried from 1 to 2
SHIFTS = 16  # knots tried right of the point at hand, a unit in the last place apart
OUTPUT_WEIGHTS = 16  # tried where that does not help
TRIES = 256  # hidden weights tried for two targets
PATIENCE = 2**14, 2**7  # for all neurons of a network together: so many, and so many for each


class Neuron(NamedTuple):
    """A neuron a relu(w x + b) that faces right: w > 0. Whole numbers that float64 can hold."""

    w: int
    b: int
    a: int

    def reaches(self, x: int) -> int:
        """W x + b."""
        return (self.w * x << 1) + self.b

    def adds(self, x: int) -> int:
        """A (w x + b), where it is active."""
        return self.a * self.reaches(x)


class Target(NamedTuple):
    """What a neuron should add at x."""

    x: int
    value: int


class Patience:
    """How many hidden weights may yet be tried for two targets, of all neurons together."""

    def __init__(self, neurons: int) -> None:
        self.left = PATIENCE[0] + PATIENCE[1] * neurons

    def tries(self, far: Target, within: int) -> int:
        """Enough to come within so much nearly always, where that is not too many."""
        # Rounding the output weight to 53 bits misses ``far`` by up to 2⁻⁵³ of it, anything alike.
        expected = 2 + abs(far.value) // (within << 52)
        if expected > self.left:
            return 16
        self.left -= expected
        return 8 * expected


def through_one(silent: int, target: Target, within: int) -> tuple[Neuron, int]:
    """A neuron that rests up to x = ``silent`` and then adds the target, with what that misses.

    Its knot may lie anywhere between the two: the first that misses by no more than ``within``, or
    the best of those tried.
    """
    best = _resting(silent, [target])
    for w, b in _plain(silent, target.x):
        best = _better(best, _with_output_weight(w, b, target), [target])
        if best[1] <= within:
            return best
    for neuron in _by_remainders(silent, target, within):
        best = _better(best, neuron, [target])
        if best[1] <= within:
            break
    return best


def through_two(near: Target, far: Target, within: int, tries: int = TRIES) -> tuple[Neuron, int]:
    """A neuron whose line a (w x + b) passes near both targets, the far one right of its knot.

    With it comes what it misses one of them by, in size; of those tried the first that misses both
    by no more than ``within``, or the best. Where the line never reaches the far side it rests.
    """
    best = _resting(near.x, [near, far])
    if best[1] <= within or (far.value - near.value) * far.value <= 0:
        return best
    for w, b in _near_knot(near, far, within, tries):
        if (w * far.x << 1) + b > 0:
            best = _better(best, _with_output_weight(w, b, far), [near, far])
        if best[1] <= within:
            break
    return best


def _resting(knot: int, targets: list[Target]) -> tuple[Neuron, int]:
    return Neuron(ONE, nearest(-knot << 53), 0), max(abs(target.value) for target in targets)


def _better(best: tuple[Neuron, int], neuron: Neuron, targets: list[Target]) -> tuple[Neuron, int]:
    missed = max(abs(neuron.adds(x) - value) for x, value in targets)
    return best if best[1] <= missed else (neuron, missed)


def _with_output_weight(w: int, b: int, target: Target) -> Neuron:
    a = _quotient(abs(target.value), (w * target.x << 1) + b)
    return Neuron(w, b, a if target.value >= 0 else -a)


def _plain(silent: int, end: int) -> Iterator[tuple[int, int]]:
    """The hidden weight 1, the knot at ``silent`` or a few floats right of it."""
    bias = -silent << 53
    spare = max(0, abs(bias).bit_length() - 53)
    bias = bias >> spare << spare  # rounded down: silent at the knot
    for shift in range(SHIFTS):
        b = bias - (shift << spare)
        # Not beyond the middle: slopes would be twice what they need be.
        if (end << 53) + b <= ((end - silent) << 52 if shift else 0) or abs(b) >> spare >= 1 << 53:
            break
        yield ONE, b


def _by_remainders(silent: int, target: Target, within: int) -> Iterator[Neuron]:
    """Hidden weights for given output weights, those next to the one with its knot at ``silent``.

    W x + b must be target / a. As b is a whole number of ``grid``, that is a remainder of w x.
    """
    size, grid = abs(target.value), _grid_of_biases(silent, target.x)
    furthest = (target.x - silent) << 53
    least = max(1, _quotient(size, furthest))
    last_place = 1 << max(0, least.bit_length() - 53)
    if least * furthest < size:
        least += last_place
    step = target.x << 1
    for a in range(least, least + OUTPUT_WEIGHTS * last_place, last_place):
        low, high = -((within - size) // a), min((size + within) // a, furthest)
        start = (ONE * step - low) % grid
        j = _first_from(start, step % grid, grid, high - low) if low <= high else None
        if j is None or ONE + j > HEAVIEST:
            continue
        w = ONE + j
        b = low + (w * step - low) % grid - w * step
        if (w * silent << 1) + b <= 0 and abs(b) < grid << 53:
            yield Neuron(w, b, a if target.value >= 0 else -a)


def _near_knot(near: Target, far: Target, within: int, tries: int) -> Iterator[tuple[int, int]]:
    """Hidden weights and biases with −b / w next to the knot of the line through both targets.

    A knot that is off moves the line up or down; half of ``within`` is allowed for that. W times
    the knot is then next to a whole number of ``grid``.
    """
    rise, run = abs(far.value - near.value), far.x - near.x
    low_places = max(2, 10 + rise.bit_length() - (within * run).bit_length())
    above = near.value if far.value > near.value else -near.value
    knot = ((near.x * rise - above * run) << low_places) // rise
    yield ONE, -nearest(knot << 53 >> low_places)
    grid = _grid_of_biases(knot >> low_places, far.x)
    modulus = grid << (low_places - 1)
    off = (within * run << (52 + low_places)) // (2 * rise)
    # Neighbours round alike where the numbers are short, so the tries are spread.
    stride = (HEAVIEST - ONE) * 5 // (8 * tries) | 1
    w = ONE
    for _ in range(tries):
        j = _first_from((w * knot + off) % modulus, knot % modulus, modulus, 2 * off)
        if j is None or w + j > HEAVIEST:
            return
        w += j
        b = -((w * knot + modulus // 2) // modulus) * grid
        if abs(b) < grid << 53:
            yield w, b
        w += stride


def _first_from(start: int, step: int, modulus: int, width: int) -> int | None:
    """The smallest j ≥ 0 with (start + j step) mod modulus ≤ width."""
    low = -start % modulus
    return 0 if low + width >= modulus else first_multiple(step, modulus, low, low + width)


def _grid_of_biases(*xs: int) -> int:
    """What every bias up to 1.5 times the largest of these is a whole number of, in float64."""
    return 1 << max(0, (max(map(abs, xs)) << 54).bit_length() - 53)


def nearest(number: int) -> int:
    """The nearest whole number of 53 bits, and zeros."""
    return _quotient(number, 1) if number >= 0 else -_quotient(-number, 1)


def _quotient(number: int, divisor: int) -> int:
    """The whole number of 53 bits, and zeros, nearest to number / divisor; both are not below 0."""
    zeros = max(0, number.bit_length() - divisor.bit_length() - 53)
    zeros += number >= divisor << (53 + zeros)
    return (2 * number + (divisor << zeros)) // (divisor << (zeros + 1)) << zeros
