"""Variance of signals: prediction against drawn networks, PyTorch, and what is known exactly."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from chalknet import Activation, ConfigurationError, Initializer, Network
from chalknet.diagnose import signal_propagation as module
from chalknet.diagnose.finite_width import fluctuations
from chalknet.diagnose.mean_field import mean_field
from chalknet.diagnose.recommended_variance import recommended_variances
from chalknet.diagnose.signal_propagation import signal_propagation
from chalknet.diagnose.weight_spread import weight_spread
from chalknet.operations.activations import ACTIVATIONS, as_activation
from chalknet.operations.initializers import INITIALIZERS, as_initializer

PUBLISHED_VARIANCE = {
    "he_normal": lambda i, o: 2 / i,
    "he_uniform": lambda i, o: 2 / i,
    "glorot_normal": lambda i, o: 2 / (i + o),
    "glorot_uniform": lambda i, o: 2 / (i + o),
    "lecun_normal": lambda i, o: 1 / i,
    "max_fan_normal": lambda i, o: 1 / max(i, o),
    "normal": lambda i, o: 0.01**2,
    "torch_default": lambda i, o: 1 / (3 * i),
    "zeros": lambda i, o: 0.0,
}


def outside(found: module.SignalPropagation) -> list[tuple[str, int]]:
    return [
        (way, layer.layer)
        for layer in found.layers
        for way in ("forward", "backward")
        if getattr(layer, way).agrees is not True
    ]


# prediction against measurement --------------------------------------------------------------


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("init", ["he_normal", "glorot_normal", "lecun_normal", "max_fan_normal"])
def test_fifty_layers(init: str, activation: str) -> None:
    widths = [80, *[100] * 49, 10]
    found = signal_propagation(widths, activation=activation, init=init, draws=25)
    assert len(found.layers) == 50
    assert outside(found) == []


@pytest.mark.parametrize("init", sorted(INITIALIZERS))
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_every_activation_with_every_initializer(activation: str, init: str) -> None:
    widths = [50, *[64] * 9, 30]
    found = signal_propagation(widths, activation=activation, init=init, draws=25)
    assert outside(found) == [] or (activation, init) in WITHOUT_BAND
    assert found.agrees is True


# Here a signal that happens to be strong grows and one that happens to be weak dies, so 64 units
# are too few for the theory to give a band all the way; with 400 it can.
WITHOUT_BAND = {(f, init) for f in ("gelu", "silu") for init in ("he_normal", "he_uniform")}


@pytest.mark.parametrize(("activation", "init"), sorted(WITHOUT_BAND))
def test_wide_enough_for_a_band(activation: str, init: str) -> None:
    assert outside(signal_propagation([400] * 10, activation=activation, init=init, draws=6)) == []


def test_the_band_can_be_missed() -> None:
    """With what textbooks say of sigmoid (its variance, not E f², feeds the next layer) it is."""
    sigmoid = as_activation("sigmoid")
    centred = Activation("centred", lambda z: sigmoid.formula(z) - 0.5, sigmoid.derivative_formula)
    right = signal_propagation([100] * 8, activation="sigmoid", draws=20)
    wrong = signal_propagation([100] * 8, activation=centred, draws=0)
    for layer, other in zip(right.layers[1:], wrong.layers[1:], strict=True):
        assert layer.forward.band is not None
        low, high = layer.forward.band
        assert low <= layer.forward.predicted <= high
        assert not low <= other.forward.predicted <= high


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_bands_hold_as_often_as_they_say(activation: str) -> None:
    """Nearly always; and nine in ten single networks."""
    inside = single = total = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        found = signal_propagation([32] * 13, activation=activation, draws=1, rng=rng)
        for layer in (found.layers[5], found.layers[11]):
            for signal in (layer.forward, layer.backward):
                if signal.measured == 1.0:  # the gradients at the outputs
                    continue
                assert signal.measured is not None
                inside += signal.agrees is True
                single += signal.single[0] <= signal.measured <= signal.single[1]
                total += 1
    assert inside >= 0.98 * total
    assert 0.84 * total <= single <= 0.96 * total


def test_pytorch_initializes_and_propagates_the_same() -> None:
    """torch.nn.Linear's own start, its own sweeps."""
    torch.manual_seed(0)
    widths, draws = [60, 80, 80, 80, 80, 20], 40
    squares = np.zeros((2, 5))
    for _ in range(draws):
        A = torch.randn(1, widths[0], dtype=torch.float64).sign()
        signals = []
        for number, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
            Z = torch.nn.Linear(fan_in, fan_out, dtype=torch.float64)(A)
            Z.retain_grad()
            signals.append(Z)
            A = torch.tanh(Z) if number < 4 else Z
        (A * torch.randn_like(A).sign()).sum().backward()
        squares[0] += [float((Z**2).mean().detach()) / draws for Z in signals]
        squares[1] += [float((Z.grad**2).mean()) / draws for Z in signals]
    found = signal_propagation(widths, activation="tanh", init="torch_default", draws=draws)
    for layer, up, down in zip(found.layers, *squares, strict=True):
        for signal, measured in ((layer.forward, up), (layer.backward, down)):
            assert signal.band is not None
            assert signal.band[0] <= measured <= signal.band[1]


