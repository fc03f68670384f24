"""Activations against 60-digit arithmetic, over all magnitudes that a float can have."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet.errors import ConfigurationError
from chalknet.operations.activations import ACTIVATIONS, Activation, as_activation
from oracles.exact import Truth, exact, mp, worst
from oracles.exact_activations import ALPHA, EXACT_ACTIVATIONS, LAMBDA, NEIGHBOURHOOD
from oracles.floats import FLOATS, TOLERANCE, Floats, grid

SPECS = [*ACTIVATIONS, "leaky_relu(0.2)", "leaky_relu(1.5)", "elu(0.3)", "elu(2.0)"]
# What must never happen where the true value fits the type.
FAULTS = {"over": "raise", "invalid": "raise", "divide": "raise"}


def truths(activation: Activation, z: Floats) -> tuple[Truth, Truth]:
    """The true f(z), and f′(z) with the scale its errors are relative to."""
    known = EXACT_ACTIVATIONS[activation.name]
    parameters = [exact(value) for value in activation.parameters]
    numbers = [exact(value) for value in z]
    values = [known.value(number, *parameters) for number in numbers]
    slopes = [known.derivative(number, *parameters) for number in numbers]
    if known.zero is None or known.terms is None:
        return Truth.of(values), Truth.of(slopes)
    scale = [
        known.terms(number) if abs(number - known.zero) < NEIGHBOURHOOD else abs(slope)
        for number, slope in zip(numbers, slopes, strict=True)
    ]
    return Truth.of(values), Truth.of(slopes, scale)


@functools.cache
def truths_on_grid(spec: str, dtype: type[np.floating[Any]]) -> tuple[Truth, Truth]:
    return truths(as_activation(spec), grid(dtype))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("spec", SPECS)
class TestOnTheGrid:
    def test_value(self, spec: str, dtype: type[np.floating[Any]]) -> None:
        with np.errstate(over="ignore"):  # selu and a slope above 1 may leave the type
            A = as_activation(spec)(grid(dtype))
        assert A.dtype == dtype
        assert worst(truths_on_grid(spec, dtype)[0].errors(A)) <= TOLERANCE[dtype]

    def test_derivative(self, spec: str, dtype: type[np.floating[Any]]) -> None:
        slope = as_activation(spec).derivative(grid(dtype))
        assert slope.dtype == dtype
        assert worst(truths_on_grid(spec, dtype)[1].errors(slope)) <= TOLERANCE[dtype]

    def test_no_floating_point_fault(self, spec: str, dtype: type[np.floating[Any]]) -> None:
        fits = np.abs(truths_on_grid(spec, dtype)[0].high) <= float(np.finfo(dtype).max)
        z = grid(dtype)[fits]
        activation = as_activation(spec)
        with np.errstate(**FAULTS):
            assert np.isfinite(activation(z)).all()
            assert np.isfinite(activation.derivative(z)).all()

    def test_one_number_is_computed_like_many(
        self, spec: str, dtype: type[np.floating[Any]]
    ) -> None:
        # Vector instructions may round otherwise than scalar ones, so only to the tolerance.
        z = grid(dtype)[::37]
        activation = as_activation(spec)
        with np.errstate(over="ignore"):
            alone = np.array([activation(z[i : i + 1])[0] for i in range(len(z))])
        assert worst(truths(activation, z)[0].errors(alone)) <= TOLERANCE[dtype]


@pytest.mark.parametrize("spec", SPECS)
@given(z=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=4))
@settings(max_examples=80, deadline=None)
def test_any_float64(spec: str, z: list[float]) -> None:
    _check_any(spec, np.array(z))


@pytest.mark.parametrize("spec", SPECS)
@given(
    z=st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=4)
)
@settings(max_examples=80, deadline=None)
def test_any_float32(spec: str, z: list[float]) -> None:
    _check_any(spec, np.array(z, dtype=np.float32))


def _check_any(spec: str, z: Floats) -> None:
    activation = as_activation(spec)
    value, slope = truths(activation, z)
    with np.errstate(over="ignore"):
        A = activation(z)
    tolerance = TOLERANCE[z.dtype.type]
    assert worst(value.errors(A)) <= tolerance
    assert worst(slope.errors(activation.derivative(z))) <= tolerance


# conventions -------------------------------------------------------------------------------------

KINKS = {
    "relu": 0.0,
    "leaky_relu": 0.01,
    "leaky_relu(0.2)": 0.2,
    "elu": 1.0,
    "elu(2.0)": 2.0,
    "selu": float(LAMBDA * ALPHA),
    "step": 0.0,
}
AT_ZERO = {"identity": 1.0, "gelu": 0.5, "silu": 0.5, "softplus": 0.5, "sigmoid": 0.25, "tanh": 1.0}


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize(("spec", "slope"), [*KINKS.items(), *AT_ZERO.items()])
def test_derivative_at_zero(spec: str, slope: float, zero: float) -> None:
    assert abs(as_activation(spec).derivative(np.array([zero]))[0] - slope) <= 2**-52 * slope


@pytest.mark.parametrize("spec", KINKS)
def test_derivative_beside_a_kink(spec: str) -> None:
    smallest = np.array([-5e-324, 5e-324])
    left, right = as_activation(spec).derivative(smallest)
    assert abs(left - KINKS[spec]) <= 2**-52 * KINKS[spec]
    assert right == {"selu": float(LAMBDA), "step": 0.0}.get(spec, 1.0)


def test_value_at_the_jump_of_step() -> None:
    z = np.array([-5e-324, -0.0, 0.0, 5e-324])
    assert as_activation("step")(z).tolist() == [0.0, 0.0, 0.0, 1.0]


def test_selu_keeps_mean_zero_and_variance_one() -> None:
    """The fixed point that defines λ and α: E f(N(0, 1)) = 0 and E f² = 1, by quadrature."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    mean = square = 0.0
    for low, high in ((-12.0, 0.0), (0.0, 12.0)):  # the kink stays at an end
        z = 0.5 * (high - low) * nodes + 0.5 * (high + low)
        density = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi) * 0.5 * (high - low) * weights
        f = as_activation("selu")(z)
        mean += float(np.sum(f * density))
        square += float(np.sum(f * f * density))
    assert abs(mean) < 1e-14
    assert abs(square - 1) < 1e-14


