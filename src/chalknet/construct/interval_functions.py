"""Functions of one value on intervals: an interval of f(u), and one of its difference quotients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from chalknet.construct.intervals import Array, Interval, outward

__all__ = ["ELEMENTARY", "real_power", "whole_power"]

LIBRARY = 4.0  # units in the last place by which a function of the library may be off

Pair = tuple[Interval, Interval]


def _rising(f: Callable[[Array], Array], u: Interval) -> Interval:
    return outward(f(u.low), f(u.high), LIBRARY)


def _clipped(u: Interval, low: float, high: float) -> Interval:
    return Interval(np.clip(u.low, low, high), np.clip(u.high, low, high))


def _ones(u: Interval) -> Interval:
    return Interval.of(1.0, u)


def _sine(u: Interval, shift: float) -> Interval:
    """sin(u + shift π / 2): 1 or −1 where the interval may hold a crest or a trough."""
    f = np.sin if shift == 0 else np.cos
    a, b = f(u.low), f(u.high)
    ends = outward(np.minimum(a, b), np.maximum(a, b), LIBRARY)
    doubt = 1e-12 * (1.0 + np.abs(u.low) + np.abs(u.high))

    def may_hold(place: float) -> npt.NDArray[np.bool_]:
        turns = np.ceil((u.low - doubt - place) / (2 * np.pi))
        # NaN, from an unbounded interval, holds everything.
        return np.asarray(~(place + 2 * np.pi * turns > u.high + doubt))

    quarter = np.pi / 2
    crest, trough = may_hold(quarter - shift * quarter), may_hold(-quarter - shift * quarter)
    return Interval(np.where(trough, -1.0, ends.low), np.where(crest, 1.0, ends.high))


def _tangent(u: Interval) -> Interval:
    quarter, doubt = np.pi / 2, 1e-12 * (1.0 + np.abs(u.low) + np.abs(u.high))
    turns = np.ceil((u.low - doubt - quarter) / np.pi)
    pole = ~(quarter + np.pi * turns > u.high + doubt)
    rising = _rising(np.tan, u)
    return Interval(np.where(pole, -np.inf, rising.low), np.where(pole, np.inf, rising.high))


def _square(u: Interval) -> Interval:
    return whole_power(u, 2)


def _even(f: Callable[[Array], Array], u: Interval) -> Interval:
    """For an f with f(−x) = f(x) that rises on the right."""
    a, b = f(u.low), f(u.high)
    inside = (u.low <= 0) & (u.high >= 0)
    least = np.where(inside, f(np.zeros(())), np.minimum(a, b))
    return outward(least, np.maximum(a, b), LIBRARY)


def _sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, e) / (1.0 + e))


def _sigmoid_pair(u: Interval) -> Pair:
    value = _clipped(_rising(_sigmoid, u), 0.0, 1.0)
    # σ′ = σ (1 − σ) is even and falls to the right.
    slope = -_even(lambda x: -_sigmoid(x) * _sigmoid(-x), u)
    return value, _clipped(slope, 0.0, 0.25 + 1e-12)


def _tanh_pair(u: Interval) -> Pair:
    value = _clipped(_rising(np.tanh, u), -1.0, 1.0)
    slope = -_even(lambda x: -1.0 / np.cosh(np.clip(x, -350, 350)) ** 2, u)
    return value, _clipped(slope, 0.0, 1.0)


def _jumping(f: Callable[[Array], Array], u: Interval) -> Pair:
    """For a rising f of whole steps: where it jumps the slope has no bound."""
    low, high = f(u.low), f(u.high)
    jumps = low != high
    slope = Interval(np.where(jumps, -np.inf, 0.0), np.where(jumps, np.inf, 0.0))
    return Interval(low, high), slope


def _absolute(u: Interval) -> Pair:
    inside = (u.low <= 0) & (u.high >= 0)
    a, b = np.abs(u.low), np.abs(u.high)
    value = Interval(np.where(inside, 0.0, np.minimum(a, b)), np.maximum(a, b))
    left, right = (u.high <= 0) & (u.low < 0), u.low >= 0
    return value, Interval(np.where(right, 1.0, -1.0), np.where(left, -1.0, 1.0))


def _relu_pair(u: Interval) -> Pair:
    value = Interval(np.maximum(u.low, 0.0), np.maximum(u.high, 0.0))
    left, right = (u.high <= 0) & (u.low < 0), u.low >= 0
    return value, Interval(np.where(right, 1.0, 0.0), np.where(left, 0.0, 1.0))


def _step_pair(u: Interval) -> Pair:
    return _jumping(lambda x: np.where(x > 0, 1.0, 0.0), u)


def _root(u: Interval) -> Pair:
    value = real_power(u, 0.5)
    return value, Interval.of(0.5, u) * value.reciprocal()


def _logarithm(u: Interval, scale: float = 1.0) -> Pair:
    low = np.where(u.low > 0, np.log(np.maximum(u.low, 0.0)), -np.inf)
    high = np.where(u.high > 0, np.log(np.maximum(u.high, 0.0)), np.nan)
    value = outward(low, high, LIBRARY)
    if scale == 1.0:
        return value, u.reciprocal()
    factor = outward(np.full(u.low.shape, scale), np.full(u.low.shape, scale), LIBRARY)
    return value * factor, u.reciprocal() * factor


def _inverse_sine_slope(u: Interval) -> Interval:
    """1 / √(1 − x²)."""
    rest = _ones(u) - _square(u)
    return real_power(Interval(np.maximum(rest.low, 0.0), rest.high), 0.5).reciprocal()


def _arc(f: Callable[[Array], Array], sign: float) -> Callable[[Interval], Pair]:
    def pair(u: Interval) -> Pair:
        value = _rising(lambda x: sign * f(x), u)
        value = value if sign > 0 else -value
        return value, Interval.of(sign, u) * _inverse_sine_slope(u)

    return pair


def whole_power(u: Interval, n: int) -> Interval:
    """x ^ n for a whole n; everything where n < 0 and x may be 0."""
    if n < 0:
        return whole_power(u, -n).reciprocal()
    if n == 0:
        return _ones(u)
    a, b = u.low**n, u.high**n
    if n % 2:
        return outward(a, b, LIBRARY)
    return _even(lambda x: x**n, u)


def real_power(u: Interval, c: float) -> Interval:
    """x ^ c for x ≥ 0; NaN where x is certainly negative."""
    base = np.where(u.high < 0, np.nan, 1.0)
    low, high = np.maximum(u.low, 0.0), np.maximum(u.high, 0.0)
    a, b = np.sort(np.stack([low**c, high**c]), axis=0)
    value = outward(a * base, b * base, LIBRARY)
    return Interval(np.maximum(value.low, 0.0), value.high)


def _unary(
    f: Callable[[Interval], Interval], derivative: Callable[[Interval], Interval]
) -> Callable[[Interval], Pair]:
    return lambda u: (f(u), derivative(u))


def _exp(u: Interval) -> Interval:
    value = _rising(np.exp, u)
    return Interval(np.maximum(value.low, 0.0), value.high)


ELEMENTARY: dict[str, Callable[[Interval], Pair]] = {
    "abs": _absolute,
    "acos": _arc(np.arccos, -1.0),
    "asin": _arc(np.arcsin, 1.0),
    "atan": _unary(lambda u: _rising(np.arctan, u), lambda u: (_ones(u) + _square(u)).reciprocal()),
    "ceil": lambda u: _jumping(np.ceil, u),
    "cos": _unary(lambda u: _sine(u, 1.0), lambda u: -_sine(u, 0.0)),
    "cosh": _unary(lambda u: _even(np.cosh, u), lambda u: _rising(np.sinh, u)),
    "exp": _unary(_exp, _exp),
    "floor": lambda u: _jumping(np.floor, u),
    "log": _logarithm,
    "log10": lambda u: _logarithm(u, 1.0 / np.log(10.0)),
    "log2": lambda u: _logarithm(u, 1.0 / np.log(2.0)),
    "relu": _relu_pair,
    "sigmoid": _sigmoid_pair,
    "sign": lambda u: _jumping(np.sign, u),
    "sin": _unary(lambda u: _sine(u, 0.0), lambda u: _sine(u, 1.0)),
    "sinh": _unary(lambda u: _rising(np.sinh, u), lambda u: _even(np.cosh, u)),
    "softplus": _unary(
        lambda u: _rising(lambda x: np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))), u),
        lambda u: _clipped(_rising(_sigmoid, u), 0.0, 1.0),
    ),
    "sqrt": _root,
    "step": _step_pair,
    "tan": _unary(_tangent, lambda u: _ones(u) + _square(_tangent(u))),
    "tanh": _tanh_pair,
}
