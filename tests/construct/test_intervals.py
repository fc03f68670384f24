"""Bounds of functions on intervals, against the values of many points and mpmath."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from chalknet.construct.functions import (
    CallableFunction,
    ExpressionFunction,
    SampledFunction,
    as_function,
)
from chalknet.errors import ConfigurationError, DataFormatError, ShapeError

EXPRESSIONS = [
    "sin(x)", "cos(3x) + x^2", "|x|", "step(x)", "sigmoid(20x)", "exp(-x^2)",
    "tanh(5x) / (1 + x^2)", "x^3 - 2x", "sqrt(x + 4)", "log(x + 4)", "log2(x + 4) log10(x + 5)",
    "atan(x)", "asin(x / 4)", "acos(x / 4)", "floor(x)", "ceil(2x)", "max(x, 1 - x)",
    "min(sin(x), x)", "2^x", "(x + 4)^x", "softplus(3x)", "cosh(x)", "sinh(x)",
    "relu(x) - relu(-x)", "sign(x) x", "tan(x / 3)", "1 / (x + 5)", "(x + 4)^1.5", "x^-2 x^4",
    "x1 x2 + sin(x1 - x2)", "exp(-x1^2 - x2^2)", "|x1 - x2| / (3 + x1)^2",
]  # fmt: skip


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_no_value_and_no_difference_quotient_escapes(text):
    function = ExpressionFunction(text)
    rng = np.random.default_rng(0)
    low = rng.uniform(-2.9, 2.5, (300, function.inputs))
    if "x^-2" in text:
        low = np.abs(low) + 0.01
    high = low + 10.0 ** rng.uniform(-9, -0.3, (300, 1))
    known = function.enclose(low, high)
    assert (function(low + (high - low) / 2) <= known.middle.high).all()
    assert (function(low + (high - low) / 2) >= known.middle.low).all()
    for _ in range(30):
        a, b = (low + (high - low) * rng.random(low.shape) for _ in range(2))
        for at in (a, b, low, high):
            values = function(at)
            doubt = 1e-13 * np.abs(values)  # the values are rounded themselves
            assert (known.value.low <= values + doubt).all()
            assert (values <= known.value.high + doubt).all()
        for axis in range(function.inputs):
            moved = a.copy()
            moved[:, axis] = b[:, axis]
            run = (moved - a)[:, axis]
            quotient = (function(moved) - function(a)) / np.where(run == 0, 1, run)
            doubt = 1e-13 * (1 + np.abs(function(a))) / np.where(run == 0, 1, np.abs(run))
            sure = np.abs(run) > 1e-8
            assert (quotient + doubt >= known.slopes[axis].low)[sure].all()
            assert (quotient - doubt <= known.slopes[axis].high)[sure].all()


@pytest.mark.parametrize("text", ["sin(x)", "exp(-x^2)", "tanh(x)", "log(x+4)", "x^3 - 2x"])
def test_on_small_intervals_the_bounds_are_tight(text):
    function = ExpressionFunction(text)
    low = np.linspace(-2, 2, 200)[:, None]
    high = low + 1e-3
    known = function.enclose(low, high)
    values = np.stack([function(low + (high - low) * k) for k in np.linspace(0, 1, 41)])
    width = known.value.high - known.value.low
    assert (width <= np.ptp(values, axis=0) * 1.01 + 1e-5).all()


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("sin(x)", mpmath.sin),
        ("exp(x)", mpmath.exp),
        ("tanh(x)", mpmath.tanh),
        ("log(x + 3)", lambda x: mpmath.log(x + 3)),
        ("sigmoid(x)", lambda x: 1 / (1 + mpmath.exp(-x))),
        ("x^5 / 7", lambda x: x**5 / 7),
        ("sqrt(x + 3)", lambda x: mpmath.sqrt(x + 3)),
        ("atan(x) cos(x)", lambda x: mpmath.atan(x) * mpmath.cos(x)),
    ],
)
def test_rounding_goes_outward(text, exact):
    x = np.random.default_rng(1).uniform(-2.5, 2.5, 60)[:, None]
    known = ExpressionFunction(text).enclose(x, x)
    with mpmath.workdps(40):
        for i, value in enumerate(x[:, 0].tolist()):
            true = exact(mpmath.mpf(value))
            assert mpmath.mpf(float(known.value.low[i])) <= true
            assert true <= mpmath.mpf(float(known.value.high[i]))
    assert (known.value.high - known.value.low <= 1e-13).all()


def test_exact_steps_stay_exact():
    # The wall of a box is a float; what lies beyond it must not leak into the box.
    known = ExpressionFunction("step(2x - 1)").enclose(np.array([[0.25]]), np.array([[0.5]]))
    assert (known.value.low[0], known.value.high[0]) == (0, 0)
    known = ExpressionFunction("step(x - 0.5)").enclose(
        np.array([[np.nextafter(0.5, 1)]]), np.array([[0.75]])
    )
    assert (known.value.low[0], known.value.high[0]) == (1, 1)


@pytest.mark.parametrize("text", ["1/x", "log(x)", "tan(2x)", "x^-2", "sqrt(x - 2)"])
def test_poles_and_gaps_in_the_domain_are_refused(text):
    edges = np.linspace(-1, 1, 8)[:, None]
    with pytest.raises(ConfigurationError, match="may be unbounded or undefined on"):
        ExpressionFunction(text).enclose(edges[:-1], edges[1:])


def test_samples_are_joined_by_straight_lines():
    rng = np.random.default_rng(0)
    x, y = np.sort(rng.random(50)), rng.normal(size=50)
    function = SampledFunction(x, y, "measurements")
    low = rng.uniform(x[0], x[-1] - 0.1, (200, 1))
    high = low + rng.uniform(0, 0.1, (200, 1))
    known = function.enclose(low, high)
    for k in np.linspace(0, 1, 57):
        values = np.interp((low + (high - low) * k)[:, 0], x, y)
        assert (known.value.low <= values).all()
        assert (values <= known.value.high).all()
    everything = function.enclose(np.array([[x[0]]]), np.array([[x[-1]]]))
    assert everything.value.high[0] == pytest.approx(y.max(), rel=1e-12)
    assert everything.slopes[0].high[0] == pytest.approx((np.diff(y) / np.diff(x)).max(), rel=1e-12)
    with pytest.raises(DataFormatError, match="measurements reach from"):
        function(np.array([[2.0]]))


def test_a_callable_is_proved_only_with_lipschitz_constants():
    low, high = np.linspace(-1, 0.9, 20)[:, None], np.linspace(-0.9, 1, 20)[:, None]
    bounded = CallableFunction(np.sin, lipschitz=1.0)
    assert bounded.proved
    known = bounded.enclose(low, high)
    assert (known.value.low <= np.sin(low[:, 0])).all()
    assert known.value.high - known.value.low == pytest.approx(0.1, rel=1e-9)
    assert not CallableFunction(np.sin).proved
    sampled = CallableFunction(np.sin).enclose(low, high)
    assert sampled.value.high == pytest.approx(np.sin(high[:, 0]), rel=1e-12)


def test_callables_that_are_none():
    with pytest.raises(ShapeError, match=r"must give one value a row, shape \(3,\)"):
        as_function(lambda x: 1.0)(np.zeros((3, 1)))
    with pytest.raises(ConfigurationError, match="lipschitz must be finite numbers ≥ 0"):
        as_function(np.sin, lipschitz=-1)
    with pytest.raises(ConfigurationError, match="lipschitz is for a Python callable"):
        as_function("sin(x)", lipschitz=1)
    with pytest.raises(ConfigurationError, match="is text such as 'sin"):
        as_function(3)
    with pytest.raises(ConfigurationError, match="has 2 inputs, so inputs cannot be 1"):
        as_function("x1 + x2", inputs=1)
    assert as_function("x1", inputs=3)(np.ones((2, 3))).tolist() == [1, 1]
