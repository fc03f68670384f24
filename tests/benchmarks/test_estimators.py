"""The comparison with scikit-learn's estimators is one of equals, and says so when it is not."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_limits

from benchmarks import estimators, results
from benchmarks.workloads.estimators import TASKS, Task


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(estimators, "SECONDS_TO_SETTLE", 0)
    monkeypatch.setattr(estimators, "BULK", 500)
    monkeypatch.setattr(estimators, "CALLS", 10)
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def task(kind="classes", **changes):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 6))
    y = X.sum(axis=1) if kind == "numbers" else (X.sum(axis=1) > 0).astype(int)
    options = {"X": X[:200], "y": y[:200], "X_test": X[200:], "y_test": y[200:], **changes}
    return Task("small", "a small table", kind, arguments={"max_iter": 3}, **options)


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_both_do_the_same(kind, tmp_path):
    said = []
    found = estimators.measure(task(kind), 2, 1, said.append)
    assert found.objection is None
    assert found.deviation < 1e-12
    assert found.epochs == {"chalknet": 3, "scikit-learn": 3}
    fit, bulk, one, *more = found.comparisons
    assert (fit.what, bulk.what, one.what) == ("fit", "predict, 600 rows", "predict, one row")
    assert [c.what for c in more] == (["predict_proba, one row"] if kind == "classes" else [])
    assert all(len(times) >= 2 for c in found.comparisons for times in c.timings.values())
    table = estimators.table(found)
    assert f"{fit.ratio:.1f}×" in table
    assert "test score" in table
    results.write_json(tmp_path / "x.json", estimators.as_data(found))
    data = json.loads((tmp_path / "x.json").read_text())
    assert data["comparisons"][0]["ratio"] == pytest.approx(fit.ratio)


def test_other_weights_or_another_score_are_invalid(monkeypatch):
    new = estimators._new

    def cheating(library, some, threads, **changes):
        lazy = {"alpha": 10.0} if library == "chalknet" else {}
        return new(library, some, threads, **changes, **lazy)

    monkeypatch.setattr(estimators, "_new", cheating)
    found = estimators.measure(task(), 1, 1, lambda _: None)
    assert found.objection.startswith("invalid: the weights differ after two epochs")
    assert "invalid: the weights differ" in estimators.table(found)
    assert estimators._objection(task(), 0.0, {"chalknet": 0.9, "scikit-learn": 0.8}) == (
        "invalid: scores 0.9000 and 0.8000"
    )


def test_the_tasks_are_what_they_are_called(data_dir, monkeypatch):
    monkeypatch.setenv("CHALKNET_DATA", str(data_dir))
    found = {one.name: one for name in TASKS for one in TASKS[name]()}
    assert found["mnist/float64"].X.shape == (60_000, 784)
    assert found["mnist/float32"].X.dtype == np.float32
    assert found["mnist/float64"].X.max() == 1
    assert found["table/classes"].X.shape == found["table/numbers"].X.shape == (100_000, 50)
    words = found["words"].X
    assert sparse.issparse(words)
    assert words.shape == (20_000, 2_000)
    assert 0.005 < words.nnz / (20_000 * 2_000) < 0.05
    assert set(np.unique(found["words"].y)) == {0, 1, 2, 3}
    quick = found["digits"].quick()
    assert quick.arguments == {"max_iter": 2}
    assert len(quick.y) == 200
