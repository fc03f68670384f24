"""The estimators under joblib's Dask backend, on a cluster of real processes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV

from chalknet import MLPClassifier

GRID = {"activation": ["relu", "tanh"], "learning_rate_init": [1e-3, 1e-2]}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two worker processes of one thread each, and one kernel thread in each."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # what the workers inherit
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as connected,
    ):
        yield connected


def search() -> GridSearchCV:
    return GridSearchCV(
        MLPClassifier(hidden_layer_sizes=(16,), max_iter=5, random_state=0, verbose=0), GRID, cv=3
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_grid_search_on_a_cluster_is_that_of_one_process(client: Any) -> None:
    X, y = load_digits(return_X_y=True)
    alone = search().fit(X, y)
    with joblib.parallel_backend("dask"):
        spread_out = search().fit(X, y)
    # The work was done there: both processes have seen tasks.
    done = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert len(done) == 2
    assert sum(done.values()) >= 12
    scores = [one.cv_results_["mean_test_score"] for one in (alone, spread_out)]
    assert np.array_equal(*scores)
    assert alone.best_params_ == spread_out.best_params_
    for ours, theirs in zip(
        alone.best_estimator_.coefs_, spread_out.best_estimator_.coefs_, strict=True
    ):
        assert ours.tobytes() == theirs.tobytes()


@pytest.mark.slow
def test_a_worker_of_the_cluster_takes_one_kernel_thread(client: Any) -> None:
    def threads() -> int:
        from chalknet.engine.compiled.processor import usable_cores

        return usable_cores()

    assert set(client.run(threads).values()) == {1}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_documented_search_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "sweeps.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (block,) = [block for block in blocks if "LocalCluster" in block]
    exec(compile(block, "docs/sweeps.md", "exec"), {"__name__": "__main__"})
    assert float(capsys.readouterr().out.split()[-1]) > 0.9
