"""W2: Fashion-MNIST, 784-256-128-64-10, ReLU, shuffled batches of 64, one epoch (nyu-f23, P4).

W2/study is the same as the study ran it: a pass over the test set comes first, and is timed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.problems import Case, TrainingProblem
from benchmarks.workloads.start import start
from chalknet import load_dataset


def cases() -> Iterator[Case]:
    train, test = load_dataset("fashion-mnist")
    problem = TrainingProblem(
        train.X,
        train.y,
        test.X,
        test.y,
        start=start([784, 256, 128, 64, 10], "torch_default"),
        activation="relu",
        batch_size=64,
        learning_rate=0.01,
        shuffle=True,
    )
    # After one epoch the order alone moves the accuracy by some hundredths, the loss by one.
    title = "Fashion-MNIST 784-256-128-64-10 ReLU, batch 64, an epoch of 60,000"
    case = Case("W2", title, problem, accuracy_tolerance=0.06, loss_tolerance=0.05)
    yield case
    as_study = replace(problem, evaluates=True)
    yield replace(case, name="W2/study", title=f"{title}, and a test pass", problem=as_study)
