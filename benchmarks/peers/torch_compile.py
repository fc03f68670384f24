"""PyTorch with plain tensors, network and loss compiled, forward and backward."""

from __future__ import annotations

import torch

from benchmarks.peers.torch_network import TorchPrediction
from benchmarks.peers.torch_tensors import TensorTraining
from benchmarks.problems import PredictionProblem, Settings, TrainingProblem


def train(problem: TrainingProblem, settings: Settings) -> TensorTraining:
    # What earlier problems compiled counts against a limit, beyond which nothing is compiled.
    torch.compiler.reset()
    training = TensorTraining(problem, settings)
    training.loss_of = torch.compile(training.loss_of, dynamic=False)
    return training


def predict(problem: PredictionProblem, settings: Settings) -> TorchPrediction:
    torch.compiler.reset()
    prediction = TorchPrediction(problem, settings)
    prediction.probabilities_of = torch.compile(prediction.probabilities_of, dynamic=False)
    return prediction
