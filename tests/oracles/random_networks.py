"""Random problems: networks of depth 1 to 4 and widths 1 to 7, with activations mixed."""

from __future__ import annotations

from typing import Any

import numpy as np

from oracles.naive_forward import kink_distance
from oracles.problem import Array, Layer, Problem

# By name, with the parameters that each is tried with.
ACTIVATIONS: dict[str, tuple[float, ...]] = {
    "identity": (),
    "relu": (),
    "leaky_relu": (0.2,),
    "elu": (0.7,),
    "selu": (),
    "gelu": (),
    "silu": (),
    "softplus": (),
    "sigmoid": (),
    "tanh": (),
    "step": (),
}
LOSSES: dict[str, tuple[float, ...]] = {
    "softmax_cross_entropy": (),
    "sigmoid_cross_entropy": (),
    "mean_squared_error": (),
    "half_squared_error": (),
    "absolute_error": (),
    "huber": (0.8,),
    "poisson": (),
}
LOGITS = ("softmax_cross_entropy", "sigmoid_cross_entropy", "poisson")
# Every number stays this far from a kink, so that no difference straddles one.
MARGIN = 1e-4


def random_problem(
    activation: str,
    loss: str,
    *,
    outputs: int,
    weighted: bool,
    seed: int,
    only: tuple[str, ...] = tuple(ACTIVATIONS),
) -> Problem:
    """A problem with ``activation`` in one layer at least, and the others drawn from ``only``.

    L2 and dropout each have a part in about half of the problems.
    """
    names = (list(ACTIVATIONS).index(activation), list(LOSSES).index(loss))
    rng = np.random.default_rng([seed, outputs, weighted, *names])
    while True:
        problem = _draw(rng, activation, loss, outputs, weighted, only)
        if kink_distance(problem) > MARGIN:
            return problem


def _draw(
    rng: np.random.Generator,
    activation: str,
    loss: str,
    outputs: int,
    weighted: bool,
    only: tuple[str, ...],
) -> Problem:
    depth, n = int(rng.integers(1, 5)), int(rng.integers(1, 7))
    widths = [*rng.integers(1, 8, depth).tolist(), outputs]
    functions = [str(name) for name in rng.choice(only, depth)]
    if depth > 1 and loss in LOGITS:
        functions[-1] = "identity"
    functions[int(rng.integers(max(1, depth - 1)))] = activation
    layers = [
        Layer(
            rng.normal(0, 1.2 / np.sqrt(fan_in), (fan_in, fan_out)),
            rng.normal(0, 0.5, fan_out),
            name,
            ACTIVATIONS[name],
        )
        for fan_in, fan_out, name in zip(widths[:-1], widths[1:], functions, strict=True)
    ]
    weights = rng.exponential(size=n) * (rng.random(n) < 0.8) + 0.01 * (rng.random(n) < 0.5)
    return Problem(
        layers,
        X=rng.normal(size=(n, widths[0])),
        targets=_targets(rng, loss, n, outputs),
        loss=loss,
        loss_parameters=LOSSES[loss],
        sample_weight=weights + (weights.sum() == 0) if weighted else None,
        l2=float(rng.choice([0.0, 0.3])),
        rates=tuple(rng.choice([0.0, 0.0, 0.2, 0.5], depth - 1).tolist()),
        epoch_key=int(rng.integers(2**63)),
    )


def _targets(rng: np.random.Generator, loss: str, n: int, K: int) -> Array:
    targets: Any
    if loss == "softmax_cross_entropy":
        return rng.integers(0, K, n) if rng.random() < 0.5 else rng.dirichlet(np.ones(K), n)
    if loss == "sigmoid_cross_entropy":
        targets = rng.integers(0, 2, (n, K)) if rng.random() < 0.5 else rng.random((n, K))
    elif loss == "poisson":
        targets = rng.poisson(1.5, (n, K))
    else:
        targets = rng.normal(0, 1.5, (n, K))
    flat: Array = targets[:, 0] if K == 1 and rng.random() < 0.5 else targets
    return flat