# what is known exactly -----------------------------------------------------------------------


def test_a_relu_network_strays_as_products_of_chi_squares_do() -> None:
    """Hanin, "Which neural net architectures give rise to exploding and vanishing gradients?".

    E K² / (E K)² = Π (1 + 5/N), so Var log K ≈ Σ 5/N (NeurIPS 2018).
    """
    N, depth = 400, 21
    widths, relu = [N] * (depth + 1), as_activation("relu")
    spread = weight_spread(as_initializer("he_normal"), N, N)
    forward, backward = fluctuations(mean_field(widths, [relu] * (depth - 1), [spread] * depth))
    exact = (depth - 1) * math.log1p(5 / N)
    assert forward[-1].variance - 2 / N == pytest.approx(exact, rel=0.01)
    assert backward[0].variance == pytest.approx(exact, rel=0.01)
    # And their means are those of the wide limit, at any width.
    for one in (*forward, *backward):
        assert one.shift + one.variance / 2 == pytest.approx(0.0, abs=1e-12)


def test_the_softplus_gradient_follows_the_signal() -> None:
    """Deep down, most of the gradient runs along the activations, which no wide theory sees."""
    found = signal_propagation([100] * 31, activation="softplus", draws=60)
    first = found.layers[0].backward
    assert first.measured is not None
    assert first.measured > 3 * first.predicted
    assert outside(found) == []


@pytest.mark.parametrize("size", [(30, 70), (784, 10), (5, 5)])
@pytest.mark.parametrize("init", sorted(INITIALIZERS))
def test_spread_of_the_initializers(init: str, size: tuple[int, int]) -> None:
    found = weight_spread(INITIALIZERS[init], *size)
    assert found.weight_variance == pytest.approx(PUBLISHED_VARIANCE[init](*size), rel=1e-14)
    biased = init == "torch_default"
    assert found.bias_variance == pytest.approx(1 / (3 * size[0]) if biased else 0.0, rel=1e-14)
    uniform = "uniform" in init or biased
    assert found.weight_kurtosis == (-1.2 if uniform else 0.0)


def test_spread_of_a_scheme_of_ones_own_is_measured() -> None:
    def laplace(rng, fan_in, fan_out):
        return rng.laplace(0, 0.1, (fan_in, fan_out)), rng.normal(0, 0.5, fan_out)

    found = weight_spread(Initializer("laplace", laplace), 200, 100)
    assert found.weight_variance == pytest.approx(0.02, rel=0.01)  # 2 · scale²
    assert found.weight_kurtosis == pytest.approx(3.0, rel=0.05)
    assert found.bias_variance == pytest.approx(0.25, rel=0.1)
    # A built-in name does not make a scheme built in.
    assert weight_spread(Initializer("he_normal", laplace), 200, 100) == found


# recommendations and verdicts ----------------------------------------------------------------


def test_recommendations_are_those_of_the_textbooks() -> None:
    """LeCun's, Glorot's and He's, from one formula: study nyu-s25, question 2 (b), (d), (e)."""
    for name, gain in (("identity", 1.0), ("relu", 2.0)):
        one = recommended_variances([7, 300, 200], [as_activation(name)])[1]
        assert one.forward == pytest.approx(gain / 300, rel=1e-12)
        assert one.backward == pytest.approx(gain / 200, rel=1e-12)
        assert one.variance == pytest.approx(2 * gain / 500, rel=1e-12)
    first, second = recommended_variances([7, 300, 200], [as_activation("step")])
    assert first.forward == pytest.approx(1 / 7)
    assert second.backward is None
    assert second.variance == second.forward


