"""Dead and saturated units: exact counts, against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
import torch

from chalknet import Activation, Dataset, Dense, Model, Network, Preprocessing
from chalknet.diagnose.health import count_units
from chalknet.diagnose.health.units import unit_findings
from chalknet.operations.activations import ACTIVATIONS

SLOPES = {
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "elu": torch.nn.functional.elu,
}


def slopes_by_torch(network: Network, X: np.ndarray) -> list[np.ndarray]:
    """f′(z) of every hidden layer (n, width), by autograd."""
    A, found = torch.tensor(X), []
    for layer in network.layers[:-1]:
        Z = (A @ torch.tensor(layer.W) + torch.tensor(layer.b)).detach().requires_grad_()
        A = SLOPES[layer.activation.name](Z)
        A.sum().backward()
        found.append(Z.grad.numpy())
        A = A.detach()
    return found


def model_of(network: Network) -> Model:
    return Model(network, "softmax_cross_entropy", classes=np.arange(network.widths[-1]))


@pytest.mark.parametrize("seed", range(100))
def test_planted_dead_units_are_counted_exactly(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, features = int(rng.integers(5, 300)), int(rng.integers(1, 20))
    hidden = rng.integers(1, 40, rng.integers(1, 4)).tolist()
    network = Network.dense([features, *hidden, 3], rng=rng, dtype=np.float64)
    X = rng.normal(size=(n, features))
    planted = []
    for layer in network.layers[:-1]:
        layer.b[...] = rng.normal(0, 0.3, layer.fan_out)
        dead = rng.random(layer.fan_out) < rng.random()
        # In one of three ways: far below 0, at 0 for every input, or fed by nothing.
        way = rng.integers(0, 3, layer.fan_out)
        layer.b[dead & (way == 0)] = -1e3
        layer.W[:, dead & (way > 0)] = 0.0
        layer.b[dead & (way == 1)] = 0.0
        layer.b[dead & (way == 2)] = -1.0
        planted.append(dead)
    truth = [(slope == 0).all(axis=0) for slope in slopes_by_torch(network, X)]
    data = Dataset(X, rng.integers(0, 3, n), name="planted", classes=np.arange(3))
    found = count_units(model_of(network), data)
    for units, exact, dead in zip(found, truth, planted, strict=True):
        assert np.array_equal(units.dead, exact)
        assert units.dead[dead].all()
    findings = [one for one in unit_findings(model_of(network), data) if one.name == "dead_units"]
    counts = {one.layer: one.figures["count"] for one in findings}
    assert counts == {k + 1: int(t.sum()) for k, t in enumerate(truth) if t.any()}


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "elu"])
def test_saturated_units_are_counted_exactly(activation: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        network = Network.dense(
            [6, 30, 20, 3], activation=activation, init="normal(1.5)", rng=rng, dtype=np.float64
        )
        X = rng.normal(size=(200, 6))
        data = Dataset(X, rng.integers(0, 3, 200), name="random", classes=np.arange(3))
        largest = 0.25 if activation == "sigmoid" else 1.0
        slopes = slopes_by_torch(network, X)
        for units, slope in zip(count_units(model_of(network), data), slopes, strict=True):
            few = (slope < 0.05 * largest).mean(axis=0) >= 0.95
            assert np.array_equal(units.saturated, few & (slope != 0).any(axis=0))
            assert not units.dead.any()


def test_severity_follows_the_share() -> None:
    rng = np.random.default_rng(0)
    data = Dataset(rng.normal(size=(50, 4)), rng.integers(0, 3, 50), name="d")
    for dead, severity in ((1, "note"), (6, "warning"), (15, "serious"), (20, "serious")):
        network = Network.dense([4, 20, 3], activation="softplus", rng=rng)
        relu = Network([Dense(network.layers[0].W, np.ones(20), "relu"), network.layers[1]])
        relu.layers[0].b[...] = 3.0
        relu.layers[0].b[:dead] = -1e3
        (finding,) = (f for f in unit_findings(model_of(relu), data) if f.name == "dead_units")
        assert finding.severity == severity
        assert finding.figures == {"count": dead, "width": 20, "units": list(range(dead))}
        assert f"{dead} of 20 units of layer 1" in finding.title


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_a_sound_network_has_no_findings(activation: str) -> None:
    """ReLUs that are off for most samples are not saturated; a step is not dead."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(500, 8))
    network = Network.dense([8, 30, 30, 3], activation=activation, rng=rng)
    data = Dataset(X, rng.integers(0, 3, 500), name="sound")
    findings = list(unit_findings(model_of(network), data))
    assert [one for one in findings if one.severity != "note"] == []


def test_a_linear_layer() -> None:
    network = Network([Dense(np.eye(3), np.full(3, 100.0), "relu"), Dense(np.eye(3), np.zeros(3))])
    rng = np.random.default_rng(0)
    data = Dataset(rng.normal(size=(40, 3)), rng.integers(0, 3, 40), name="d")
    (finding,) = unit_findings(model_of(network), data)
    assert (finding.name, finding.layer) == ("linear_layer", 1)


def test_preprocessing_and_sparse_rows_count() -> None:
    """Bytes are divided by 255 on the way in: with a bias of −2 the unit dies only then."""
    network = Network([Dense([[1.0, 1.0]], [-2.0, 0.0], "relu"), Dense(np.eye(2), np.zeros(2))])
    X = np.arange(1, 256, dtype=np.uint8)[:, None]
    model = Model(network, "softmax_cross_entropy", Preprocessing.for_data(X), np.arange(2))
    y = np.arange(255) % 2
    for rows in (X, scipy.sparse.csr_matrix(X)):
        (units,) = count_units(model, Dataset(rows, y, name="bytes"))
        assert units.dead.tolist() == [True, False]
    plain = Model(network, "softmax_cross_entropy", classes=np.arange(2))
    (units,) = count_units(plain, Dataset(X, y, name="bytes"))
    assert units.dead.tolist() == [False, False]


def test_an_activation_of_ones_own() -> None:
    hat = Activation(
        "hat",
        lambda z: np.maximum(1 - np.abs(z), 0.0),
        lambda z: np.where(np.abs(z) < 1, -np.sign(z), 0.0),
    )
    network = Network([Dense([[1.0, 1.0]], [0.0, 5.0], hat), Dense(np.eye(2), np.zeros(2))])
    data = Dataset([[0.5], [-0.5], [2.0]], [0, 1, 0], name="d")
    (units,) = count_units(model_of(network), data)
    assert units.dead.tolist() == [False, True]
