"""NumPy as the study usc ran it: one sample after the other, gradients summed up over a batch.

That the program went sample by sample can be seen from what is published of it: it halves the
learning rate at every sample, and counts samples to its next update. Vectors are columns, numbers
are float64 unless a workload says otherwise. Each epoch ends with the loss and accuracy on a set
that is held out; that pass is one matrix product a layer here, since nothing is known of the
study's.
"""

from __future__ import annotations

import numpy as np

from benchmarks.peers.by_hand import ACTIVATIONS, SLOPES, forward
from benchmarks.problems import Array, Parameters, Settings, TrainingProblem


def sigmoid(z: Array) -> Array:
    p: Array = 1 / (1 + np.exp(-z))
    return p


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max())
    p: Array = e / e.sum()
    return p


class _Training:
    def __init__(self, problem: TrainingProblem) -> None:
        self.problem = problem
        self.X = problem.inputs
        labels = problem.labels[:, None]
        targets = labels if problem.binary else labels == np.arange(problem.widths[-1])
        self.targets = targets.astype(problem.dtype)
        held_out = problem.test_pixels.astype(problem.dtype)
        self.held_out = held_out / np.asarray(problem.divisor, problem.dtype)
        self.rng = np.random.default_rng(0)
        self.scores: list[tuple[float, float]] = []

    def reset(self) -> None:
        dtype = self.problem.dtype
        self.layers = [(W.astype(dtype), b.astype(dtype)[:, None]) for W, b in self.problem.start]

    def work(self) -> None:
        problem, n = self.problem, len(self.X)
        for _ in range(problem.epochs):
            order = self.rng.permutation(n) if problem.shuffle else np.arange(n)
            for first in range(0, n, problem.batch_size):
                self.update(order[first : first + problem.batch_size])
            if problem.evaluates:
                self.scores.append(self.score())

    def update(self, rows: Array) -> None:
        sums = [(np.zeros_like(W), np.zeros_like(b)) for W, b in self.layers]
        for row in rows:
            self.add_gradients(self.X[row][:, None], self.targets[row][:, None], sums)
        rate = self.problem.learning_rate / len(rows)
        for layer, gradient in zip(self.layers, sums, strict=True):
            for values, total in zip(layer, gradient, strict=True):
                values[...] -= rate * total

    def add_gradients(self, x: Array, t: Array, sums: Parameters) -> None:
        f, slope = (table[self.problem.activation] for table in (ACTIVATIONS, SLOPES))
        activations = [x]
        for W, b in self.layers[:-1]:
            activations.append(f(W.T @ activations[-1] + b))
        W, b = self.layers[-1]
        dz = (sigmoid if self.problem.binary else softmax)(W.T @ activations[-1] + b) - t
        for number in reversed(range(len(self.layers))):
            dW, db = sums[number]
            dW += activations[number] @ dz.T
            db += dz
            if number > 0:
                dz = (self.layers[number][0] @ dz) * slope(activations[number])

    def score(self) -> tuple[float, float]:
        p = forward(self.result(), self.held_out, self.problem.activation)[-1]
        p = np.hstack([1 - p, p]) if self.problem.binary else p
        labels = self.problem.test_labels
        loss = -np.log(p[np.arange(len(p)), labels]).mean()
        return float(loss), float((p.argmax(axis=1) == labels).mean())

    def result(self) -> Parameters:
        return [(W, b[:, 0]) for W, b in self.layers]


def train(problem: TrainingProblem, settings: Settings) -> _Training:  # noqa: ARG001
    return _Training(problem)
