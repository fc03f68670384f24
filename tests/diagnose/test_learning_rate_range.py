"""The learning-rate range test: the sweep against PyTorch, and what it must find."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from chalknet import (
    SGD,
    Adam,
    ConfigurationError,
    Dataset,
    Dense,
    Network,
    Training,
    learning_rate_range,
    load_dataset,
)
from chalknet.diagnose.learning_rate_range import _smoothed


def training_on(data: Dataset, hidden: list[int], **options) -> Training:
    rng = np.random.default_rng(0)
    network = Network.dense([data.n_features, *hidden, data.n_outputs], rng=rng)
    usual = {"loss": "softmax_cross_entropy", "optimizer": "sgd", "epochs": 3, "batch_size": 32}
    return Training(network, data, rng=rng, **(usual | options))


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").train


def test_the_sweep_is_what_pytorch_does(digits: Dataset) -> None:
    """Same weights, same batches, rates growing by one factor: the same losses."""
    training = training_on(digits, [20], optimizer="adam", batch_size=64)
    found = learning_rate_range(
        training, lowest=1e-5, highest=0.1, steps=60, rng=np.random.default_rng(5)
    )
    layers = []
    for layer in training.network.layers:
        linear = torch.nn.Linear(layer.fan_in, layer.fan_out)
        linear.weight.data = torch.tensor(layer.W.T.copy())
        linear.bias.data = torch.tensor(layer.b.copy())
        layers += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    adam = torch.optim.Adam(model.parameters(), lr=1.0)
    rng, losses = np.random.default_rng(5), []
    X, y = torch.tensor(digits.X), torch.tensor(digits.targets)
    while len(losses) < 60:
        order = rng.permutation(len(digits))
        for rows in np.split(order, range(64, len(order), 64)):
            adam.param_groups[0]["lr"] = 1e-5 * (0.1 / 1e-5) ** (len(losses) / 59)
            loss = torch.nn.functional.cross_entropy(model(X[rows]), y[rows])
            adam.zero_grad()
            loss.backward()
            adam.step()
            losses.append(float(loss.detach()))
    assert found.losses == pytest.approx(np.array(losses[:60]), rel=1e-3)
    assert found.rates[[0, -1]] == pytest.approx([1e-5, 0.1])
    assert np.diff(np.log(found.rates)) == pytest.approx(np.log(1e4) / 59)


def test_training_is_left_as_it_was(digits: Dataset) -> None:
    training = training_on(digits, [20], optimizer="momentum", dropout=0.3)
    twin = training_on(digits, [20], optimizer="momentum", dropout=0.3)
    learning_rate_range(training, steps=50)
    assert np.array_equal(training.network.parameters, twin.network.parameters)
    assert training.plan.state.t == 0
    assert not training.plan.state.slots[0].any()
    assert training.rng.bit_generator.state == twin.rng.bit_generator.state
    # And so it trains to the same bits.
    next(iter(training)), next(iter(twin))
    assert np.array_equal(training.network.parameters, twin.network.parameters)


@pytest.mark.parametrize("largest", [0.5, 40.0])
def test_least_squares_diverge_where_theory_says(largest: float) -> None:
    """Full batches of ½ (Xw − t)² under gradient descent: beyond η = 2/λ_max the loss grows."""
    rng = np.random.default_rng(0)
    n, p = 200, 4
    Q, _ = np.linalg.qr(rng.normal(size=(n, p)))
    X = Q * np.sqrt(n * largest * np.array([1.0, 0.5, 0.3, 0.2]))
    data = Dataset(X, X @ rng.normal(size=p), name="squares")
    network = Network([Dense(np.zeros((p, 1)), np.zeros(1))])
    options = {"loss": "half_squared_error", "batch_size": n, "epochs": 200, "rng": rng}
    training = Training(network, data, optimizer="sgd", **options)
    found = learning_rate_range(training, lowest=1e-5, highest=1e3, steps=400)
    assert found.diverged_at is not None
    assert 2 / largest < found.diverged_at < 20 / largest
    assert found.best is not None
    assert found.suggestion is not None
    assert found.best < 3 / largest
    assert found.suggestion < 2 / largest
    for record in Training(network, data, optimizer=SGD(learning_rate=found.suggestion), **options):
        last = record.train_loss
    assert last < 1e-3 * float(found.losses[0])


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_the_suggestion_trains_well(optimizer: str, digits: Dataset) -> None:
    """Within reach of the best of five rates over nine decades, and far from the worst."""

    def last_loss(rate: float) -> float:
        from chalknet.training.optimizers import as_optimizer

        made = as_optimizer(optimizer, learning_rate=rate)
        return [record.train_loss for record in training_on(digits, [32], optimizer=made)][-1]

    found = learning_rate_range(training_on(digits, [32], optimizer=optimizer))
    assert found.suggestion is not None
    others = [last_loss(rate) for rate in (1e-4, 1e-3, 1e-2, 0.1, 1.0)]
    chosen = last_loss(found.suggestion)
    assert sum(other < chosen for other in others) <= 2
    assert chosen < 0.5 * max(others)


def test_it_stops_on_divergence(digits: Dataset) -> None:
    training = training_on(digits, [32], optimizer="momentum")
    told: list[int] = []
    found = learning_rate_range(training, highest=1e6, steps=200, on_step=told.append)
    assert found.diverged_at is not None
    assert len(found.losses) < 200
    assert told == list(range(1, len(told) + 1))
    assert np.isfinite(found.losses).all()
    assert found.rates[-1] <= found.diverged_at
    assert len(found.rates) == len(found.losses) == len(found.smoothed)


def test_a_number_that_is_not_finite_ends_the_sweep() -> None:
    data = Dataset(np.array([[1e30], [2e30]] * 20), [0.0, 1.0] * 20, name="huge")
    network = Network([Dense(np.ones((1, 1)), np.zeros(1))])
    training = Training(
        network, data, loss="mean_squared_error", optimizer="sgd", epochs=1, batch_size=2,
        rng=np.random.default_rng(0), engine="reference",
    )  # fmt: skip
    found = learning_rate_range(training, lowest=1e200, highest=1e300, steps=20)
    assert (len(found.losses), found.suggestion) == (1, None) or len(found.losses) == 0
    assert found.diverged_at is not None


def test_no_suggestion_where_nothing_falls(digits: Dataset) -> None:
    found = learning_rate_range(training_on(digits, [8]), lowest=1e-12, highest=1e-9, steps=60)
    assert (found.suggestion, found.best, found.steepest) == (None, None, None)
    assert found.diverged_at is None
    assert found.as_dict()["suggestion"] is None


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_rates_too_high_from_the_start_are_told(optimizer: str, digits: Dataset) -> None:
    found = learning_rate_range(
        training_on(digits, [32], optimizer=optimizer), lowest=100, highest=1e6
    )
    assert found.too_high
    assert (found.suggestion, found.best, found.steepest) == (None, None, None)
    assert found.diverged_at is not None
    assert found.diverged_at < 200
    usual = learning_rate_range(training_on(digits, [32], optimizer=optimizer))
    assert not usual.too_high
    assert usual.suggestion is not None


def test_the_untrained_loss_is_that_of_the_network(digits: Dataset) -> None:
    """On the batches of the first 11 steps, whatever the rates."""
    training = training_on(digits, [20])
    order = np.random.default_rng(5).permutation(len(digits))[: 11 * 32]
    outputs = torch.tensor(training.network.output(digits.X[order]))
    loss = torch.nn.functional.cross_entropy(outputs, torch.tensor(digits.targets[order]))
    for lowest in (1e-7, 100.0):
        found = learning_rate_range(
            training, lowest=lowest, highest=1e3, steps=40, rng=np.random.default_rng(5)
        )
        assert found.untrained == pytest.approx(float(loss), rel=1e-4)


@given(st.floats(-10, 10), st.floats(-1, 1), st.floats(2, 8))
def test_smoothing_keeps_straight_lines_and_does_not_lag(a: float, b: float, width: float) -> None:
    at = np.arange(80.0)
    smoothed, slopes, noise = _smoothed(a + b * at, width)
    assert smoothed == pytest.approx(a + b * at, abs=1e-9)
    assert slopes == pytest.approx(np.full(80, b), abs=1e-9)
    valley, _, _ = _smoothed((at - 47) ** 2, width)
    assert valley.argmin() == 47
    # The root of ∫ of the squared Gaussian, away from the ends.
    assert noise[40] == pytest.approx((2 * np.sqrt(np.pi) * width) ** -0.5, rel=1e-3)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"lowest": 0.0}, "the lowest rate must be above 0 and below the highest"),
        ({"lowest": 1.0, "highest": 0.1}, "not 1 and 0.1"),
        ({"highest": np.inf}, "must be finite"),
        ({"steps": 5}, "steps must be a whole number ≥ 20, not 5"),
    ],
)
def test_bad_options_are_one_sentence(options, sentence, digits: Dataset) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        learning_rate_range(training_on(digits, [8], optimizer=Adam(learning_rate=1.0)), **options)
