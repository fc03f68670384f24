"""The L2 penalty against exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from chalknet.operations.penalties import l2_penalty, l2_penalty_backward
from oracles.exact import Truth, exact, worst
from oracles.floats import FLOATS, TOLERANCE

Float = type[np.floating[Any]]


@pytest.mark.parametrize("l2", [0.0, 1e-4, 0.1, 3.0])
@pytest.mark.parametrize("dtype", FLOATS)
def test_value(dtype: Float, l2: float) -> None:
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape).astype(dtype) for shape in ((40, 30), (30, 5), (5, 1))]
    squares = sum(Fraction(float(w)) ** 2 for W in weights for w in W.ravel())
    expected = Fraction(l2) * squares / 2
    assert l2_penalty(weights, l2) == pytest.approx(float(expected), rel=1e-14, abs=0)


@pytest.mark.parametrize("dtype", FLOATS)
def test_gradient(dtype: Float) -> None:
    W = np.random.default_rng(0).normal(size=(40, 30)).astype(dtype)
    for l2 in (1e-4, 0.1, 3.0):
        gradient = l2_penalty_backward(W, l2)
        assert gradient.dtype == dtype
        truth = Truth.of(exact(l2) * exact(w) for w in W.ravel())
        assert worst(truth.errors(gradient)) <= TOLERANCE[dtype]


def test_float32_weights_are_added_up_in_float64() -> None:
    W = np.full((1024, 1024), 0.1, dtype=np.float32)
    one = float(np.float32(0.1)) ** 2
    assert l2_penalty([W], 2.0) == pytest.approx(W.size * one, rel=1e-13)


def test_large_float32_weights_do_not_overflow() -> None:
    assert l2_penalty([np.full((2, 2), 1e30, dtype=np.float32)], 1.0) == pytest.approx(
        2 * float(np.float32(1e30)) ** 2, rel=1e-15
    )


def test_no_layers_no_penalty() -> None:
    assert l2_penalty([], 0.1) == 0.0
