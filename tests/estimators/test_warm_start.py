"""warm_start: begin with the weights there are; everything else anew."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import neural_network
from sklearn.datasets import load_digits

from chalknet import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_digits(return_X_y=True)
X, y = X[:400] / 16, y[:400]


def test_it_begins_where_it_ended():
    warm = MLPClassifier(10, random_state=0, max_iter=20, warm_start=True).fit(X, y)
    end = warm.loss_
    warm.set_params(max_iter=1).fit(X, y)
    assert warm.loss_ < 1.1 * end
    assert warm.n_iter_ == 1
    assert len(warm.loss_curve_) == 21
    cold = MLPClassifier(10, random_state=0, max_iter=20).fit(X, y)
    cold.set_params(max_iter=1).fit(X, y)
    assert cold.loss_ > 1.1 * end
    assert len(cold.loss_curve_) == 1


def test_epochs_without_progress_are_counted_anew():
    """Theirs goes on counting: after a fit that converged the next ends after a single epoch."""
    options = {"tol": 1e-3, "learning_rate_init": 0.01, "max_iter": 500, "warm_start": True}
    turned = (y + 5) % 10
    ours, theirs = (
        cls(30, random_state=0, **options).fit(X, y)
        for cls in (MLPClassifier, neural_network.MLPClassifier)
    )
    assert ours.n_iter_ == theirs.n_iter_ < 500
    assert ours.fit(X, turned).n_iter_ > 12
    assert ours.score(X, turned) > 0.99
    assert theirs.fit(X, turned).n_iter_ == 1
    assert theirs.score(X, turned) < 0.1


def test_the_best_weights_are_those_of_this_fit():
    """Theirs compares with scores of the fit before, on other data, and may restore its weights."""
    warm = MLPClassifier(
        20, random_state=0, learning_rate_init=0.01, early_stopping=True, warm_start=True
    )
    warm.fit(X, y)
    first = warm.best_validation_score_
    noisy = np.where(np.random.default_rng(0).random(len(y)) < 0.4, (y + 3) % 10, y)
    begin = len(warm.validation_scores_)
    warm.fit(X, noisy)
    assert warm.best_validation_score_ == max(warm.validation_scores_[begin:]) < first


def test_weights_left_as_they_are_when_the_rate_is_next_to_nothing():
    warm = MLPRegressor(hidden_layer_sizes=5, random_state=0, warm_start=True, max_iter=3)
    warm.fit(X, y)
    before = [W.copy() for W in warm.coefs_]
    warm.set_params(learning_rate_init=1e-30).fit(X, y)
    for was, now in zip(before, warm.coefs_, strict=True):
        np.testing.assert_allclose(now, was, atol=1e-20)


def test_invscaling_goes_on_scaling():
    """The rate follows the samples seen in all, t; theirs begins each fit with the full rate."""
    rates = []
    warm = MLPClassifier(
        4,
        solver="sgd",
        learning_rate="invscaling",
        learning_rate_init=0.5,
        power_t=0.25,
        max_iter=2,
        warm_start=True,
        callbacks=lambda record: rates.append(record.learning_rate),
    )
    warm.fit(X, y).fit(X, y)
    expected = [0.5 / (t + 1) ** 0.25 for t in (0, 400, 800, 1200)]
    np.testing.assert_allclose(rates, expected)


def test_another_solver_and_another_activation_may_take_over():
    warm = MLPRegressor(hidden_layer_sizes=8, random_state=0, warm_start=True, max_iter=50)
    first = warm.fit(X, y).loss_
    second = warm.set_params(solver="lbfgs").fit(X, y).loss_
    assert second < first
    warm.set_params(solver="sgd", learning_rate_init=1e-4).fit(X, y)
    assert warm.loss_ < 2 * second
    warm.set_params(activation="tanh", learning_rate_init=1e-30, max_iter=1).fit(X, y)
    A = X
    for W, b in zip(warm.coefs_, warm.intercepts_, strict=True):
        last = A @ W + b
        A = np.tanh(last)
    np.testing.assert_allclose(warm.predict(X), last[:, 0])


def test_the_type_of_the_weights_stays():
    warm = MLPRegressor(hidden_layer_sizes=4, warm_start=True, max_iter=2)
    warm.fit(X.astype(np.float32), y)
    warm.fit(X, y)
    assert {W.dtype for W in warm.coefs_} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_layer_sizes": (7,)}, r"widths \[64, 5, 10\], .* call for \[64, 7, 10\]: set hid"),
        ({"hidden_layer_sizes": (5, 5)}, r"call for \[64, 5, 5, 10\]"),
    ],
)
def test_another_network_is_refused(changes, message):
    """Theirs keeps the old network and says nothing."""
    warm = MLPClassifier(5, warm_start=True, max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match=message):
        warm.set_params(**changes).fit(X, y)


def test_other_data_is_refused():
    warm = MLPClassifier(5, warm_start=True, max_iter=2).fit(X, y)
    with pytest.raises(ValueError, match="the same classes as in the previous call to fit"):
        warm.fit(X[y < 5], y[y < 5])
    with pytest.raises(ValueError, match="X has 9 features, but MLPClassifier is expecting 64"):
        warm.fit(X[:, :9], y)


def test_without_it_everything_begins_anew():
    estimator = MLPClassifier(5, random_state=0, max_iter=3).fit(X, y)
    estimator.fit(X[:, :9], y > 4)
    assert estimator.coefs_[0].shape == (9, 5)
    assert estimator.classes_.tolist() == [False, True]
    assert len(estimator.loss_curve_) == 3
    again = MLPClassifier(5, random_state=0, max_iter=3).fit(X[:, :9], y > 4)
    np.testing.assert_array_equal(again.coefs_[0], estimator.coefs_[0])


def test_initialize_draws_what_fit_would_begin_with():
    drawn = MLPClassifier(6, random_state=5, max_iter=1).initialize(X, y)
    assert (drawn.n_iter_, drawn.t_, drawn.loss_curve_) == (0, 0, [])
    assert drawn.predict_proba(X).shape == (400, 10)
    still = MLPClassifier(6, random_state=5, learning_rate_init=1e-30, max_iter=1).fit(X, y)
    for one, other in zip(drawn.coefs_, still.coefs_, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-20)


def test_training_goes_on_from_what_initialize_drew():
    fitted = MLPClassifier(6, random_state=5, max_iter=4).fit(X, y)
    parts = MLPClassifier(6, random_state=5, max_iter=4).initialize(X, y)
    for _ in range(4):
        parts.partial_fit(X, y)
    np.testing.assert_array_equal(parts.coefs_[0], fitted.coefs_[0])
    warm = MLPClassifier(6, random_state=5, max_iter=4, warm_start=True).initialize(X, y)
    warm.coefs_[0][...] = 0.0
    warm.intercepts_[0][...] = 0.0
    warm.coefs_[1][...] = 0.0
    warm.intercepts_[1][...] = 0.0
    warm.fit(X, y)  # from all zeros only the last bias can move
    assert not warm.coefs_[0].any()
    assert warm.intercepts_[1].any()


def test_weights_may_be_put_in_place_by_hand():
    """As federated learning does: parameters out, averaged elsewhere, and in again."""
    one = MLPClassifier(6, random_state=1, max_iter=3).fit(X[:200], y[:200])
    two = MLPClassifier(6, random_state=2, max_iter=3).fit(X[200:], y[200:])
    mean = [(a + b) / 2 for a, b in zip(one.coefs_, two.coefs_, strict=True)]
    bias = [(a + b) / 2 for a, b in zip(one.intercepts_, two.intercepts_, strict=True)]
    one.coefs_, one.intercepts_ = mean, bias
    hidden = np.maximum(X @ mean[0] + bias[0], 0)
    expected = (hidden @ mean[1] + bias[1]).argmax(axis=1)
    np.testing.assert_array_equal(one.predict(X), expected)
    one.coefs_[1] = np.zeros((6, 10))
    one.intercepts_[1] = np.eye(10)[7]
    assert (one.predict(X) == 7).all()
    one.intercepts_[1][...] = np.eye(10)[2]
    assert (one.predict(X) == 2).all()
    one.partial_fit(X, y)
    assert one.coefs_[1].any()


def test_weights_that_do_not_fit_are_refused():
    fitted = MLPRegressor(hidden_layer_sizes=4, max_iter=2).fit(X, y)
    fitted.coefs_ = fitted.coefs_[:1]
    with pytest.raises(ValueError, match="an array for each of the 2 layers, but have 1 and 2"):
        fitted.predict(X)
