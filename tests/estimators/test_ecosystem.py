"""At home in scikit-learn: clone, pickle, searches, pipelines, calibration, importance, routing."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.stats import loguniform
from sklearn import config_context
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import BaggingRegressor, StackingClassifier, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_predict,
    cross_val_score,
    learning_curve,
    train_test_split,
)
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from chalknet import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

DIGITS, DIGIT = load_digits(return_X_y=True)
DIGITS = DIGITS / 16
CANCER, MALIGNANT = load_breast_cancer(return_X_y=True)


def houses(n=20_640):
    """Of California's size and kind: eight columns of very different scales, a skewed target."""
    rng = np.random.default_rng(0)
    income = rng.lognormal(1.2, 0.45, n)
    age = rng.integers(1, 52, n)
    rooms, bedrooms = rng.gamma(25, 0.2, n), rng.gamma(20, 0.05, n)
    population, occupancy = rng.lognormal(7, 0.7, n), rng.gamma(9, 0.3, n)
    latitude, longitude = rng.uniform(32.5, 42, n), rng.uniform(-124.4, -114.3, n)
    coast = np.exp(-np.abs(longitude + 122 - 0.4 * (38 - latitude)))
    value = 0.4 * income + 1.5 * coast + 0.005 * age - 0.1 * occupancy + rng.normal(0, 0.3, n)
    X = np.column_stack([income, age, rooms, bedrooms, population, occupancy, latitude, longitude])
    return X, np.clip(value, 0.15, 5.0)


def test_what_they_are():
    assert is_classifier(MLPClassifier())
    assert is_regressor(MLPRegressor())
    assert (
        repr(MLPClassifier((5,), alpha=0.1)) == "MLPClassifier(alpha=0.1, hidden_layer_sizes=(5,))"
    )
    original = MLPClassifier((5,), activation=["gelu"], class_weight={0: 2.0}, dropout=[0.1])
    copied = clone(original)
    assert copied.get_params() == original.get_params()
    assert not hasattr(copied, "coefs_")


@pytest.mark.parametrize("dump", [pickle.dumps, joblib.hash], ids=["pickle", "hash"])
def test_they_can_be_pickled_and_hashed(dump):
    estimator = MLPClassifier(6, random_state=0, max_iter=3).fit(DIGITS, DIGIT)
    assert dump(estimator) == dump(estimator)
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(again.predict_proba(DIGITS), estimator.predict_proba(DIGITS))
    assert again.coefs_[0].flags.writeable
    again.coefs_[1][...] = 0
    assert len(np.unique(again.predict(DIGITS))) == 1


def test_a_pickle_does_not_grow_with_the_data():
    few, many = (
        len(pickle.dumps(MLPClassifier(6, max_iter=2).fit(DIGITS[:n], DIGIT[:n])))
        for n in (300, 1797)
    )
    assert abs(many - few) < 200


def test_across_processes(tmp_path):
    estimator = MLPClassifier(6, random_state=0, max_iter=3).fit(DIGITS, DIGIT)
    path = tmp_path / "estimator.joblib"
    joblib.dump(estimator, path)
    code = (
        "import joblib, sys; from sklearn.datasets import load_digits\n"
        "X, y = load_digits(return_X_y=True)\n"
        f"estimator = joblib.load({str(path)!r})\n"
        "print(estimator.predict(X / 16).sum(), estimator.predict(X[:1] / 16)[0])\n"
        "print(estimator.partial_fit(X / 16, y).loss_.hex())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    expected = estimator.predict(DIGITS)
    assert first.split() == [str(expected.sum()), str(expected[0])]
    assert second == estimator.partial_fit(DIGITS, DIGIT).loss_.hex()


def test_a_search_over_processes_finds_what_it_finds_in_one():
    grid = {"alpha": [1e-4, 1.0, 100.0], "hidden_layer_sizes": [(8,), (16, 8)]}
    searches = [
        GridSearchCV(
            MLPClassifier(max_iter=30, learning_rate_init=0.01, random_state=0),
            grid,
            cv=3,
            n_jobs=n_jobs,
        )
        for n_jobs in (1, 2)
    ]
    for search in searches:
        search.fit(DIGITS[:500], DIGIT[:500])
    one, two = (search.cv_results_["mean_test_score"] for search in searches)
    np.testing.assert_array_equal(one, two)
    assert searches[0].best_params_ == searches[1].best_params_
    assert one.max() > 0.8


def test_searches_that_halve():
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    from sklearn.model_selection import HalvingRandomSearchCV

    search = HalvingRandomSearchCV(
        MLPClassifier(8, random_state=0),
        {"learning_rate_init": loguniform(1e-4, 1e-1), "dropout": [0.0, 0.2]},
        resource="max_iter",
        max_resources=60,
        min_resources=15,
        cv=2,
        random_state=0,
    )
    assert search.fit(DIGITS[:400], DIGIT[:400]).best_score_ > 0.7


def test_columns_of_a_frame_in_a_pipeline():
    inputs, target = houses(4000)
    frame = pd.DataFrame(inputs[:, :6], columns=["income", "age", "rooms", "beds", "people", "per"])
    frame["region"] = np.where(inputs[:, 6] > 37, "north", "south")
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), list(frame.columns[:6])),
            ("words", OneHotEncoder(sparse_output=False), ["region"]),
        ]
    )
    chain = make_pipeline(columns, MLPRegressor(hidden_layer_sizes=(32, 16), random_state=0))
    train, test, y_train, y_test = train_test_split(frame, target, random_state=0)
    assert chain.fit(train, y_train).score(test, y_test) > 0.5
    with_names = chain.set_output(transform="pandas")
    assert with_names.fit(train, y_train)[-1].feature_names_in_[0] == "numbers__income"


