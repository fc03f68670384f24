"""Rows as people have them: frames of pandas and Polars, sparse rows, lists, any layout."""

from __future__ import annotations

import resource
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import set_config
from sklearn.datasets import load_iris

from chalknet import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_iris(return_X_y=True)
NAMES = ["sepal length", "sepal width", "petal length", "petal width"]


def small(**options):
    return MLPClassifier((7, 5), random_state=0, **{"max_iter": 20, **options})


@pytest.fixture
def dense():
    return small().fit(X, y)


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_frames(library, dense):
    frame = library.DataFrame(dict(zip(NAMES, X.T, strict=True)))
    target = library.Series(name="species", **{"data" if library is pd else "values": y})
    estimator = small().fit(frame, target)
    np.testing.assert_array_equal(estimator.coefs_[0], dense.coefs_[0])
    assert estimator.feature_names_in_.tolist() == NAMES
    np.testing.assert_array_equal(estimator.predict(frame), dense.predict(X))
    np.testing.assert_array_equal(estimator.predict(frame[:1]), dense.predict(X[:1]))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        estimator.predict(X[:1])
    with pytest.raises(ValueError, match="feature names should match"):
        estimator.predict(frame[NAMES[::-1]])
    with pytest.raises(ValueError, match="feature names should match"):
        estimator.fit(frame, target, X_val=frame[NAMES[::-1]], y_val=target)
    estimator.fit(frame, target, X_val=frame, y_val=target)
    assert len(estimator.validation_scores_) == estimator.n_iter_
    estimator.partial_fit(frame, target)


@pytest.mark.parametrize("kind", ["float32", "Float32", "float32[pyarrow]", pl.Float32], ids=str)
def test_frames_of_float32_are_computed_in_float32(kind):
    columns = dict(zip(NAMES, X.T, strict=True))
    if kind is pl.Float32:
        frame = pl.DataFrame(columns, schema=dict.fromkeys(NAMES, kind))
    else:
        frame = pd.DataFrame(columns).astype(kind)
    estimator = small(max_iter=3).fit(frame, y)
    assert {a.dtype for a in estimator.coefs_ + estimator.intercepts_} == {np.dtype(np.float32)}
    assert estimator.predict_proba(frame).dtype == np.float32
    np.testing.assert_array_equal(
        estimator.coefs_[0], small(max_iter=3).fit(X.astype(np.float32), y).coefs_[0]
    )


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_set_output(library, dense):
    name = library.__name__
    estimator = small(transform_layer=0).fit(X, y).set_output(transform=name)
    frame = estimator.transform(X)
    assert type(frame) is library.DataFrame
    assert list(frame.columns) == [f"mlpclassifier{i}" for i in range(7)]
    np.testing.assert_array_equal(frame.to_numpy(), small(transform_layer=0).fit(X, y).transform(X))
    try:
        set_config(transform_output=name)
        assert type(dense.transform(X)) is library.DataFrame
        assert type(small().fit_transform(X, y)) is library.DataFrame
    finally:
        set_config(transform_output="default")
    assert type(dense.transform(X)) is np.ndarray


def test_lists_and_layouts(dense):
    expected = dense.predict_proba(X)
    for rows in (X.tolist(), np.asfortranarray(X), np.hstack([X, X])[:, :4], X[::-1][::-1]):
        np.testing.assert_array_equal(dense.predict_proba(rows), expected)
        np.testing.assert_array_equal(small().fit(rows, y.tolist()).coefs_[1], dense.coefs_[1])
    single = X.astype(np.float32)
    np.testing.assert_allclose(dense.predict_proba(single), expected, rtol=1e-4, atol=1e-6)
    swapped = X.astype(X.dtype.newbyteorder())
    np.testing.assert_array_equal(dense.predict_proba(swapped), expected)
    np.testing.assert_array_equal(dense.predict_proba(swapped[:1]), expected[:1])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (X[0], "Expected 2D array, got 1D array instead"),
        (X[:, :3], "X has 3 features, but MLPClassifier is expecting 4 features"),
        (X[:0], "Found array with 0 sample"),
        (np.where(np.eye(150, 4), np.nan, X), "NaN"),
        (np.where(np.eye(150, 4), np.inf, X), "infinity"),
        (np.full((1, 4), np.nan), "NaN"),
        ([["a", "b", "c", "d"]], "could not convert string to float"),
        (sparse.csr_array(np.full((20, 4), np.nan)), "NaN"),
    ],
)
def test_rows_that_cannot_be_predicted_from(rows, message, dense):
    for method in ("predict", "predict_proba", "transform", "input_gradient"):
        with pytest.raises(ValueError, match=message):
            getattr(dense, method)(rows)


