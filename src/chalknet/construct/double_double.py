"""Numbers as unevaluated sums of two floats: some 106 bits where 53 would cancel to nothing.

All functions take Python floats and float64 arrays alike.

Sources: T. J. Dekker, "A floating-point technique for extending the available precision" (1971);
D. E. Knuth, "The Art of Computer Programming", vol. 2, section 4.2.2.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "Number",
    "Pair",
    "added",
    "divided",
    "multiplied",
    "negated",
    "two_product",
    "two_sum",
]

_HALF = 134217729.0  # 2²⁷ + 1 splits 53 bits into 26 and 26

Number = Any  # float or array of float64
Pair = tuple[Number, Number]


def two_sum(a: Number, b: Number) -> Pair:
    """a + b = s + e, exactly, with s the rounded sum.

    >>> two_sum(1.0, 1e-20)
    (1.0, 1e-20)
    """
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def two_product(a: Number, b: Number) -> Pair:
    """a b = p + e, exactly unless a part leaves the range of floats, with p the rounded product.

    >>> two_product(1.0 + 2.0**-52, 1.0 - 2.0**-52) == (1.0, -(2.0**-104))
    True
    """
    p = a * b
    c, d = _HALF * a, _HALF * b
    a_high, b_high = c - (c - a), d - (d - b)
    a_low, b_low = a - a_high, b - b_high
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low


def added(a: Pair, b: Pair) -> Pair:
    """A + b to a relative error of some 2⁻¹⁰⁰ of the larger."""
    s, e = two_sum(a[0], b[0])
    return two_sum(s, e + (a[1] + b[1]))


def negated(a: Pair) -> Pair:
    """−a."""
    return -a[0], -a[1]


def multiplied(a: Pair, b: Pair) -> Pair:
    """A b to a relative error of some 2⁻¹⁰⁰."""
    p, e = two_product(a[0], b[0])
    return two_sum(p, e + (a[0] * b[1] + a[1] * b[0]))


def divided(a: Pair, b: Pair) -> Pair:
    """A / b to a relative error of some 2⁻¹⁰⁰."""
    q = a[0] / b[0]
    p, e = two_product(q, b[0])
    return two_sum(q, (((a[0] - p) - e) + a[1] - q * b[1]) / b[0])
