"""Weights in float64 miss no point by more than 4 units, for whatever points, in fractions."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet.construct.relu_interpolation import fit_relu
from chalknet.errors import DataFormatError
from construct.point_sets import far_decimals, float_set, trials, units_missed

# Kinds of points for which no neurons are needed for the sake of rounding.
PLAIN = ("random", "exponential", "whole", "decimals", "thirds", "sevenths", "far decimals",
         "whole numbers", "any fractions")  # fmt: skip


def units_claimed(fit):
    return fit.max_abs_residual / math.ulp(np.abs(fit.points.y.astype(float)).max())


@pytest.mark.parametrize("part", range(4))
def test_no_point_of_random_sets_is_missed_by_more_than_four_units(part):
    for i, kinds, option, fit, units in trials(1000, part + 1, 30):
        what = part + 1, i, *kinds, option
        assert units <= 4, what
        # What the fit says of itself is so, but where residuals are below the smallest float.
        assert abs(units - units_claimed(fit)) <= (0.01 if fit.max_abs_residual > 1e-300 else 1), (
            what
        )
        assert (fit.added == 0) or fit.minimal != "proved", what
        if kinds[0] in PLAIN:
            assert fit.added == 0, what


def test_larger_sets():
    for i, kinds, _, _, units in trials(40, 0, 400):
        assert units <= 4, (i, *kinds)


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None, max_examples=500)
@given(st.dictionaries(finite, finite, min_size=2, max_size=12), st.booleans())
def test_any_floats(table, sparsest):
    x, y = list(table), list(table.values())
    order = np.argsort(x)
    x, y = (np.array(values)[order].tolist() for values in (x, y))
    slopes = [
        abs(Fraction(d) - Fraction(b)) / (Fraction(c) - Fraction(a))
        for a, b, c, d in zip(x, y, x[1:], y[1:], strict=False)
    ]
    try:
        fit = fit_relu(x, y, arithmetic="float64", sparsest=sparsest)
    except DataFormatError:
        smallest = min((slope for slope in slopes if slope), default=1)
        assert max(slopes) > Fraction(2) ** 1000 or smallest < Fraction(1, 2**1000)
        return
    assert units_missed(fit, x, y) <= 4


@pytest.mark.parametrize("n", [40, 300, 3000])
def test_as_few_neurons_as_in_fractions_where_they_face_both_ways(n):
    rng = np.random.default_rng(n)
    x = [Fraction(i, 10) for i in range(n)]
    y = [Fraction(int(value), 10) for value in rng.integers(-20, 21, n)]
    fit = fit_relu(x, y)
    assert (fit.w_hidden > 0).any()
    assert (fit.w_hidden < 0).any()
    assert fit.neurons == fit.fewest == len(fit.line.knots)
    assert (fit.minimal, fit.added) == ("proved", 0)
    assert units_missed(fit, x, y) <= 4


def test_points_that_leave_their_line_when_they_are_rounded():
    rng = np.random.default_rng(0)
    impossible = 0
    for _ in range(40):
        x = far_decimals(12, rng)
        y = [Fraction(i, 7) for i in range(9)] + [Fraction(i, 3) for i in range(3)]
        fit = fit_relu(x, y)
        assert fit.neurons == len(fit.line.knots) + 1
        assert units_missed(fit, x, y) <= 4
        # Of three points with the middle one d above the chord of the others, any function that is
        # straight there misses one by d / 2. The first nine points lie on one piece, and knots that
        # were in the gaps beside its ends would leave it seven of them.
        rounded = [(Fraction(float(a)), Fraction(float(b))) for a, b in zip(x, y, strict=True)]
        bent = max(
            abs((v - u) - (w - u) * (b - a) / (c - a))
            for (a, u), (b, v), (c, w) in itertools.combinations(rounded[1:8], 3)
        )
        least = float(bent / 2 / Fraction(math.ulp(float(max(y)))))
        if least > 4:
            impossible += 1
            assert fit.as_given
            rounded_fit = replace(fit, as_given=False)
            assert units_missed(rounded_fit, x, y) >= least
    assert impossible > 20


def test_neurons_are_added_only_where_so_many_may_be():
    rng = np.random.default_rng(0)
    added = 0
    while added < 5:
        _, x, y = float_set(rng, 20)
        fit = fit_relu(x, y, arithmetic="float64")
        if not fit.added:
            continue
        added += 1
        asked = fit_relu(x, y, arithmetic="float64", neurons=fit.fewest - fit.added)
        assert (asked.neurons, asked.added) == (fit.fewest - fit.added, 0)
        assert units_claimed(asked) > 4
        slack = fit.added + (fit.fewest - fit.added > len(fit.line.knots))
        assert fit.minimal == ("within one" if slack == 1 else f"within {slack}")
        more = fit_relu(x, y, arithmetic="float64", neurons=fit.fewest + 3)
        assert (more.neurons, more.fewest, more.added) == (fit.fewest + 3, fit.fewest, fit.added)
        assert units_missed(more, x.tolist(), y.tolist()) <= 4
