"""Networks through every point: exactness, the fewest neurons, float64, and what is refused."""

from __future__ import annotations

import itertools
import math
import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet import Model, Network
from chalknet.construct.hidden_layer import HiddenLayer
from chalknet.construct.relu_interpolation import fit_relu
from chalknet.errors import ConfigurationError, DataFormatError, ShapeError

# Course nyu, fall 2023, homework 1, problem 3a.
D1 = (range(13), [8, 6, 4, 2, 0, 2, 4, 2, 0, 2, 4, 6, 8])
D2 = (range(11), [0, 1, 2, 3, 2, 1, 2, 3, 4, 5, 6])

rationals = st.builds(Fraction, st.integers(-30, 30), st.integers(1, 7))
tables = st.dictionaries(rationals, rationals, min_size=2, max_size=10)


def evaluated(w, b, a, constant, x):
    """The network, exactly, from weights of any kind."""
    w, b, a = ([Fraction(value) for value in values.tolist()] for values in (w, b, a))
    return Fraction(constant) + sum(
        aj * max(Fraction(0), wj * x + bj) for wj, bj, aj in zip(w, b, a, strict=True)
    )


def exactly(fit, x):
    layer = fit.exact_layer
    return evaluated(layer.w, layer.b, layer.a, layer.constant, x)


def in_floats(fit, x):
    return evaluated(fit.w_hidden, fit.b_hidden, fit.w_output, fit.b_output, Fraction(float(x)))


@pytest.mark.parametrize(("data", "neurons"), [(D1, 4), (D2, 3)])
def test_the_published_data_sets(data, neurons):
    fit = fit_relu(*data)
    assert (fit.neurons, fit.minimal, fit.exact) == (neurons, "proved", True)
    assert fit.max_abs_residual == fit.forward_residual == 0
    for x, y in zip(*data, strict=True):
        assert exactly(fit, Fraction(x)) == y
    assert isinstance(fit.network, Network)
    assert fit.network.widths == [1, neurons, 1]
    assert isinstance(fit.model, Model)
    rows = np.array(data[0], float)[:, np.newaxis]
    assert fit.model.predict(rows).tolist() == data[1]


@settings(deadline=None)
@given(tables, st.booleans())
def test_rational_points_are_met_exactly(table, sparsest):
    fit = fit_relu(list(table), list(table.values()), sparsest=sparsest)
    assert fit.exact
    assert all(exactly(fit, x) == y for x, y in table.items())
    assert len(fit.line.knots) <= fit.neurons <= len(fit.line.knots) + 1


@settings(deadline=None)
@given(tables, st.integers(0, 6))
def test_more_neurons_than_needed(table, more):
    x, y = list(table), list(table.values())
    fewest = fit_relu(x, y).neurons
    fit = fit_relu(x, y, neurons=fewest + more)
    assert (fit.neurons, fit.fewest) == (fewest + more, fewest)
    assert all(exactly(fit, x) == y for x, y in table.items())


def halved_one_by_one(a, w, neurons):
    """How output weights are split, as it is defined."""
    a, w = list(a), list(w)
    while len(a) < neurons:
        j = max(range(len(a)), key=lambda j: abs(a[j] * w[j]))
        a[j : j + 1], w[j : j + 1] = [a[j] / 2] * 2, [w[j]] * 2
    return a


@given(st.lists(st.integers(-8, 8), min_size=1, max_size=6), st.integers(1, 70))
def test_the_strongest_neuron_is_halved_each_time(a, neurons):
    ones = np.array([(-1) ** j for j in range(len(a))], float)
    layer = HiddenLayer(ones, np.arange(float(len(a))), np.array(a, float), 0.0).split(neurons)
    assert layer.a.tolist() == halved_one_by_one(map(float, a), ones, neurons)
    assert all(ones[int(b)] == w for w, b in zip(layer.w, layer.b, strict=True))
    totals = [layer.a[layer.b == j].sum() for j in range(len(a))]
    assert totals == a


