"""One neuron through one target or two, found in pairs of floats, in fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from chalknet.construct.neuron_in_pairs import through_line, through_point

UNIT = 2.0**-52  # y is of size 1
MOST = 2 * UNIT


def pair(fraction):
    high = float(fraction)
    return high, float(fraction - Fraction(high))


def adds(found, x):
    w, b, a = map(Fraction, found[:3])
    return a * (w * Fraction(x) + b)


@pytest.mark.parametrize("steepness", [1.0, 1e3, 1e6, 1e9, 1e12])
def test_one_target_is_met_however_steep(steepness):
    rng = np.random.default_rng(0)
    for _ in range(60):
        start, end = np.sort(rng.normal(size=2)).tolist()
        target = Fraction(rng.normal() * steepness) + Fraction(rng.normal() * 2.0**-60)
        found = through_point(start, end, pair(target), MOST)
        assert abs(found[3]) <= MOST
        missed = adds(found, end) - target
        assert abs(missed) <= MOST * 1.0001
        assert abs(float(missed) - found[3]) <= UNIT / 64
        assert Fraction(found[0]) * Fraction(start) + Fraction(found[1]) <= 0
        assert 1 <= found[0] < 2


@pytest.mark.parametrize("steepness", [1.0, 100.0, 1e4])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_two_targets_are_met_far_from_zero(steepness, offset):
    rng = np.random.default_rng(0)
    for _ in range(30):
        near, far = np.sort(rng.random(2) + offset).tolist()
        low, high = (Fraction(value) for value in np.sort(rng.random(2) * steepness).tolist())
        run = Fraction(far) - Fraction(near)
        slope = (high - low) / run
        knot = pair(Fraction(near) - low / slope)
        tries = 16 + 64 * math.ceil(steepness)
        found = through_line(knot, float(slope), (near, far), pair(low), pair(high), MOST, tries)
        assert abs(found[3]) <= MOST
        assert abs(adds(found, near) - low) <= MOST * 1.0001
        assert abs(adds(found, far) - high) <= MOST * 1.0001


def test_what_is_beyond_pairs_is_not_found():
    slope = 2.0**30
    knot = pair(Fraction(1, 3))
    targets = pair(Fraction(slope) / 3), pair(Fraction(slope))
    assert through_line(knot, slope, (2 / 3, 4 / 3), *targets, 2.0**-90, 16)[3] == math.inf
    assert through_point(0.0, 1.0, (math.inf, 0.0), UNIT)[3] == math.inf
