"""Optimizers against PyTorch's, over 1,000 steps of training a small network."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from chalknet.network import Network
from chalknet.operations.losses import SoftmaxCrossEntropy
from chalknet.training.optimizers import (
    OPTIMIZERS,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
)

torch.set_num_threads(1)  # more would only wait for each other over matrices this small

Parameters = list[torch.nn.Parameter]
STEPS, BATCH = 1000, 16

# Each optimizer as it comes, and with every setting changed, beside PyTorch's.
PAIRS: dict[str, tuple[Optimizer, Callable[[Parameters], torch.optim.Optimizer]]] = {
    "sgd": (SGD(learning_rate=0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    "momentum": (
        Momentum(learning_rate=0.05),
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    ),
    "momentum, changed": (
        Momentum(learning_rate=0.2, momentum=0.5),
        lambda p: torch.optim.SGD(p, lr=0.2, momentum=0.5),
    ),
    "nesterov": (
        Nesterov(learning_rate=0.05),
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    ),
    "nesterov, changed": (
        Nesterov(learning_rate=0.1, momentum=0.7),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.7, nesterov=True),
    ),
    "rmsprop": (
        RMSprop(learning_rate=0.001),
        lambda p: torch.optim.RMSprop(p, lr=0.001, alpha=0.99, eps=1e-8),
    ),
    "rmsprop, changed": (
        RMSprop(learning_rate=0.003, decay=0.9, epsilon=1e-4),
        lambda p: torch.optim.RMSprop(p, lr=0.003, alpha=0.9, eps=1e-4),
    ),
    "adagrad": (
        Adagrad(learning_rate=0.05),
        lambda p: torch.optim.Adagrad(p, lr=0.05, eps=1e-10),
    ),
    "adagrad, changed": (
        Adagrad(learning_rate=0.1, epsilon=1e-3),
        lambda p: torch.optim.Adagrad(p, lr=0.1, eps=1e-3),
    ),
    "adam": (Adam(learning_rate=0.003), lambda p: torch.optim.Adam(p, lr=0.003)),
    "adam, changed": (
        Adam(learning_rate=0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-5),
        lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-5),
    ),
    "adamw": (
        AdamW(learning_rate=0.003),
        lambda p: torch.optim.AdamW(p, lr=0.003, weight_decay=0.01),
    ),
    "adamw, changed": (
        AdamW(learning_rate=0.01, beta_1=0.7, beta_2=0.9, epsilon=1e-6, weight_decay=0.2),
        lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.7, 0.9), eps=1e-6, weight_decay=0.2),
    ),
}


def problem() -> tuple[Network, Any, Any]:
    """Three interleaved spirals: 96 points that no linear map separates."""
    rng = np.random.default_rng(12)
    labels = np.arange(96) % 3
    radius = np.linspace(0.2, 2.0, 96)
    angle = 2.0 * radius + labels * 2 * np.pi / 3 + rng.normal(0, 0.1, 96)
    X = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    network = Network.dense(
        [2, 8, 6, 3], activation=["tanh", "silu"], init="glorot_normal", rng=rng, dtype=np.float64
    )
    return network, X, labels


def batches(t: int) -> Any:
    """The rows of step t: another part of the data in each."""
    return (np.arange(BATCH) * 5 + t * BATCH) % 96


@functools.cache
def our_path(optimizer: Optimizer, rate: Callable[[int], float] | None = None) -> Any:
    """The parameters after each of the steps (STEPS, m), with chalknet's gradients."""
    network, X, labels = problem()
    state, path = optimizer.init(network.parameters), []
    for t in range(STEPS):
        rows = batches(t)
        trace = network.forward(X[rows])
        _, d_output = SoftmaxCrossEntropy().value_and_grad(trace.output, labels[rows])
        gradients = network.backward(trace, d_output, input_gradient=False).flat
        learning_rate = rate(t) if rate else None
        assert optimizer.step(network.parameters, gradients, state, learning_rate)
        path.append(network.parameters.copy())
    assert state.t == STEPS
    return np.array(path)


def their_path(
    make: Callable[[Parameters], torch.optim.Optimizer], rate: Callable[[int], float] | None = None
) -> Any:
    """The same with PyTorch's model, derivatives and optimizer."""
    network, X, labels = problem()
    model = torch.nn.Sequential()
    for layer, function in zip(
        network.layers, (torch.nn.Tanh(), torch.nn.SiLU(), torch.nn.Identity()), strict=True
    ):
        linear = torch.nn.Linear(layer.fan_in, layer.fan_out, dtype=torch.float64)
        linear.weight.data = torch.tensor(layer.W.T)
        linear.bias.data = torch.tensor(layer.b)
        model.extend([linear, function])
    optimizer, path = make(list(model.parameters())), []
    inputs, targets = torch.tensor(X), torch.tensor(labels)
    for t in range(STEPS):
        rows = torch.from_numpy(batches(t))
        for group in optimizer.param_groups:
            group["lr"] = rate(t) if rate else group["lr"]
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs[rows]), targets[rows]).backward()
        optimizer.step()
        parts = [p.detach().numpy() for p in model.parameters()]
        path.append(np.concatenate([part.T.ravel() for part in parts]))
    return np.array(path)


@pytest.mark.parametrize("name", PAIRS)
def test_thousand_steps(name: str) -> None:
    """At no step is any weight farther than 10⁻⁹ from PyTorch's."""
    optimizer, make = PAIRS[name]
    ours, theirs = our_path(optimizer), their_path(make)
    assert np.abs(ours - theirs).max() <= 1e-9
    # The path leads somewhere: a test at a standstill would show nothing.
    assert np.abs(ours[-1] - ours[0]).max() > 0.1


@pytest.mark.parametrize("name", ["momentum", "adam", "adamw"])
def test_thousand_steps_with_a_changing_rate(name: str) -> None:
    optimizer, make = PAIRS[name]

    def rate(t: int) -> float:
        return optimizer.learning_rate * (1.1 + math.cos(t / 40))

    assert np.abs(our_path(optimizer, rate) - their_path(make, rate)).max() <= 1e-9


def test_every_optimizer_is_compared() -> None:
    contract = {"SGD", "Momentum", "Nesterov", "RMSprop", "Adagrad", "Adam", "AdamW"}
    assert {cls.__name__ for cls in OPTIMIZERS.values()} == contract
    assert {type(ours).__name__ for ours, _ in PAIRS.values()} == contract


def test_the_paths_differ() -> None:
    ends = [our_path(optimizer)[-1] for optimizer, _ in PAIRS.values()]
    gaps = [np.abs(a - b).max() for i, a in enumerate(ends) for b in ends[:i]]
    assert min(gaps) > 1e-3