def test_the_smallest_float_is_split_without_loss():
    layer = HiddenLayer(np.ones(1), np.zeros(1), np.array([3 * 5e-324]), 0.0).split(100)
    assert len(layer.a) == 100
    assert layer.a.sum() == 3 * 5e-324


def test_many_neurons_take_no_time():
    begun = time.process_time()
    fit = fit_relu("0:0 1:1 2:0", neurons=20_000)
    assert fit.neurons == 20_000
    assert time.process_time() - begun < 10  # one by one it was minutes
    assert (
        sum(fit.exact_layer.a.tolist()) == -1
    )  # slopes 1 and −1, the first as a weight facing left


# the fewest ----------------------------------------------------------------------------------


def some_network_is(neurons, line, x):
    """Whether any network of so many neurons is this function on the range of x.

    Every choice of directions and of knots at points, in gaps and beyond the ends is tried: which
    place within a gap does not matter, for there the neurons must cancel.
    """
    places = np.concatenate([x, (x[1:] + x[:-1]) / 2, [x[0] - 1, x[-1] + 1]])
    at = np.unique(np.concatenate([x, *(x[:-1] + f * np.diff(x) for f in (0.2, 0.5, 0.7))]))
    wanted = np.interp(at, line.t.astype(float), line.v.astype(float))
    features = np.concatenate(
        [np.maximum(0, face * (at - places[:, np.newaxis])) for face in (1, -1)]
    )
    choices = np.array(list(itertools.combinations(range(len(features)), neurons)), int)
    if not neurons:
        return bool(np.ptp(wanted) == 0)
    systems = np.concatenate(
        [features[choices].transpose(0, 2, 1), np.ones((len(choices), len(at), 1))], axis=2
    )
    solutions = np.linalg.pinv(systems) @ wanted
    missed = np.abs((systems @ solutions[..., np.newaxis])[..., 0] - wanted).max(axis=1)
    return bool((missed < 1e-9).any())


@pytest.mark.parametrize("seed", range(25))
def test_no_network_of_fewer_neurons_connects_the_points(seed):
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.integers(1, 3, 5)).astype(float)
    y = rng.integers(-2, 3, 5)
    fit = fit_relu(x, y)
    assert fit.minimal == "proved"
    fewest = 0 if fit.neurons == 1 and not fit.w_output.any() else fit.neurons
    if fewest:
        assert not some_network_is(min(fewest - 1, 3), fit.line, x)
    if fewest <= 3:
        assert some_network_is(fewest, fit.line, x)


@pytest.mark.parametrize(
    ("text", "neurons", "why"),
    [
        ("0:1 1:1 2:1", 1, "a constant has a neuron that rests"),
        ("0:1 1:3", 1, "a slope needs one, even without a knot"),
        ("0:0 1:0 2:1", 1, "flat on the left: one knot, one neuron"),
        ("0:1 1:0 2:0", 1, "flat on the right: it faces left"),
        ("0:1 1:0 2:1", 2, "no subset of {2} makes 1"),
        ("0:0 1:1 2:1 3:0", 2, "flat in the middle: one faces each way"),
        ("0:0 1:-4 2:-7 3:-9 4:-11 5:-6", 3, "1 + 2 + … : 1 and 7 of 1, 1, 7 … cancel"),
    ],
)
def test_known_smallest_networks(text, neurons, why):
    fit = fit_relu(text)
    if why.startswith("1 + 2"):
        # Slopes −4, −3, −2, −2, 5 change by 1, 1, 7; no subset makes 4, so one more is needed.
        neurons = 4
    assert (fit.neurons, fit.minimal) == (neurons, "proved"), why


def test_neurons_that_face_both_ways_in_turn():
    # Slopes 3, 1, 6, 4, 5 change by −2, 5, −2, 1; only −2 − 2 + 1 makes −3, of knots 1, 3 and 4.
    fit = fit_relu("0:0 1:3 2:4 3:10 4:14 5:19")
    assert (fit.neurons, fit.minimal) == (4, "proved")
    assert fit.w_hidden.tolist() == [-1, 1, -1, -1]
    assert all(exactly(fit, Fraction(x)) == y for x, y in enumerate([0, 3, 4, 10, 14, 19]))
    assert fit.max_abs_residual == 0


