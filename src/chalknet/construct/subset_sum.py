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
    wanted = int(goal * scale)
    # Leaving a negative number out is taking its opposite in: Σ|v| over the changed set.
    sizes = [abs(value) for value in whole]
    wanted -= sum(value for value in whole if value < 0)
    divisor = math.gcd(*sizes)
    if wanted < 0 or wanted > sum(sizes) or (wanted % divisor if divisor else wanted):
        return None
    if divisor:
        sizes, wanted = [size // divisor for size in sizes], wanted // divisor
    taken = _taken(sizes, wanted)
    if taken is None:
        return None
    return [i for i, value in enumerate(whole) if value != 0 and (i in taken) == (value > 0)]


def _common_denominator(values: list[Fraction]) -> int:
    scale = 1
    for value in values:
        scale = math.lcm(scale, value.denominator)
        if len(values) > MOST_ITEMS + 1 and scale.bit_length() > MOST_BITS:
            raise Undecided
    return scale


def _taken(sizes: list[int], wanted: int) -> set[int] | None:
    """The same for natural numbers."""
    bundles = _bundles(sizes)
    if len(bundles) * (wanted // 8 + 1) <= MOST_MEMORY:
        return _by_reachable_sums(bundles, wanted)
    positive = [i for i, size in enumerate(sizes) if size]
    if len(positive) <= MOST_ITEMS:
        return _by_halves(sizes, positive, wanted)
    raise Undecided


def _bundles(sizes: list[int]) -> list[tuple[int, list[int]]]:
    """Equal numbers bundled by 1, 2, 4, …: any count of them is a sum of bundles."""
    equal = defaultdict(list)
    for i, size in enumerate(sizes):
        if size:
            equal[size].append(i)
    bundles = []
    for size, indices in equal.items():
        count = 1
        while indices:
            bundle, indices = indices[:count], indices[count:]  # noqa: PLW2901
            bundles.append((size * len(bundle), bundle))
            count *= 2
    return bundles


def _by_reachable_sums(bundles: list[tuple[int, list[int]]], wanted: int) -> set[int] | None:
    """Bit s of ``reachable[i]`` tells whether the first i bundles have a subset of sum s."""
    mask = (1 << (wanted + 1)) - 1
    reachable = [1]
    for size, _ in bundles:
        before = reachable[-1]
        reachable.append((before | before << size) & mask if size <= wanted else before)
    if not reachable[-1] >> wanted & 1:
        return None
    taken: set[int] = set()
    for (size, indices), before in zip(reversed(bundles), reversed(reachable[:-1]), strict=True):
        if not before >> wanted & 1:
            taken.update(indices)
            wanted -= size
    return taken


def _by_halves(sizes: list[int], positive: list[int], wanted: int) -> set[int] | None:
    """Sums are compared modulo a prime, in 64 bits, and those that agree are added up exactly."""
    middle = len(positive) // 2
    left, right = positive[:middle], positive[middle:]
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
