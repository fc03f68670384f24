"""Predictions agree with the model and with the arithmetic written out."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from chalknet import Dataset, Dense, Model, Network, TargetError
from chalknet.evaluation.predictions import predictions_of
from chalknet.training import validation


def _classifier(outputs: int = 3, loss: str = "softmax_cross_entropy", seed: int = 0) -> Model:
    rng = np.random.default_rng(seed)
    network = Network.dense([4, 7, outputs], rng=rng)
    return Model(network, loss, classes=np.array(["a", "b", "c"][: max(outputs, 2)]))


@pytest.mark.parametrize(
    ("outputs", "loss"),
    [
        (3, "softmax_cross_entropy"),
        (2, "softmax_cross_entropy"),
        (1, "sigmoid_cross_entropy"),
        (3, "sigmoid_cross_entropy"),
        (1, "mean_squared_error"),
        (3, "mean_squared_error"),
    ],
)
def test_decisions_and_scores_are_those_of_predict(outputs: int, loss: str) -> None:
    model = _classifier(outputs, loss)
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 4))
    labels = model.classes[rng.integers(0, len(model.classes), 50)]
    found = predictions_of(model, Dataset(X, labels, name="d", classes=model.classes))
    assert_array_equal(model.classes[found.decided], model.predict(X))
    assert_array_equal(found.right, model.predict(X) == labels)
    assert found.scores.shape == (50, len(model.classes))
    assert found.probabilistic == ("cross_entropy" in loss)
    if found.probabilistic:
        assert_allclose(found.scores, model.predict_proba(X))


def test_losses_are_minus_log_probability_of_the_truth() -> None:
    model = _classifier()
    X = np.random.default_rng(1).normal(size=(20, 4))
    found = predictions_of(model, Dataset(X, ["a", "b"] * 10, name="d", classes=model.classes))
    truth = np.array([0, 1] * 10)
    assert_allclose(found.losses, -np.log(model.predict_proba(X)[np.arange(20), truth]), rtol=1e-12)


def test_slices_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model, X = _classifier(), np.random.default_rng(1).normal(size=(20, 4))
    data = Dataset(X, ["a", "b"] * 10, name="d", classes=model.classes)
    whole = predictions_of(model, data)
    monkeypatch.setattr(validation, "ROWS_A_SLICE", 7)
    parts = predictions_of(model, data)
    assert_allclose(parts.scores, whole.scores, rtol=1e-12)
    assert_allclose(parts.losses, whole.losses, rtol=1e-12)


def test_bytes_never_become_floats_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(Network.dense([4, 3], rng=np.random.default_rng(0)), "softmax_cross_entropy",
                  classes=np.arange(3))  # fmt: skip
    seen: list[int] = []
    output = Model.output

    def watched(self: Model, X: np.ndarray) -> np.ndarray:
        assert X.dtype == np.uint8
        seen.append(len(X))
        return output(self, X)

    monkeypatch.setattr(validation, "ROWS_A_SLICE", 8)
    monkeypatch.setattr(Model, "output", watched)
    X = np.zeros((20, 4), np.uint8)
    predictions_of(model, Dataset(X, np.arange(20) % 3, name="d"))
    assert seen == [8, 8, 4]


def test_a_test_set_that_lacks_a_class_or_orders_them_otherwise() -> None:
    model = Model(Network([Dense(np.eye(3), np.zeros(3))]), "softmax_cross_entropy",
                  classes=np.array(["x", "y", "z"]))  # fmt: skip
    found = predictions_of(model, Dataset(np.eye(3)[[2, 0]], ["z", "x"], name="two of three"))
    assert_array_equal(found.truth, [2, 0])
    assert found.right.all()


def test_unknown_labels_and_other_kinds_of_targets_are_refused() -> None:
    model = _classifier()
    X = np.zeros((2, 4))
    with pytest.raises(TargetError, match="none of the 3 known classes"):
        predictions_of(model, Dataset(X, ["a", "q"], name="d"))
    with pytest.raises(TargetError, match="the model predicts classes, but d has numbers"):
        predictions_of(model, Dataset(X, [0.5, 1.5], name="d"))
    numbers = Model(Network.dense([4, 1], rng=np.random.default_rng(0)), "mean_squared_error")
    with pytest.raises(TargetError, match="the model predicts numbers, but d has classification"):
        predictions_of(numbers, Dataset(X, ["a", "b"], name="d"))


def test_multilabel_decides_every_label_by_itself() -> None:
    model = Model(Network([Dense(np.eye(2), np.zeros(2))]), "sigmoid_cross_entropy",
                  classes=np.arange(2), multilabel=True)  # fmt: skip
    X = np.array([[1.0, -1.0], [2.0, 3.0], [-1.0, 0.0]])
    found = predictions_of(model, Dataset(X, [[1, 0], [1, 0], [0, 0]], name="d"))
    assert_array_equal(found.decided, [[1, 0], [1, 1], [0, 0]])
    assert_array_equal(found.right, [True, False, True])
    assert_allclose(found.scores, 1 / (1 + np.exp(-X)))
