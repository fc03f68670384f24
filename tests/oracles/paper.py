"""Problems on paper for tests: random ones of every kind, in decimals or in small whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.explain.problem import Layer, Problem
from chalknet.training.optimizers import OPTIMIZERS, as_optimizer

ACTIVATIONS = (
    *("identity", "relu", "leaky_relu", "leaky_relu(0.3)", "elu", "elu(0.5)", "selu", "gelu"),
    *("silu", "softplus", "sigmoid", "tanh", "step"),
)
LOSSES = (
    *("softmax_cross_entropy", "sigmoid_cross_entropy", "mean_squared_error"),
    *("half_squared_error", "absolute_error", "huber", "huber(0.5)", "poisson"),
)


def random_problem(
    seed: int,
    *,
    whole: bool = False,
    activations: tuple[str, ...] = ACTIVATIONS,
    losses: tuple[str, ...] = LOSSES,
    optimizers: tuple[str, ...] = tuple(OPTIMIZERS),
) -> Problem:
    """One to three layers of one to four neurons; one sample or a few; often with weights or L2.

    ``whole`` numbers from −3 to 3 are exact, and meet the kinks of the functions.
    """
    rng = np.random.default_rng([seed, whole])
    depth, single = int(rng.integers(1, 4)), bool(rng.random() < 0.5)
    n = 1 if single else int(rng.integers(1, 5))
    widths = [int(width) for width in rng.integers(1, 5, depth + 1)]
    loss = str(rng.choice(losses))
    inputs, targets = (
        _numbers(rng, (n, widths[0]), whole),
        _targets(rng, loss, n, widths[-1], whole),
    )
    return Problem(
        layers=[
            Layer(
                weights=_numbers(rng, (widths[i + 1], widths[i]), whole),
                bias=_numbers(rng, (widths[i + 1],), whole),
                activation=_activation(rng, activations, last=i == depth - 1),
            )
            for i in range(depth)
        ],
        inputs=inputs[0] if single else inputs,
        targets=targets[0] if single else targets,
        loss=loss,
        optimizer=as_optimizer(
            str(rng.choice(optimizers)), learning_rate=float(rng.choice([0.1, 0.03]))
        ),
        l2=float(rng.choice([0.0, 0.0, 0.1])),
        sample_weight=None if rng.random() < 0.7 else rng.integers(1, 4, n),
    )


def _activation(rng: np.random.Generator, names: tuple[str, ...], *, last: bool) -> str:
    return "identity" if last and rng.random() < 0.8 else str(rng.choice(names))


def _numbers(rng: np.random.Generator, shape: tuple[int, ...], whole: bool) -> Any:
    if whole:
        return rng.integers(-3, 4, shape).astype(object)
    return rng.normal(0, 1, shape) * 10 ** rng.uniform(-1, 0.5)


def _targets(rng: np.random.Generator, loss: str, n: int, K: int, whole: bool) -> Any:
    if loss == "softmax_cross_entropy":
        hard = np.eye(K, dtype=int)[rng.integers(0, K, n)]
        return hard if whole or rng.random() < 0.6 else rng.dirichlet(np.ones(K), n)
    if loss == "sigmoid_cross_entropy":
        return rng.integers(0, 2, (n, K)) if whole or rng.random() < 0.6 else rng.random((n, K))
    return rng.poisson(2, (n, K)) if loss == "poisson" else _numbers(rng, (n, K), whole)
