"""The objective of a network, naively, for complex numbers and for extended precision.

Two independent derivatives follow from it. The complex step: ∂f/∂x = Im f(x + ih) / h has no
cancellation, so h = 10⁻³⁰ gives every digit (Squire and Trapp, SIAM Review 40, 1998). Central
differences: (f(x + h) − f(x − h)) / 2h in the longest float there is.

Pieces of a function with a kink are chosen by the real part. All perturbations of all parameters go
through one forward pass: every array has a leading axis that runs over them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import erfc

from oracles.problem import Problem

Array = npt.NDArray[Any]

# By the published definitions; a and d are the parameters that some of them take.
ACTIVATIONS: dict[str, Callable[..., Array]] = {
    "identity": lambda z: z,
    "relu": lambda z: np.where(z.real > 0, z, 0),
    "leaky_relu": lambda z, a: np.where(z.real > 0, z, a * z),
    "elu": lambda z, a: np.where(z.real > 0, z, a * (np.exp(z) - 1)),
    "selu": lambda z: (
        1.0507009873554805 * np.where(z.real > 0, z, 1.6732632423543773 * (np.exp(z) - 1))
    ),
    "gelu": lambda z: z * _erfc(-z / np.sqrt(2)) / 2,
    "silu": lambda z: z / (1 + np.exp(-z)),
    "softplus": lambda z: np.log(1 + np.exp(z)),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
    "step": lambda z: np.where(z.real > 0, 1, 0) + 0 * z.real,
}


def _erfc(z: Array) -> Array:
    return erfc(z) if np.iscomplexobj(z) else erfc(z.astype(np.float64)).astype(z.dtype)


def _huber(o: Array, t: Array, d: float) -> Array:
    r = o - t
    size = np.where(r.real < 0, -r, r)
    return np.where(size.real <= d, r * r / 2, d * (size - d / 2))


def _softmax_cross_entropy(o: Array, t: Array) -> Array:
    o = o - o.real.max(axis=-1, keepdims=True)
    return -t * (o - np.log(np.exp(o).sum(axis=-1, keepdims=True)))


LOSSES: dict[str, Callable[..., Array]] = {
    "softmax_cross_entropy": _softmax_cross_entropy,
    "sigmoid_cross_entropy": lambda o, t: (
        -t * np.log(1 / (1 + np.exp(-o))) - (1 - t) * np.log(1 / (1 + np.exp(o)))
    ),
    "mean_squared_error": lambda o, t: (o - t) ** 2,
    "half_squared_error": lambda o, t: (o - t) ** 2 / 2,
    "absolute_error": lambda o, t: np.where((o - t).real < 0, t - o, o - t),
    "huber": _huber,
    "poisson": lambda o, t: np.exp(o) - t * o,
}


def sweep(problem: Problem, parameters: Array, X: Array) -> tuple[list[Array], Array, Array]:
    """All Z (P, n, fan_out), the output (P, n, K), and Σ W² (P,)."""
    pre_activations, A, start, squares = [], X, 0, np.zeros(1)
    for layer, mask in zip(problem.layers, problem.masks, strict=True):
        fan_in, fan_out = layer.W.shape
        middle, end = start + fan_in * fan_out, start + (fan_in + 1) * fan_out
        W = parameters[:, start:middle].reshape(-1, fan_in, fan_out)
        Z = A @ W + parameters[:, None, middle:end]
        A = ACTIVATIONS[layer.activation](Z, *layer.parameters)
        A = A if mask is None else A * mask
        squares = squares + (W * W).sum(axis=(1, 2))
        pre_activations.append(Z)
        start = end
    return pre_activations, A, squares


def objective(problem: Problem, parameters: Array, X: Array) -> Array:
    """Loss plus penalty (P,) for parameters (P, m) and inputs (P, n, fan_in), or one of either."""
    _, output, squares = sweep(problem, parameters, X)
    terms = LOSSES[problem.loss](output, problem.rows, *problem.loss_parameters).sum(axis=-1)
    w = np.ones(len(problem.X)) if problem.sample_weight is None else problem.sample_weight
    result: Array = (terms * w).sum(axis=-1) / w.sum() + problem.l2 / 2 * squares
    return result


def kink_distance(problem: Problem) -> float:
    """How close any pre-activation or residual is to where a slope may jump."""
    pre_activations, output, _ = sweep(problem, problem.parameters[None], problem.X[None])
    distances = [np.abs(Z) for Z in pre_activations]
    if problem.loss in ("absolute_error", "huber"):
        corner = problem.loss_parameters[0] if problem.loss == "huber" else 0.0
        distances.append(np.abs(np.abs(output - problem.rows) - corner))
    return float(min(distance.min() for distance in distances))


def value(problem: Problem) -> float:
    """The objective, in the longest float there is."""
    parameters, X = (x[None].astype(np.longdouble) for x in (problem.parameters, problem.X))
    return float(objective(problem, parameters, X)[0])


def complex_step(problem: Problem, h: float = 1e-30) -> tuple[Array, Array]:
    """∂objective/∂parameters (m,) and ∂objective/∂X (n, fan_in)."""
    return _derivatives(
        problem, lambda at, f: f(at + 1j * h * np.eye(at.size).reshape(-1, *at.shape)).imag / h
    )


def central_differences(problem: Problem, h: float = 1e-6) -> tuple[Array, Array]:
    """The same, by differences; kinks must be farther away than the step reaches."""

    def difference(at: Array, f: Callable[[Array], Array]) -> Array:
        shift = np.longdouble(h) * np.eye(at.size, dtype=np.longdouble).reshape(-1, *at.shape)
        return ((f(at + shift) - f(at - shift)) / (2 * np.longdouble(h))).astype(np.float64)

    return _derivatives(problem, difference)


def _derivatives(
    problem: Problem, derivative: Callable[[Array, Callable[[Array], Array]], Array]
) -> tuple[Array, Array]:
    parameters, X = problem.parameters, problem.X
    return (
        derivative(parameters, lambda moved: objective(problem, moved, X[None])),
        derivative(X, lambda moved: objective(problem, parameters[None], moved)).reshape(X.shape),
    )
