"""chalknet, by its public names."""

from __future__ import annotations

import numpy as np

import chalknet as ck
from benchmarks.problems import Array, Parameters, PredictionProblem, Settings, TrainingProblem
from chalknet.model import Score


class _Training:
    """From bytes, as ``load_dataset`` gives them; loss and accuracy are recorded on the way.

    Where evaluations are part of the work, ``Model.evaluate`` makes them before each epoch.
    """

    def __init__(self, problem: TrainingProblem, settings: Settings) -> None:
        self.problem = problem
        self.settings = settings
        classes = np.arange(max(2, problem.widths[-1]))
        self.data, self.test = (
            ck.Dataset(pixels, labels, name="pixels", classes=classes)
            for pixels, labels in (
                (problem.pixels, problem.labels),
                (problem.test_pixels, problem.test_labels),
            )
        )
        self.loss = "sigmoid_cross_entropy" if problem.binary else "softmax_cross_entropy"
        self.preprocessing = ck.Preprocessing(divisor=problem.divisor)
        self.rng = np.random.default_rng(0)
        self.scores: list[Score] = []

    def reset(self) -> None:
        self.network = _network(self.problem)

    def work(self) -> None:
        problem, settings = self.problem, self.settings
        self.scores = []
        self.evaluate()
        for record in ck.train(
            self.network,
            self.data,
            loss=self.loss,
            optimizer=ck.SGD(learning_rate=problem.learning_rate),
            epochs=problem.epochs,
            batch_size=problem.batch_size,
            rng=self.rng,
            shuffle=problem.shuffle,
            engine=settings.engine,
            threads=settings.threads,
            preprocessing=self.preprocessing,
        ):
            if record.epoch < problem.epochs:
                self.evaluate()

    def evaluate(self) -> None:
        if self.problem.evaluates:
            model = ck.Model.for_data(self.network, self.loss, self.preprocessing, self.data)
            self.scores.append(model.evaluate(self.test))

    def result(self) -> Parameters:
        return [(layer.W, layer.b) for layer in self.network.layers]


class _Prediction:
    """A ``Model``, which always predicts with the engine ``auto``."""

    def __init__(self, problem: PredictionProblem) -> None:
        classes = np.arange(problem.widths[-1])
        self.model = ck.Model(_network(problem), "softmax_cross_entropy", classes=classes)
        self.inputs = problem.inputs

    def reset(self) -> None:
        pass

    def work(self) -> None:
        self.probabilities: Array = self.model.predict_proba(self.inputs)

    def result(self) -> Array:
        return self.probabilities


def _network(problem: TrainingProblem | PredictionProblem) -> ck.Network:
    *hidden, output = [(W.astype(problem.dtype), b.astype(problem.dtype)) for W, b in problem.start]
    layers = [ck.Dense(W, b, problem.activation) for W, b in hidden]
    return ck.Network([*layers, ck.Dense(*output)])


def train(problem: TrainingProblem, settings: Settings) -> _Training:
    return _Training(problem, settings)


def predict(problem: PredictionProblem, settings: Settings) -> _Prediction:  # noqa: ARG001
    return _Prediction(problem)