def test_the_sparsest_has_fewer_neurons_and_says_what_is_proved():
    x, y = [0, 1, 2, 3], [0, 0, 1, 3]
    assert (fit_relu(x, y).neurons, fit_relu(x, y).minimal) == (2, "proved")
    fit = fit_relu(x, y, sparsest=True)
    assert (fit.neurons, fit.minimal) == (1, "proved")
    assert [exactly(fit, Fraction(value)) for value in x] == y
    # As few neurons as knots is certain; one more might not have been needed by another function.
    assert fit_relu("0:1 1:0 2:1", sparsest=True).minimal == "within one"


# float64 -------------------------------------------------------------------------------------


def units(y):
    return float(np.spacing(np.abs(np.asarray(y, float)).max()))


KINDS = {
    "noise": lambda x, rng: (np.linspace(-1, 2, len(x)), rng.normal(size=len(x))),
    "smooth": lambda x, _: (x, np.sin(9 * x)),
    "uneven": lambda x, rng: (np.exp(8 * x**3), rng.normal(size=len(x))),
    "lines": lambda x, _: (x, np.abs(x - 0.3) + np.maximum(0, 2 * x - 1.2)),
    "walk": lambda x, rng: (x, np.cumsum(rng.normal(size=len(x)))),
    "far away": lambda x, rng: (2000 + x, 1e6 + rng.normal(size=len(x))),
    "few values": lambda x, rng: (x, rng.integers(0, 3, len(x)) / 3),
}


def data(kind, n, rng):
    return KINDS[kind](np.sort(rng.random(n)), rng)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [2, 3, 7, 150])
def test_float64_weights_miss_no_point_by_more_than_four_units(kind, n):
    x, y = data(kind, n, np.random.default_rng(n))
    fit = fit_relu(x, y)
    assert not fit.exact
    missed = [
        abs(in_floats(fit, a) - Fraction(b)) for a, b in zip(x.tolist(), y.tolist(), strict=True)
    ]
    assert float(max(missed)) <= 4 * units(y)
    # What the fit says of itself is what fractions say of it.
    assert abs(float(max(missed)) - fit.max_abs_residual) <= 0.01 * units(y)


@pytest.mark.parametrize("kind", ["uneven", "lines", "few values"])
def test_fifty_thousand_points(kind):
    x, y = data(kind, 50_000, np.random.default_rng(0))
    x, keep = np.unique(x, return_index=True)
    fit = fit_relu(x, y[keep])
    assert fit.max_abs_residual <= 4 * units(y)
    assert fit.forward_residual is None or fit.neurons < 100


@pytest.mark.slow
def test_a_million_points():
    rng = np.random.default_rng(0)
    x, y = np.sort(rng.random(1_000_000)), rng.normal(size=1_000_000)
    fit = fit_relu(x, y)
    assert fit.max_abs_residual <= 4 * units(y)
    assert fit.network.widths == [1, fit.neurons, 1]
    assert fit.minimal == "within one"
    # The network itself, at one of the points, added up exactly.
    at = float(x[700_000])
    plain = fit.w_hidden == 1
    z, z_rest = exact_sum(at, fit.b_hidden[plain])
    on = z > 0
    parts = [
        part
        for factor in (z[on], z_rest[on])
        for part in exact_product(fit.w_output[plain][on], factor)
    ]
    w, b, a = (values[~plain] for values in (fit.w_hidden, fit.b_hidden, fit.w_output))
    others = evaluated(w, b, a, fit.b_output, Fraction(at))
    rest = float(others - Fraction(float(others)))
    value = math.fsum([*np.concatenate(parts).tolist(), float(others), rest])
    assert abs(value - float(y[700_000])) <= 4.6 * units(y)  # its own rounding included


def exact_sum(a, b):
    """Knuth's: a + b = s + e."""
    s = a + b
    return s, (a - (s - (s - a))) + (b - (s - a))