def test_one_row_is_predicted_as_it_is_among_others(dense):
    together = dense.predict_proba(X)
    for row in range(0, 150, 10):
        np.testing.assert_array_equal(dense.predict_proba(X[row : row + 1]), together[[row]])
    regressor = MLPRegressor(hidden_layer_sizes=6, max_iter=10, random_state=0).fit(X, y)
    together = regressor.predict(X)
    for row in range(0, 150, 10):
        assert regressor.predict(X[row : row + 1])[0] == together[row]


# -- sparse rows ------------------------------------------------------------------------------


def words(n=200, features=50):
    rng = np.random.default_rng(0)
    rows = sparse.random(n, features, density=0.1, format="csr", rng=rng)
    return rows, np.asarray(rows.sum(axis=1)).ravel() > 2.5


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csr_matrix, sparse.csc_array])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_sparse_rows_give_what_dense_rows_give(kind, solver):
    rows, labels = words()
    options = {"solver": solver, "hidden_layer_sizes": 6, "max_iter": 15, "random_state": 0}
    thin = MLPClassifier(**options).fit(kind(rows), labels)
    full = MLPClassifier(**options).fit(rows.toarray(), labels)
    for one, other in zip(thin.coefs_, full.coefs_, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)
    for method in ("predict_proba", "transform", "input_gradient"):
        np.testing.assert_allclose(
            getattr(thin, method)(kind(rows)), getattr(thin, method)(rows.toarray()), rtol=1e-9
        )
    held = thin.set_params(early_stopping=True).fit(kind(rows), labels)
    assert held.score(kind(rows), labels) > 0.5


def test_sparse_rows_are_never_made_dense(monkeypatch):
    rows, labels = words()
    for cls in (sparse.csr_array, sparse.csr_matrix):
        for method in ("toarray", "todense"):
            monkeypatch.setattr(cls, method, lambda *_, **__: pytest.fail("made dense"))
    for estimator in (MLPClassifier(6, max_iter=3), MLPRegressor(hidden_layer_sizes=6, max_iter=3)):
        estimator.fit(rows, labels, X_val=rows, y_val=labels)
        estimator.predict(rows)
        estimator.partial_fit(rows, labels)
        estimator.score(rows, labels)


def test_a_matrix_that_would_fill_the_memory_if_it_were_dense():
    """20,000 × 100,000: 16 GB."""
    rng = np.random.default_rng(0)
    rows = sparse.random(20_000, 100_000, density=2e-4, format="csr", rng=rng)
    labels = np.arange(20_000) % 2
    small().fit(rows[:100, :50], labels[:100])  # whatever is made once is made now
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    estimator = MLPClassifier(4, max_iter=1, batch_size=2000).fit(rows, labels)
    estimator.predict(rows)
    kilobytes = 1 if sys.platform == "linux" else 1 / 1024
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * kilobytes
    assert grown < 500 * 1024


def test_sparse_labels():
    marks = np.column_stack([y == 0, y == 1]).astype(int)
    thin = small().fit(X, sparse.csr_array(marks))
    full = small().fit(X, marks)
    np.testing.assert_array_equal(thin.coefs_[0], full.coefs_[0])
