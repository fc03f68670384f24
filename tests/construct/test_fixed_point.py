"""Digits of 24 bits and the numbers that they stand for, against fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chalknet.construct.fixed_point import (
    BITS,
    as_floats,
    carried,
    digits_of,
    digits_up_to,
    multiplied,
)

LARGEST = 2.0**70
columns = st.lists(st.floats(-LARGEST, LARGEST), min_size=1, max_size=5).map(np.array)
places_kept = st.integers(-40, 200)


def exact(digits, places):
    return [
        sum(
            Fraction(int(digit)) * Fraction(2) ** (BITS * k - places)
            for k, digit in enumerate(column)
        )
        for column in digits.T
    ]


def digits(values, places):
    return digits_of(values, places, digits_up_to(LARGEST, places))


@given(columns, places_kept)
def test_a_float_becomes_the_nearest_number_of_so_many_places(values, places):
    kept = digits(values, places)
    assert (np.abs(kept[:-1]) <= 2 ** (BITS - 1)).all()
    assert (np.abs(kept[-1]) <= 2 ** (BITS - 1)).all()
    for number, value in zip(exact(kept, places), values.tolist(), strict=True):
        assert number == round(Fraction(value) * Fraction(2) ** places) * Fraction(2) ** -places


@given(columns, places_kept)
def test_a_million_terms_lose_nothing(values, places):
    kept = digits(values, places)
    total = 1_000_000 * kept
    assert exact(carried(total.copy()), places) == exact(total, places)


@given(columns, places_kept, st.floats(-LARGEST, LARGEST), places_kept, st.integers(0, 6))
def test_a_product_lacks_what_is_dropped(values, places, factor, more_places, dropped):
    a, b = digits(values, places), digits(np.full(len(values), factor), more_places)
    dropped = min(dropped, len(a) + len(b) - 1)
    product = multiplied(a, b, dropped)
    kept_places = places + more_places - BITS * dropped
    pairs = zip(exact(a, places), exact(b, more_places), strict=True)
    for number, (left, right) in zip(exact(product, kept_places), pairs, strict=True):
        assert abs(number - left * right) < Fraction(2) ** -kept_places
        assert dropped or number == left * right


@given(columns, places_kept)
def test_numbers_become_floats_again(values, places):
    kept = digits(values, places)
    true = exact(kept, places)
    for value, number in zip(as_floats(kept, places).tolist(), true, strict=True):
        assert abs(Fraction(value) - number) <= abs(number) * Fraction(1, 2**51)
