"""exp and its relatives, as the kernels compute them, against fifty digits."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from chalknet.engine.compiled.formulas import UntraceableError, canonical, trace
from chalknet.engine.compiled.kernels import map_kernel
from chalknet.operations.activations import ACTIVATIONS

Array = Any
RANGES = {np.float32: (-104.0, 88.7), np.float64: (-746.0, 709.7)}


def applied(formula: Callable[..., Any], *inputs: Array, weak: tuple[float, ...] = ()) -> Array:
    """A formula run by its kernel."""
    dtype, n = inputs[0].dtype, len(inputs[0])
    address = map_kernel(formula, dtype, real=len(inputs), weak=len(weak))
    word = ctypes.c_int64
    call = ctypes.CFUNCTYPE(None, word, word, word, ctypes.c_void_p, ctypes.c_void_p)(address)
    output, coefficients = np.empty(n, dtype), np.array([*weak, 0.0])
    addresses = np.array([array.ctypes.data for array in (*inputs, output)])
    call(1, n, 0, addresses.ctypes.data, coefficients.ctypes.data)
    return output


def arguments(name: str, dtype: Any) -> Array:
    """Where the function has something to show: its whole range, and near its zero."""
    rng = np.random.default_rng(0)
    low, high = RANGES[dtype]
    tiny = rng.normal(size=300) * 10.0 ** rng.uniform(-30, 0, 300)
    wide = {
        "exp": rng.uniform(low, high, 700),
        "expm1": rng.uniform(-60, high, 700),
        "log1p": 10 ** rng.uniform(-30, 30, 700),
        "log": 10 ** rng.uniform(-44, 38, 700),
        "tanh": rng.normal(0, 3, 700),
    }[name]
    if name == "log":
        tiny = np.abs(tiny)
    if name == "log1p":
        tiny = np.maximum(tiny, -0.999)
    # 1000 and one: the remainder of a vector is computed like the rest.
    return np.append(np.concatenate([tiny, wide]), 0.5).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["exp", "expm1", "log1p", "log", "tanh"])
def test_within_three_units_in_the_last_place(name: str, dtype: Any) -> None:
    x = arguments(name, dtype)
    found = applied(getattr(np, name), x)
    with mpmath.workdps(50):
        for argument, value in zip(x.tolist(), found.tolist(), strict=True):
            exact = getattr(mpmath, name)(mpmath.mpf(argument))
            unit = float(np.spacing(np.abs(dtype(float(exact)))))
            assert abs(mpmath.mpf(value) - exact) <= 3 * unit, (argument, value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["exp", "expm1", "log1p", "log", "tanh", "sign", "abs"])
def test_the_ends_of_the_range(name: str, dtype: Any) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 1e30, -1e30, -1.0] * 3, dtype)
    function = getattr(np, name)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(applied(function, x), function(x), rtol=3 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_a_nan_wins(name: str) -> None:
    function = getattr(np, name)
    a = np.array([1.0, np.nan, 2.0, np.nan])
    b = np.array([2.0, 1.0, np.nan, np.nan])
    np.testing.assert_array_equal(applied(function, a, b), function(a, b))


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_activations_spread_a_nan(name: str) -> None:
    activation = ACTIVATIONS[name]
    z = np.array([np.nan] * 17)
    for formula in (activation.formula, activation.derivative_formula):
        # f(z) = step is defined by z > 0, which a NaN is not.
        expected = np.asarray(formula(z, *activation.parameters), float)
        np.testing.assert_array_equal(applied(formula, z, weak=activation.parameters), expected)


def test_coefficients_are_kept_in_float64_until_they_meet_an_array() -> None:
    x = np.full(17, 3.0, np.float32)
    found = applied(lambda x, beta: (1.0 - beta) * x, x, weak=(0.999,))
    assert found[0] == np.float32(1.0 - 0.999) * np.float32(3.0)


def test_equal_formulas_have_equal_texts() -> None:
    def f(z: Any) -> Any:
        return np.exp(z) * np.exp(z)

    def g(z: Any) -> Any:
        e = np.exp(z)
        return e * e

    assert canonical(trace(f, real=1)) == canonical(trace(g, real=1))
    assert canonical(trace(f, real=1)) != canonical(trace(np.exp, real=1))


@pytest.mark.parametrize(
    "formula",
    [
        lambda z: z if z > 0 else 0.0,
        np.sin,
        lambda z: np.asarray([float(v) for v in z]),
        lambda z: z**2.5,
        np.cumsum,
    ],
)
def test_what_no_symbol_can_follow_is_refused(formula: Any) -> None:
    with pytest.raises(UntraceableError):
        trace(formula, real=1)
