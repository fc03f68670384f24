"""scikit-learn's MLPClassifier: ``partial_fit`` is one epoch, without stopping or penalty."""

from __future__ import annotations

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.problems import (
    Array,
    Parameters,
    PredictionProblem,
    Problem,
    Settings,
    TrainingProblem,
)

ACTIVATIONS = {"relu": "relu", "sigmoid": "logistic"}


class _Training:
    def __init__(self, problem: TrainingProblem) -> None:
        self.problem = problem
        self.network = _classifier(problem, problem.learning_rate)
        self.network.set_params(
            batch_size=min(problem.batch_size, len(problem.pixels)), shuffle=problem.shuffle
        )

    def reset(self) -> None:
        _set_parameters(self.network, self.problem.start)

    def work(self) -> None:
        for _ in range(self.problem.epochs):
            self.network.partial_fit(self.problem.inputs, self.problem.labels)

    def result(self) -> Parameters:
        return list(zip(self.network.coefs_, self.network.intercepts_, strict=True))


class _Prediction:
    def __init__(self, problem: PredictionProblem) -> None:
        self.inputs = problem.inputs
        self.network = _classifier(problem)
        _set_parameters(self.network, problem.start)

    def reset(self) -> None:
        pass

    def work(self) -> None:
        self.probabilities: Array = self.network.predict_proba(self.inputs)

    def result(self) -> Array:
        return self.probabilities


def _classifier(problem: Problem, learning_rate: float = 0.001) -> MLPClassifier:
    """A classifier after a first ``partial_fit``: its arrays exist, to be overwritten."""
    network = MLPClassifier(
        problem.widths[1:-1],
        activation=ACTIVATIONS[problem.activation],
        solver="sgd",
        alpha=0.0,
        momentum=0.0,
        nesterovs_momentum=False,
        learning_rate_init=learning_rate,
        random_state=0,
    )
    classes = np.arange(max(2, problem.widths[-1]))
    return network.partial_fit(problem.inputs[:1], classes[:1], classes=classes)


def _set_parameters(network: MLPClassifier, start: Parameters) -> None:
    """In place: the optimizer holds on to these very arrays."""
    for coefs, intercepts, (W, b) in zip(network.coefs_, network.intercepts_, start, strict=True):
        coefs[...] = W
        intercepts[...] = b


def train(problem: TrainingProblem, settings: Settings) -> _Training:  # noqa: ARG001
    return _Training(problem)


def predict(problem: PredictionProblem, settings: Settings) -> _Prediction:  # noqa: ARG001
    return _Prediction(problem)
