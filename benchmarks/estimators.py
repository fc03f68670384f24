"""``--estimators``: chalknet's MLPClassifier and MLPRegressor against scikit-learn's, side by side.

Both are given the same arguments and the same ``random_state``, hence the same initial weights and
the same batches, and both compute in the type of the data. Before anything is timed each trains for
two epochs on the first rows, after which their weights must agree.
"""

from __future__ import annotations

import gc
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import sklearn.neural_network
from scipy import sparse

import chalknet
from benchmarks.measure import SECONDS_TO_SETTLE, Say
from benchmarks.results import seconds
from benchmarks.workloads.estimators import Task

ROWS_TO_COMPARE = 2_000
BULK = 50_000
CALLS = 500  # of a row, in one timing
LIBRARIES = {"chalknet": chalknet, "scikit-learn": sklearn.neural_network}


@dataclass(frozen=True)
class Comparison:
    """One kind of work on one task: the seconds of each library, and theirs by ours."""

    what: str
    timings: dict[str, list[float]]

    def median(self, library: str) -> float:
        return median(self.timings[library])

    @property
    def ratio(self) -> float:
        return self.median("scikit-learn") / self.median("chalknet")


@dataclass(frozen=True)
class Found:
    """What came of a task. With an ``objection`` the libraries did not do the same."""

    name: str
    title: str
    comparisons: list[Comparison]
    scores: dict[str, float]
    epochs: dict[str, int]
    deviation: float
    objection: str | None


def measure(task: Task, repeats: int, threads: int, say: Say) -> Found:
    """Fit, predict in bulk and predict one row with both, in turns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sklearn.exceptions.ConvergenceWarning)
        deviation = _deviation(task)
        fitted = {library: _new(library, task, threads) for library in LIBRARIES}
        for estimator in fitted.values():
            estimator.fit(task.X, task.y)  # whatever is made once is made now
        say(f"{task.name}: fitting")

        def fit(library: str) -> None:
            fitted[library] = _new(library, task, threads).fit(task.X, task.y)

        fits = _in_turns({library: partial(fit, library) for library in LIBRARIES}, repeats)
    comparisons = [Comparison("fit", fits)]
    say(f"{task.name}: predicting")
    for what, rows, calls in _predictions(task):
        method = what.split(",")[0]
        work = {
            library: partial(getattr(estimator, method), rows)
            for library, estimator in fitted.items()
        }
        comparisons.append(Comparison(what, _in_turns(work, max(3, repeats), calls)))
    scores = {name: float(e.score(task.X_test, task.y_test)) for name, e in fitted.items()}
    return Found(
        task.name,
        task.title,
        comparisons,
        scores,
        {name: int(estimator.n_iter_) for name, estimator in fitted.items()},
        deviation,
        _objection(task, deviation, scores),
    )


def _new(library: str, task: Task, threads: int, **changes: Any) -> Any:
    name = "MLPClassifier" if task.kind == "classes" else "MLPRegressor"
    own = {"n_threads": threads} if library == "chalknet" else {}
    arguments = {"random_state": 0, **task.arguments, **own, **changes}
    return getattr(LIBRARIES[library], name)(**arguments)


def _predictions(task: Task) -> list[tuple[str, Any, int]]:
    """What to call, with what rows, and how often in one timing."""
    times = -(-BULK // task.X.shape[0])
    stack = sparse.vstack if sparse.issparse(task.X) else np.vstack
    many = task.X if times == 1 else stack([task.X] * times)
    one = task.X[:1]
    found = [(f"predict, {many.shape[0]:,} rows", many, 1), ("predict, one row", one, CALLS)]
    if task.kind == "classes":
        found.append(("predict_proba, one row", one, CALLS))
    return found


def _in_turns(
    work: dict[str, Callable[[], object]], repeats: int, calls: int = 1
) -> dict[str, list[float]]:
    """A B A B …, each after a pause in which idle threads go to sleep."""
    timings: dict[str, list[float]] = {name: [] for name in work}
    for call in work.values():
        if calls > 1:
            call()
    for _ in range(repeats):
        for name, call in work.items():
            gc.collect()
            time.sleep(SECONDS_TO_SETTLE)
            began = time.perf_counter()
            for _ in range(calls):
                call()
            timings[name].append((time.perf_counter() - began) / calls)
    return timings


def _deviation(task: Task) -> float:
    """The largest difference of weights after two epochs, relative to the largest of its layer."""
    few = task.first(ROWS_TO_COMPARE)
    ours, theirs = (_new(name, few, 1, max_iter=2).fit(few.X, few.y) for name in LIBRARIES)
    return max(
        float(np.abs(one - other).max() / np.abs(other).max())
        for one, other in zip(ours.coefs_, theirs.coefs_, strict=True)
    )


def _objection(task: Task, deviation: float, scores: dict[str, float]) -> str | None:
    tolerance = 1e-9 if task.X.dtype == np.float64 else 1e-3
    if not deviation <= tolerance:
        return f"invalid: the weights differ after two epochs (by {deviation:.1e})"
    ours, theirs = scores["chalknet"], scores["scikit-learn"]
    if not abs(ours - theirs) <= 0.005:
        return f"invalid: scores {ours:.4f} and {theirs:.4f}"
    return None


FORMAT = "  {:<26}{:>12}{:>14}{:>9}"


def table(found: Found) -> str:
    """A line for each kind of work, then the scores."""
    lines = [found.title, FORMAT.format("", *LIBRARIES, "ratio")]
    for one in found.comparisons:
        times = [seconds(one.median(library)) for library in LIBRARIES]
        lines.append(FORMAT.format(one.what, *times, f"{one.ratio:.1f}×"))
    lines.append(FORMAT.format("test score", *[f"{s:.4f}" for s in found.scores.values()], ""))
    lines.append(FORMAT.format("epochs", *map(str, found.epochs.values()), ""))
    if found.objection:
        lines.append(f"  {found.objection}")
    return "\n".join(line.rstrip() for line in lines)


def as_data(found: Found) -> dict[str, Any]:
    data = asdict(found)
    for plain, one in zip(data["comparisons"], found.comparisons, strict=True):
        plain["ratio"] = one.ratio
    return data
