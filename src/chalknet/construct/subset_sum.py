"""Which of these numbers add up to that one: subset sum on rationals, solved exactly or not at all.

Deciding it is NP-complete, but the numbers of small data sets are few, or small once they are
written over their common denominator:

- a common divisor of the numbers that the target lacks settles it at once;
- dynamic programming over all reachable sums, kept as the bits of one integer (R. Bellman, 1957);
- meeting in the middle: all sums of one half sorted, those of the other looked up in them
  (E. Horowitz and S. Sahni, "Computing partitions with applications to the knapsack problem",
  1974).
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Undecided", "subset_with_sum"]

MOST_MEMORY = 2**28  # bytes of reachable sums that dynamic programming keeps
MOST_ITEMS = 40  # numbers for which 2²⁰ sums a half can be sorted in a second
MOST_BITS = 2048  # of a common denominator of more numbers than that
PRIME = 2**61 - 1
MOST_CANDIDATES = 10_000  # sums that agree modulo PRIME and are then added up exactly


class Undecided(Exception):  # noqa: N818 - not an error: an answer
    """The numbers are too many and too large to decide."""


def subset_with_sum(values: Sequence[Fraction | int], target: Fraction | int) -> list[int] | None:
    """Indices of numbers that add up to ``target``; None where it is certain that none do.

    Of several answers one is preferred whose numbers come early.

    Raises
    ------
    Undecided
        Neither could be shown with the means at hand.

    >>> subset_with_sum([Fraction(1, 2), -3, Fraction(5, 2)], -Fraction(1, 2))
    [1, 2]
    >>> subset_with_sum([4, -4, 4], 2) is None
    True
    """
    given = [Fraction(value) for value in values]
    goal = Fraction(target)
    scale = _common_denominator([goal, *given])
    whole = [int(value * scale) for value in given]
    # A number below zero that is left out adds its size to a sum from which all of them were taken.
    wanted = int(goal * scale) - sum(value for value in whole if value < 0)
    divisor = math.gcd(*whole)
    if wanted < 0 or wanted > sum(map(abs, whole)) or (wanted % divisor if divisor else wanted):
        return None
    if divisor:
        whole, wanted = [value // divisor for value in whole], wanted // divisor
    numbers = [i for i, value in enumerate(whole) if value]
    bundles = _bundles(whole, numbers)
    if len(bundles) * (wanted // 8 + 1) <= MOST_MEMORY:
        added = _by_reachable_sums(bundles, wanted)
    elif len(numbers) <= MOST_ITEMS:
        added = _by_halves(whole, numbers, wanted)
    else:
        raise Undecided
    return None if added is None else [i for i in numbers if (i in added) == (whole[i] > 0)]


def _common_denominator(values: list[Fraction]) -> int:
    scale = 1
    for value in values:
        scale = math.lcm(scale, value.denominator)
        if len(values) > MOST_ITEMS + 1 and scale.bit_length() > MOST_BITS:
            raise Undecided
    return scale


def _bundles(whole: list[int], numbers: list[int]) -> list[tuple[int, list[int]]]:
    """Equal numbers bundled by 1, 2, 4, …: any count of them is a sum of bundles."""
    equal = defaultdict(list)
    for i in numbers:
        equal[whole[i]].append(i)
    bundles = []
    for value, indices in equal.items():
        count, start = 1, 0
        while start < len(indices):
            bundle = indices[start : start + count]
            bundles.append((value * len(bundle), bundle))
            count, start = 2 * count, start + count
    return bundles


def _by_reachable_sums(bundles: list[tuple[int, list[int]]], wanted: int) -> set[int] | None:
    """Bit s of ``reachable[i]`` tells whether sizes of the first i bundles add up to s."""
    mask = (1 << (wanted + 1)) - 1
    reachable = [1]
    for value, _ in bundles:
        before, size = reachable[-1], abs(value)
        reachable.append((before | before << size) & mask if size <= wanted else before)
    if not reachable[-1] >> wanted & 1:
        return None
    added: set[int] = set()
    for (value, indices), before in zip(reversed(bundles), reversed(reachable[:-1]), strict=True):
        size = abs(value)
        without = before >> wanted & 1
        within = size <= wanted and before >> (wanted - size) & 1
        # Leaving a number out of the subset is adding its size where it is below zero.
        if within and (value < 0 or not without):
            added.update(indices)
            wanted -= size
    return added


def _by_halves(whole: list[int], numbers: list[int], wanted: int) -> set[int] | None:
    """Sums are compared modulo a prime, in 64 bits, and those that agree are added up exactly."""
    sizes = [abs(value) for value in whole]
    middle = len(numbers) // 2
    left, right = numbers[:middle], numbers[middle:]
    sums = _sums_modulo([sizes[i] for i in left])
    missing = (wanted % PRIME + PRIME - _sums_modulo([sizes[i] for i in right])) % PRIME
    agreeing = np.intersect1d(sums, missing)  # sorts both, which a cache likes
    if not len(agreeing):
        return None
    places = np.flatnonzero(np.isin(sums, agreeing)).tolist()
    masks = np.flatnonzero(np.isin(missing, agreeing)).tolist()
    candidates = itertools.product(places, masks)
    for place, mask in itertools.islice(candidates, MOST_CANDIDATES):
        taken = {*_members(left, place), *_members(right, mask)}
        if sum(sizes[i] for i in taken) == wanted:
            return taken
    if len(places) * len(masks) > MOST_CANDIDATES:
        raise Undecided
    return None


def _sums_modulo(sizes: list[int]) -> npt.NDArray[Any]:
    """All 2ᵐ sums; bit i of an index tells whether number i is in."""
    sums = np.zeros(1, np.int64)
    for size in sizes:
        sums = np.concatenate([sums, (sums + size % PRIME) % PRIME])
    return sums


def _members(indices: list[int], mask: int) -> list[int]:
    return [index for bit, index in enumerate(indices) if mask >> bit & 1]
