"""Losses to 60 digits: ℓ of one output (or one row) and its gradient, as lists of their terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from oracles.exact import Exact, mp
from oracles.exact_activations import log_one_plus_exp, logistic


@dataclass(frozen=True)
class ExactLoss:
    """ℓ(o, t) and ∂ℓ/∂o of one output, each as a list of the terms that add up to it."""

    value: Callable[..., list[Exact]]
    gradient: Callable[..., list[Exact]]


def _huber_value(o: Exact, t: Exact, delta: Exact = mp.one) -> list[Exact]:
    r = abs(o - t)
    return [r * r / 2 if r <= delta else delta * (r - delta / 2)]


def _huber_gradient(o: Exact, t: Exact, delta: Exact = mp.one) -> list[Exact]:
    r = o - t
    return [r if abs(r) <= delta else mp.sign(r) * delta]


EXACT_LOSSES: dict[str, ExactLoss] = {
    # −t log σ(o) − (1 − t) log(1 − σ(o)), and −log σ(o) = log(1 + e⁻ᵒ).
    "sigmoid_cross_entropy": ExactLoss(
        lambda o, t: [t * log_one_plus_exp(-o), (1 - t) * log_one_plus_exp(o)],
        lambda o, t: [(1 - t) * logistic(o), -t * logistic(-o)],
    ),
    "mean_squared_error": ExactLoss(lambda o, t: [(o - t) ** 2], lambda o, t: [2 * (o - t)]),
    "half_squared_error": ExactLoss(lambda o, t: [(o - t) ** 2 / 2], lambda o, t: [o - t]),
    "absolute_error": ExactLoss(lambda o, t: [abs(o - t)], lambda o, t: [mp.sign(o - t)]),
    "huber": ExactLoss(_huber_value, _huber_gradient),
    "poisson": ExactLoss(lambda o, t: [mp.exp(o), -t * o], lambda o, t: [mp.exp(o), -t]),
}


def softmax(row: Sequence[Exact]) -> tuple[list[Exact], list[Exact], Exact]:
    """p, 1 − p and log Σ exp(o − max o) of one row.

    60 digits are enough however far the logits lie apart, because 1 − p is added up from the others
    and log1p takes what the largest leaves.
    """
    top = max(row)
    first = list(row).index(top)
    e = [mp.exp(o - top) for o in row]
    rest = mp.fsum(value for k, value in enumerate(e) if k != first)
    total = 1 + rest
    p = [value / total for value in e]
    others = [
        mp.fsum(value for j, value in enumerate(e) if j != k) / total for k in range(len(row))
    ]
    return p, others, mp.log1p(rest)


def softmax_cross_entropy(
    row: Sequence[Exact], t: Sequence[Exact]
) -> tuple[list[Exact], list[list[Exact]]]:
    """ℓ = −Σ tₖ log pₖ and ∂ℓ/∂oₖ = pₖ Σⱼ tⱼ − tₖ = pₖ Σⱼ≠ₖ tⱼ − tₖ (1 − pₖ), as lists of terms."""
    p, complement, log_sum = softmax(row)
    top = max(row)
    value = [tk * (top - o + log_sum) for o, tk in zip(row, t, strict=True)]
    gradient = [
        [p[k] * mp.fsum(tj for j, tj in enumerate(t) if j != k), -tk * complement[k]]
        for k, tk in enumerate(t)
    ]
    return value, gradient
