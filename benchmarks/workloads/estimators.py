"""The estimators' workloads: data and arguments, the same for chalknet's and scikit-learn's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from benchmarks.problems import Array
from chalknet import load_dataset


@dataclass(frozen=True, eq=False)
class Task:
    """Rows to fit and to test on, and the arguments of the constructors.

    ``kind`` is ``classes`` or ``numbers``; the rows are arrays, or SciPy's compressed rows.
    """

    name: str
    title: str
    kind: str
    X: Any
    y: Array
    X_test: Any
    y_test: Array
    arguments: dict[str, Any] = field(default_factory=dict)

    def first(self, rows: int) -> Task:
        return replace(self, X=self.X[:rows], y=self.y[:rows])

    def quick(self) -> Task:
        """A tenth of the rows, and few epochs."""
        few = self.first(max(200, self.X.shape[0] // 10))
        return replace(few, arguments={**self.arguments, "max_iter": 2})


def digits() -> Iterator[Task]:
    """Every fifth row to test on; all arguments are the defaults."""
    train, test = load_dataset("digits")
    yield Task(
        "digits",
        f"digits, {len(train):,} × 64, the defaults",
        "classes",
        train.X / 16.0,
        train.y,
        test.X / 16.0,
        test.y,
    )


def mnist() -> Iterator[Task]:
    """784-100-10, adam, batches of 200: the defaults, for five epochs."""
    train, test = load_dataset("mnist")
    for dtype in (np.float64, np.float32):
        name = np.dtype(dtype).name
        yield Task(
            f"mnist/{name}",
            f"MNIST, 60,000 × 784, 784-100-10, adam, batches of 200, 5 epochs, {name}",
            "classes",
            train.X.astype(dtype) / dtype(255),
            train.y,
            test.X.astype(dtype) / dtype(255),
            test.y,
            {"max_iter": 5},
        )


def tables() -> Iterator[Task]:
    """100,000 rows of 50 columns, of which some tell a class, or a number."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120_000, 50))
    directions = rng.normal(size=(50, 8)) / np.sqrt(50)
    hidden = np.tanh(2 * X @ directions)
    score = hidden @ rng.normal(size=(8, 5)) + 0.5 * rng.normal(size=(120_000, 5))
    number = hidden @ rng.normal(size=8) + X[:, 0] * X[:, 1] / 4 + 0.3 * rng.normal(size=120_000)
    for kind, y in (("classes", score.argmax(axis=1)), ("numbers", number)):
        yield Task(
            f"table/{kind}",
            f"table, 100,000 × 50, {'5 classes' if kind == 'classes' else 'a number'}, 5 epochs",
            kind,
            X[:100_000],
            y[:100_000],
            X[100_000:],
            y[100_000:],
            {"max_iter": 5},
        )


def words() -> Iterator[Task]:
    """20,000 texts as rows of 2,000 word weights, 2 % of them not zero, in four topics."""
    from scipy import sparse

    rng = np.random.default_rng(0)
    n, features, topics, length = 24_000, 2_000, 4, 60
    common = 1 / np.arange(1, features + 1)
    of_topic = common * rng.gamma(6.0, 1.0, (topics, features))
    y = rng.integers(0, topics, n)
    rows = [rng.choice(features, length, p=of_topic[topic] / of_topic[topic].sum()) for topic in y]
    counts = sparse.csr_array(
        (np.ones(n * length), np.concatenate(rows), np.arange(0, n * length + 1, length)),
        shape=(n, features),
    )
    counts.sum_duplicates()
    rarity = np.log(n / (1 + np.bincount(counts.indices, minlength=features)))
    counts.data = (1 + np.log(counts.data)) * rarity[counts.indices]
    norms = np.sqrt(np.asarray(counts.power(2).sum(axis=1)).ravel())
    X = sparse.csr_array(counts / norms[:, None])
    yield Task(
        "words",
        f"texts, 20,000 × 2,000 sparse ({X.nnz / n / features:.1%} not zero), 4 topics, 5 epochs",
        "classes",
        X[:20_000],
        y[:20_000],
        X[20_000:],
        y[20_000:],
        {"max_iter": 5},
    )


TASKS: dict[str, Callable[[], Iterator[Task]]] = {
    "digits": digits,
    "mnist": mnist,
    "table": tables,
    "words": words,
}
