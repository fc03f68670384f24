"""The gradient checker: right gradients pass, planted errors do not, and kinks are no errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet import (
    Activation,
    ConfigurationError,
    Dense,
    MeanSquaredError,
    Network,
    ShapeError,
    SoftmaxCrossEntropy,
    check_gradient,
    check_gradients,
)
from chalknet.diagnose.numerical_derivative import central_difference, complex_step, one_sided
from chalknet.operations.activations import ACTIVATIONS, as_activation
from chalknet.operations.losses import LOSSES
from oracles import naive_forward
from oracles.random_networks import random_problem

ANALYTIC_ACTIVATIONS = {"identity", "relu", "leaky_relu", "elu", "selu", "tanh", "step"}
ANALYTIC_LOSSES = {
    "softmax_cross_entropy", "mean_squared_error", "half_squared_error", "poisson",
}  # fmt: skip


def small(activation: str | Activation = "tanh", seed: int = 0) -> tuple[Network, np.ndarray]:
    rng = np.random.default_rng(seed)
    network = Network.dense([5, 7, 6, 3], activation=activation, rng=rng)
    return network, rng.normal(size=(6, 5))


def targets_for(loss: str) -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.integers(0, 3, 6) if loss == "softmax_cross_entropy" else rng.integers(0, 2, (6, 3))


# networks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_activation_with_every_loss_is_right(activation: str, loss: str) -> None:
    network, X = small(activation)
    before = network.parameters.copy()
    check = check_gradients(network, loss, X, targets_for(loss), at_most=30)
    assert check.passed
    assert sum(array.uncertain for array in check.arrays) == 0
    analytic = activation in ANALYTIC_ACTIVATIONS and loss in ANALYTIC_LOSSES
    assert check.method == ("complex step" if analytic else "central differences")
    assert check.largest_error < (1e-13 if analytic else 1e-9)
    assert np.array_equal(network.parameters, before)


def test_numbers_found_are_those_of_an_independent_complex_step() -> None:
    """What the checker calls numerical is the derivative of a loss it does not know."""
    problem = random_problem("gelu", "sigmoid_cross_entropy", outputs=3, weighted=True, seed=4)
    problem = type(problem)(
        [type(one)(one.W, one.b, one.activation, one.parameters) for one in problem.layers],
        problem.X, problem.targets, problem.loss, problem.loss_parameters, problem.sample_weight,
        0.0, tuple(0.0 for _ in problem.rates), 0,
    )  # fmt: skip
    network = Network(
        Dense(one.W, one.b, as_activation(one.activation).with_parameters(
            **dict(zip(as_activation(one.activation).parameter_names, one.parameters, strict=True))
        ))
        for one in problem.layers
    )  # fmt: skip
    check = check_gradients(
        network, problem.loss, problem.X, problem.targets, sample_weight=problem.sample_weight
    )
    parameters, X = naive_forward.complex_step(problem)
    start = 0
    for array in check.arrays:
        exact = X if array.name == "X" else parameters[start : start + array.size]
        start += array.size
        assert array.worst is not None
        shape = (problem.layers[int(array.name[1:]) - 1].W.shape if array.name[0] == "W"
                 else exact.shape)  # fmt: skip
        place = exact.reshape(shape)[array.worst.index]
        assert array.worst.numerical == pytest.approx(place, abs=1e-8 * np.abs(exact).max())


@pytest.mark.parametrize("share", [0.01, 1e-4])
def test_a_wrong_derivative_of_an_activation_is_found_and_named(share: float) -> None:
    tanh = as_activation("tanh")
    slipped = Activation(
        "slipped", tanh.formula, lambda z: (1 + share) * tanh.derivative_formula(z)
    )
    rng = np.random.default_rng(0)
    network = Network.dense([5, 7, 6, 3], activation=["relu", slipped], rng=rng)
    check = check_gradients(network, "mean_squared_error", rng.normal(size=(6, 5)), np.ones((6, 3)))
    assert not check
    assert [array.name for array in check.arrays if array.passed] == ["W3", "b3"]
    if share > 1e-3:
        (sentence,) = check.suspects
        assert sentence.startswith("layer 2: the derivative of slipped is not that of its formula")


class HalvedError(MeanSquaredError):
    """(o − t)², but the derivative of ½ (o − t)²."""

    @staticmethod
    def derivative(o, t):
        return o - t


def test_a_wrong_gradient_of_a_loss_is_found_and_named() -> None:
    network, X = small()
    check = check_gradients(network, HalvedError(), X, np.ones((6, 3)))
    assert not check
    assert not any(array.passed for array in check.arrays)
    (sentence,) = check.suspects
    assert sentence.startswith("the gradient of mean_squared_error is not that of its value")


class TransposedNetwork(Network):
    """Whose backward sweep forgets the bias of the layer below."""

    def backward(self, trace, d_output, *, input_gradient=True):
        gradients = super().backward(trace, d_output, input_gradient=input_gradient)
        gradients.db[0][...] = 0.0
        return gradients


def test_a_wrong_sweep_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    network, X = small()
    monkeypatch.setattr("chalknet.diagnose.gradient_check.Network", TransposedNetwork)
    check = check_gradients(network, "mean_squared_error", X, np.ones((6, 3)))
    assert [array.name for array in check.arrays if not array.passed] == ["b1"]
    assert "the sweep between them" in check.suspects[0]


def test_weights_of_samples_count() -> None:
    network, X = small()
    weight = np.array([1.0, 0.0, 3.0, 0.5, 0.0, 2.0])
    targets = targets_for("softmax_cross_entropy")
    check = check_gradients(network, "softmax_cross_entropy", X, targets, sample_weight=weight)
    assert check.passed
    expected = SoftmaxCrossEntropy().value(network.forward(X).output, targets, weight)
    assert check.value == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_the_penalty_is_part_of_it(activation: str) -> None:
    network, X = small(activation)
    plain = check_gradients(network, "mean_squared_error", X, np.ones((6, 3)))
    check = check_gradients(network, "mean_squared_error", X, np.ones((6, 3)), l2=0.7)
    assert check.passed
    squares = sum(float(np.square(layer.W, dtype=np.float64).sum()) for layer in network.layers)
    assert check.value == pytest.approx(plain.value + 0.35 * squares, rel=1e-12)


# kinks ---------------------------------------------------------------------------------------

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
WANTED = [[1.0], [0.0], [0.0], [1.0]]


@pytest.mark.parametrize("loss", ["mean_squared_error", "huber"])
def test_a_network_at_its_kinks_is_right(loss: str) -> None:
    """Zero biases and an input of zeros: every unit of layer 1 stands at its kink."""
    network = Network.dense([2, 6, 1], rng=np.random.default_rng(0), dtype=np.float64)
    check = check_gradients(network, loss, CORNERS, WANTED)
    assert check.passed
    kinks = {array.name: array.kinks for array in check.arrays}
    assert kinks["b1"] == 6
    assert kinks["W1"] == kinks["W2"] == 0


def test_a_slope_that_is_on_neither_side_of_a_kink_is_wrong() -> None:
    leap = Activation(
        "leap",
        lambda z: np.maximum(z, 0.0),
        lambda z: np.where(z > 0, 1.0, np.where(z < 0, 0.0, 5.0)),
    )
    network = Network.dense([2, 6, 1], activation=leap, rng=np.random.default_rng(0))
    check = check_gradients(network, "mean_squared_error", CORNERS, WANTED)
    assert [array.name for array in check.arrays if not array.passed] == ["b1", "X"]
    assert check.suspects[0].startswith("layer 1: the derivative of leap")


@given(st.floats(-9, -4))
def test_a_kink_close_by_is_no_error(exponent: float) -> None:
    """Differences first reach across it."""
    x = np.array([10.0**exponent, 1.0])
    check = check_gradient(lambda x: (float(np.abs(x).sum()), np.sign(x)), x)
    assert check.passed
    assert check.method == "central differences"


def test_a_function_at_its_kink() -> None:
    def function(slope):
        return lambda x: (float(abs(x[0]) + x[1] ** 2), np.array([slope, 2 * x[1]]))

    for slope, right in ((0.0, True), (1.0, True), (-1.0, True), (1.1, False), (-2.0, False)):
        check = check_gradient(function(slope), [0.0, 3.0])
        assert check.passed is right
        # The mean of the two sides is what central differences say.
        assert check.arrays[0].kinks == int(right and slope != 0)


# functions of one's own ----------------------------------------------------------------------


@settings(max_examples=60)
@given(
    st.lists(st.floats(-3, 3).filter(lambda c: abs(c) > 0.01), min_size=4, max_size=4),
    st.floats(-2, 2),
    st.floats(1e-4, 1.0),
    st.booleans(),
)
def test_polynomials_right_and_wrong(c: list[float], x: float, slip: float, plain: bool) -> None:
    """Also where the function takes no complex numbers."""

    def function(factor):
        def value_and_gradient(v):
            z = float(v[0]) if plain else v[0]
            value = c[0] + z * (c[1] + z * (c[2] + z * c[3]))
            gradient = c[1] + z * (2 * c[2] + z * 3 * c[3])
            other = 10.0 * v[1]  # sets the scale
            return value + (float(other) if plain else other), np.array([gradient + factor, 10.0])

        return value_and_gradient

    right = check_gradient(function(0.0), [x, 1.0])
    assert right.passed
    assert right.method == ("central differences" if plain else "complex step")
    assert not check_gradient(function(slip), [x, 1.0])


def test_one_wrong_number_among_twenty_thousand() -> None:
    A = np.random.default_rng(0).normal(size=20_000)

    def function(x, wrong=None):
        gradient = A * np.cos(x * A)
        if wrong is not None:
            gradient[wrong] += 1e-3
        return np.sum(np.sin(x * A)), gradient

    x = np.ones(20_000)
    assert check_gradient(function, x).passed
    check = check_gradient(lambda x: function(x, 12_345), x)
    assert not check
    assert check.arrays[0].wrong_directions == 3
    assert check.arrays[0].checked <= 200


def test_shapes_types_and_manners() -> None:
    """Any shape; a gradient in float32; a function that spoils what it is given."""

    def function(X):
        value, gradient = (X**2).sum() / 2, np.array(X, np.float32 if X.dtype == float else X.dtype)
        X[...] = 0.0
        return value, gradient

    X = np.arange(6.0).reshape(2, 3)
    check = check_gradient(function, X, tolerance=1e-6)
    assert check.passed
    assert check.arrays[0].worst is not None
    assert len(check.arrays[0].worst.index) == 2
    assert X[1, 2] == 5.0


def test_pytorch_as_a_users_function() -> None:
    def function(x):
        v = torch.tensor(np.asarray(x, np.float64), requires_grad=True)
        value = torch.nn.functional.softplus(v).sum() ** 2
        value.backward()
        return float(value.detach()), v.grad.numpy()

    assert check_gradient(function, [0.3, -2.0, 5.0]).passed


def test_what_cannot_be_told_is_not_called_wrong() -> None:
    """1 in 10¹² is below what float64 resolves of such a value."""
    check = check_gradient(lambda x: (1e12 + float(np.sum(x)), np.full(3, 1.001)), [1.0, 2.0, 3.0])
    assert check.arrays[0].uncertain + check.arrays[0].wrong == 3
    assert check.arrays[0].uncertain > 0


@pytest.mark.parametrize(
    ("function", "error", "sentence"),
    [
        (lambda x: (x, x), ShapeError, r"must return one number and its gradient"),
        (lambda x: (0.0, x[:1]), ShapeError, r"x has shape \(2,\), so the gradient must have"),
        (lambda x: (math.nan, x), ConfigurationError, "the function is nan there"),
        (lambda x: (0.0, x * np.inf), ConfigurationError, "the gradient of x holds inf"),
    ],
)
def test_bad_functions_are_one_sentence(function, error, sentence) -> None:
    with pytest.raises(error, match=sentence):
        check_gradient(function, [1.0, 2.0])


def test_a_network_that_does_not_fit_is_one_sentence() -> None:
    network, X = small()
    with pytest.raises(ShapeError, match="X has 4 columns but layer 1 has fan_in=5"):
        check_gradients(network, "mean_squared_error", X[:, :4], np.ones((6, 3)))


def test_as_dict_is_plain() -> None:
    import json

    network, X = small()
    check = check_gradients(network, "mean_squared_error", X, np.ones((6, 3)))
    again = json.loads(json.dumps(check.as_dict()))
    assert again["passed"] is True
    assert [array["name"] for array in again["arrays"]] == ["W1", "b1", "W2", "b2", "W3", "b3", "X"]
    assert str(check).startswith("the gradient is right: ")


# the derivatives themselves ------------------------------------------------------------------


@given(st.floats(-2, 2), st.floats(-1, 1))
def test_estimates_of_error_hold(x: float, v: float) -> None:
    at, along = np.array([x, 0.5]), np.array([v, 1.0])
    exact = math.exp(x) * math.cos(math.exp(x)) * v + 3 * 0.25

    def function(z):
        return np.sin(np.exp(z[0])) + z[1] ** 3

    found = central_difference(function, at, along)
    assert abs(found.value - exact) <= 10 * found.error
    assert found.error < 1e-8
    assert complex_step(function, at, along).value == pytest.approx(exact, rel=1e-13, abs=1e-14)
    assert one_sided(function, at, along) is None


def test_the_sides_of_a_kink() -> None:
    sides = one_sided(lambda x: max(3 * x[0], -2 * x[0]) + 7.0, np.zeros(1), np.ones(1))
    assert sides is not None
    assert (sides[0].value, sides[1].value) == pytest.approx((-2.0, 3.0), abs=1e-6)
