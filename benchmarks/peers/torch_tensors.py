"""PyTorch at its best plain setting: all data in one tensor, batches taken from it by index."""

from __future__ import annotations

import torch

from benchmarks.peers.torch_network import TorchPrediction, TorchTraining
from benchmarks.problems import PredictionProblem, Settings, TrainingProblem


class TensorTraining(TorchTraining):
    """Gathering each batch was faster than permuting the data once an epoch."""

    def work(self) -> None:
        for _ in range(self.problem.epochs):
            if self.problem.shuffle:
                for rows in torch.randperm(len(self.X)).split(self.problem.batch_size):
                    self.step(self.X[rows], self.y[rows])
            else:
                batches = (part.split(self.problem.batch_size) for part in (self.X, self.y))
                for X, y in zip(*batches, strict=True):
                    self.step(X, y)


def train(problem: TrainingProblem, settings: Settings) -> TensorTraining:
    return TensorTraining(problem, settings)


def predict(problem: PredictionProblem, settings: Settings) -> TorchPrediction:
    return TorchPrediction(problem, settings)
