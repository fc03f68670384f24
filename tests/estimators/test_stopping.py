"""When training ends, and what it leaves behind."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

from chalknet import DivergenceError, MLPClassifier, MLPRegressor
from chalknet.estimators.patience import Patience

X, y = load_digits(return_X_y=True)
X, y = X[:400] / 16, y[:400]


def test_patience_counts_as_scikit_learn_does():
    patience = Patience()
    better = [patience.observe(v, tol=0.1, larger_is_better=False) for v in (3, 2.95, 2.5, 2.6)]
    assert better == [True, True, True, False]
    assert patience == Patience(best=2.5, waited=1)
    patience.observe(2.45, tol=0.1, larger_is_better=False)
    assert patience == Patience(best=2.45, waited=2)
    assert patience.exhausted(1)
    assert not patience.exhausted(2)
    assert not patience.exhausted(math.inf)
    score = Patience()
    assert score.observe(0.5, tol=0.1, larger_is_better=True)
    assert not score.observe(math.nan, tol=0.1, larger_is_better=True)
    assert score == Patience(best=0.5, waited=0)


@pytest.mark.parametrize("n_iter_no_change", [1, 2, 5, 20])
def test_it_ends_after_so_many_epochs_without_progress(n_iter_no_change):
    estimator = MLPClassifier(tol=0.01, solver="sgd", max_iter=3000, random_state=0)
    estimator.set_params(n_iter_no_change=n_iter_no_change).fit(X, y)
    assert estimator.n_iter_ < 3000
    best, waited = math.inf, 0
    for loss in estimator.loss_curve_:
        assert waited <= n_iter_no_change
        waited = waited + 1 if loss > best - 0.01 else 0
        best = min(best, loss)
    assert waited == n_iter_no_change + 1
    assert estimator.best_loss_ == best


def test_it_never_ends_before_max_iter_if_patience_is_infinite():
    estimator = MLPClassifier(4, tol=1e9, n_iter_no_change=math.inf, max_iter=60)
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(60\) reached"):
        estimator.fit(X, y)
    assert estimator.n_iter_ == 60


def test_an_adaptive_rate_is_divided_until_it_is_tiny():
    rates = []
    estimator = MLPClassifier(
        4,
        solver="sgd",
        learning_rate="adaptive",
        tol=0.5,
        n_iter_no_change=2,
        max_iter=3000,
        callbacks=lambda record: rates.append(record.learning_rate),
    ).fit(X, y)
    assert estimator.n_iter_ < 3000
    distinct = sorted(set(rates), reverse=True)
    np.testing.assert_allclose(distinct, [0.001 / 5**k for k in range(len(distinct))])
    assert distinct[-1] <= 1e-6 < distinct[-2]


def test_held_out_rows_given_by_hand():
    train, held = (X[:300], y[:300]), (X[300:], y[300:])
    estimator = MLPClassifier(30, random_state=0, early_stopping=True, learning_rate_init=0.01)
    estimator.fit(*train, X_val=held[0], y_val=held[1])
    assert estimator.best_loss_ is None
    assert max(estimator.validation_scores_) == estimator.best_validation_score_
    assert estimator.score(*held) == pytest.approx(estimator.best_validation_score_)
    assert len(estimator.validation_loss_curve_) == estimator.n_iter_
    assert estimator.t_ == 300 * estimator.n_iter_  # nothing was split off
    best = int(np.argmax(estimator.validation_scores_))
    expected = log_loss(held[1], estimator.predict_proba(held[0]), labels=range(10))
    assert estimator.validation_loss_curve_[best] == pytest.approx(expected)


def test_held_out_rows_are_watched_without_early_stopping_too():
    plain = MLPRegressor(hidden_layer_sizes=10, random_state=0, max_iter=300, tol=0.1)
    plain.fit(X[:300], y[:300])
    watched = MLPRegressor(hidden_layer_sizes=10, random_state=0, max_iter=300, tol=0.1)
    weight = np.random.default_rng(0).random(100)
    watched.fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:], sample_weight_val=weight)
    np.testing.assert_array_equal(plain.coefs_[0], watched.coefs_[0])
    assert plain.validation_loss_curve_ is plain.validation_scores_ is None
    residual = watched.predict(X[300:]) - y[300:]
    half = np.average(residual**2, weights=weight) / 2
    assert watched.validation_loss_curve_[-1] == pytest.approx(half)
    assert watched.validation_scores_[-1] == pytest.approx(watched.score(X[300:], y[300:], weight))


def test_poisson_and_several_outputs_on_held_out_rows():
    Y = np.column_stack([y, y[::-1]]) / 5
    estimator = MLPRegressor("poisson", 10, max_iter=400, tol=1e-2, random_state=0)
    estimator.fit(X[:300], Y[:300], X_val=X[300:], y_val=Y[300:])
    mu, t = estimator.predict(X[300:]), Y[300:]
    with np.errstate(divide="ignore", invalid="ignore"):
        deviance = np.where(t > 0, t * np.log(t / mu), 0) - t + mu
    expected = deviance.sum(axis=1).mean()
    assert estimator.validation_loss_curve_[-1] == pytest.approx(expected)
    assert estimator.validation_scores_[-1] == pytest.approx(estimator.score(X[300:], t))


@pytest.mark.parametrize(
    ("held_out", "message"),
    [
        ({"X_val": X}, "X_val needs y_val beside it"),
        ({"y_val": y}, "y_val and sample_weight_val need X_val beside them"),
        ({"X_val": X[:, :3], "y_val": y}, "X has 3 features, but MLPClassifier is expecting 64"),
        ({"X_val": X, "y_val": y + 1}, r"`y` has classes not in `self\.classes_`"),
        ({"X_val": X, "y_val": np.where(y == 3, np.nan, y)}, "Input y_val contains NaN|y contains"),
        ({"X_val": X * np.nan, "y_val": y}, "Input X contains NaN"),
        ({"X_val": X, "y_val": y[:-1]}, "inconsistent numbers of samples"),
        (
            {"X_val": X, "y_val": y, "sample_weight_val": [1.0]},
            r"sample_weight_val must have shape \(400,\), but has shape \(1,\)",
        ),
    ],
)
def test_held_out_rows_that_do_not_fit(held_out, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier(max_iter=2).fit(X, y, **held_out)


def diverging(**options):
    return MLPRegressor(
        hidden_layer_sizes=20,
        activation="identity",
        solver="sgd",
        learning_rate_init=3.0,
        random_state=0,
        **options,
    )


def test_divergence_is_an_error_that_says_where():
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights") as caught:
        diverging().fit(X, y)
    assert isinstance(caught.value, DivergenceError)
    assert f"in epoch {caught.value.epoch}, step {caught.value.step}, at" in str(caught.value)
    assert "take a smaller learning_rate_init" in str(caught.value)


def test_after_divergence_early_stopping_keeps_the_best_weights():
    estimator = diverging(early_stopping=True, momentum=0.0, max_iter=50)
    estimator.set_params(learning_rate_init=0.5)
    with pytest.warns(ConvergenceWarning, match="the weights of the best epoch before are kept"):
        estimator.fit(X, y)
    assert math.isnan(estimator.validation_scores_[-1])
    assert len(estimator.validation_scores_) == estimator.n_iter_ == len(estimator.loss_curve_)
    assert np.isfinite(estimator.predict(X)).all()


def test_lbfgs_that_cannot_begin_says_so():
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        MLPRegressor(solver="lbfgs").fit(X * 1e308, y)


def test_lbfgs_warns_and_records():
    estimator = MLPClassifier(5, solver="lbfgs", max_iter=5, random_state=0)
    with pytest.warns(ConvergenceWarning, match="lbfgs did not converge in 5 iterations"):
        estimator.fit(X, y, X_val=X[:50], y_val=y[:50])
    assert estimator.n_iter_ == len(estimator.loss_curve_) == 5
    assert estimator.loss_ == pytest.approx(estimator.loss_curve_[-1])
    assert len(estimator.validation_loss_curve_) == 5
    assert estimator.best_loss_ == min(estimator.loss_curve_)
    assert estimator.best_validation_score_ == max(estimator.validation_scores_)
    assert estimator.loss_curve_ == sorted(estimator.loss_curve_, reverse=True)


def test_max_fun_limits_evaluations():
    estimator = MLPClassifier(5, solver="lbfgs", max_fun=7)
    with pytest.warns(ConvergenceWarning, match="7 evaluations|8 evaluations"):
        estimator.fit(X, y)
    assert estimator.n_iter_ <= 8


def test_an_interrupt_ends_training_and_keeps_the_network():
    estimator = MLPClassifier(20, tol=0.0, max_iter=100_000, n_iter_no_change=math.inf)

    def interrupt():
        time.sleep(0.4)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        estimator.fit(X, y)
    thread.join()
    assert time.perf_counter() - began < 5
    assert [str(w.message) for w in said] == ["Training interrupted by user."]
    assert 0 < estimator.n_iter_ < 100_000
    assert estimator.score(X, y) > 0.5


def test_a_batch_larger_than_the_data():
    with pytest.warns(UserWarning, match="batch_size=1000 is more than the 400 samples"):
        MLPClassifier(4, batch_size=1000, tol=1.0).fit(X, y)


def test_warnings_point_at_the_line_that_called_fit():
    culprits = [
        MLPClassifier(4, max_iter=1),
        MLPClassifier(4, max_iter=1, solver="lbfgs"),
        MLPClassifier(4, batch_size=1000, tol=1.0),
        diverging(early_stopping=True, momentum=0.0, max_iter=50).set_params(
            learning_rate_init=0.5
        ),
    ]
    for estimator in culprits:
        with pytest.warns(UserWarning, match="converge|batch_size|diverged") as said:
            estimator.fit(X, y)
        assert {warning.filename for warning in said} == {__file__}
