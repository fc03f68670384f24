"""The regression losses against 60-digit arithmetic."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet.errors import ConfigurationError
from chalknet.operations.losses import (
    AbsoluteError,
    ElementwiseLoss,
    HalfSquaredError,
    Huber,
    MeanSquaredError,
    Poisson,
)
from oracles.exact import Truth, exact, mp, worst
from oracles.exact_losses import EXACT_LOSSES
from oracles.floats import FLOATS, TOLERANCE, Floats, grid

Float = type[np.floating[Any]]
LOSSES = [
    MeanSquaredError(),
    HalfSquaredError(),
    AbsoluteError(),
    Huber(),
    Huber(0.25),
    Huber(30.0),
    Poisson(),
]


def truths(
    loss: ElementwiseLoss, o: Floats, t: npt.NDArray[np.float64], n: int = 1
) -> tuple[Truth, Truth]:
    """The terms of pairs (oᵢ, tᵢ), and the gradient of their mean over n."""
    known = EXACT_LOSSES[loss.name]
    parameters = [exact(value) for value in loss.parameters]
    pairs = [(exact(oi), exact(ti), *parameters) for oi, ti in zip(o, t, strict=True)]
    return (
        Truth.of_sums(known.value(*pair) for pair in pairs),
        Truth.of_sums((known.gradient(*pair) for pair in pairs), factor=exact(1) / n),
    )


@functools.cache
def pairs(dtype: Float, counts: bool) -> tuple[Floats, npt.NDArray[np.float64]]:
    """Outputs and targets up to ±10³⁰: far from each other, close, and equal."""
    rng = np.random.default_rng(5)
    o = grid(dtype)
    o = np.concatenate([o[np.abs(o) <= 1e30], rng.normal(0, 3, 600).astype(dtype)])
    close = np.concatenate([o, np.nextafter(o, dtype(np.inf)), np.nextafter(o, dtype(-np.inf))])
    t = np.concatenate([rng.permutation(o), close, rng.normal(0, 3, len(o))]).astype(np.float64)
    o = np.tile(o, 5)
    if counts:  # eᵒ leaves float64 above 709.78
        return o[o < 709.5][::3], np.abs(t[o < 709.5])[::3]
    return o[::3], t[::3]


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_terms_and_gradient(loss: ElementwiseLoss, dtype: Float) -> None:
    o, t = pairs(dtype, counts=isinstance(loss, Poisson))
    # A square or eᵒ may be too large for float32; nothing else may go wrong.
    with np.errstate(over="ignore", invalid="raise", divide="raise"):
        terms, _ = loss.terms(o[:, None], t)
        _, gradient = loss.value_and_grad(o[:, None], t)
    assert terms.dtype == np.float64
    assert gradient.dtype == dtype
    values, slopes = truths(loss, o, t, len(o))
    assert worst(values.errors(terms)) <= TOLERANCE[np.float64]
    assert worst(slopes.errors(gradient)) <= TOLERANCE[dtype]


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_numbers(loss: ElementwiseLoss, data: st.DataObject) -> None:
    lowest = 0.0 if isinstance(loss, Poisson) else -1e30
    o = data.draw(st.floats(-1e30, 1e30) | st.floats(-50, 50))
    t = data.draw(st.floats(lowest, 1e30) | st.floats(max(lowest, -50), 50))
    with np.errstate(over="ignore"):
        terms, gradient = loss.terms(np.array([[o]]), np.array([t]))
    values, slopes = truths(loss, np.array([o]), np.array([t]))
    assert worst(values.errors(terms)) <= 1e-14
    assert worst(slopes.errors(gradient)) <= 1e-14


@pytest.mark.parametrize("loss", LOSSES[:-1], ids=str)
def test_a_perfect_prediction_has_no_loss_and_no_gradient(loss: ElementwiseLoss) -> None:
    """sign(0) := 0, and no loss is −0 or a rounding error."""
    o = np.array([[0.0, -0.0, 3.0, 1e30, 5e-324]])
    value, gradient = loss.value_and_grad(o, o.copy())
    assert value == 0.0
    assert gradient.tolist() == [[0.0] * 5]


def test_absolute_error_at_and_beside_its_kink() -> None:
    o = np.array([[1 - 2**-53], [1.0], [1 + 2**-52]])
    _, slopes = AbsoluteError().terms(o, np.ones(3))
    assert slopes.ravel().tolist() == [-1.0, 0.0, 1.0]


@pytest.mark.parametrize("delta", [1e-3, 0.5, 1.0, 20.0])
def test_huber_and_its_slope_are_continuous(delta: float) -> None:
    beside = np.array([np.nextafter(delta, 0), delta, np.nextafter(delta, 99)])[:, None]
    terms, slopes = Huber(delta).terms(beside, np.zeros(3))
    assert terms == pytest.approx([0.5 * delta**2] * 3, rel=1e-15)
    assert slopes.ravel() == pytest.approx([delta] * 3, rel=1e-15)


def test_huber_far_out_is_absolute_and_near_is_half_squared() -> None:
    o, t = np.array([[7.0, -9.0, 0.25]]), np.zeros((1, 3))
    assert Huber(2.0).value(o, t) == 2 * (7 - 1) + 2 * (9 - 1) + 0.5 * 0.25**2
    assert Huber(1e6).value(o, t) == HalfSquaredError().value(o, t)


def test_poisson_of_a_rate_beyond_all_floats_is_infinite_not_nan() -> None:
    with np.errstate(over="ignore"):
        value, gradient = Poisson().value_and_grad(np.array([[710.0], [1e30]]), [3, 0])
    assert value == np.inf
    assert gradient.tolist() == [[np.inf], [np.inf]]


def test_poisson_is_minus_log_likelihood_without_log_factorial() -> None:
    count, rate = 7, 4.5
    likelihood = mp.exp(-rate) * mp.mpf(rate) ** count / mp.factorial(count)
    expected = -mp.log(likelihood) - mp.log(mp.factorial(count))
    value = Poisson().value(np.array([[np.log(rate)]]), [count])
    assert value == pytest.approx(float(expected), rel=1e-14)


@pytest.mark.parametrize("dtype", FLOATS)
def test_predictions(dtype: Float) -> None:
    o = grid(dtype)
    small = o[np.abs(o) < (700 if dtype is np.float64 else 88)]
    for loss in LOSSES[:-1]:
        assert np.array_equal(loss.predict(o[:, None]), o[:, None])
    rate = Poisson().predict(small[:, None])
    assert rate.dtype == dtype
    assert worst(Truth.of(mp.exp(exact(value)) for value in small).errors(rate)) <= TOLERANCE[dtype]


@pytest.mark.parametrize("delta", [0.0, -1.0, np.nan, np.inf])
def test_huber_needs_a_positive_delta(delta: float) -> None:
    with pytest.raises(ConfigurationError) as error:
        Huber(delta)
    assert str(error.value) == f"huber: delta must be a positive number, not {delta}."
