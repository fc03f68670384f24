"""W4: MNIST 5 against 8, 784-256-1, sigmoid, full batch of 2,000, 100 epochs (ucr, question 1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.problems import Array, Case, Parameters, TrainingProblem
from chalknet import Dataset, load_dataset


def cases() -> Iterator[Case]:
    train, test = load_dataset("mnist")
    float64 = TrainingProblem(
        *_fives_and_eights(train),
        *_fives_and_eights(test),
        start=_start(),
        activation="sigmoid",
        batch_size=2000,
        learning_rate=0.02,  # of the mean; the study's 1e-5 is of the sum over 2,000
        epochs=100,
        divisor=1.0,  # pixels as they are, 0 … 255
        dtype=np.float64,
    )
    title = "MNIST 5 or 8, 784-256-1 sigmoid, full batch of 2,000, 100 epochs"
    yield Case("W4/float64", title, float64)
    yield Case("W4/float32", title, replace(float64, dtype=np.float32))


def _fives_and_eights(data: Dataset) -> tuple[Array, Array]:
    """The first 1,000 fives (label 0), then the first 1,000 eights (label 1)."""
    rows = [np.flatnonzero(data.y == digit)[:1000] for digit in (5, 8)]
    labels = np.repeat([0, 1], [len(some) for some in rows])
    return data.X[np.concatenate(rows)], labels


def _start() -> Parameters:
    """N(0, 0.01²) from the study's generator and seed, which it drew as (fan_out, fan_in)."""
    stream = np.random.RandomState(3)
    shapes = ((256, 784), (1, 256))
    return [(stream.normal(0, 0.01, shape).T.copy(), np.zeros(shape[0])) for shape in shapes]
