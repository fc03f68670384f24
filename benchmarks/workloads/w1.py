"""W1: MNIST, 784-32-32-10, sigmoid, one sample at a time in order, one epoch (nyu-s25, Q4)."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.problems import Case, TrainingProblem
from benchmarks.workloads.start import start
from chalknet import load_dataset


def cases() -> Iterator[Case]:
    train, test = load_dataset("mnist")
    problem = TrainingProblem(
        train.X,
        train.y,
        test.X,
        test.y,
        start=start([784, 32, 32, 10], "max_fan_normal", seed=80085),
        activation="sigmoid",
        batch_size=1,
        learning_rate=0.003,
    )
    yield Case("W1", "MNIST 784-32-32-10 sigmoid, batch 1, an epoch of 60,000", problem)
