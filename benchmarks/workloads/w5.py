"""W5: 784-h-h-10 on MNIST, ReLU, batches of 128 in order: how the rate grows with the width h."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.problems import Case, TrainingProblem
from benchmarks.workloads.start import start
from chalknet import load_dataset

# Fewer samples where each costs more, so that every width takes about a second.
SAMPLES = {64: 60_000, 256: 60_000, 1024: 12_800, 4096: 1_280}
TEST_SAMPLES = 1_000


def cases() -> Iterator[Case]:
    train, test = load_dataset("mnist")
    for width, samples in SAMPLES.items():
        problem = TrainingProblem(
            train.X[:samples],
            train.y[:samples],
            test.X[:TEST_SAMPLES],
            test.y[:TEST_SAMPLES],
            start=start([784, width, width, 10], "he_normal"),
            activation="relu",
            batch_size=128,
            learning_rate=0.01,
        )
        title = f"MNIST 784-{width}-{width}-10 ReLU, batch 128, {samples:,} samples"
        yield Case(f"W5/{width}", title, problem)
