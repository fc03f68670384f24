"""Findings about gradients, steps and learning curves, and the watch over a training."""

from __future__ import annotations

import json

import numpy as np
import pytest
import scipy.stats
import torch
from sklearn.dummy import DummyRegressor
from sklearn.metrics import mean_absolute_error, mean_squared_error

from chalknet import (
    SGD,
    Dataset,
    EpochRecord,
    History,
    Model,
    Momentum,
    Network,
    Preprocessing,
    Training,
    load_dataset,
    split,
)
from chalknet.diagnose.health import Watch, check_health
from chalknet.diagnose.health.curves import baseline_loss, history_findings
from chalknet.diagnose.health.gradients import (
    gradient_findings,
    gradient_sizes,
    update_findings,
    update_ratios,
)
from chalknet.operations.losses import as_loss
from chalknet.training.optimizers import as_optimizer


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits").train


def training_on(data: Dataset, hidden, *, activation="relu", init="he_normal", **options):
    rng = np.random.default_rng(0)
    network = Network.dense(
        [data.n_features, *hidden, data.n_outputs], activation=activation, init=init, rng=rng
    )
    usual = {"loss": "softmax_cross_entropy", "optimizer": "adam", "epochs": 8, "batch_size": 32}
    return Training(network, data, rng=rng, **(usual | options))


def model_of(training: Training) -> Model:
    plan = training.plan
    return Model.for_data(training.network, plan.loss, plan.preprocessing, training.data)


def history_of(train, validation=None, accuracy=None, validation_accuracy=None) -> History:
    n = len(train)
    rows = zip(
        train, validation or [None] * n, accuracy or [None] * n, validation_accuracy or [None] * n,
        strict=True,
    )  # fmt: skip
    return History(
        [
            EpochRecord(
                epoch=k, train_loss=a, validation_loss=b, train_accuracy=c, validation_accuracy=d,
                learning_rate=0.1, seconds=0.1,
            )
            for k, (a, b, c, d) in enumerate(rows, start=1)
        ]
    )  # fmt: skip


def names(findings) -> list[str]:
    return [finding.name for finding in findings]


# gradients -----------------------------------------------------------------------------------


def test_sizes_of_gradients_are_pytorchs(digits: Dataset) -> None:
    training = training_on(digits, [20, 15], activation="tanh")
    some = digits.take(np.arange(100))
    A, signals = torch.tensor(some.X, dtype=torch.float64), []
    for k, layer in enumerate(training.network.layers):
        Z = A @ torch.tensor(layer.W, dtype=torch.float64) + torch.tensor(layer.b)
        Z.requires_grad_() if Z.is_leaf else Z.retain_grad()
        signals.append(Z)
        A = torch.tanh(Z) if k < 2 else Z
    torch.nn.functional.cross_entropy(A, torch.tensor(some.targets), reduction="sum").backward()
    expected = [float((Z.grad**2).mean().sqrt()) for Z in signals]
    assert gradient_sizes(model_of(training), some) == pytest.approx(expected, rel=1e-5)


def test_vanishing_and_exploding_gradients(digits: Dataset) -> None:
    sigmoid = training_on(digits, [30] * 7, activation="sigmoid")
    (finding,) = gradient_findings(model_of(sigmoid), digits)
    assert finding.name == "vanishing_gradients"
    assert finding.figures["ratio"] < 1e-2
    assert "chalknet variance 64,30x7,10 --activation sigmoid,relu" in finding.advice
    wild = training_on(digits, [30] * 7, init="normal(1)")
    assert names(gradient_findings(model_of(wild), digits)) == ["exploding_gradients"]
    sound = training_on(digits, [30] * 7)
    assert list(gradient_findings(model_of(sound), digits)) == []


def test_no_gradient_reaches_a_dead_layer(digits: Dataset) -> None:
    training = training_on(digits, [20, 20, 20])
    training.network.layers[1].b[...] = -1e3
    (finding,) = gradient_findings(model_of(training), digits)
    # Layer 3 gets nothing but zeros, and stands at its kinks.
    assert finding.title == "no gradient reaches layer 3 or any below"
    assert finding.severity == "serious"


# steps ---------------------------------------------------------------------------------------


