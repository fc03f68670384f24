"""``python -m benchmarks.sweep``: usc's question 3, six runs by ``chalknet sweep`` and by PyTorch.

ReLU and tanh with three learning rates each, 784-100-10, 50 epochs of 50,000 images in batches of
100. The command is timed as a whole, from its start to the report: it also evaluates 10,000 images
after every epoch and tests the winner. PyTorch's six runs come one after another, from plain
tensors on all cores, and only train.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import torch

from benchmarks.machine import cores, description
from benchmarks.peers.torch_tensors import TensorTraining
from benchmarks.problems import Settings, TrainingProblem
from benchmarks.workloads.start import start
from chalknet import load_dataset

ACTIVATIONS = ("relu", "tanh")
RATES = (1e-3, 1e-2, 1e-1)  # of the mean of a batch; the study's are of the sum over 100
EPOCHS = 50


def command(folder: Path) -> list[str]:
    grid = [f"activation={','.join(ACTIVATIONS)}", f"learning_rate={','.join(map(str, RATES))}"]
    fixed = {"--hidden": 100, "--batch-size": 100, "--optimizer": "sgd", "--epochs": EPOCHS}
    return [
        *(sys.executable, "-m", "chalknet", "sweep", "mnist", "--json", "--output", str(folder)),
        *(word for part in grid for word in ("--grid", part)),
        *(str(word) for pair in fixed.items() for word in pair),
        *("--validation", str(1 / 6), "--split", "leading"),
    ]


def by_chalknet() -> tuple[float, dict[str, float]]:
    """Seconds, and the validation accuracy of each run."""
    with tempfile.TemporaryDirectory() as place:
        started = time.perf_counter()
        done = subprocess.run(
            command(Path(place) / "sweep"), check=True, capture_output=True, text=True
        )
        seconds = time.perf_counter() - started
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return seconds, {
        "{activation} {learning_rate}".format(**event["values"]): event["validation_accuracy"][0]
        for event in events
        if event.get("event") == "point"
    }


def by_pytorch() -> tuple[float, dict[str, float]]:
    """Seconds of the six trainings alone, and the accuracies on the last 10,000 images."""
    train, _ = load_dataset("mnist")
    seconds, accuracies = 0.0, {}
    for activation in ACTIVATIONS:
        for rate in RATES:
            problem = TrainingProblem(
                train.X[:50_000],
                train.y[:50_000],
                train.X[50_000:],
                train.y[50_000:],
                start=start([784, 100, 10], "he_normal"),
                activation=activation,
                batch_size=100,
                learning_rate=rate,
                epochs=EPOCHS,
                shuffle=True,
            )
            training = TensorTraining(problem, Settings(threads=cores()))
            training.reset()
            started = time.perf_counter()
            training.work()
            seconds += time.perf_counter() - started
            accuracies[f"{activation} {rate:g}"] = _accuracy(training, problem)
    return seconds, accuracies


def _accuracy(training: TensorTraining, problem: TrainingProblem) -> float:
    images = problem.test_pixels.astype("float32") / 255
    with torch.no_grad():
        decided = training.network(torch.from_numpy(images)).argmax(1).numpy()
    return float((decided == problem.test_labels).mean())


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    options.add_argument("--repeats", type=int, default=3, metavar="N", help="of the sweep (3)")
    repeats = options.parse_args().repeats
    by_chalknet()  # warm: kernels compiled, files read
    ours = [by_chalknet() for _ in range(repeats)]
    theirs, accuracies = by_pytorch()
    seconds = [one for one, _ in ours]
    print(description())
    spread = f"({min(seconds):.2f} – {max(seconds):.2f})"
    print(f"chalknet sweep          {median(seconds):6.2f} s  {spread}")
    print(f"PyTorch, six in a row   {theirs:6.2f} s   {theirs / median(seconds):.1f} times as long")
    print("validation accuracy:", ours[-1][1], "PyTorch:", accuracies)
    return 0


if __name__ == "__main__":
    sys.exit(main())
