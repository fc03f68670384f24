"""Straight lines from point to point, and the fewest knots, against a search over all layouts."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from chalknet.construct.points import Points
from chalknet.construct.polyline import Polyline, connect, sparsest


def value_at(line, x):
    """Of the polyline, exactly."""
    t, v = [[Fraction(value) for value in values.tolist()] for values in (line.t, line.v)]
    j = max(j for j in range(len(t) - 1) if t[j] <= x)
    return v[j] + (v[j + 1] - v[j]) * (x - t[j]) / (t[j + 1] - t[j])


def exists_with(knots, x, y):
    """Whether some continuous piecewise-linear function through the points has so many knots.

    Every interior point may be a knot, every gap may hold none, one or two. The slopes before and
    after each point are unknown; one knot in a gap needs them on either side of the chord's slope.
    """
    n = len(x)
    chords = np.diff(y) / np.diff(x)
    for at_points in itertools.product((0, 1), repeat=n - 2):
        for in_gaps in itertools.product(("none", "below", "above", "free"), repeat=n - 1):
            cost = sum(at_points) + sum({"none": 0, "free": 2}.get(kind, 1) for kind in in_gaps)
            if cost == knots and _feasible(n, chords, at_points, in_gaps):
                return True
    return False


def _feasible(n, chords, at_points, in_gaps):
    # Unknown: the slope after point i (i = 0 … n − 2) and before point i + 1.
    bounds = []
    for slope, kind in zip(chords, in_gaps, strict=True):
        below, above = (None, slope - 1e-3), (slope + 1e-3, None)
        bounds += {
            "none": [(slope, slope)] * 2,
            "below": [below, above],
            "above": [above, below],
            "free": [(None, None)] * 2,
        }[kind]
    rows = []
    for i, knot in enumerate(at_points, start=1):
        if not knot:
            row = np.zeros(2 * (n - 1))
            row[2 * i - 1], row[2 * i] = 1, -1
            rows.append(row)
    equal = {"A_eq": np.array(rows), "b_eq": np.zeros(len(rows))} if rows else {}
    return linprog(np.zeros(2 * (n - 1)), bounds=bounds, **equal).status == 0


@pytest.mark.parametrize("seed", range(12))
def test_no_function_has_fewer_knots_than_the_sparsest(seed):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.choice(12, 5, replace=False))
    y = rng.integers(-2, 3, 5) if seed % 2 else np.cumsum(np.cumsum(rng.integers(-1, 3, 5)))
    line = sparsest(connect(Points.of(x, y)))
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        assert value_at(line, Fraction(a)) == b
    for fewer in range(len(line.knots)):
        assert not exists_with(fewer, x, y)
    assert exists_with(len(line.knots), x, y)


rationals = st.builds(Fraction, st.integers(-12, 12), st.integers(1, 3))


@given(st.dictionaries(st.integers(-20, 20), rationals, min_size=2, max_size=12))
def test_both_lines_pass_through_every_point(points):
    x, y = list(points), list(points.values())
    straight = connect(Points.of(x, y))
    fewest = sparsest(straight)
    for line in (straight, fewest):
        assert all(value_at(line, Fraction(a)) == b for a, b in points.items())
        assert (np.diff(line.t) > 0).all()
        slopes = line.slopes
        assert (slopes[1:] != slopes[:-1]).all()
    assert len(fewest.t) <= len(straight.t)
    # Of all continuous functions through the points, neither has slopes that vary more.
    total = sum(abs(np.diff(straight.slopes)), Fraction(0))
    assert sum(abs(np.diff(fewest.slopes)), Fraction(0)) == total


def test_convex_data_needs_half_the_knots():
    x = np.arange(20)
    line = connect(Points.of(x, x**2))
    assert len(line.knots) == 18
    assert len(sparsest(line).knots) == 9


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 300), st.integers(1, 6))
def test_rounded_lines_have_no_knots_of_rounding(seed, n, pieces):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.normal(size=n))
    if len(np.unique(x)) < n:
        return
    at = (
        np.sort(rng.choice(np.arange(1, n - 1), min(pieces - 1, n - 2), replace=False))
        if n > 2
        else []
    )
    kinks = np.array([0, *at, n - 1], int)
    values = rng.normal(size=len(kinks))
    corners = [np.array(list(map(Fraction, v.tolist()))) for v in (x[kinks], values)]
    exact = Polyline(*corners, np.diff(corners[1]) / np.diff(corners[0]), kinks[:-1], kinks[1:])
    y = np.array([float(value_at(exact, Fraction(value))) for value in x.tolist()])
    line = connect(Points.of(x, y, "float64"))
    assert set(line.t.tolist()) <= set(x[kinks].tolist())


def test_points_in_float64_that_bend_slowly_keep_enough_knots():
    x = np.linspace(-1, 1, 3001)
    y = x + 1e-11 * x**2
    line = connect(Points.of(x, y, "float64"))
    assert 3 < len(line.t) < 1000
    assert np.abs(np.interp(x, line.t, line.v) - y).max() <= 5 * np.spacing(1.0)
