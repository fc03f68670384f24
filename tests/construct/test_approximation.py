"""Step and ReLU networks near functions: what is measured never exceeds what is proved."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chalknet import Model, Network
from chalknet.construct.approximation import approximate
from chalknet.construct.functions import SampledFunction, as_function
from chalknet.construct.growth import growth, rates, steepest
from chalknet.construct.step_networks import (
    box_network,
    boxes_network,
    cells_network,
    count_of_neurons,
)
from chalknet.errors import ConfigurationError

FUNCTIONS = [
    ("sin(x)", -3.0, 3.0),
    ("|x|", -1.0, 1.0),
    ("sigmoid(30x)", -1.0, 1.0),
    ("exp(-4x^2)", -1.0, 1.0),
    ("sqrt(|x|)", -1.0, 1.0),
    ("x^3 - x", -2.0, 2.0),
]


def independent_error(found, count=20_001):
    """The largest error on a grid that is none of the program's own."""
    rng = np.random.default_rng(0)
    d = found.function.inputs
    X = rng.uniform(found.low, found.high, (count, d))
    X[0], X[1] = found.low, found.high
    parts = [X[i : i + 500] for i in range(0, count, 500)]
    outputs = np.concatenate([found.network.output(part)[:, 0] for part in parts])
    return float(np.abs(outputs - found.function(X)).max())


@pytest.mark.parametrize(("text", "low", "high"), FUNCTIONS)
@pytest.mark.parametrize("neurons", [2, 7, 40, 301])
def test_uniform_boxes_are_within_the_bound_and_the_bound_is_tight(text, low, high, neurons):
    found = approximate(text, low, high, neurons=neurons)
    assert found.neurons == neurons
    assert found.proved
    assert found.network.widths == [1, neurons, 1]
    assert independent_error(found) <= found.bound
    assert found.measured <= found.bound <= 2 * found.measured
    assert found.measured == pytest.approx(
        abs(float(found.network.output([found.worst])[0, 0]) - found.function([found.worst])[0])
    )


@pytest.mark.parametrize(("text", "low", "high"), FUNCTIONS)
def test_boxes_by_error_and_adaptive_boxes_which_are_fewer(text, low, high):
    uniform = approximate(text, low, high, error=0.03)
    adaptive = approximate(text, low, high, error=0.03, placement="adaptive")
    for found in (uniform, adaptive):
        assert independent_error(found) <= found.bound <= 0.03
    assert adaptive.neurons <= uniform.neurons
    # One box less is not enough: boxes of half the variation of the function are the best there is.
    fewer = approximate(text, low, high, neurons=uniform.neurons - 1)
    assert fewer.bound > 0.03


def test_adaptive_boxes_are_the_fewest_for_a_function_that_only_rises():
    # Half of what exp rises by from −4 to 4, in boxes of 2 E each.
    found = approximate("exp(x)", -4.0, 4.0, error=0.5, placement="adaptive")
    boxes = math.ceil((math.exp(4) - math.exp(-4)) / 1.0)
    assert boxes <= found.neurons - 1 <= boxes + 2
    assert found.neurons < approximate("exp(x)", -4.0, 4.0, error=0.5).neurons / 3


@pytest.mark.parametrize("neurons", [5, 40, 200])
def test_adaptive_boxes_with_a_number_of_neurons(neurons):
    uniform, adaptive = (
        approximate("sigmoid(30x)", neurons=neurons, placement=placement)
        for placement in ("uniform", "adaptive")
    )
    assert neurons - 2 <= adaptive.neurons <= neurons
    assert independent_error(adaptive) <= adaptive.bound < 0.6 * uniform.bound


@pytest.mark.parametrize(("text", "low", "high"), FUNCTIONS)
@pytest.mark.parametrize("neurons", [1, 6, 50])
def test_lines_are_within_the_bound(text, low, high, neurons):
    found = approximate(text, low, high, neurons=neurons, kind="lines")
    assert found.neurons <= neurons
    assert found.proved
    assert independent_error(found) <= found.bound
    if found.measured > 1e-9:
        assert found.bound <= 2 * found.measured


