"""The same problems in PyTorch, for its automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

from oracles.problem import Array, Problem

torch.set_num_threads(1)  # more would only wait for each other over matrices this small

Tensor = torch.Tensor

ACTIVATIONS: dict[str, Callable[..., Tensor]] = {
    "identity": lambda z: z,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    # Without the threshold, above which PyTorch replaces softplus by the identity.
    "softplus": lambda z: F.softplus(z, threshold=700.0),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "step": lambda z: torch.heaviside(z.detach(), torch.zeros((), dtype=z.dtype)) + 0 * z,
}
LOSSES: dict[str, Callable[..., Tensor]] = {
    "softmax_cross_entropy": lambda o, t: F.cross_entropy(o, t, reduction="none")[:, None],
    "sigmoid_cross_entropy": lambda o, t: F.binary_cross_entropy_with_logits(
        o, t, reduction="none"
    ),
    "mean_squared_error": lambda o, t: F.mse_loss(o, t, reduction="none"),
    "half_squared_error": lambda o, t: F.mse_loss(o, t, reduction="none") / 2,
    "absolute_error": lambda o, t: F.l1_loss(o, t, reduction="none"),
    "huber": lambda o, t, delta: F.huber_loss(o, t, reduction="none", delta=delta),
    "poisson": lambda o, t: F.poisson_nll_loss(o, t, log_input=True, full=False, reduction="none"),
}


def tensor(x: Array) -> Tensor:
    return torch.tensor(np.asarray(x, dtype=np.float64), dtype=torch.float64, requires_grad=True)


def autograd(problem: Problem) -> tuple[float, Array, Array]:
    """The mean data term, ∂objective/∂parameters (m,) and ∂objective/∂X."""
    pairs = [(tensor(layer.W), tensor(layer.b)) for layer in problem.layers]
    X = tensor(problem.X)
    A = X
    penalty = torch.zeros((), dtype=torch.float64)
    for (W, b), layer, mask in zip(pairs, problem.layers, problem.masks, strict=True):
        A = ACTIVATIONS[layer.activation](F.linear(A, W.T, b), *layer.parameters)
        A = A if mask is None else A * torch.from_numpy(mask)
        penalty = penalty + problem.l2 / 2 * W.square().sum()
    targets = torch.from_numpy(problem.rows.astype(np.float64))
    terms = LOSSES[problem.loss](A, targets, *problem.loss_parameters).sum(dim=1)
    weight = np.ones(len(terms)) if problem.sample_weight is None else problem.sample_weight
    w = torch.from_numpy(weight)
    loss = (w * terms).sum() / w.sum()
    (loss + penalty).backward()
    return float(loss.detach()), flat([part for pair in pairs for part in pair]), gradient(X)


def flat(parts: list[Tensor]) -> Array:
    """The gradients of all of them in one vector."""
    return np.concatenate([gradient(part).ravel() for part in parts])


def gradient(x: Tensor) -> Array:
    """Zero where nothing flowed back."""
    return np.zeros(x.shape) if x.grad is None else x.grad.numpy()
