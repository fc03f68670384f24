"""Steps on a circle in pairs of floats, against whole numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet.construct.congruences import first_multiple
from chalknet.construct.turns import FURTHEST, TURN, first_step, on_turn

WHOLE = 2**100


def pair(whole):
    high = float(whole)
    return high, float(whole - int(high))


def exact(found):
    return sum(map(int, found))


def expected(place, step, arc):
    low = -place % WHOLE
    return 0 if low + arc >= WHOLE else first_multiple(step, WHOLE, low, low + arc)


parts = st.one_of(st.integers(0, WHOLE - 1), st.integers(0, 100).map(lambda k: WHOLE * k // 101))


@settings(max_examples=500)
@given(parts, parts, st.integers(40, 99), st.integers(0, 2**40))
def test_as_with_whole_numbers(place, step, bits, more):
    arc = 2**bits + more
    j = first_step(pair(place), pair(step), pair(arc))
    true = expected(place, step, arc)
    if true is None or true >= FURTHEST:
        assert j == -1
    else:
        assert j == true


@pytest.mark.parametrize("bits", [56, 70, 90])
def test_short_numbers_that_come_round(bits):
    rng = np.random.default_rng(bits)
    for place, step, arc in rng.integers(0, 1000, (200, 3)).tolist():
        unit = WHOLE >> 10
        true = expected(place * unit, step * unit, arc * (unit >> (100 - bits)))
        j = first_step(pair(place * unit), pair(step * unit), pair(arc * (unit >> (100 - bits))))
        assert j == (-1 if true is None else true)


def test_whole_turns_do_not_count():
    rng = np.random.default_rng(0)
    for high, low in (rng.normal(size=(200, 2)) * [2.0**50, 2.0]).tolist():
        place = on_turn(high, low)
        true = int(high * 2**60) * 2**40 + int(low * 2**60) * 2**40
        assert 0 <= place[0] < TURN
        assert abs((exact(place) - true + WHOLE // 2) % WHOLE - WHOLE // 2) < 2**48