@pytest.mark.parametrize("activation", ["tanh", "gelu", "selu", "softplus"])
def test_recommended_variances_keep_what_they_say(activation: str) -> None:
    widths = [50, 120, 90, 90, 200, 30]
    functions = [as_activation(activation)] * 4
    recommended = recommended_variances(widths, functions)

    def with_variances(values):
        spreads = [
            module.weight_spread(as_initializer(f"normal({v**0.5!r})"), 1, 1) for v in values
        ]
        return mean_field(widths, functions, spreads)

    field = with_variances([one.forward for one in recommended])
    assert field.forward == pytest.approx([1.0] * 5, rel=1e-9)
    # What a gradient gains from layer to layer then is how much more than the one that keeps it.
    for number in range(4):
        above = recommended[number + 1]
        gain = field.backward[number] / field.backward[number + 1]
        assert gain == pytest.approx(above.forward / above.backward, rel=1e-9)


@pytest.mark.parametrize(
    ("init", "activation", "forward", "backward"),
    [
        ("he_normal", "relu", "kept", "kept"),
        ("lecun_normal", "relu", "vanishing", "vanishing"),
        ("normal(0.3)", "relu", "exploding", "exploding"),
        ("he_normal", "tanh", "kept", "growing"),
        ("glorot_normal", "sigmoid", "kept", "vanishing"),
        ("he_normal", "step", "kept", "vanishing"),
    ],
)
def test_verdicts(init: str, activation: str, forward: str, backward: str) -> None:
    found = signal_propagation([100] * 41, init=init, activation=activation, draws=0)
    assert (found.forward.name, found.backward.name) == (forward, backward)
    factor = found.layers[38].forward.predicted / found.layers[0].forward.predicted
    assert found.forward.ratio == pytest.approx(factor)
    assert found.forward.per_layer**38 == pytest.approx(factor)


def test_a_hundred_layers_to_the_end_of_floats() -> None:
    tiny = signal_propagation([60] * 101, init="normal(1e-4)", draws=2)
    assert tiny.forward.name == "vanishing"
    assert tiny.agrees is True
    huge = signal_propagation([60] * 101, init="normal(1e4)", draws=2)
    assert huge.forward.name == huge.backward.name == "exploding"
    assert "no float64 holds" in huge.forward.sentence
    assert huge.as_dict()["layers"][-1]["forward_predicted"] is None


# the rest ------------------------------------------------------------------------------------


def test_one_draw_is_one_network() -> None:
    """What is measured is what network.py makes of the same random numbers."""
    found = signal_propagation([5, 8, 3], draws=1, rng=np.random.default_rng(7))
    rng = np.random.default_rng(7)
    network = Network.dense([5, 8, 3], rng=rng, dtype=np.float64)
    signs = np.array([-1.0, 1.0])
    trace = network.forward(rng.choice(signs, (1, 5)))
    gradients = network.backward(trace, rng.choice(signs, (1, 3)))
    for layer, Z, dZ in zip(found.layers, trace.pre_activations, gradients.dZ, strict=True):
        assert layer.forward.measured == pytest.approx(np.mean(Z**2), rel=1e-14)
        assert layer.backward.measured == pytest.approx(np.mean(dZ**2), rel=1e-14)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"widths": [5]}, "widths need at least inputs and outputs"),
        ({"widths": [5, 0, 3]}, "a layer's width must be a positive integer, not 0"),
        (
            {"widths": [5, 4, 3], "activation": ["relu", "tanh"]},
            "hidden layers: 1, but activations: 2",
        ),
        ({"widths": [5, 4, 3], "init": "hee_normal"}, "did you mean 'he_normal'"),
        ({"widths": [5, 4, 3], "draws": -1}, "draws must be a whole number ≥ 0, not -1"),
        ({"widths": [5, 4, 3], "input_variance": 0.0}, "input_variance must be a finite number"),
        ({"widths": [10**9, 2]}, "2,000,000,002 parameters"),
        ({"widths": [1] * 2000}, "a network of 1,999 layers was asked for; at most 1,000"),
        ({"widths": [5, 2.5]}, "must be a positive integer, not 2.5"),
        ({"widths": [20_000] * 3}, "800,040,000 parameters, more than the 134,217,728"),
    ],
)
def test_bad_input_is_one_sentence(options, sentence) -> None:
    with pytest.raises(ConfigurationError) as raised:
        signal_propagation(**options)
    assert sentence in str(raised.value)
