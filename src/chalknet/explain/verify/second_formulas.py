"""Activation functions, probabilities and losses once more, by other formulas than the textbook's.

Each is a plain function of single numbers. ``m`` gives the elementary functions: ``math`` for
floats, mpmath's for numbers of many digits; those of ``RATIONAL`` need none and take fractions too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

__all__ = [
    "FUNCTIONS",
    "LOSS_SLOPES",
    "LOSS_TERMS",
    "RATIONAL",
    "SLOPES",
    "SLOPE_SIZES",
    "logistic",
    "softmax",
]

# Names of activations and losses whose formulas are made of fractions if their numbers are.
RATIONAL = frozenset(
    (
        *("identity", "relu", "leaky_relu", "step"),
        *("mean_squared_error", "half_squared_error", "absolute_error", "huber"),
    )
)
# Beyond these, a float overflows: eᶻ, and cosh z/2.
EXP_OVERFLOWS, COSH_OVERFLOWS = 700, 1400


# activation functions ------------------------------------------------------------------------


def logistic(m: Any, z: Any) -> Any:
    """σ(z) = e^{z/2} / (2 cosh z/2)."""
    if abs(z) > COSH_OVERFLOWS:
        return 1 if z > 0 else m.exp(z)
    return m.exp(z / 2) / (2 * m.cosh(z / 2))


def _softplus(m: Any, z: Any) -> Any:
    """log(1 + e) = 2 artanh(e / (2 + e))."""
    e = m.exp(-abs(z))
    return max(z, 0) + 2 * m.atanh(e / (2 + e))


def _exp_less_one(m: Any, z: Any) -> Any:
    """eᶻ − 1 = 2 e^{z/2} sinh(z/2), for z ≤ 0."""
    return -1 if z < -COSH_OVERFLOWS else 2 * m.exp(z / 2) * m.sinh(z / 2)


def _normal(m: Any, z: Any) -> Any:
    return m.erfc(-z / m.sqrt(2)) / 2


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "identity": lambda m, z: z,  # noqa: ARG005
    "relu": lambda m, z: (z + abs(z)) / 2,  # noqa: ARG005
    "leaky_relu": lambda m, z, slope: z if z > 0 else z * slope,  # noqa: ARG005
    "elu": lambda m, z, alpha: z if z > 0 else alpha * _exp_less_one(m, z),
    "selu": lambda m, z, scale, alpha: scale * (z if z > 0 else alpha * _exp_less_one(m, z)),
    "gelu": lambda m, z: z * _normal(m, z),
    "silu": lambda m, z: z * logistic(m, z),
    "softplus": _softplus,
    "sigmoid": logistic,
    "tanh": lambda m, z: (
        logistic(m, 2 * z) - logistic(m, -2 * z) if abs(z) > 1 else m.sinh(z) / m.cosh(z)
    ),
    "step": lambda m, z: 1 if z > 0 else 0,  # noqa: ARG005
}


def _logistic_slope(m: Any, z: Any) -> Any:
    """σ′(z) = 1 / (2 cosh z/2)²."""
    if abs(z) > COSH_OVERFLOWS:
        return m.exp(-abs(z))
    return 1 / (2 * m.cosh(z / 2)) / (2 * m.cosh(z / 2))


SLOPES: dict[str, Callable[..., Any]] = {
    "identity": lambda m, z: 1,  # noqa: ARG005
    "relu": lambda m, z: 1 if z > 0 else 0,  # noqa: ARG005
    "leaky_relu": lambda m, z, slope: 1 if z > 0 else slope,  # noqa: ARG005
    "elu": lambda m, z, alpha: 1 if z > 0 else alpha * m.exp(z),
    "selu": lambda m, z, scale, alpha: scale * (1 if z > 0 else alpha * m.exp(z)),
    "gelu": lambda m, z: _normal(m, z) + z * m.exp(-z * z / 2) / m.sqrt(2 * m.pi),
    "silu": lambda m, z: logistic(m, z) + z * _logistic_slope(m, z),
    "softplus": logistic,
    "sigmoid": _logistic_slope,
    "tanh": lambda m, z: 4 * _logistic_slope(m, 2 * z),
    "step": lambda m, z: 0,  # noqa: ARG005
}


# The size of the terms of a slope, where they cancel at its zero.
SLOPE_SIZES: dict[str, Callable[..., Any]] = {
    "gelu": lambda m, z: _normal(m, z) + abs(z) * m.exp(-z * z / 2) / m.sqrt(2 * m.pi),
    "silu": lambda m, z: logistic(m, z) + abs(z) * _logistic_slope(m, z),
}


# what a loss makes of the outputs ------------------------------------------------------------


def softmax(m: Any, o: Sequence[Any], total: Callable[..., Any]) -> list[Any]:
    """pₖ = 1 / Σⱼ exp(oⱼ − oₖ)."""
    return [
        1 / total(_exp(m, other - one) for other in o) if _floats_reach(m, one - max(o)) else 0
        for one in o
    ]


def _exp(m: Any, z: Any) -> Any:
    return m.exp(z) if _floats_reach(m, z) else 0


def _floats_reach(m: Any, z: Any) -> bool:
    """Whether eᶻ, z ≤ 0, is large enough; numbers of many digits can be as small as they like."""
    return m is not math or bool(z >= -EXP_OVERFLOWS)


def _surprise(m: Any, o: Sequence[Any], k: int, total: Callable[..., Any]) -> Any:
    """−log pₖ = log(1 + Σⱼ≠ₖ exp(oⱼ − oₖ)), or with the largest output taken out first."""
    top = max(o)
    if top > o[k]:
        return top - o[k] + m.log(total(_exp(m, other - top) for other in o))
    return m.log1p(total(_exp(m, other - o[k]) for j, other in enumerate(o) if j != k))


def _softmax_cross_entropy(
    m: Any, o: Sequence[Any], t: Sequence[Any], total: Callable[..., Any]
) -> Any:
    return total(weight * _surprise(m, o, k, total) for k, weight in enumerate(t) if weight)


def _summed(term: Callable[..., Any]) -> Callable[..., Any]:
    def loss(
        m: Any, o: Sequence[Any], t: Sequence[Any], total: Callable[..., Any], *parameters: Any
    ) -> Any:
        return total(term(m, one, target, *parameters) for one, target in zip(o, t, strict=True))

    return loss


def _huber(m: Any, o: Any, t: Any, delta: Any) -> Any:  # noqa: ARG001
    size = abs(o - t)
    return size * size / 2 if size <= delta else delta * size - delta * delta / 2


# (m, outputs of a sample, targets, a way to sum, *parameters) → the sample's loss.
LOSS_TERMS: dict[str, Callable[..., Any]] = {
    "softmax_cross_entropy": _softmax_cross_entropy,
    "sigmoid_cross_entropy": _summed(
        lambda m, o, t: t * _softplus(m, -o) + (1 - t) * _softplus(m, o)
    ),
    "mean_squared_error": _summed(lambda m, o, t: (o - t) ** 2),  # noqa: ARG005
    "half_squared_error": _summed(lambda m, o, t: (o - t) ** 2 / 2),  # noqa: ARG005
    "absolute_error": _summed(lambda m, o, t: abs(o - t)),  # noqa: ARG005
    "huber": _summed(_huber),
    "poisson": _summed(lambda m, o, t: m.exp(o) - t * o),
}

# (prediction, target, *parameters) → ∂ℓ/∂output, where the prediction is p or the output itself.
LOSS_SLOPES: dict[str, Callable[..., Any]] = {
    "softmax_cross_entropy": lambda p, t: p - t,
    "sigmoid_cross_entropy": lambda p, t: p - t,
    "mean_squared_error": lambda a, t: (a - t) + (a - t),
    "half_squared_error": lambda a, t: a - t,
    "absolute_error": lambda a, t: (a > t) - (a < t),
    "huber": lambda a, t, delta: sorted((-delta, a - t, delta))[1],
    "poisson": lambda p, t: p - t,
}
