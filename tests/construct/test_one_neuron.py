"""One neuron through one target or two, in fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from chalknet.construct.one_neuron import ONE, Neuron, Target, nearest, through_one, through_two
from chalknet.construct.targets import Places, float_of, floats_of, whole_of

PLACES = Places(60, 130)
UNIT = whole_of(2.0**-52, PLACES.y)  # y is of size 1


def floats(neuron):
    return tuple(values.item() for values in floats_of([neuron], [False], PLACES))


def adds(neuron, x):
    """What float64 weights add at a whole x, in fractions, in units."""
    w, b, a = map(Fraction, floats(neuron))
    return a * (w * Fraction(x, 2**PLACES.x) + b) * 2**52


@pytest.mark.parametrize("steepness", [1.0, 1e3, 1e6, 1e9, 1e12, 1e15])
def test_one_target_is_met_however_steep(steepness):
    rng = np.random.default_rng(0)
    for _ in range(40):
        start, end = sorted(whole_of(value, PLACES.x) for value in rng.random(2))
        wanted = Target(end, whole_of(rng.normal() * steepness, PLACES.y))
        neuron, missed = through_one(start, wanted, 2 * UNIT)
        assert missed <= 2 * UNIT
        exact = Fraction(wanted.value, UNIT)
        assert abs(adds(neuron, end) - exact) == Fraction(missed, UNIT) <= 2
        assert neuron.reaches(start) <= 0 < neuron.reaches(end)
        assert 1 <= floats(neuron)[0] < 2


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6, 1e9])
@pytest.mark.parametrize("steepness", [1.0, 100.0])
def test_two_targets_are_met_far_from_zero(steepness, offset):
    rng = np.random.default_rng(0)
    for _ in range(40):
        near, far = sorted(rng.random(2) + offset)
        low, high = sorted(rng.random(2) * steepness)
        targets = [
            Target(whole_of(x, PLACES.x), whole_of(y, PLACES.y))
            for x, y in ((near, low), (far, high))
        ]
        neuron, missed = through_two(*targets, 2 * UNIT, 2**14)
        assert missed <= 2 * UNIT
        for target in targets:
            assert abs(adds(neuron, target.x) - Fraction(target.value, UNIT)) <= 2


def test_what_cannot_be_is_left_at_rest():
    level = Target(0, 5 * UNIT), Target(2**60, 5 * UNIT)
    assert through_two(*level, UNIT) == (Neuron(ONE, 0, 0), 5 * UNIT)
    falling = Target(0, 5 * UNIT), Target(2**60, 2 * UNIT)  # its knot is right of both
    assert through_two(*falling, UNIT)[0].a == 0


def test_whole_numbers_and_floats():
    rng = np.random.default_rng(0)
    for value in (rng.normal(size=200) * 10.0 ** rng.integers(-5, 5, 200)).tolist():
        assert float_of(whole_of(value, 110), 110) == value
        assert nearest(whole_of(value, 110)) == whole_of(value, 110)
        exact = Fraction(value) * 3**40
        assert float(nearest(round(exact * 2**200))) == float(exact * 2**200)
    with pytest.raises(OverflowError):
        float_of(3, 1075)
    with pytest.raises(OverflowError):
        float_of(1, -1024)
    assert float_of(1, 1074) == 5e-324


@pytest.mark.parametrize("places", [1100, 1300, -1000])
def test_output_weights_out_of_range_are_taken_into_hidden_ones(places):
    neuron = Neuron(ONE + 1, -(2**100), 3 << 40)
    for left in (False, True):
        (w,), (b,), (a,) = floats_of([neuron], [left], Places(60, places))
        whole = Fraction(neuron.w, 2**52) * neuron.a / Fraction(2) ** places
        assert Fraction(w) * Fraction(a) == (-whole if left else whole)
        assert (
            Fraction(b) * Fraction(a)
            == Fraction(-(2**100), 2**113) * neuron.a / Fraction(2) ** places
        )
    with pytest.raises(OverflowError):
        floats_of([neuron], [False], Places(60, 2300))
