"""Exact numbers: held against Python's fractions, against mpmath, and against work by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.explain.arithmetic import ExactNumbers
from chalknet.explain.exact import Exact
from chalknet.explain.problem import Layer, Problem
from chalknet.explain.solution import solve
from chalknet.operations.activations import as_activation
from chalknet.operations.losses import as_loss
from chalknet.training.optimizers import SGD
from oracles.exact import mp
from oracles.exact_activations import EXACT_ACTIVATIONS

F = Fraction
numbers = st.fractions(min_value=-100, max_value=100, max_denominator=1000)


def exactly(*values: Any) -> Any:
    array = np.empty(len(values), object)
    array[:] = [Exact(value) for value in values]
    return array


# one number ----------------------------------------------------------------------------------


@given(numbers, numbers)
def test_fractions_compute_as_pythons_own_do(a: Fraction, b: Fraction) -> None:
    x, y = Exact(a), Exact(b)
    assert (x + y).value == a + b
    assert (x - b).value == a - b
    assert (a * y).value == a * b
    assert (x < y, x <= b, a > y, x == y) == (a < b, a <= b, a > b, a == b)
    assert (np.maximum(x, 0.0).value, np.minimum(x, y).value) == (max(a, 0), min(a, b))
    assert (abs(x).value, (-x).value, (x**3).value) == (abs(a), -a, a**3)
    if b:
        assert (1.5 / y).value == F(3, 2) / b


def test_a_float_in_a_formula_is_the_decimal_that_stands_there() -> None:
    assert (Exact(1) * 0.1).value == F(1, 10)
    assert Exact(np.float64(0.01)).value == F(1, 100)
    assert Exact(np.array(2.5)).value == F(5, 2)


def test_a_number_meets_arrays_on_either_side() -> None:
    third = Exact(1) / 3
    assert [x.value for x in third * exactly(3, 6)] == [1, 2]
    assert [x.value for x in exactly(3, 6) - third] == [F(8, 3), F(17, 3)]
    assert [x.value for x in np.where(np.array([True, False]), third, exactly(1, 2))] == [
        F(1, 3),
        2,
    ]
    assert np.where(third > 0, 1.0, third).value == 1
    assert np.clip(third, 0.5, 2.0).value == F(1, 2)


def test_infinities_compare_but_words_do_not() -> None:
    assert Exact(3) < float("inf")
    assert np.isfinite(Exact(3))
    assert Exact(3) != "3"
    with pytest.raises(TypeError):
        Exact(3) + "3"
    with pytest.raises(TypeError):
        Exact(3) < "3"  # noqa: B015


@pytest.mark.parametrize(
    ("function", "x", "value"),
    [
        (np.exp, 0, 1),
        (np.expm1, 0, 0),
        (np.log, 1, 0),
        (np.log1p, 0, 0),
        (np.tanh, 0, 0),
        (np.sqrt, F(9, 16), F(3, 4)),
        (np.sqrt, 0, 0),
        (np.sign, F(-1, 3), -1),
        (np.floor, F(-1, 3), -1),
        (np.square, F(2, 3), F(4, 9)),
    ],
)
def test_what_is_rational_stays_a_fraction(function: Any, x: Any, value: Any) -> None:
    result = function(Exact(x))
    assert result.is_rational
    assert result.value == value


@given(numbers, st.sampled_from(["exp", "expm1", "tanh", "sin", "cos"]))
def test_transcendental_functions_have_thirty_right_digits(x: Fraction, name: str) -> None:
    with mpmath.workdps(200):
        truth = getattr(mpmath, name)(mpmath.mpf(x.numerator) / x.denominator)
        shown = getattr(np, name)(Exact(x)).shown()
        written = mpmath.mpf(str(F(shown).numerator)) / F(shown).denominator
        assert abs(written - truth) <= abs(truth) * mpmath.mpf(10) ** -29


def test_cancellation_leaves_right_digits_or_zero() -> None:
    tiny = Exact(F(1, 10**40))
    difference = np.exp(Exact(1) + tiny) - np.exp(Exact(1))
    with mpmath.workdps(150):
        truth = mpmath.e * mpmath.expm1(mpmath.mpf(10) ** -40)
        assert str(difference) == f"Exact({mpmath.nstr(truth, 30, strip_zeros=False)})".replace(
            "e-", "E-"
        )
    assert (np.exp(Exact(F(1, 3))) - np.exp(Exact(1) / 3)).value == 0
    assert (Exact(0) * np.exp(Exact(1))).is_rational


# the textbook over exact numbers -------------------------------------------------------------

POINTS = (F(-7, 2), F(-1, 3), F(0), F(1, 1000), F(2, 3), F(9))
TRANSCENDENTAL = ("elu(0.5)", "gelu", "silu", "softplus", "sigmoid", "tanh")
FRACTIONS = {
    "identity": (lambda z: z, lambda z: 1),
    "relu": (lambda z: max(z, F(0)), lambda z: int(z > 0)),
    "leaky_relu(0.1)": (lambda z: z if z > 0 else z / 10, lambda z: 1 if z > 0 else F(1, 10)),
    "step": (lambda z: int(z > 0), lambda z: 0),
}


@pytest.mark.parametrize("spec", FRACTIONS)
def test_piecewise_linear_activations_stay_in_fractions(spec: str) -> None:
    activation = ExactNumbers().activation(as_activation(spec))
    f, slope = FRACTIONS[spec]
    z = exactly(*POINTS)
    assert [x.value for x in activation(z)] == [f(x) for x in POINTS]
    assert [x.value for x in activation.derivative(z)] == [slope(x) for x in POINTS]
    assert all(x.is_rational for x in (*activation(z), *activation.derivative(z)))


@pytest.mark.parametrize("spec", TRANSCENDENTAL)
def test_other_activations_have_thirty_right_digits(spec: str) -> None:
    activation = ExactNumbers().activation(as_activation(spec))
    name = activation.name
    parameters = [mp.mpf("0.5")] if name == "elu" else []
    known = EXACT_ACTIVATIONS[name]
    for ours, theirs in ((activation, known.value), (activation.derivative, known.derivative)):
        for value, x in zip(ours(exactly(*POINTS)), POINTS, strict=True):
            truth = theirs(mp.mpf(x.numerator) / x.denominator, *parameters)
            shown = F(value.shown())
            error = mp.mpf(shown.numerator) / shown.denominator - truth
            assert abs(error) <= abs(truth) * mp.mpf(10) ** -29


def test_tails_that_no_float_can_hold() -> None:
    tanh = ExactNumbers().activation(as_activation("tanh"))
    [slope] = tanh.derivative(exactly(1000))
    with mpmath.workdps(60):
        truth = mpmath.sech(1000) ** 2
        assert abs(mpmath.mpf(str(slope.shown())) / truth - 1) < mpmath.mpf(10) ** -28
    [[_, q]] = as_loss("softmax_cross_entropy").predict(exactly(0, -2000).reshape(1, 2))
    with mpmath.workdps(60):
        assert abs(mpmath.mpf(str(q.shown())) / mpmath.exp(-2000) - 1) < mpmath.mpf(10) ** -28


# a network worked by hand --------------------------------------------------------------------

BY_HAND: dict[str, Any] = {
    "z1": [F(1, 6), F(3, 20)],
    "a1": [F(1, 6), F(3, 20)],
    "z2": [F(3, 10)],
    "a2": [F(3, 10)],
    "loss": F(1, 50),
    "dz2": [F(-1, 5)],
    "dW2": [[F(-1, 30), F(-3, 100)]],
    "db2": [F(-1, 5)],
    "da1": [F(-3, 5), F(2, 5)],
    "slope1": [1, 1],
    "dz1": [F(-3, 5), F(2, 5)],
    "dW1": [[F(-3, 5), F(-6, 5)], [F(2, 5), F(4, 5)]],
    "db1": [F(-3, 5), F(2, 5)],
    "W2_new": [[F(271, 90), F(-199, 100)]],
    "b2_new": [F(1, 6)],
    "W1_new": [[F(7, 10), F(1, 15)], [F(7, 60), F(-1, 15)]],
    "b1_new": [F(8, 15), F(-19, 30)],
}


def test_a_relu_network_equals_fractions_worked_by_hand() -> None:
    problem = Problem(
        layers=[
            Layer(
                weights=[["1/2", "-1/3"], ["1/4", "1/5"]], bias=["1/3", "-1/2"], activation="relu"
            ),
            Layer(weights=[[3, -2]], bias=["1/10"]),
        ],
        inputs=[1, 2],
        targets=["1/2"],
        loss="half_squared_error",
        optimizer=SGD(learning_rate=F(1, 3)),  # type: ignore[arg-type]
    )
    values = solve(problem, exact=True).values
    assert list(values) == list(BY_HAND)
    for symbol, expected in BY_HAND.items():
        value = values[symbol]
        assert np.array_equal(value, np.array(expected, dtype=object)), symbol
        assert all(type(x) is Fraction for x in np.asarray(value, dtype=object).flat), symbol


def test_after_softmax_come_thirty_digits_and_before_it_fractions() -> None:
    problem = Problem(
        layers=[Layer(weights=[[1, 2], [3, 4]], bias=[0, 1])],
        inputs=["1/2", "1/4"],
        targets=[1, 0],
        loss="softmax_cross_entropy",
        optimizer=SGD(learning_rate=0.5),
    )
    values = solve(problem, exact=True).values
    assert values["z1"].tolist() == [1, F(7, 2)]
    with mpmath.workdps(50):
        p = 1 / (1 + mpmath.exp(mpmath.mpf(5) / 2))
        assert str(values["p"][0]) == mpmath.nstr(p, 30)
        assert str(values["loss"]) == mpmath.nstr(-mpmath.log(p), 30)
    assert all(isinstance(x, Decimal) for x in values["W1_new"].flat)


def test_equal_logits_give_exact_thirds() -> None:
    problem = Problem(
        layers=[Layer(weights=[[1], [1], [1]], bias=[0, 0, 0])],
        inputs=[2],
        targets=[0, 1, 0],
        loss="softmax_cross_entropy",
    )
    values = solve(problem, exact=True).values
    assert values["p"].tolist() == [F(1, 3)] * 3
    assert values["dz1"].tolist() == [F(1, 3), F(-2, 3), F(1, 3)]
