"""Gaussian integrals: closed forms, 30-digit quadrature, and kinks and jumps wherever they are."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.special import erf
from scipy.stats import norm

from chalknet import Activation, ConfigurationError
from chalknet.diagnose.gaussian_integrals import gaussian_means, gaussian_moments
from chalknet.operations.activations import ACTIVATIONS
from oracles.exact_activations import EXACT_ACTIVATIONS

CLOSE = 1e-12
variances = st.floats(1e-6, 1e6)


@given(variances)
@example(1.0)
def test_relu_has_half_the_moment_and_the_published_variance(q: float) -> None:
    """Study nyu-s25, question 2 (c): E y² = q/2, and var y = q (π − 1) / 2π."""
    m = gaussian_moments(ACTIVATIONS["relu"], q)
    assert m.square == pytest.approx(q / 2, rel=CLOSE)
    assert m.square - m.mean**2 == pytest.approx(q * (np.pi - 1) / (2 * np.pi), rel=CLOSE)
    assert m.slope_square == pytest.approx(0.5, rel=CLOSE)
    assert m.fourth == pytest.approx(6.0, rel=CLOSE)  # (3/2) / (1/2)²


@given(variances)
def test_the_arcsine_kernel_of_the_error_function(q: float) -> None:
    """E erf² = (2/π) arcsin(2q/(1 + 2q)) and E erf′² = (4/π)/√(1 + 4q) (Williams, 1998)."""
    error = Activation("erf", erf, lambda z: 2 / np.sqrt(np.pi) * np.exp(-z * z))
    m = gaussian_moments(error, q)
    assert m.square == pytest.approx(2 / np.pi * np.arcsin(2 * q / (1 + 2 * q)), rel=1e-11)
    assert m.slope_square == pytest.approx(4 / np.pi / np.sqrt(1 + 4 * q), rel=CLOSE)
    # d log E erf²/d log q, by hand.
    slope = 4 / np.pi * q / ((1 + 2 * q) * np.sqrt(1 + 4 * q)) / m.square
    assert m.square_elasticity == pytest.approx(slope, rel=1e-10)


@given(st.floats(0.01, 9.0))
def test_powers_exponentials_and_waves(q: float) -> None:
    square = gaussian_moments(Activation("square", lambda z: z * z, lambda z: 2 * z), q)
    assert square.square == pytest.approx(3 * q * q, rel=CLOSE)
    assert square.fourth == pytest.approx(105 / 9, rel=CLOSE)
    assert square.square_elasticity == pytest.approx(2.0, rel=CLOSE)
    exponential = gaussian_moments(Activation("exp", np.exp, np.exp), q)
    assert exponential.square == pytest.approx(np.exp(2 * q), rel=1e-11)
    assert exponential.mean == pytest.approx(np.exp(q / 2), rel=1e-11)
    sine = gaussian_moments(Activation("sin", np.sin, np.cos), q)
    assert sine.square == pytest.approx((1 - np.exp(-2 * q)) / 2, rel=CLOSE)
    assert sine.slope_square == pytest.approx((1 + np.exp(-2 * q)) / 2, rel=CLOSE)


@given(st.floats(-5, 5), st.floats(0.01, 100))
@example(1.0005, 1.0)  # just inside a panel, nearer to its end than any inner node
@example(-1.00000001, 4.0)
def test_a_kink_and_a_jump_anywhere(x: float, q: float) -> None:
    """Of max(z − c, 0), c = x √q: E f² = (q + c²) Φ(−x) − c √q φ(x), and E f′² = Φ(−x)."""
    c = x * np.sqrt(q)
    hinge = Activation(
        "hinge", lambda z: np.maximum(z - c, 0.0), lambda z: np.where(z > c, 1.0, 0.0)
    )
    m = gaussian_moments(hinge, q)
    assert m.slope_square == pytest.approx(norm.sf(c / np.sqrt(q)), rel=1e-10)
    with mpmath.workdps(30):  # the closed form cancels
        c, q = mpmath.mpf(c), mpmath.mpf(q)
        x = c / mpmath.sqrt(q)
        exact = (q + c**2) * mpmath.ncdf(-x) - c * mpmath.sqrt(q) * mpmath.npdf(x)
    assert m.square == pytest.approx(float(exact), rel=1e-10)


@pytest.mark.parametrize("q", [1e-3, 1.0, 50.0])
@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_activation_against_thirty_digits(name: str, q: float) -> None:
    exact, usual = EXACT_ACTIVATIONS[name], ACTIVATIONS[name]
    m = gaussian_moments(usual, q)
    with mpmath.workdps(30):
        root, values = mpmath.sqrt(q), [mpmath.mpf(value) for value in usual.parameters]

        def mean(function, power):
            return mpmath.quad(
                lambda g: function(root * g, *values) ** power * mpmath.npdf(g),
                [-12, -4, -1, -0.1, 0, 0.1, 1, 4, 12],
            )

        square, slope = mean(exact.value, 2), mean(exact.derivative, 2)
    assert m.square == pytest.approx(float(square), rel=CLOSE)
    assert m.slope_square == pytest.approx(float(slope), rel=CLOSE)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_elasticities_are_derivatives(name: str) -> None:
    """Integration by parts against differences of the integrals themselves."""
    f, h = ACTIVATIONS[name], 1e-4
    below, here, above = (gaussian_moments(f, q) for q in (0.8 * np.exp(-h), 0.8, 0.8 * np.exp(h)))
    difference = np.log(above.square / below.square) / (2 * h)
    assert here.square_elasticity == pytest.approx(difference, abs=1e-7)
    curve = (np.log(above.square) + np.log(below.square) - 2 * np.log(here.square)) / h**2
    s = here.square_elasticity
    assert here.square_quartic / 4 + s - s * s == pytest.approx(curve, abs=1e-6)
    if here.slope_square:
        difference = np.log(above.slope_square / below.slope_square) / (2 * h)
        assert here.slope_elasticity == pytest.approx(difference, abs=1e-7)


@pytest.mark.parametrize("q", [1e-200, 1e-30, 1e30, 1e200])
def test_signals_that_have_vanished_or_exploded(q: float) -> None:
    relu, tanh = (gaussian_moments(ACTIVATIONS[name], q) for name in ("relu", "tanh"))
    assert relu.square == pytest.approx(q / 2, rel=CLOSE)
    assert relu.fourth == pytest.approx(6.0, rel=CLOSE)
    assert tanh.square == pytest.approx(min(q, 1.0), rel=CLOSE)


def test_nothing_comes_of_nothing() -> None:
    m = gaussian_moments(ACTIVATIONS["sigmoid"], 0.0)
    assert (m.mean, m.square) == pytest.approx((0.5, 0.25), rel=1e-13)
    assert m.square_elasticity == pytest.approx(0.0, abs=1e-13)
    assert gaussian_moments(ACTIVATIONS["relu"], 0.0).square == 0


def test_an_activation_that_is_not_finite_is_refused() -> None:
    root = Activation("root", np.sqrt, lambda z: 0.5 / np.sqrt(z))
    with pytest.raises(ConfigurationError, match="activation root or its derivative is not finite"):
        gaussian_moments(root, 1.0)


def test_several_at_once() -> None:
    found = gaussian_means(lambda g: np.stack([g**6, np.abs(g), np.where(g > 0.7, 1.0, 0.0)]))
    assert found == pytest.approx([15.0, np.sqrt(2 / np.pi), norm.sf(0.7)], rel=1e-12)
