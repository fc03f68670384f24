"""Activation functions and their derivatives to 60 digits, each written from its definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oracles.exact import Exact, mp


def logistic(z: Exact) -> Exact:
    """1 / (1 + e⁻ᶻ); mpmath's exponents are unbounded, so either form would do."""
    return 1 / (1 + mp.exp(-z)) if z > 0 else mp.exp(z) / (1 + mp.exp(z))


def log_one_plus_exp(z: Exact) -> Exact:
    """log(1 + eᶻ)."""
    return z + _log1p(mp.exp(-z)) if z > 0 else _log1p(mp.exp(z))


def _log1p(x: Exact) -> Exact:
    # Below 10⁻⁷⁰ the next term of the series, x²/2, is beyond 60 digits of x.
    return mp.log(1 + x) if x > 1e-3 else (x if x < 1e-70 else mp.log1p(x))


def normal_cdf(z: Exact) -> Exact:
    """½ erfc(−z/√2)."""
    # Below −10⁴ it is less than 10^−(2·10⁷): nothing, for any float.
    return mp.erfc(-z / mp.sqrt(2)) / 2 if z > -1e4 else mp.zero


def normal_pdf(z: Exact) -> Exact:
    """exp(−z²/2) / √(2π)."""
    return mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi) if abs(z) < 1e4 else mp.zero


def selu_constants() -> tuple[Exact, Exact]:
    """λ and α that make mean 0, variance 1 a fixed point: Klambauer et al. (2017), equation 14."""
    c = mp.erfc(1 / mp.sqrt(2)) * mp.sqrt(mp.e)
    inner = 2 * mp.erfc(mp.sqrt(2)) * mp.e**2 + mp.pi * c**2 - 2 * (2 + mp.pi) * c + mp.pi + 2
    scale = (1 - c) * mp.sqrt(2 * mp.pi) / mp.sqrt(inner)
    alpha = mp.sqrt(2 / mp.pi) / (1 - c)
    return scale, alpha


LAMBDA, ALPHA = selu_constants()


@dataclass(frozen=True)
class ExactActivation:
    """f and f′ of one number (and parameters).

    ``zero`` is the isolated zero of f′ where the relative error of any floating-point formula is
    unbounded; within ``NEIGHBOURHOOD`` of it errors are relative to ``terms``, the sum of the
    absolute terms of f′.
    """

    value: Callable[..., Exact]
    derivative: Callable[..., Exact]
    zero: float | None = None
    terms: Callable[..., Exact] | None = None


NEIGHBOURHOOD = 0.5


def _silu_terms(z: Exact) -> Exact:
    return logistic(z) + abs(z) * logistic(z) * logistic(-z)


def _gelu_terms(z: Exact) -> Exact:
    return normal_cdf(z) + abs(z) * normal_pdf(z)


EXACT_ACTIVATIONS: dict[str, ExactActivation] = {
    "identity": ExactActivation(lambda z: z, lambda z: mp.one),
    "relu": ExactActivation(lambda z: max(z, mp.zero), lambda z: mp.one if z > 0 else mp.zero),
    "leaky_relu": ExactActivation(
        lambda z, slope: z if z > 0 else slope * z,
        lambda z, slope: mp.one if z > 0 else slope,
    ),
    "elu": ExactActivation(
        lambda z, alpha: z if z > 0 else alpha * mp.expm1(z),
        lambda z, alpha: mp.one if z > 0 else alpha * mp.exp(z),
    ),
    "selu": ExactActivation(
        lambda z: LAMBDA * (z if z > 0 else ALPHA * mp.expm1(z)),
        lambda z: LAMBDA * (1 if z > 0 else ALPHA * mp.exp(z)),
    ),
    "gelu": ExactActivation(
        lambda z: z * normal_cdf(z),
        lambda z: normal_cdf(z) + z * normal_pdf(z),
        zero=-0.7517915,
        terms=_gelu_terms,
    ),
    "silu": ExactActivation(
        lambda z: z * logistic(z),
        lambda z: logistic(z) * (1 + z * logistic(-z)),
        zero=-1.2784645,
        terms=_silu_terms,
    ),
    "softplus": ExactActivation(log_one_plus_exp, logistic),
    "sigmoid": ExactActivation(logistic, lambda z: logistic(z) * logistic(-z)),
    "tanh": ExactActivation(mp.tanh, lambda z: 1 / mp.cosh(z) ** 2),
    "step": ExactActivation(lambda z: mp.one if z > 0 else mp.zero, lambda z: mp.zero),
}
