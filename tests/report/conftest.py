"""Runs of every kind, trained for a moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets

from chalknet import Adam, Dataset, Model, Network, Preprocessing, fit
from chalknet.report import write_report
from chalknet.training.records import History

NASTY = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror="window.pwned=1">',
    "' onmouseover='window.pwned=1",
    "${7*7}",
    "{{7*7}}{% raw %}",
    "javascript:window.pwned=1",
    "\u202efdp.exe \u05d0\u05d1\u05d2",
    "zero\u200bwidth\u200d\ufeff",
    r"$\frac{1}{0}$ $unclosed \undefined",
    "</style></svg>--> ]]>&amp;<!--",
    "W" * 3000,
)


@dataclass
class Run:
    """What ``write_report`` takes."""

    model: Model
    history: History
    train: Dataset
    validation: Dataset | None = None
    test: Dataset | None = None
    settings: dict[str, object] = field(default_factory=dict)

    def write(self, path: Path, seed: int = 0, **changes: Any) -> Path:
        return write_report(
            path,
            model=changes.get("model", self.model),
            history=changes.get("history", self.history),
            settings=changes.get("settings", self.settings),
            train=self.train,
            validation=changes.get("validation", self.validation),
            test=changes.get("test", self.test),
            rng=np.random.default_rng(seed),
        )


def trained(
    data: Dataset,
    hidden: list[int],
    loss: str = "softmax_cross_entropy",
    *,
    outputs: int | None = None,
    scaling: str = "auto",
    epochs: int = 3,
    validated: bool = True,
) -> Run:
    """Half to train on, a quarter each to validate and to test."""
    rng = np.random.default_rng(0)
    order = rng.permutation(len(data))
    half, rest = len(data) // 2, len(data) // 4
    train, validation, test = (
        data.take(order[rows])
        for rows in (slice(half), slice(half, half + rest), slice(half + rest, None))
    )
    network = Network.dense([data.n_features, *hidden, outputs or data.n_outputs], rng=rng)
    preprocessing = Preprocessing.for_data(train.X, scaling)
    checked = validation if validated else None
    history = fit(
        network, train, loss=loss, optimizer=Adam(learning_rate=0.01), epochs=epochs, batch_size=32,
        rng=rng, validation=checked, preprocessing=preprocessing, progress=False,
    )  # fmt: skip
    model = Model.for_data(network, loss, preprocessing, train)
    return Run(model, history, train, checked, test, {"optimizer": "adam", "epochs": epochs})


def digits() -> Run:
    X, y = datasets.load_digits(return_X_y=True)
    data = Dataset((X / 16).astype(np.float32), y, name="digits", image_shape=(8, 8))
    return trained(data, [32, 16])


def two_digits() -> Run:
    X, y = datasets.load_digits(return_X_y=True)
    some = np.isin(y, (3, 8))
    labels = np.where(y[some] == 3, "three", "eight")
    data = Dataset(X[some] / 16, labels, name="3 or 8", image_shape=(8, 8))
    return trained(data, [8], "sigmoid_cross_entropy", outputs=1, epochs=1)


def diabetes() -> Run:
    bunch = datasets.load_diabetes()
    data = Dataset(bunch.data, bunch.target, name="diabetes", feature_names=bunch.feature_names)
    return trained(data, [8], "mean_squared_error", scaling="standard", validated=False)


def wine() -> Run:
    bunch = datasets.load_wine()
    names = np.array(["Barolo", "Grignolino", "Barbera"])[bunch.target]
    data = Dataset(bunch.data, names, name="wine", feature_names=bunch.feature_names)
    return trained(data, [6], scaling="standard")


def colours() -> Run:
    """A hundred classes of colour images."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(np.arange(100), 12))
    centres = rng.integers(0, 256, (100, 6, 9, 3))
    X = np.clip(centres[y] + rng.normal(0, 60, (1200, 6, 9, 3)), 0, 255).astype(np.uint8)
    return trained(Dataset(X, y, name="colours"), [16])


def moods() -> Run:
    """Several labels a sample."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 5))
    data = Dataset(
        X, (X[:, :3] > 0.3).astype(int), name="moods", class_names=("calm", "sad", "odd")
    )
    return trained(data, [6], "sigmoid_cross_entropy")


def nasty() -> Run:
    """Every name that a user may choose is an attack."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, len(NASTY))), rng.integers(0, len(NASTY), 400)
    data = Dataset(
        X, np.array(NASTY)[y], name=NASTY[0], classes=np.array(NASTY), feature_names=NASTY
    )
    run = trained(data, [5])
    run.settings = dict(zip(NASTY, reversed(NASTY), strict=True))
    return run


RUNS: dict[str, Callable[[], Run]] = {
    maker.__name__: maker for maker in (digits, two_digits, diabetes, wine, colours, moods, nasty)
}


@pytest.fixture(scope="session")
def run_of() -> Callable[[str], Run]:
    made: dict[str, Run] = {}

    def get(name: str) -> Run:
        if name not in made:
            made[name] = RUNS[name]()
        return made[name]

    return get


@pytest.fixture(scope="session")
def page_of(
    run_of: Callable[[str], Run], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("reports")

    def get(name: str) -> Path:
        path = folder / f"{name}.html"
        return path if path.exists() else run_of(name).write(path)

    return get
