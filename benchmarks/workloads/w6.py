"""W6: the probabilities that W2's network gives one sample, and 60,000, from float32 rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.problems import Case, PredictionProblem
from benchmarks.workloads.start import start
from chalknet import load_dataset


def cases() -> Iterator[Case]:
    train, _ = load_dataset("fashion-mnist")
    inputs = train.X.astype(np.float32) / np.float32(255)
    layers = start([784, 256, 128, 64, 10], "he_normal")
    for samples, calls in ((1, 2000), (len(inputs), 1)):
        problem = PredictionProblem(inputs[:samples], layers, "relu")
        what = f"probabilities of {samples:,} sample{'s' if samples > 1 else ''}"
        yield Case(f"W6/{samples}", f"784-256-128-64-10 ReLU, {what}", problem, calls)
