"""What the regressor adds: losses whose minima are known, several outputs, types kept."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import HuberRegressor, PoissonRegressor, QuantileRegressor, Ridge
from sklearn.preprocessing import scale

import chalknet as ck
from chalknet import MLPRegressor
from chalknet.operations.losses import as_loss

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_diabetes(return_X_y=True)
X, y = scale(X), scale(y)


def linear(loss, solver="lbfgs", **options):
    """A network without hidden layers: what it must converge to is known."""
    options = {"alpha": 0.0, "max_iter": 3000, "tol": 1e-7, "random_state": 0, **options}
    return MLPRegressor(loss, (), solver=solver, **options)


def pinball(tau):
    """The loss of the τ quantile."""

    def loss(o, t):
        r = t - o
        return np.where(r > 0, tau * r, (tau - 1.0) * r), np.where(r > 0, -tau, 1.0 - tau)

    return loss


def settled(loss):
    """By steps that become small enough for a loss with a kink."""
    return linear(
        loss,
        solver="adam",
        learning_rate="cosine",
        learning_rate_init=0.05,
        max_iter=1500,
        tol=0.0,
        n_iter_no_change=np.inf,
    )


def test_squared_error_is_ridge_regression():
    """½ mean r² + ½ α Σ w² / n, as Ridge has it times n."""
    ours = linear("squared_error", alpha=50.0).fit(X, y)
    theirs = Ridge(alpha=50.0).fit(X, y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=0, atol=2e-4)


def test_absolute_error_is_median_regression():
    ours = settled("absolute_error").fit(X, y)
    theirs = QuantileRegressor(quantile=0.5, alpha=0.0).fit(X, y)
    error = np.abs(ours.predict(X) - y).mean()
    assert error == pytest.approx(np.abs(theirs.predict(X) - y).mean(), rel=1e-3)
    assert ours.loss_ == pytest.approx(error, rel=1e-2)


@pytest.mark.parametrize("tau", [0.1, 0.75])
def test_a_loss_of_your_own_finds_any_quantile(tau):
    ours = settled(pinball(tau)).fit(X, y)
    theirs = QuantileRegressor(quantile=tau, alpha=0.0).fit(X, y)
    values = pinball(tau)(ours.predict(X), y)[0].mean()
    assert values == pytest.approx(pinball(tau)(theirs.predict(X), y)[0].mean(), rel=2e-3)
    assert np.mean(y < ours.predict(X)) == pytest.approx(tau, abs=0.03)


def test_huber_is_huber_regression():
    """Theirs scales δ by the deviation it finds; given that, the minimum is the same."""
    theirs = HuberRegressor(epsilon=1.2, alpha=0.0, max_iter=1000).fit(X, y)
    ours = linear(f"huber(delta={float(1.2 * theirs.scale_)!r})").fit(X, y)
    np.testing.assert_allclose(ours.coefs_[0][:, 0], theirs.coef_, rtol=0, atol=2e-3)


def test_poisson_is_poisson_regression():
    counts = np.random.default_rng(0).poisson(np.exp(0.3 * X[:, 0] - 0.2 * X[:, 3]))
    ours = linear("poisson").fit(X, counts)
    theirs = PoissonRegressor(alpha=0.0, tol=1e-8, max_iter=2000).fit(X, counts)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-3)
    assert (ours.predict(X) > 0).all()


def test_outliers_move_the_robust_losses_less():
    spoiled = y.copy()
    spoiled[::25] += 40.0
    errors = {
        loss: np.abs(settled(loss).fit(X, spoiled).predict(X) - y).mean()
        for loss in ("squared_error", "huber", "absolute_error")
    }
    assert errors["huber"] < 0.7 * errors["squared_error"]
    assert errors["absolute_error"] < 0.6 * errors["squared_error"]


@pytest.mark.parametrize("loss", ["mean_squared_error", ck.HalfSquaredError(), ck.Huber(0.3)])
def test_chalknets_own_losses(loss):
    estimator = MLPRegressor(loss, 10, random_state=0, max_iter=50).fit(X, y)
    assert estimator.score(X, y) > 0.2
    again = MLPRegressor(as_loss(loss), 10, random_state=0, max_iter=50).fit(X, y)
    np.testing.assert_array_equal(estimator.coefs_[0], again.coefs_[0])


def test_a_loss_that_couples_outputs():
    """The Euclidean distance of a whole row, which no formula of single elements can give."""

    def distance(o, t):
        r = o - t
        length = np.sqrt((r * r).sum(axis=1) + 1e-12)
        return length, r / length[:, None]

    Y = np.column_stack([y, -y, X[:, 0]])
    estimator = MLPRegressor(distance, 20, random_state=0, max_iter=400, learning_rate_init=0.01)
    estimator.fit(X, Y)
    found = np.linalg.norm(estimator.predict(X) - Y, axis=1).mean()
    assert estimator.loss_ == pytest.approx(found, abs=0.15)
    assert estimator.score(X, Y) > 0.6


def test_several_outputs_are_learnt_together():
    Y = np.column_stack([y, X[:, 2] - X[:, 3], X[:, 4] * X[:, 5]])
    estimator = MLPRegressor(hidden_layer_sizes=40, random_state=0, solver="lbfgs").fit(X, Y)
    assert estimator.predict(X).shape == (442, 3)
    assert estimator.score(X, Y) > 0.9
    column = MLPRegressor(hidden_layer_sizes=4, max_iter=3)
    with pytest.warns(Warning, match="column-vector"):
        column.fit(X, y[:, None])
    assert column.predict(X).shape == (442,)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_float32_stays_float32(solver):
    estimator = MLPRegressor(hidden_layer_sizes=(5, 3), solver=solver, max_iter=10, random_state=0)
    estimator.fit(X.astype(np.float32), y.astype(np.float32))
    assert {a.dtype for a in estimator.coefs_ + estimator.intercepts_} == {np.dtype(np.float32)}
    single = estimator.predict(X.astype(np.float32))
    assert single.dtype == np.float32
    assert estimator.transform(X.astype(np.float32)).dtype == np.float32
    double = estimator.predict(X)
    assert double.dtype == np.float64
    np.testing.assert_allclose(single, double, rtol=1e-4, atol=1e-5)
    wide = MLPRegressor(hidden_layer_sizes=(5, 3), solver=solver, max_iter=10, random_state=0)
    assert wide.fit((X * 100).astype(int), y).coefs_[0].dtype == np.float64


def test_constant_targets_and_one_sample():
    estimator = MLPRegressor(hidden_layer_sizes=3, max_iter=400, random_state=0)
    assert estimator.fit(X, np.full(442, 2.0)).score(X, np.full(442, 2.0)) <= 1
    estimator.fit(X[:1], y[:1])
    assert estimator.predict(X[:1]).shape == (1,)


def test_score_and_weights():
    weight = np.random.default_rng(0).random(442)
    estimator = MLPRegressor(hidden_layer_sizes=5, random_state=0, max_iter=30)
    estimator.fit(X, y, sample_weight=weight)
    p = estimator.predict(X)
    mean = np.average(y, weights=weight)
    expected = 1 - (weight * (y - p) ** 2).sum() / (weight * (y - mean) ** 2).sum()
    assert estimator.score(X, y, sample_weight=weight) == pytest.approx(expected)
