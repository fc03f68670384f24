"""Gradients by a complex step: f′(x) = Im f(x + ih) / h, with an evaluation of its own.

The step is so small that no digit is lost to a difference; only the formulas of the activation
functions and the losses, written once more for complex numbers, decide what comes out. Where one
has a kink, the side it is evaluated on is that of the convention.

Source: Squire and Trapp, "Using complex variables to estimate derivatives of real functions",
SIAM Review 40 (1998).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chalknet.explain.numerals import Array
from chalknet.explain.verify.lines import is_known
from chalknet.operations.activations import SELU_ALPHA, SELU_SCALE, Activation

__all__ = ["LOSSES", "STEP", "activation_tangent", "loss_tangent"]

STEP = 1e-20


def _exp_at_most_1(z: Array, x: Array) -> Array:
    """eᶻ where x ≤ 0, and 1 elsewhere, so that nothing overflows in the branch not taken."""
    result: Array = np.exp(np.where(x > 0, 0, z))
    return result


def _logistic(z: Array) -> Array:
    x = z.real
    right, left = _exp_at_most_1(-z, -x), _exp_at_most_1(z, x)
    result: Array = np.where(x > 0, 1 / (1 + right), left / (1 + left))
    return result


def _softplus(z: Array) -> Array:
    x = z.real
    right, left = np.log(1 + _exp_at_most_1(-z, -x)), np.log(1 + _exp_at_most_1(z, x))
    result: Array = np.where(x > 0, z + right, left)
    return result


def _elu(z: Array, alpha: float) -> Array:
    x = z.real
    result: Array = np.where(x > 0, z, alpha * (_exp_at_most_1(z, x) - 1))
    return result


def _gelu(z: Array) -> Array:
    """z Φ(z), with Φ(x + iy) = Φ(x) + iy φ(x) for so small a y: Φ is the integral of φ."""
    x = z.real
    distribution = np.vectorize(lambda u: 0.5 * math.erfc(-u / math.sqrt(2)), otypes=[float])(x)
    density = np.exp(-0.5 * np.square(x)) / math.sqrt(2 * math.pi)
    result: Array = z * (distribution + 1j * z.imag * density)
    return result


_ACTIVATIONS: dict[str, Callable[..., Array]] = {
    "identity": lambda z: z,
    "relu": lambda z: np.where(z.real > 0, z, 0),
    "leaky_relu": lambda z, slope: np.where(z.real > 0, z, slope * z),
    "elu": _elu,
    "selu": lambda z: SELU_SCALE * _elu(z, SELU_ALPHA),
    "gelu": _gelu,
    "silu": lambda z: z * _logistic(z),
    "softplus": _softplus,
    "sigmoid": _logistic,
    "tanh": lambda z: 2 * _logistic(2 * z) - 1,
    "step": lambda z: (z.real > 0) + 0j,
}


def activation_tangent(activation: Activation, Z: Array, tangent: Array) -> Array:
    """How f(Z) moves when Z moves along ``tangent``; Z (n, k), tangents (P, n, k)."""
    if activation.name == "identity":
        return tangent
    parameters = tuple(float(value) for value in activation.parameters)
    if not is_known(activation):
        # Nobody has promised that it takes complex numbers.
        width = np.cbrt(np.finfo(np.float64).eps) * np.maximum(1.0, np.abs(Z))
        ahead, behind = (activation.formula(Z + s * width, *parameters) for s in (1, -1))
        slope: Array = (ahead - behind) / (2 * width)
        return slope * tangent
    step = _step(tangent)
    moved = _ACTIVATIONS[activation.name](Z + 1j * step * tangent, *parameters)
    movement: Array = moved.imag / step
    return movement


def _step(tangent: Array) -> float:
    """So small that the step along the longest tangent is small."""
    return STEP / max(1.0, float(np.max(np.abs(tangent), initial=0.0)))


# the losses ----------------------------------------------------------------------------------


def _softmax_cross_entropy(o: Array, t: Array) -> Array:
    top = o.real.max(axis=-1, keepdims=True)
    logs = np.log(np.exp(np.maximum(o.real - top, -700) + 1j * o.imag).sum(axis=-1, keepdims=True))
    result: Array = (t * (top + logs - o)).sum(axis=-1)
    return result


def _huber(o: Array, t: Array, delta: float) -> Array:
    r = o - t
    size = np.sign(r.real) * r
    result: Array = np.where(np.abs(r.real) <= delta, r * r / 2, delta * (size - delta / 2))
    total: Array = result.sum(axis=-1)
    return total


def _absolute_error(o: Array, t: Array) -> Array:
    result: Array = (np.sign(o.real - t) * (o - t)).sum(axis=-1)
    return result


# (outputs (…, n, K), targets (n, K), *parameters) → each sample's loss (…, n).
LOSSES: dict[str, Callable[..., Array]] = {
    "softmax_cross_entropy": _softmax_cross_entropy,
    "sigmoid_cross_entropy": lambda o, t: (t * _softplus(-o) + (1 - t) * _softplus(o)).sum(axis=-1),
    "mean_squared_error": lambda o, t: np.square(o - t).sum(axis=-1),
    "half_squared_error": lambda o, t: (np.square(o - t) / 2).sum(axis=-1),
    "absolute_error": _absolute_error,
    "huber": _huber,
    "poisson": lambda o, t: (np.exp(o) - t * o).sum(axis=-1),
}


def loss_tangent(name: str, parameters: Any, O: Array, t: Array, tangent: Array) -> Array:  # noqa: E741
    """How each sample's loss moves when the output moves along ``tangent``; (P, n)."""
    step = _step(tangent)
    moved = LOSSES[name](O + 1j * step * tangent, t, *(float(value) for value in parameters))
    movement: Array = moved.imag / step
    return movement