def test_update_ratios_are_pytorchs(digits: Dataset) -> None:
    training = training_on(
        digits, [20], optimizer=Momentum(learning_rate=0.05), batch_size=64, epochs=2
    )
    next(iter(training))
    before = training.network.parameters.copy()
    ratios = update_ratios(training, np.random.default_rng(4))
    assert np.array_equal(training.network.parameters, before)
    weights = []
    for layer, (vW, vb) in zip(
        training.network.layers, training.network.views(training.plan.state.slots[0]), strict=True
    ):
        weights.append([torch.tensor(part.copy()) for part in (layer.W, layer.b, vW, vb)])
    order = np.random.default_rng(4).permutation(len(digits))
    for step in range(5):
        rows = order[64 * step : 64 * (step + 1)]
        A = torch.tensor(digits.X[rows])
        leaves = [[W.requires_grad_(), b.requires_grad_()] for W, b, _, _ in weights]
        for k, (W, b) in enumerate(leaves):
            A = A @ W + b
            A = torch.relu(A) if k == 0 else A
        torch.nn.functional.cross_entropy(A, torch.tensor(digits.targets[rows])).backward()
        expected = []
        for k, (W, b, vW, vb) in enumerate(weights):
            fW, fb = 0.9 * vW + W.grad, 0.9 * vb + b.grad
            expected.append(float(0.05 * fW.norm() / W.detach().norm()))
            weights[k] = [(W - 0.05 * fW).detach(), (b - 0.05 * fb).detach(), fW, fb]
        assert ratios[step] == pytest.approx(expected, rel=1e-3)


def test_updates_too_large_and_too_small(digits: Dataset) -> None:
    large = training_on(digits, [20], optimizer=SGD(learning_rate=20.0))
    (finding,) = update_findings(large)
    assert finding.name == "large_updates"
    assert finding.figures["ratios"] == pytest.approx(np.median(update_ratios(large), axis=0))
    small = training_on(digits, [20], optimizer=SGD(learning_rate=1e-7))
    assert names(update_findings(small)) == ["small_updates"]
    assert list(update_findings(training_on(digits, [20]))) == []


# curves --------------------------------------------------------------------------------------


def test_baselines_are_those_of_others(digits: Dataset) -> None:
    rng = np.random.default_rng(0)
    shares = np.bincount(digits.targets) / len(digits)
    found = baseline_loss(digits, as_loss("softmax_cross_entropy"))
    assert found == pytest.approx(scipy.stats.entropy(shares))
    y = rng.normal(3, 2, size=500) ** 3
    data = Dataset(y[:, None], y, name="numbers")
    for loss, strategy, measure, factor in (
        ("mean_squared_error", "mean", mean_squared_error, 1.0),
        ("half_squared_error", "mean", mean_squared_error, 0.5),
        ("absolute_error", "median", mean_absolute_error, 1.0),
    ):
        guess = DummyRegressor(strategy=strategy).fit(y[:, None], y).predict(y[:, None])
        expected = factor * measure(y, guess)
        assert baseline_loss(data, as_loss(loss)) == pytest.approx(expected)
    marks = (rng.random((300, 3)) < [0.1, 0.5, 0.9]).astype(int)
    several = Dataset(np.ones((300, 1)), marks, name="marks")
    expected = sum(scipy.stats.entropy([p, 1 - p]) for p in marks.mean(axis=0))
    assert baseline_loss(several, as_loss("sigmoid_cross_entropy")) == pytest.approx(expected)
    two = Dataset(np.ones((300, 1)), marks[:, 0], name="two")
    assert baseline_loss(two, as_loss("sigmoid_cross_entropy")) == pytest.approx(
        scipy.stats.entropy([marks[:, 0].mean(), 1 - marks[:, 0].mean()])
    )
    assert baseline_loss(data, as_loss("poisson")) is None


FALLING = [2.3 * 0.8**k for k in range(20)]
LEVELLED = [0.2 + 2 * 0.4**k for k in range(20)]


