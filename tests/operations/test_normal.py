"""The standard normal distribution against 60-digit arithmetic, and against SciPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from chalknet.operations.normal import normal_density, normal_distribution
from oracles.exact import Truth, exact, worst
from oracles.exact_activations import normal_cdf, normal_pdf
from oracles.floats import FLOATS, TOLERANCE, grid

Float = type[np.floating[Any]]


@pytest.mark.parametrize("dtype", FLOATS)
def test_distribution_and_density(dtype: Float) -> None:
    z = grid(dtype)
    numbers = [exact(value) for value in z]
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        distribution, density = normal_distribution(z), normal_density(z)
    assert distribution.dtype == density.dtype == dtype
    assert worst(Truth.of(map(normal_cdf, numbers)).errors(distribution)) <= TOLERANCE[dtype]
    assert worst(Truth.of(map(normal_pdf, numbers)).errors(density)) <= TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_factor_keeps_the_digits_that_a_subnormal_number_lacks(dtype: Float) -> None:
    """1000 φ(z) is a normal number for some z where φ(z) is not, and 1000 Φ(z) likewise."""
    z = -grid(dtype)[(grid(dtype) > 10) & (grid(dtype) < 40)]
    numbers = [exact(value) for value in z]
    times = dtype(1000)
    distribution, density = normal_distribution(z, times), normal_density(z, times)
    assert distribution.dtype == density.dtype == dtype
    high, low = ([1000 * f(z) for z in numbers] for f in (normal_cdf, normal_pdf))
    assert worst(Truth.of(high).errors(distribution)) <= TOLERANCE[dtype]
    assert worst(Truth.of(low).errors(density)) <= TOLERANCE[dtype]


def test_densely_against_scipy() -> None:
    z = np.linspace(-37.5, 9, 1_000_001)
    # SciPy's own error reaches 2·10⁻¹³ far out, where it does not carry z² exactly.
    assert np.abs(normal_distribution(z) / ndtr(z) - 1).max() <= 5e-13
    near = np.abs(z) < 3
    assert np.abs(normal_distribution(z[near]) / ndtr(z[near]) - 1).max() <= 4e-15


def test_the_derivative_of_the_distribution_is_the_density() -> None:
    """By Gauss-Legendre quadrature: Φ(b) − Φ(a) = ∫ φ."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    for a in np.arange(-8.0, 8.0):
        integral = float(np.sum(0.5 * weights * normal_density(a + 0.5 + 0.5 * nodes)))
        ends = normal_distribution(np.array([a, a + 1]))
        assert integral == pytest.approx(float(ends[1] - ends[0]), rel=1e-13, abs=2e-16)
