"""W3: MNIST, 784-100-10, ReLU, batches of 100 in order, one epoch of 50,000 (usc, question 3).

W3/study is the same as the study ran it: in float64, with a pass over 10,000 images held out. (The
published program also counts samples so that its first batch is one short; here it is not.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.problems import Case, TrainingProblem
from benchmarks.workloads.start import start
from chalknet import load_dataset


def cases() -> Iterator[Case]:
    train, test = load_dataset("mnist")
    problem = TrainingProblem(
        train.X[:50_000],
        train.y[:50_000],
        test.X,
        test.y,
        start=start([784, 100, 10], "he_normal"),
        activation="relu",
        batch_size=100,
        learning_rate=0.1,  # of the mean; the study's 0.001 is of the sum over 100
    )
    title = "MNIST 784-100-10 ReLU, batch 100, an epoch of 50,000"
    yield Case("W3", title, problem)
    as_study = replace(problem, evaluates=True, dtype=np.float64)
    yield Case("W3/study", f"{title}, and a pass over 10,000", as_study)
