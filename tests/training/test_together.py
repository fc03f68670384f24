"""Trainings side by side give what each gives alone, whatever becomes of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chalknet import (
    SGD,
    Adam,
    Dataset,
    DivergenceError,
    EarlyStopping,
    Network,
    Training,
    train,
    train_together,
)
from chalknet.engine import ReferenceEngine
from chalknet.engine.compiled.engine import CompiledEngine


def data(n: int = 200, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    X = (rng.normal(size=(n, 30)) + y[:, None]) * (rng.random((n, 30)) < 0.5)
    return Dataset(X.astype(np.float32), y, name="clouds")


DATA, VALIDATION = data(), data(80, 1)


def training(**changes: Any) -> Training:
    rng = np.random.default_rng(7)
    network = Network.dense([30, changes.pop("hidden", 6), 3], rng=rng)
    options = {
        "loss": "softmax_cross_entropy",
        "optimizer": Adam(learning_rate=0.01),
        "epochs": 4,
        "batch_size": 16,
        "rng": rng,
        "threads": 1,
        "validation": VALIDATION,
    } | changes
    return Training(network, DATA, **options)


def outcome(one: Training) -> tuple[Any, ...]:
    """All that is learnt, but for how long it took."""
    curves = [
        (r.epoch, r.train_loss, r.train_accuracy, r.validation_loss, r.validation_accuracy)
        for r in one.history.records
    ]
    return one.network.parameters.tobytes(), curves, one.history.best_epoch


MANY: list[dict[str, Any]] = [
    {},
    {"optimizer": SGD(learning_rate=0.1), "schedule": "cosine"},
    {"epochs": 2},
    {"dropout": 0.2},  # which draws another order after the first epoch
    {"l2": 0.01, "class_weight": "balanced"},
    {"early_stopping": EarlyStopping(patience=1), "optimizer": SGD(learning_rate=2.0)},
    {"batch_size": 50},
    {"hidden": 9},
    {"shuffle": False},
]


def test_each_is_what_it_is_alone() -> None:
    alone = [training(**options) for options in MANY]
    for one in alone:
        list(one)
    beside = [training(**options) for options in MANY]
    told = list(train_together(beside))
    assert [outcome(one) for one in beside] == [outcome(one) for one in alone]
    for one in beside:
        assert [record for who, record in told if who is one] == one.history.records


def test_those_alike_are_taken_together(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    run_together = CompiledEngine.run_together

    def noted(self: CompiledEngine, requests: Any) -> None:
        sizes.append(len(requests))
        run_together(self, requests)

    monkeypatch.setattr(CompiledEngine, "run_together", noted)
    list(train_together([training(), training(l2=0.1), training(batch_size=50), training()]))
    assert set(sizes) == {1, 3}


def test_one_that_diverges_is_told_of_when_the_others_are_done() -> None:
    wild = training(optimizer=SGD(learning_rate=1e30))
    calm = [training(), training(l2=0.1)]
    trainings = [calm[0], wild, calm[1]]
    with pytest.raises(DivergenceError, match="epoch 1, step 2, at learning rate 1e") as caught:
        list(train_together(trainings))
    assert wild.divergence is caught.value
    assert [one.divergence for one in calm] == [None, None]
    assert [len(one.history) for one in trainings] == [4, 0, 4]
    alone = training(optimizer=SGD(learning_rate=1e30))
    with pytest.raises(DivergenceError):
        list(alone)
    assert wild.network.parameters.tobytes() == alone.network.parameters.tobytes()


def test_one_may_be_stopped_and_gone_on_with() -> None:
    whole = training()
    list(whole)
    stopped, other = training(), training(l2=0.1)
    epochs = []
    for one, record in train_together([stopped, other]):
        epochs.append((one is stopped, record.epoch))
        if one is stopped and record.epoch == 2:
            stopped.stop()
    assert stopped.stopped
    assert not stopped.finished
    assert other.finished
    assert epochs == [(True, 1), (False, 1), (True, 2), (False, 2), (False, 3), (False, 4)]
    list(train_together([stopped]))
    assert outcome(stopped) == outcome(whole)


def test_breaking_off_leaves_all_to_be_gone_on_with() -> None:
    alone = [training(), training(l2=0.1)]
    for one in alone:
        list(one)
    beside = [training(), training(l2=0.1)]
    for one, record in train_together(beside):
        if one is beside[0] and record.epoch == 3:
            break
    list(train_together(beside))
    assert [outcome(one) for one in beside] == [outcome(one) for one in alone]


def test_on_the_reference_engine() -> None:
    engine = ReferenceEngine()
    alone = [training(engine=engine, epochs=1), training(engine=engine, epochs=1, l2=0.1)]
    for one in alone:
        list(one)
    beside = [training(engine=engine, epochs=1), training(engine=engine, epochs=1, l2=0.1)]
    list(train_together(beside))
    assert [outcome(one) for one in beside] == [outcome(one) for one in alone]


def test_none_is_no_training() -> None:
    assert list(train_together([])) == []


def test_the_seconds_of_an_epoch_are_shared() -> None:
    """What they add up to is no more than it took."""
    import time

    began = time.perf_counter()
    told = list(train_together([training(), training(), training()]))
    assert sum(record.seconds for _, record in told) <= time.perf_counter() - began


def test_train_yields_records_as_ever() -> None:
    rng = np.random.default_rng(0)
    network = Network.dense([30, 5, 3], rng=rng)
    options = {"loss": "softmax_cross_entropy", "optimizer": "sgd", "epochs": 3, "batch_size": 20}
    assert [record.epoch for record in train(network, DATA, rng=rng, **options)] == [1, 2, 3]
