"""JAX: an epoch is one compiled call, a scan over its batches.

The order is drawn by NumPy, which is faster than ``jax.random.permutation``, and batches are
gathered inside the scan, which is faster than permuting the data beforehand. Threads are as many as
the process has cores to use.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.problems import (
    Array,
    Parameters,
    PredictionProblem,
    Problem,
    Settings,
    TrainingProblem,
)

# Lets float64 problems compute in float64; float32 arrays stay float32.
jax.config.update("jax_enable_x64", True)

ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}


def logits(layers: Any, X: Any, activation: str) -> Any:
    for W, b in layers[:-1]:
        X = ACTIVATIONS[activation](X @ W + b)
    W, b = layers[-1]
    return X @ W + b


def mean_loss(layers: Any, X: Any, y: Any, activation: str) -> Any:
    z = logits(layers, X, activation)
    if z.shape[1] == 1:
        return jnp.mean(jax.nn.softplus(z[:, 0]) - y * z[:, 0])
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1))


@partial(jax.jit, static_argnames=("activation", "batch_size", "learning_rate"))
def epoch(
    layers: Any,
    X: Any,
    y: Any,
    order: Any,
    *,
    activation: str,
    batch_size: int,
    learning_rate: float,
) -> Any:
    """All updates of an epoch; ``order`` None is the order of the data."""

    def update(layers: Any, X: Any, y: Any) -> Any:
        gradients = jax.grad(mean_loss)(layers, X, y, activation)
        return jax.tree.map(lambda value, slope: value - learning_rate * slope, layers, gradients)

    def step(layers: Any, batch: Any) -> Any:
        return update(layers, *(batch if order is None else (X[batch], y[batch]))), None

    whole = len(X) // batch_size * batch_size
    split = (-1, batch_size)
    if order is None:
        batches = (X[:whole].reshape(*split, X.shape[1]), y[:whole].reshape(split))
        last = (X[whole:], y[whole:])
    else:
        batches, rest = order[:whole].reshape(split), order[whole:]
        last = (X[rest], y[rest])
    layers, _ = jax.lax.scan(step, layers, batches)
    return update(layers, *last) if whole < len(X) else layers


class _Training:
    def __init__(self, problem: TrainingProblem) -> None:
        self.problem = problem
        self.X = jnp.asarray(problem.inputs)
        self.y = jnp.asarray(problem.labels.astype(np.int32))
        self.rng = np.random.default_rng(0)
        self.epoch = partial(
            epoch,
            activation=problem.activation,
            batch_size=problem.batch_size,
            learning_rate=problem.learning_rate,
        )

    def reset(self) -> None:
        self.layers = _as_jax(self.problem)

    def work(self) -> None:
        for _ in range(self.problem.epochs):
            order = self.rng.permutation(len(self.X)) if self.problem.shuffle else None
            self.layers = self.epoch(self.layers, self.X, self.y, order)
        jax.block_until_ready(self.layers)

    def result(self) -> Parameters:
        return [(np.asarray(W), np.asarray(b)) for W, b in self.layers]


@partial(jax.jit, static_argnames="activation")
def probabilities(layers: Any, X: Any, activation: str) -> Any:
    return jax.nn.softmax(logits(layers, X, activation))


class _Prediction:
    """From NumPy to NumPy."""

    def __init__(self, problem: PredictionProblem) -> None:
        self.problem = problem
        self.layers = _as_jax(problem)

    def reset(self) -> None:
        pass

    def work(self) -> None:
        problem = self.problem
        self.probabilities = np.asarray(
            probabilities(self.layers, problem.inputs, problem.activation)
        )

    def result(self) -> Array:
        return self.probabilities


def _as_jax(problem: Problem) -> list[tuple[Any, Any]]:
    dtype = problem.dtype
    return [(jnp.asarray(W, dtype), jnp.asarray(b, dtype)) for W, b in problem.start]


def train(problem: TrainingProblem, settings: Settings) -> _Training:  # noqa: ARG001
    return _Training(problem)


def predict(problem: PredictionProblem, settings: Settings) -> _Prediction:  # noqa: ARG001
    return _Prediction(problem)
