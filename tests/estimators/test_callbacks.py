"""Who hears of an epoch: plain functions, and scikit-learn's callbacks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chalknet import EpochRecord, MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_iris(return_X_y=True)


def test_functions_are_called_with_the_epochs_record():
    records = []
    estimator = MLPClassifier(6, random_state=0, max_iter=8, callbacks=records.append, alpha=0.0)
    estimator.fit(X, y, X_val=X[::3], y_val=y[::3])
    assert [type(record) for record in records] == [EpochRecord] * 8
    assert [record.epoch for record in records] == list(range(1, 9))
    assert [record.train_loss for record in records] == estimator.loss_curve_
    assert [record.validation_loss for record in records] == estimator.validation_loss_curve_
    assert [record.validation_accuracy for record in records] == estimator.validation_scores_
    assert all(0 <= record.train_accuracy <= 1 and record.seconds > 0 for record in records)
    assert {record.learning_rate for record in records} == {0.001}


def test_the_record_has_the_loss_without_the_penalty():
    records = []
    estimator = MLPRegressor(
        hidden_layer_sizes=4, alpha=10.0, batch_size=150, max_iter=1, callbacks=[records.append]
    )
    W = estimator.initialize(X, y).coefs_
    before = 5.0 / 150 * sum(float((layer**2).sum()) for layer in W)
    estimator.set_params(warm_start=True).fit(X, y)
    assert estimator.loss_ - records[0].train_loss == pytest.approx(before)
    assert records[0].train_accuracy is None


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_one_that_returns_true_ends_training_without_a_warning(solver, recwarn):
    heard = []

    def enough(record):
        return np.equal(record.epoch, 3)  # NumPy's True is as good

    estimator = MLPClassifier(5, solver=solver, callbacks=[enough, heard.append], random_state=0)
    estimator.fit(X, y)
    assert estimator.n_iter_ == len(heard) == 3
    assert not recwarn
    with pytest.raises(ZeroDivisionError):
        MLPClassifier(callbacks=lambda record: 1 / 0).fit(X, y)


def test_they_are_called_in_partial_fit_and_survive_clone():
    heard = []
    estimator = clone(MLPClassifier(5, callbacks=[heard.append]))
    estimator.callbacks = [heard.append]
    for _ in range(3):
        estimator.partial_fit(X, y, classes=[0, 1, 2])
    assert [record.epoch for record in heard] == [1, 2, 3]


class Recorder:
    """A callback by scikit-learn's protocol."""

    def __init__(self, stop_at=None):
        self.events, self.stop_at, self.fitted = [], stop_at, []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(f"begin {context.task_name} {context.task_id}")

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        self.events.append(f"end {context.task_name} {context.task_id}")
        self.fitted.append((fitted_estimator, X, y, metadata))
        return context.task_name == "epoch" and context.task_id + 1 == self.stop_at


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_scikit_learns_protocol(solver):
    recorder = Recorder(stop_at=2)
    frame = pd.DataFrame(X, columns=list("abcd"))
    weight = np.ones(150)
    estimator = MLPClassifier(5, solver=solver, random_state=0).set_callbacks(recorder)
    estimator.fit(frame, y, weight)
    assert recorder.events == [
        *("setup", "begin fit 0", "begin epoch 0", "end epoch 0", "begin epoch 1", "end epoch 1"),
        *("end fit 0", "teardown"),
    ]
    assert estimator.n_iter_ == 2
    (first, X_told, y_told, metadata), (second, *_), (whole, *_) = recorder.fitted
    assert X_told is frame
    assert y_told is y
    assert metadata["sample_weight"] is weight
    np.testing.assert_array_equal(second.predict_proba(frame), estimator.predict_proba(frame))
    np.testing.assert_array_equal(whole.coefs_[0], estimator.coefs_[0])
    assert np.abs(first.predict_proba(frame) - second.predict_proba(frame)).max() > 0


def test_teardown_comes_when_fit_fails_too():
    recorder = Recorder()
    estimator = MLPRegressor(callbacks=lambda record: 1 / 0).set_callbacks(recorder)
    with pytest.raises(ZeroDivisionError):
        estimator.fit(X, y)
    assert recorder.events[-1] == "teardown"
    with pytest.raises(ValueError, match="alpha must be"):
        estimator.set_params(alpha=-1).fit(X, y)


def test_their_scoring_monitor_sees_each_epoch():
    monitor = ScoringMonitor(scoring="neg_log_loss")
    estimator = MLPClassifier(6, random_state=0, max_iter=4).set_callbacks(monitor)
    estimator.fit(X, y)
    logged = [row["neg_log_loss"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    parts = MLPClassifier(6, random_state=0, max_iter=4)
    for loss in logged:
        parts.partial_fit(X, y, classes=[0, 1, 2])
        assert -loss == pytest.approx(log_loss(y, parts.predict_proba(X)))
    assert len(logged) == 4


def test_callbacks_reach_it_through_pipelines_and_searches(capfd):
    inputs, labels = load_breast_cancer(return_X_y=True)
    chain = make_pipeline(StandardScaler(), MLPClassifier(4, max_iter=3, random_state=0))
    chain.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(inputs, labels)
    search = GridSearchCV(
        MLPClassifier(4, max_iter=3, random_state=0), {"alpha": [0.1, 1.0]}, cv=2, n_jobs=1
    )
    search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(inputs, labels)
    out, _ = capfd.readouterr()
    assert "MLPClassifier - fit" in out
    assert search.best_score_ > 0.5