def exact_product(a, b):
    """Dekker's, by halves of 26 bits: a b = p + e, in four parts."""
    halves = [np.float64(v) * 1 for v in (a, b)]
    heads = [np.ldexp(np.rint(np.ldexp(m, 26)), e - 26) for m, e in map(np.frexp, halves)]
    tails = [v - h for v, h in zip(halves, heads, strict=True)]
    return [h * k for h in (heads[0], tails[0]) for k in (heads[1], tails[1])]


def test_the_network_computes_what_its_weights_say_where_nothing_cancels():
    x = np.linspace(-3, 3, 400)
    fit = fit_relu(x, np.sin(x))
    assert fit.forward_residual is not None
    # The classical bound of a sum of N products: N 2⁻⁵³ times the sizes of its terms.
    terms = np.abs(fit.layer.a * np.maximum(0, fit.layer.pre_activations(x))).sum(axis=1)
    assert fit.forward_residual <= 2.0**-53 * (fit.neurons + 3) * terms.max()
    assert terms.max() < 20
    assert fit.forward_residual == np.abs(fit.network.output(x[:, None])[:, 0] - np.sin(x)).max()


@settings(deadline=None)
@given(tables)
def test_rational_points_in_float64(table):
    x = [float(value) for value in table]
    if len(set(x)) < len(x):
        return
    fit = fit_relu(x, [float(value) for value in table.values()], arithmetic="float64")
    assert fit.max_abs_residual <= 4 * units(list(table.values()))


# what is refused -----------------------------------------------------------------------------


def test_too_few_neurons():
    with pytest.raises(ConfigurationError) as caught:
        fit_relu(*D1, neurons=3)
    assert str(caught.value) == (
        "3 neurons were asked for, but straight lines between these points need 4: "
        "ask for 4 or more."
    )
    with pytest.raises(ConfigurationError) as caught:
        fit_relu([0, 1, 2, 3], [0, 0, 1, 3], neurons=1)
    assert str(caught.value) == (
        "1 neuron was asked for, but straight lines between these points need 2: "
        "ask for 2 or more, or let knots lie between the points (sparsest)."
    )
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigurationError, match="need 98 at least, and 99 were found"):
        fit_relu(np.sort(rng.random(100)), rng.normal(size=100), neurons=5)
    for nonsense in (0, -1, True, 2.5):
        with pytest.raises(ConfigurationError, match="must be a positive whole number"):
            fit_relu(*D1, neurons=nonsense)
    with pytest.raises(ConfigurationError, match=r"number from 4 to 20,000, not 2,000,000,000\."):
        fit_relu(*D1, neurons=2_000_000_000)


def test_slopes_that_no_float_can_hold():
    for x, y in (([0.0, 5e-324], [0.0, 1.7e308]), (["0", "1e-300"], ["0", "1e300"])):
        with pytest.raises(
            DataFormatError, match="the slopes between these points leave the range of float64"
        ):
            fit_relu(x, y)


def test_a_slope_of_1e600_is_a_product_of_two_weights():
    fit = fit_relu([0.0, 1e-300], [0.0, 1e300])
    assert fit.max_abs_residual <= 4 * units([1e300])
    assert fit.model.predict([[1e-300]]) == pytest.approx(1e300, rel=1e-15)


def test_one_point_and_no_text():
    with pytest.raises(ShapeError, match="a line needs two points"):
        fit_relu("3:4")
    with pytest.raises(ConfigurationError, match="y is missing"):
        fit_relu([1, 2])


def test_json_has_the_weights_twice():
    values = fit_relu("0:0 1:1/3 2:1").as_dict()
    assert values["fractions"]["w_output"] == ["1/3", "1/3"]
    assert values["w_output"] == [1 / 3, 1 / 3]
    for key in ("neurons", "w_hidden", "b_hidden", "w_output", "b_output"):
        assert key in values
    assert (values["exact"], values["minimal"]) == (True, "proved")
    assert "fractions" not in fit_relu([0.1, 0.2], [0.3, 0.4]).as_dict()
