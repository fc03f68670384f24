"""A problem on paper in PyTorch: every line by its symbol, gradients by automatic differentiation.

Neurons are rows there too, so nothing is transposed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from oracles.torch_forward import ACTIVATIONS

Tensor = torch.Tensor

PREDICTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "softmax_cross_entropy": lambda o: torch.softmax(o, dim=1),
    "sigmoid_cross_entropy": torch.sigmoid,
    "poisson": torch.exp,
}
LOSSES: dict[str, Callable[..., Tensor]] = {
    "softmax_cross_entropy": lambda o, t: F.cross_entropy(o, t, reduction="none"),
    "sigmoid_cross_entropy": lambda o, t: F.binary_cross_entropy_with_logits(
        o, t, reduction="none"
    ).sum(1),
    "mean_squared_error": lambda o, t: (o - t).square().sum(1),
    "half_squared_error": lambda o, t: (o - t).square().sum(1) / 2,
    "absolute_error": lambda o, t: (o - t).abs().sum(1),
    "huber": lambda o, t, delta: F.huber_loss(o, t, reduction="none", delta=delta).sum(1),
    "poisson": lambda o, t: F.poisson_nll_loss(
        o, t, log_input=True, full=False, reduction="none"
    ).sum(1),
}


def optimizer_of(config: Any, parameters: list[Tensor]) -> torch.optim.Optimizer:
    """PyTorch's own optimizer with the same coefficients."""
    c = {name: float(value) for name, value in vars(config).items()}
    rate = c["learning_rate"]
    make: dict[str, Callable[[], torch.optim.Optimizer]] = {
        "sgd": lambda: torch.optim.SGD(parameters, lr=rate),
        "momentum": lambda: torch.optim.SGD(parameters, lr=rate, momentum=c["momentum"]),
        "nesterov": lambda: torch.optim.SGD(
            parameters, lr=rate, momentum=c["momentum"], nesterov=True
        ),
        "rmsprop": lambda: torch.optim.RMSprop(
            parameters, lr=rate, alpha=c["decay"], eps=c["epsilon"]
        ),
        "adagrad": lambda: torch.optim.Adagrad(parameters, lr=rate, eps=c["epsilon"]),
        "adam": lambda: torch.optim.Adam(
            parameters, lr=rate, betas=(c["beta_1"], c["beta_2"]), eps=c["epsilon"]
        ),
        "adamw": lambda: torch.optim.AdamW(
            parameters,
            lr=rate,
            betas=(c["beta_1"], c["beta_2"]),
            eps=c["epsilon"],
            weight_decay=c["weight_decay"],
        ),
    }
    return make[config.name]()


SLOTS = {
    "momentum": {"v": "momentum_buffer"},
    "nesterov": {"v": "momentum_buffer"},
    "rmsprop": {"s": "square_avg"},
    "adagrad": {"s": "sum"},
    "adam": {"m": "exp_avg", "v": "exp_avg_sq"},
    "adamw": {"m": "exp_avg", "v": "exp_avg_sq"},
}


def tensor(array: Any) -> Tensor:
    return torch.tensor(np.asarray(array, dtype=np.float64), dtype=torch.float64)


def solve(problem: Any, steps: int) -> dict[str, Any]:
    """Symbol → array or number, of so many updates one after the other."""
    pairs = [
        (tensor(layer.weights).requires_grad_(), tensor(layer.bias).requires_grad_())
        for layer in problem.layers
    ]
    optimizer = optimizer_of(problem.optimizer, [part for pair in pairs for part in pair])
    values: dict[str, Any] = {}
    for number in range(1, steps + 1):
        suffix = "" if number == 1 else f"@{number}"
        optimizer.zero_grad()
        found = _one(problem, pairs)
        optimizer.step()
        for layer, (W, b) in enumerate(pairs, start=1):
            for name, part in ((f"W{layer}", W), (f"b{layer}", b)):
                found[f"{name}_new"] = part.detach().clone()
                for slot, theirs in SLOTS.get(problem.optimizer.name, {}).items():
                    found[f"{slot}_{name}"] = optimizer.state[part][theirs].clone()
        values |= {symbol + suffix: value.detach().numpy() for symbol, value in found.items()}
    return values


def _one(problem: Any, pairs: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
    A, found, kept = tensor(problem.inputs), {}, {}
    penalty = torch.zeros((), dtype=torch.float64)
    for number, ((W, b), layer) in enumerate(zip(pairs, problem.layers, strict=True), start=1):
        Z = F.linear(A, W, b)
        activation = layer.activation
        A = ACTIVATIONS[activation.name](Z, *activation.parameters)
        Z.retain_grad()
        A.retain_grad()
        kept[f"dz{number}"], kept[f"da{number}"] = Z, A
        found |= {f"z{number}": Z, f"a{number}": A}
        penalty = penalty + float(problem.l2) / 2 * W.square().sum()
    parameters = [float(x) for x in getattr(problem.loss, "parameters", ())]
    losses = LOSSES[problem.loss.name](A, tensor(problem.targets), *parameters)
    weight = problem.sample_weight
    w = torch.ones_like(losses) if weight is None else tensor(weight)
    loss = (w * losses).sum() / w.sum()
    (loss + penalty).backward()
    found |= {"losses": losses, "loss": loss, "penalty": penalty, "objective": loss + penalty}
    if problem.loss.name in PREDICTIONS:
        found["p"] = PREDICTIONS[problem.loss.name](A)
    for symbol, Z in kept.items():
        found[symbol] = torch.zeros_like(Z) if Z.grad is None else Z.grad
    if problem.single:
        found = {s: x[0] if x.ndim == 2 else x for s, x in found.items()}
    for number, (W, b) in enumerate(pairs, start=1):
        found |= {f"dW{number}": W.grad.clone(), f"db{number}": b.grad.clone()}
    return found
