"""NumPy as in the studies: the gradients derived by hand, a few lines in a notebook.

Only the authors' evaluations between epochs are left out, since nobody else makes them here. In
float64 this is also what all others are compared with.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.problems import Array, Parameters, PredictionProblem, Settings, TrainingProblem

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda Z: np.maximum(Z, 0),
    "sigmoid": lambda Z: 1 / (1 + np.exp(-Z)),
}
SLOPES: dict[str, Callable[[Array], Array]] = {
    "relu": lambda A: A > 0,
    "sigmoid": lambda A: A * (1 - A),
}


def softmax(Z: Array) -> Array:
    E: Array = np.exp(Z - Z.max(axis=1, keepdims=True))
    P: Array = E / E.sum(axis=1, keepdims=True)
    return P


def forward(layers: Parameters, X: Array, activation: str) -> list[Array]:
    """The inputs, the activations of each hidden layer, and the probabilities."""
    f, A = ACTIVATIONS[activation], [X]
    for W, b in layers[:-1]:
        A.append(f(A[-1] @ W + b))
    W, b = layers[-1]
    output = ACTIVATIONS["sigmoid"] if W.shape[1] == 1 else softmax
    return [*A, output(A[-1] @ W + b)]


class _Training:
    def __init__(self, problem: TrainingProblem) -> None:
        self.problem = problem
        labels = problem.labels[:, None]
        targets = labels if problem.binary else labels == np.arange(problem.widths[-1])
        self.targets = targets.astype(problem.dtype)
        self.rng = np.random.default_rng(0)

    def reset(self) -> None:
        dtype = self.problem.dtype
        self.layers = [(W.astype(dtype), b.astype(dtype)) for W, b in self.problem.start]

    def work(self) -> None:
        problem, X, T = self.problem, self.problem.inputs, self.targets
        for _ in range(problem.epochs):
            order = self.rng.permutation(len(X)) if problem.shuffle else None
            for first in range(0, len(X), problem.batch_size):
                batch = slice(first, first + problem.batch_size)
                rows = batch if order is None else order[batch]
                self.update(X[rows], T[rows])

    def update(self, X: Array, T: Array) -> None:
        A = forward(self.layers, X, self.problem.activation)
        dZ = (A.pop() - T) / len(X)
        for number in reversed(range(len(self.layers))):
            W, b = self.layers[number]
            dW, db = A[number].T @ dZ, dZ.sum(axis=0)
            if number > 0:
                dZ = (dZ @ W.T) * SLOPES[self.problem.activation](A[number])
            W -= self.problem.learning_rate * dW
            b -= self.problem.learning_rate * db

    def result(self) -> Parameters:
        return self.layers


class _Prediction:
    def __init__(self, problem: PredictionProblem) -> None:
        self.problem = problem
        dtype = problem.dtype
        self.layers = [(W.astype(dtype), b.astype(dtype)) for W, b in problem.start]

    def reset(self) -> None:
        pass

    def work(self) -> None:
        self.probabilities = forward(self.layers, self.problem.inputs, self.problem.activation)[-1]

    def result(self) -> Array:
        return self.probabilities


def train(problem: TrainingProblem, settings: Settings) -> _Training:  # noqa: ARG001
    return _Training(problem)


def predict(problem: PredictionProblem, settings: Settings) -> _Prediction:  # noqa: ARG001
    return _Prediction(problem)