def test_as_good_as_on_data_of_californias_size():
    inputs, target = houses()
    chain = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=64, random_state=0)),
        transformer=StandardScaler(),
    )
    train, test, y_train, y_test = train_test_split(inputs, target, random_state=0)
    noise = 0.09 / y_test.var()
    assert chain.fit(train, y_train).score(test, y_test) > 0.95 * (1 - noise)


def test_cross_validation():
    chain = make_pipeline(StandardScaler(), MLPClassifier(16, random_state=0, max_iter=100))
    assert cross_val_score(chain, CANCER, MALIGNANT, cv=3).min() > 0.94
    p = cross_val_predict(chain, CANCER, MALIGNANT, method="predict_proba", cv=3)
    assert brier_score_loss(MALIGNANT, p[:, 1]) < 0.05
    X, y = load_diabetes(return_X_y=True)
    regressor = make_pipeline(
        StandardScaler(), MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=30.0)
    )
    assert cross_val_score(regressor, X, y, cv=3).mean() > 0.45
    sizes, _, scores = learning_curve(chain, CANCER, MALIGNANT, cv=2, train_sizes=[60, 250])
    assert sizes.tolist() == [60, 250]
    assert scores.mean(axis=1)[1] > 0.9


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
def test_calibration(method):
    train, test, y_train, y_test = train_test_split(CANCER, MALIGNANT, random_state=0)
    overfit = make_pipeline(
        StandardScaler(), MLPClassifier(32, solver="lbfgs", alpha=0.0, random_state=0)
    )
    plain = overfit.fit(train, y_train).predict_proba(test)[:, 1]
    calibrated = CalibratedClassifierCV(overfit, method=method, cv=3).fit(train, y_train)
    better = calibrated.predict_proba(test)[:, 1]
    assert brier_score_loss(y_test, better) < brier_score_loss(y_test, plain) + 0.01


def test_permutation_importance_finds_what_matters():
    inputs, target = houses(3000)
    inputs = StandardScaler().fit_transform(inputs)
    regressor = MLPRegressor(hidden_layer_sizes=32, random_state=0).fit(inputs, target)
    found = permutation_importance(regressor, inputs, target, n_repeats=3, random_state=0)
    assert found.importances_mean.argmax() in (0, 7)
    assert found.importances_mean[[2, 3, 4]].max() < 0.1 * found.importances_mean.max()


def test_ensembles():
    tree = DecisionTreeClassifier(random_state=0)
    network = make_pipeline(StandardScaler(), MLPClassifier(8, random_state=0, max_iter=60))
    for ensemble in (
        VotingClassifier([("a", tree), ("b", network)], voting="soft"),
        StackingClassifier([("a", tree), ("b", network)], cv=2),
    ):
        assert ensemble.fit(CANCER, MALIGNANT).score(CANCER, MALIGNANT) > 0.95
    X, y = load_diabetes(return_X_y=True)
    bagged = BaggingRegressor(
        MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", max_iter=100), 4, random_state=0
    )
    assert (
        bagged.fit(StandardScaler().fit_transform(X), y).score(StandardScaler().fit_transform(X), y)
        > 0.5
    )
    both = np.column_stack([DIGIT % 3, DIGIT])
    columns = MultiOutputClassifier(MLPClassifier(8, max_iter=40, random_state=0))
    assert columns.fit(DIGITS, both).predict(DIGITS).shape == (1797, 2)


def test_metadata_is_routed():
    with config_context(enable_metadata_routing=True):
        network = MLPClassifier(6, random_state=0, max_iter=4).set_fit_request(
            sample_weight=True, X_val=True, y_val=True
        )
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        chain = make_pipeline(scaler, network, transform_input=["X_val"])
        weight = np.linspace(0, 1, len(CANCER))
        chain.fit(CANCER, MALIGNANT, sample_weight=weight, X_val=CANCER, y_val=MALIGNANT)
    scaled = StandardScaler().fit_transform(CANCER)
    alone = MLPClassifier(6, random_state=0, max_iter=4)
    alone.fit(scaled, MALIGNANT, weight, X_val=scaled, y_val=MALIGNANT)
    np.testing.assert_array_equal(chain[-1].coefs_[0], alone.coefs_[0])
    assert chain[-1].validation_loss_curve_ == alone.validation_loss_curve_


def test_many_threads_predict_with_one_estimator():
    estimator = MLPClassifier(32, random_state=0, max_iter=5).fit(DIGITS, DIGIT)
    expected = estimator.predict_proba(DIGITS)
    again = pickle.loads(pickle.dumps(estimator))  # has yet to make its network

    def one(row):
        return again.predict_proba(DIGITS[row : row + 1])

    with ThreadPoolExecutor(8) as pool:
        found = np.vstack(list(pool.map(one, range(400))))
    np.testing.assert_array_equal(found, expected[:400])


def test_joblibs_limit_on_threads_is_kept():
    code = (
        "import os; os.environ['OMP_NUM_THREADS'] = '1'\n"
        "from chalknet.estimators.fitted import engine_of\n"
        "print(engine_of(None).at_most, engine_of(2).at_most)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "2"]
