"""Residuals of rounded weights, against fractions, where all digits of a sum cancel."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from chalknet.construct.residuals import errors_at
from construct.point_sets import missed

UNIT = 2.0**-52


def network(rng, x, octaves):
    neurons = int(rng.integers(1, 60))
    w = rng.choice([1.0, -1.0], neurons) * rng.choice([1.0, 1.0 + rng.random()], neurons)
    knots = rng.choice([*x, *rng.normal(size=5)], neurons)
    a = rng.normal(size=neurons) * 2.0 ** rng.integers(-octaves, octaves, neurons)
    return (w, -w * knots, a), float(rng.normal())


@pytest.mark.parametrize("octaves", [1, 30, 60])
@pytest.mark.parametrize("seed", range(30))
def test_residuals_are_those_of_fractions(seed, octaves):
    rng = np.random.default_rng([seed, octaves])
    x = rng.normal(size=50) * 2.0 ** rng.integers(-octaves, octaves, 50)
    x = np.unique(x + rng.choice([0.0, 1e3, -1e9]))
    y = rng.normal(size=len(x))
    weights, constant = network(rng, x, octaves)
    errors = errors_at(x, y, weights, constant, UNIT / 256)
    true = missed([part.tolist() for part in weights], constant, x.tolist(), y.tolist())
    for error, exact in zip(errors.tolist(), true, strict=True):
        assert abs(Fraction(error) - exact) <= Fraction(UNIT) / 256 + abs(exact) / 2**51


def test_blocks_of_points_follow_each_other():
    rng = np.random.default_rng(0)
    x = np.sort(rng.random(10_000))
    y = rng.normal(size=len(x))
    weights, constant = network(rng, x, 20)
    errors = errors_at(x, y, weights, constant, UNIT / 256)
    true = missed([part.tolist() for part in weights], constant, x.tolist(), y.tolist())
    off = [
        abs(Fraction(a) - b) - abs(b) / 2**51 for a, b in zip(errors.tolist(), true, strict=True)
    ]
    assert max(off) <= Fraction(UNIT) / 256


def test_what_is_beyond_floats_is_not_told():
    x = np.array([0.0, 1.0])
    huge = np.array([1e200]), np.array([1e200]), np.array([1e200])
    assert errors_at(x, x, huge, 0.0, UNIT) is None
    spread = np.array([1.0, 1.0]), np.array([0.0, 0.0]), np.array([2.0**500, 2.0**900])
    assert errors_at(np.array([2.0**-500, 1.0]), x, spread, 0.0, 2.0**-900) is None