def test_the_two_rates():
    found = rates(as_function("sin(x)"), -3.0, 3.0, most=1024)
    assert found.order("boxes") == pytest.approx(1, abs=0.02)
    assert found.order("lines") == pytest.approx(2, abs=0.02)
    for n, boxes, lines in zip(found.neurons, found.boxes, found.lines, strict=True):
        # L h / 2 and max|f″| h² / 8, both with constants 1 for the sine.
        assert boxes <= 6 / (n - 1) / 2 * (1 + 1e-3)
        assert lines <= (6 / n) ** 2 / 8 * (1 + 0.02)


def test_the_box_of_two_neurons():
    network = box_network(3.0, 0.5)
    assert isinstance(network, Network)
    hidden, output = network.layers
    assert (hidden.W.tolist(), hidden.b.tolist()) == ([[1, 1]], [0, -0.5])
    assert (output.W.ravel().tolist(), output.b.tolist()) == ([3, -3], [0])
    x = np.array([-1.0, 0.0, 1e-300, 0.25, 0.5, np.nextafter(0.5, 1), 2.0])
    assert network.output(x[:, None]).ravel().tolist() == [0, 0, 3, 3, 3, 0, 0]
    for height, width in ((1.0, 0.0), (1.0, -1.0), (math.nan, 1.0), (1.0, math.inf)):
        with pytest.raises(ConfigurationError, match="a width above 0"):
            box_network(height, width)


def test_a_box_is_found_again_exactly():
    found = approximate("3 (step(x) - step(x - 0.5))", -1, 1, error=0.01, placement="adaptive")
    assert found.measured == 0
    assert found.bound < 1e-12
    assert found.neurons == 4


def test_boxes_hold_their_right_wall_and_the_first_one_both():
    network = boxes_network(np.array([-1.0, 0.0, 2.0]), np.array([5.0, 7.0]))
    x = np.array([-1.1, -1.0, 0.0, 1e-9, 2.0, 2.1])
    assert network.output(x[:, None]).ravel().tolist() == [0, 5, 5, 7, 7, 0]


# several inputs ------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [2, 3])
def test_cells_light_one_by_one(d):
    rng = np.random.default_rng(d)
    walls = [np.sort(rng.normal(size=4)) for _ in range(d)]
    heights = rng.normal(size=(3,) * d)
    network = cells_network(walls, heights)
    X = rng.normal(size=(500, d)) * 1.5
    trace = network.forward(X)
    assert set(np.unique(trace.activations[1].sum(axis=1))) <= {0, 1}
    cells = [np.searchsorted(w, X[:, a]) - 1 for a, w in enumerate(walls)]
    inside = np.all([(c >= 0) & (c < 3) for c in cells], axis=0)
    expected = np.where(inside, heights[tuple(np.clip(c, 0, 2) for c in cells)], 0.0)
    assert trace.output[:, 0] == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("text", "kwargs"),
    [
        ("exp(-4(x1^2 + x2^2))", {}),
        ("exp(-4(x1^2 + x2^2))", {"neurons": 500}),
        ("exp(-4(x1^2 + x2^2))", {"error": 0.08}),
        ("sin(3x1) x2", {"error": 0.2}),
        ("x1 x2 x3", {"neurons": 1000}),
        ("x1 + x2 + x3 + x4", {"neurons": 300}),
        ("x1 - x9", {}),
    ],
)
def test_two_hidden_layers_are_within_the_bound_and_the_bound_is_tight(text, kwargs):
    found = approximate(text, **kwargs)
    d = found.function.inputs
    cells = len(found.layout.edges[0]) - 1
    assert found.network.widths == [d, d * (cells + 1), cells**d, 1]
    assert found.neurons == count_of_neurons(cells, d) <= kwargs.get("neurons", 10**9)
    assert independent_error(found, 4_001) <= found.bound <= 2 * found.measured
    assert found.bound <= kwargs.get("error", math.inf)


