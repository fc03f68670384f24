"""Weights rounded from knot to knot: compiled and not, and of many points that are hard."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from chalknet.construct import machine_code, rounding
from chalknet.construct.points import Points
from chalknet.construct.relu_interpolation import fit_relu
from chalknet.construct.rounding import Span, outward
from construct.point_sets import units_missed


def neighbours(n, rng):
    some = np.cumsum(rng.random(n // 2) + 1e-9) / n
    return np.unique(np.concatenate([some, np.nextafter(some, 9)]))


ABSCISSAS = {
    "random": lambda n, rng: np.sort(rng.random(n)),
    "gaps of all sizes": lambda n, rng: np.cumsum(10 ** rng.uniform(-6, 0, n)),
    "far tails": lambda n, rng: np.unique(rng.standard_cauchy(n)),
    "neighbours": neighbours,
    "short": lambda n, rng: np.unique(np.round(rng.random(n) * 1e3, 4)),
}


def hard(kind, n):
    rng = np.random.default_rng(n)
    x = ABSCISSAS[kind](n, rng)
    return x, rng.normal(size=len(x))


def compiled_and_not(monkeypatch):
    """Sets one after the other, for a loop."""
    for many in (0, 10**9):
        monkeypatch.setattr(rounding, "MANY", many)
        yield many == 0


@pytest.mark.parametrize("sparsest", [False, True])
@pytest.mark.parametrize("kind", ABSCISSAS)
def test_compiled_or_not_the_bits_are_the_same(kind, sparsest, monkeypatch):
    assert machine_code.follow_compiled() is not None
    x, y = hard(kind, 1500)
    points = Points(x, y, False)
    line = fit_relu(x, y, sparsest=sparsest).line
    before = np.append(line.first[:1], line.last[:-1])
    span = Span(before, line.first, line.last)
    for side, way in ((points, span), (turned(points), span.mirrored(len(x)))):
        found = [
            outward(side, way, np.spacing(np.abs(y).max()), spare=True)
            for _ in compiled_and_not(monkeypatch)
        ]
        for one, other in zip(*found, strict=True):
            assert one.tobytes() == other.tobytes()


def turned(points):
    return Points(-points.x[::-1], points.y[::-1].copy(), False)


def test_without_numba_the_weights_are_the_same(monkeypatch):
    def missing():
        raise ImportError

    x, y = hard("gaps of all sizes", 3000)
    monkeypatch.setattr(rounding, "MANY", 100)
    fits = [fit_relu(x, y)]
    monkeypatch.setattr(machine_code, "_kernel", missing)
    fits.append(fit_relu(x, y))
    assert fits[0].w_hidden.tobytes() == fits[1].w_hidden.tobytes()
    assert fits[0].w_output.tobytes() == fits[1].w_output.tobytes()


@pytest.mark.parametrize(
    ("kind", "n", "sparsest"),
    [("gaps of all sizes", 200_000, False), ("far tails", 40_000, True)],
)
def test_many_hard_points_in_fractions(kind, n, sparsest):
    x, y = hard(kind, n)
    fit = fit_relu(x, y, sparsest=sparsest)
    units = units_missed(fit, x.tolist(), y.tolist())
    assert units <= 4
    claimed = fit.max_abs_residual / np.spacing(np.abs(y).max())
    assert abs(units - claimed) <= 0.01
    assert fit.added == 0


def test_neurons_are_silent_up_to_their_knots():
    x, y = hard("gaps of all sizes", 3000)
    fit = fit_relu(x, y)
    knots = fit.layer.knots
    assert (np.diff(knots) >= 0).all()
    assert all(a <= k for (a, _), k in zip(itertools.pairwise(x.tolist()), knots, strict=False))
