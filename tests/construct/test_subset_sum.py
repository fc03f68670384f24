"""Subset sum against trying all subsets."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.construct import subset_sum
from chalknet.construct.subset_sum import Undecided, subset_with_sum

rationals = st.builds(Fraction, st.integers(-9, 9), st.integers(1, 4))


@given(st.lists(rationals, max_size=8), rationals)
def test_agrees_with_trying_all_subsets(values, target):
    sums = {
        sum(some, Fraction(0))
        for size in range(len(values) + 1)
        for some in itertools.combinations(values, size)
    }
    found = subset_with_sum(values, target)
    assert (found is not None) == (target in sums)
    if found is not None:
        assert sum((values[i] for i in found), Fraction(0)) == target
        assert len(set(found)) == len(found)


@given(st.lists(st.integers(-9, 9), max_size=9), st.integers(-30, 30), st.integers(0, 3))
def test_halves_and_reachable_sums_agree(values, target, noise):
    # Beyond 2²⁸ bytes of sums the halves are taken; whole multiples of 10³⁰ are the same question.
    large = [value * 10**30 + (i % 2) * noise for i, value in enumerate(values)]
    found = subset_with_sum(large, target * 10**30)
    if found is not None:
        assert sum(large[i] for i in found) == target * 10**30
    if not noise:
        assert (found is None) == (subset_with_sum(values, target) is None)


def test_forty_large_numbers_are_decided():
    rng = random.Random(0)
    values = [rng.randint(-(10**30), 10**30) for _ in range(40)]
    chosen = sorted(rng.sample(range(40), 17))
    assert subset_with_sum(values, sum(values[i] for i in chosen)) == chosen
    # Every sum of multiples of 7 is one, but for the remainder it is asked to have.
    assert subset_with_sum([7 * value for value in values], 8) is None


def test_thousands_of_small_numbers_are_decided():
    rng = random.Random(1)
    values = [Fraction(rng.randint(-40, 40), 2) for _ in range(20_000)]
    found = subset_with_sum(values, Fraction(1001, 2))
    assert sum(values[i] for i in found) == Fraction(1001, 2)
    assert subset_with_sum(values, Fraction(1, 3)) is None


def test_what_is_too_much_is_left_undecided():
    rng = random.Random(2)
    with pytest.raises(Undecided):
        subset_with_sum([rng.randint(10**20, 10**21) for _ in range(60)], 7 * 10**21)
    primes = [n for n in range(3, 20_000) if all(n % d for d in range(2, int(n**0.5) + 1))]
    with pytest.raises(Undecided):
        subset_with_sum([Fraction(1, p) for p in primes], Fraction(1, 2))


def test_sums_that_agree_only_modulo_the_prime_are_told_apart():
    p = subset_sum.PRIME
    # Made large enough for the halves by numbers that cannot take part.
    huge = [10**40 + 1] * 1
    assert subset_with_sum([p, 3, 5, *huge], 3) == [1]
    assert subset_with_sum([p, 2 * p, 4 * p, *huge], 3 * p) is not None
    assert subset_with_sum([p + 1, 2, *huge], 1) is None