@pytest.mark.parametrize(
    ("history", "options", "expected"),
    [
        (history_of(LEVELLED, accuracy=[0.95] * 20), {"baseline": 2.3}, []),
        (history_of([2.31, 2.30, 2.305, 2.30]), {"baseline": 2.3}, ["not_learning"]),
        (history_of([2.3, 1.0, 1.5, 0.9, 1.7, 0.8]), {}, ["learning_rate_too_high"]),
        (history_of([2.3, 1.0, 0.5, 0.6, 0.7, 0.9, 1.2]), {}, ["learning_rate_too_high"]),
        (history_of(FALLING[:8]), {}, ["learning_rate_too_low"]),
        (history_of([2.3 * 0.99**k for k in range(10)]), {}, ["learning_rate_too_low"]),
        (history_of(LEVELLED, accuracy=[0.6] * 20), {"baseline": 2.3}, ["underfitting"]),
        (history_of([5.0, 3.1, 3.0, 3.0, 3.0, 3.0]), {"baseline": 4.0}, ["underfitting"]),
        (
            history_of(LEVELLED, validation=[0.5] * 10 + [0.6] * 10, accuracy=[0.95] * 20),
            {}, ["overfitting"],
        ),
        (
            history_of(LEVELLED, [0.5] * 20, [0.99] * 20, [0.8] * 20), {}, ["overfitting"],
        ),
        (history_of(LEVELLED, [0.5] * 20, [0.95] * 20, [0.93] * 20), {}, []),
        (history_of([2.3]), {"baseline": 2.3}, []),
        (History(), {}, []),
    ],
)  # fmt: skip
def test_what_a_curve_says(history, options, expected) -> None:
    findings = list(history_findings(history, **options))
    assert names(findings) == expected
    for finding in findings:
        json.dumps(finding.as_dict())


def test_early_stopping_makes_overfitting_a_note() -> None:
    history = history_of(LEVELLED, [0.5] * 5 + [0.9] * 15)
    (finding,) = history_findings(history)
    assert finding.severity == "serious"
    (finding,) = history_findings(history, best_epoch=1)
    assert finding.severity == "note"
    assert "kept the weights of epoch 1" in finding.evidence


def test_real_trainings_are_told_apart(digits: Dataset) -> None:
    """The same network on the same data, well trained and badly."""
    train, held_out = split(digits, 0.2, method="stratified", rng=np.random.default_rng(0))
    assert held_out is not None

    def found(**options) -> set[str]:
        epochs = options.pop("epochs", 15)
        training = training_on(options.pop("data", train), [48], epochs=epochs,
                               validation=held_out, **options)  # fmt: skip
        for _ in training:
            pass
        findings = check_health(training.data, model=model_of(training), history=training.history,
                                training=training, labels=False)  # fmt: skip
        return {finding.name for finding in findings if finding.severity != "note"}

    assert found() == set()
    assert "not_learning" in found(optimizer=as_optimizer("adam", learning_rate=1.0))
    assert found(optimizer=as_optimizer("sgd", learning_rate=1e-3)) == {"learning_rate_too_low"}
    # A hundred rows are learnt by heart.
    assert "overfitting" in found(data=train.take(np.arange(60)), epochs=200)
    assert "unscaled_inputs" in found(preprocessing=Preprocessing(divisor=1e-4), epochs=3)


# the watch -----------------------------------------------------------------------------------


def test_the_watch_tells_each_thing_once_and_again_when_it_gets_worse(digits: Dataset) -> None:
    training = training_on(digits, [20, 20], epochs=4)
    watch, told = Watch(), []
    for record in training:
        if record.epoch == 1:
            training.network.layers[0].b[:1] = -1e3
        elif record.epoch == 3:
            training.network.layers[0].b[:15] = -1e3
        told.append([(f.name, f.layer, f.severity) for f in watch.look(training)
                     if f.name == "dead_units" and f.layer == 1])  # fmt: skip
    assert told == [[("dead_units", 1, "note")], [], [("dead_units", 1, "serious")], []]


def test_watching_changes_nothing(digits: Dataset) -> None:
    watched, alone = (training_on(digits, [16], dropout=0.2, epochs=3) for _ in range(2))
    watch = Watch()
    for _ in watched:
        watch.look(watched)
    for _ in alone:
        pass
    assert np.array_equal(watched.network.parameters, alone.network.parameters)