def test_gelu_is_not_the_tanh_approximation() -> None:
    z = np.array([2.0])
    exactly = 2 * mp.erfc(-mp.sqrt(2)) / 2
    approximation = 1 + np.tanh(np.sqrt(2 / np.pi) * (2 + 0.044715 * 8))
    assert abs(as_activation("gelu")(z)[0] - float(exactly)) < 1e-15
    assert abs(approximation - float(exactly)) > 1e-5


# backward, dtypes and shapes ---------------------------------------------------------------------


@pytest.mark.parametrize("spec", SPECS)
def test_backward_is_the_product_with_the_derivative(spec: str) -> None:
    rng = np.random.default_rng(1)
    Z, dA = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    activation = as_activation(spec)
    assert np.array_equal(activation.backward(dA, Z), dA * activation.derivative(Z))


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0), (2, 3), (2, 3, 4)])
def test_any_shape(spec: str, shape: tuple[int, ...]) -> None:
    Z = np.ones(shape, dtype=np.float32)
    activation = as_activation(spec)
    assert activation(Z).shape == activation.derivative(Z).shape == shape
    assert activation(Z).dtype == activation.derivative(Z).dtype == np.float32


@pytest.mark.parametrize("spec", SPECS)
def test_integers_are_taken_as_float64(spec: str) -> None:
    activation, whole = as_activation(spec), np.array([-2, -1, 0, 1, 2])
    assert np.array_equal(activation(whole), activation(whole.astype(np.float64)))
    assert np.array_equal(activation.derivative(whole), activation.derivative(whole.astype(float)))


def test_the_argument_is_left_alone() -> None:
    for activation in ACTIVATIONS.values():
        Z = np.linspace(-2, 2, 9)
        activation(Z)
        activation.backward(np.ones(9), Z)
        assert np.array_equal(Z, np.linspace(-2, 2, 9))


# names -------------------------------------------------------------------------------------------


def test_the_activations_of_the_contract() -> None:
    contract = "identity relu leaky_relu elu selu gelu silu softplus sigmoid tanh step"
    assert set(ACTIVATIONS) == set(contract.split()) == set(EXACT_ACTIVATIONS)


@pytest.mark.parametrize("spec", SPECS)
def test_spec_reads_back(spec: str) -> None:
    activation = as_activation(spec)
    assert as_activation(activation.spec) == activation
    assert str(activation) == activation.spec


def test_ways_to_write_an_activation() -> None:
    assert as_activation(" ReLU ").name == "relu"
    assert as_activation("leaky_relu").parameters == (0.01,)
    assert as_activation("leaky_relu(0.01)") == as_activation("leaky_relu")
    assert as_activation("leaky_relu(slope=0.3)").parameters == (0.3,)
    assert as_activation("leaky_relu(0.3)").spec == "leaky_relu(slope=0.3)"
    assert as_activation("leaky_relu").spec == "leaky_relu"
    relu = as_activation("relu")
    assert as_activation(relu) is relu


EVERY = "elu, gelu, identity, leaky_relu, relu, selu, sigmoid, silu, softplus, step, tanh"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("rellu", f"unknown activation 'rellu': did you mean 'relu'? Known are {EVERY}."),
        ("quux", f"unknown activation 'quux'. Known are {EVERY}."),
        ("", f"unknown activation ''. Known are {EVERY}."),
        (7, f"unknown activation '7'. Known are {EVERY}."),
        ("relu(", f"unknown activation 'relu(': did you mean 'relu'? Known are {EVERY}."),
        ("relu(1)", "activation 'relu(1)': relu takes no values."),
        ("elu(1, 2)", "activation 'elu(1, 2)': elu takes alpha."),
        ("elu(slope=1)", "activation 'elu(slope=1)': elu takes alpha."),
        ("elu(much)", "activation 'elu(much)': alpha must be a finite number, not 'much'."),
        ("elu(inf)", "activation 'elu(inf)': alpha must be a finite number, not 'inf'."),
        ("elu(nan)", "activation 'elu(nan)': alpha must be a finite number, not 'nan'."),
    ],
)
def test_messages(spec: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        as_activation(spec)
    assert str(error.value) == message