def test_the_number_of_neurons_grows_with_the_power_of_the_inputs():
    slopes = steepest(as_function("exp(-4(x1^2 + x2^2))"), -1.0, 1.0)
    true = math.sqrt(8 / math.e)  # of exp(−4 x²), where x² = 1/8
    assert slopes == pytest.approx([true, true], rel=0.1)
    assert (slopes >= true).all()
    table = growth(1.0, -1.0, 1.0, errors=[0.1], inputs=[1, 2, 3, 4])
    # Half a cell's width in every input: d · h / 2 = 0.1, so 10 d cells a side.
    assert table.neurons == ((11, 2 * 21 + 20**2, 3 * 31 + 30**3, 4 * 41 + 40**4),)
    # That many are enough: the sum of all inputs is as steep as it may be.
    cells = 20
    found = approximate("x1 + x2", neurons=count_of_neurons(cells, 2))
    assert found.bound == pytest.approx(0.1, rel=1e-9)


# samples, callables, models ------------------------------------------------------------------


def test_samples_and_callables():
    x = np.linspace(0, 4, 300)
    found = approximate(SampledFunction(x, np.sin(x)), 0.0, 4.0, error=0.05)
    assert independent_error(found) <= found.bound <= 0.05
    proved = approximate(np.cos, 0.0, 4.0, neurons=60, lipschitz=1.0)
    assert proved.proved
    assert independent_error(proved) <= proved.bound
    seen = approximate(np.cos, 0.0, 4.0, neurons=60)
    assert not seen.proved
    assert seen.measured <= seen.bound * (1 + 1e-9)
    both = approximate(lambda X: X[:, 0] * X[:, 1], inputs=2, lipschitz=(1.0, 1.0), neurons=300)
    assert independent_error(both, 4_001) <= both.bound


def test_what_comes_is_a_model():
    found = approximate("x1 - x2", neurons=50)
    assert isinstance(found.model, Model)
    assert found.model.feature_names == ("x1", "x2")
    assert found.model.predict([[0.5, -0.5]])[0] == pytest.approx(1.0, abs=found.bound)
    values = found.as_dict()
    assert values["measured"] <= values["bound"]
    assert values["widths"] == found.network.widths


@pytest.mark.parametrize(
    ("args", "kwargs", "sentence"),
    [
        (("sin(x)",), {"neurons": 3, "error": 0.1}, "give neurons or error, not both"),
        (("sin(x)",), {"neurons": 1}, "neurons must be a whole number from 2 to 20,000, not 1."),
        (("sin(x)",), {"neurons": 2.5}, "neurons must be a whole number"),
        (("sin(x)",), {"error": 0}, "error must be a number above 0, not 0."),
        (("sin(x)",), {"kind": "box"}, "did you mean 'boxes'?"),
        (("sin(x)",), {"placement": "even"}, "unknown placement 'even'"),
        (("sin(x)", 1, 1), {}, "the range from 1 to 1 has no inside."),
        (("sin(x)",), {"error": 1e-9}, "takes more than 20,000 neurons, more than are built"),
        (("x1 x2",), {"kind": "lines"}, "lines are for functions of one input, but x1 x2 has 2."),
        (("x1 x2",), {"placement": "adaptive"}, "adaptive boxes are for functions of one input"),
        (("x1 x2",), {"neurons": 4}, "2 inputs take 5 neurons at least, for one cell, but 4"),
        (("x1 x2",), {"error": 0.001}, "takes more than"),
        (("1/x",), {}, "may be unbounded or undefined on"),
        (("log(x)",), {"kind": "lines"}, "is -inf at x = 0: choose a range on which it is finite"),
        (("step(x - 1/3)",), {"error": 0.1, "placement": "adaptive"}, "near x = 0.33"),
    ],
)
def test_what_cannot_be_is_one_sentence(args, kwargs, sentence):
    if args == ("log(x)",):
        args = ("log(x)", 0, 1)
    with pytest.raises(ConfigurationError) as caught:
        approximate(*args, **kwargs)
    assert sentence in str(caught.value)
