"""Step by step with scikit-learn's own perceptrons: same weights drawn, same batches, same updates.

Nothing is handed over but the arguments and the data: every weight, order and held-out row comes
from ``random_state`` on both sides.
"""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.neural_network as theirs
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.preprocessing import scale

import chalknet
from chalknet.engine import ReferenceEngine
from chalknet.estimators import base, fitted

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

TOLERANCE = 1e-9  # relative, after 200 steps; 1e-6 was asked for

SGD = {"solver": "sgd", "learning_rate_init": 0.05}
SOLVERS = {
    "adam": {},
    "adam, other constants": {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3},
    "adam, a large epsilon and no penalty": {"epsilon": 0.1, "alpha": 0.0},
    "sgd, nesterov": SGD,
    "sgd, momentum": {**SGD, "nesterovs_momentum": False},
    "sgd, all of the velocity": {**SGD, "momentum": 1.0, "learning_rate_init": 1e-3},
    "sgd, plain": {**SGD, "momentum": 0.0},
    "sgd, invscaling": {**SGD, "learning_rate": "invscaling", "power_t": 0.3},
    "sgd, adaptive": {**SGD, "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 1},
    "no shuffling": {"shuffle": False},
    "a strong penalty": {"alpha": 3.0},
    "batches with a rest": {"batch_size": 128},
    "logistic": {"activation": "logistic"},
    "tanh, three layers": {"activation": "tanh", "hidden_layer_sizes": (20, 10, 5)},
    "identity": {"activation": "identity"},
    "held-out rows": {"early_stopping": True, "n_iter_no_change": 3},
}


def data(kind):
    if kind == "regression":
        X, y = load_diabetes(return_X_y=True)
        return X * 10, scale(y)
    if kind == "outputs":
        X, y = load_diabetes(return_X_y=True)
        return X * 10, np.column_stack([scale(y), X[:, 2] * 10, X[:, 3] ** 2])
    if kind == "binary":
        X, y = load_breast_cancer(return_X_y=True)
        return scale(X), y
    X, y = load_digits(return_X_y=True)
    if kind == "labels":
        return X / 16, np.column_stack([y % 2 == 0, y > 4, y % 3 == 0]).astype(int)
    return X / 16, y


def pair(kind, **options):
    """Their estimator and ours after the same training of some 200 steps."""
    X, y = data(kind)
    weights = options.pop("sample_weight", None)
    steps_an_epoch = -(-len(X) // min(options.get("batch_size", 200), len(X)))
    options = {"random_state": 3, "max_iter": -(-200 // steps_an_epoch), **options}
    regression = kind in ("regression", "outputs")
    fitted = []
    for library in (theirs, chalknet):
        cls = library.MLPRegressor if regression else library.MLPClassifier
        fitted.append(cls(**options).fit(X, y, weights))
    return fitted


def deviation(expected, found):
    """The largest difference of any parameter, relative to the largest of its array."""
    return max(
        np.abs(wanted - given).max() / np.abs(wanted).max()
        for wanted, given in zip(
            expected.coefs_ + expected.intercepts_,
            found.coefs_ + found.intercepts_,
            strict=True,
        )
    )


@pytest.mark.parametrize("options", SOLVERS.values(), ids=SOLVERS)
@pytest.mark.parametrize("kind", ["classes", "regression"])
def test_parameters_follow_and_so_does_every_record(kind, options):
    expected, found = pair(kind, **options)
    assert deviation(expected, found) < TOLERANCE
    assert found.n_iter_ == expected.n_iter_
    assert found.t_ == expected.t_
    np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-9)
    assert found.best_loss_ == pytest.approx(expected.best_loss_)
    if options.get("early_stopping"):
        np.testing.assert_allclose(found.validation_scores_, expected.validation_scores_)
        assert found.best_validation_score_ == pytest.approx(expected.best_validation_score_)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("kind", ["binary", "labels", "outputs"])
def test_every_kind_of_target(kind, solver):
    expected, found = pair(kind, solver=solver)
    assert deviation(expected, found) < TOLERANCE
    assert found.out_activation_ == expected.out_activation_
    assert found.n_outputs_ == expected.n_outputs_
    X, y = data(kind)
    np.testing.assert_allclose(found.predict(X), expected.predict(X), rtol=1e-7, atol=1e-7)
    assert found.predict(X).dtype == expected.predict(X).dtype
    assert found.score(X, y) == pytest.approx(expected.score(X, y))


@pytest.mark.parametrize("kind", ["classes", "binary", "labels"])
def test_probabilities_are_theirs(kind):
    expected, found = pair(kind)
    X, _ = data(kind)
    for method in ("predict_proba", "predict_log_proba"):
        wanted, given = getattr(expected, method)(X), getattr(found, method)(X)
        np.testing.assert_allclose(given, wanted, rtol=1e-6, atol=1e-8)


def test_poisson():
    X, y = load_diabetes(return_X_y=True)
    options = {"loss": "poisson", "max_iter": 60, "random_state": 0}
    expected = theirs.MLPRegressor(**options).fit(X * 10, y / 50)
    found = chalknet.MLPRegressor(**options).fit(X * 10, y / 50)
    assert deviation(expected, found) < TOLERANCE
    assert found.out_activation_ == expected.out_activation_ == "exp"
    np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-9)
    np.testing.assert_allclose(found.predict(X), expected.predict(X), rtol=1e-7)


@pytest.mark.parametrize("kind", ["classes", "regression", "binary"])
def test_weights_of_samples_weigh_data_and_penalty_of_each_batch(kind):
    n = len(data(kind)[0])
    weights = np.random.default_rng(0).integers(0, 4, n).astype(float)
    expected, found = pair(kind, sample_weight=weights, alpha=0.5)
    assert deviation(expected, found) < TOLERANCE


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_the_textbook_engine_follows_too(solver, monkeypatch):
    """What runs where Numba is not installed, and for formulas that have no vector code."""
    for module in (base, fitted):
        monkeypatch.setattr(module, "engine_of", lambda n_threads: ReferenceEngine())
    options = {"solver": solver, "alpha": 0.5, "batch_size": 100, "max_iter": 5}
    expected, found = pair("classes", **options)
    assert deviation(expected, found) < (1e-6 if solver == "lbfgs" else TOLERANCE)
    assert found.loss_ == pytest.approx(expected.loss_, rel=1e-9)
    X, _ = data("classes")
    np.testing.assert_allclose(
        found.predict_proba(X), expected.predict_proba(X), rtol=1e-5, atol=1e-9
    )


def test_with_several_outputs_their_loss_is_too_small_and_ours_is_what_the_gradient_belongs_to():
    """scikit-learn's issue #8349: the value is a mean over outputs, the gradient that of a sum."""
    expected, found = pair("outputs", alpha=0.0)
    np.testing.assert_allclose(found.loss_curve_, 3 * np.array(expected.loss_curve_), rtol=1e-9)


def test_lbfgs_reaches_the_same_objective():
    X, y = load_diabetes(return_X_y=True)
    options = {"solver": "lbfgs", "alpha": 1.0, "max_iter": 500, "random_state": 0}
    ours, his = (
        library.MLPRegressor(hidden_layer_sizes=5, activation="tanh", **options)
        for library in (chalknet, theirs)
    )
    expected = his.fit(X * 10, scale(y)).loss_
    assert ours.fit(X * 10, scale(y)).loss_ == pytest.approx(expected, rel=1e-4)
    assert ours.n_iter_ < 500


@pytest.mark.parametrize("kind", ["classes", "regression"])
def test_lbfgs_follows_in_its_first_iterations(kind):
    expected, found = pair(kind, solver="lbfgs", max_iter=10)
    assert deviation(expected, found) < 1e-6
    assert found.loss_ == pytest.approx(expected.loss_, rel=1e-9)
    assert found.n_iter_ == expected.n_iter_


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fit_in_one_batch_follows_too(solver):
    """With more than one batch their partial_fit repeats the order of its first call (#12505)."""
    X, y = data("classes")
    X, y = X[:200], y[:200]
    ours, his = (
        library.MLPClassifier(solver=solver, random_state=0, max_iter=1)
        for library in (chalknet, theirs)
    )
    for _ in range(100):
        for estimator in (ours, his):
            estimator.partial_fit(X, y, classes=range(10))
    assert deviation(his, ours) < TOLERANCE
    np.testing.assert_allclose(ours.loss_curve_, his.loss_curve_, rtol=1e-9)


def test_a_warm_start_follows_theirs():
    X, y = data("classes")
    ours, his = (
        library.MLPClassifier(random_state=0, max_iter=5, warm_start=True)
        for library in (chalknet, theirs)
    )
    for _ in range(3):
        ours.fit(X, y)
        his.fit(X, y)
    assert deviation(his, ours) < TOLERANCE
    assert len(ours.loss_curve_) == len(his.loss_curve_) == 15
