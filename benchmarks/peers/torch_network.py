"""What the three ways of using PyTorch have in common: the network, its loss and its optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.problems import Array, Parameters, Problem, Settings, TrainingProblem

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def sequential(problem: Problem) -> nn.Sequential:
    """The problem's network, its parameters not yet set."""
    dtype = torch.from_numpy(problem.inputs[:1]).dtype
    layers: list[nn.Module] = []
    for W, _ in problem.start:
        layers.append(nn.utils.skip_init(nn.Linear, *W.shape, dtype=dtype))
        layers.append(ACTIVATIONS[problem.activation]())
    return nn.Sequential(*layers[:-1])


def linears(network: nn.Sequential) -> list[nn.Linear]:
    return [layer for layer in network if isinstance(layer, nn.Linear)]


@torch.no_grad()
def set_parameters(network: nn.Sequential, start: Parameters) -> None:
    for layer, (W, b) in zip(linears(network), start, strict=True):
        layer.weight.copy_(torch.from_numpy(W.T))
        layer.bias.copy_(torch.from_numpy(b))


class TorchTraining:
    """Tensors, network and optimizer; subclasses say how batches come.

    ``SGD(fused=True)`` updates all parameters in one call, the fastest of its forms.
    """

    def __init__(self, problem: TrainingProblem, settings: Settings) -> None:
        self.problem = problem
        self.threads = settings.threads
        self.X = torch.from_numpy(problem.inputs)
        self.y = torch.from_numpy(problem.labels)
        if problem.binary:
            self.y = self.y[:, None].to(self.X.dtype)
        self.network = sequential(problem)
        self.loss = nn.BCEWithLogitsLoss() if problem.binary else nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(
            self.network.parameters(), lr=problem.learning_rate, fused=True
        )
        self.loss_of: Callable[[Tensor, Tensor], Any] = lambda X, y: self.loss(self.network(X), y)

    def reset(self) -> None:
        torch.set_num_threads(self.threads)
        set_parameters(self.network, self.problem.start)

    def step(self, X: Tensor, y: Tensor) -> None:
        loss = self.loss_of(X, y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

    def result(self) -> Parameters:
        return [
            (layer.weight.detach().numpy().T, layer.bias.detach().numpy())
            for layer in linears(self.network)
        ]


class TorchPrediction:
    """From NumPy to NumPy, without a graph for gradients."""

    def __init__(self, problem: Problem, settings: Settings) -> None:
        self.threads = settings.threads
        self.inputs = problem.inputs
        network = sequential(problem)
        set_parameters(network, problem.start)
        self.probabilities_of: Callable[[Tensor], Tensor] = nn.Sequential(network, nn.Softmax(1))

    def reset(self) -> None:
        torch.set_num_threads(self.threads)

    def work(self) -> None:
        with torch.inference_mode():
            self.probabilities = self.probabilities_of(torch.from_numpy(self.inputs)).numpy()

    def result(self) -> Array:
        return self.probabilities
