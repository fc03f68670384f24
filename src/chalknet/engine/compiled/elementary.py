"""exp and its relatives as straight-line vector code: no branch, no table, no library call.

Each is written with fused multiply-adds in the working precision, and is good to about one unit in
the last place over its whole range, subnormal results included. The series are Taylor's: on the
reduced intervals the terms given suffice, and nothing has to be fitted. ``Lanes`` (lanes.py) is the
vocabulary: values with + − * /, ``fma``, and the bits of a number as an integer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chalknet.engine.compiled.lanes import Lanes

__all__ = ["exp", "expm1", "log", "log1p", "tanh"]

LOG2_E = 1.4426950408889634
# ln 2 in two parts; the first has so few bits that its product with an exponent is exact.
LN2 = {
    32: (0.693359375, -2.12194440054690583e-4),
    64: (0.69314718036912381649, 1.90821492927058781614e-10),
}
EXP_TERMS = {32: 7, 64: 13}  # |r| ≤ ½ ln 2: the next term is below 6e-9, 5e-18
EXP_RANGE = {32: (-104.0, 89.0), 64: (-746.0, 710.0)}  # 0 and infinity beyond
ATANH_TERMS = {32: 5, 64: 11}  # s² ≤ 0.0295: the next term is below 1e-9, 1e-18


def exp(lanes: Lanes, x: Any) -> Any:
    """The exponential eˣ = 2ⁿ eʳ with n = round(x / ln 2), |r| ≤ ½ ln 2."""
    whole, r = _reduced(lanes, x, EXP_RANGE[lanes.bits])
    series = lanes.constant(1.0) + _expm1_series(lanes, r)
    # 2ⁿ in two factors: by itself it may lie beyond the range of the type where eˣ does not.
    half = whole.shift_right(1)
    return series * half.power_of_two() * (whole - half).power_of_two()


def expm1(lanes: Lanes, x: Any) -> Any:
    """The difference eˣ − 1 = 2ⁿ (eʳ − 1) + (2ⁿ − 1)."""
    low = {32: -80.0, 64: -700.0}[lanes.bits]  # −1 long before
    whole, r = _reduced(lanes, x, (low, EXP_RANGE[lanes.bits][1]))
    # Halves, because 2ⁿ itself overflows just below the largest x.
    power = (whole - lanes.integer(1)).power_of_two()
    halves = lanes.fma(power, _expm1_series(lanes, r), power - lanes.constant(0.5))
    return halves + halves


def tanh(lanes: Lanes, x: Any) -> Any:
    """The tangent tanh |x| = −m / (m + 2) with m = e^{−2|x|} − 1, and the sign of x."""
    size = x.absolute()
    m = expm1(lanes, size * lanes.constant(-2.0))
    value = -m / (m + lanes.constant(2.0))
    return x.less(lanes.constant(0.0)).choose(-value, value)


def log1p(lanes: Lanes, x: Any) -> Any:
    """The logarithm of 1 + x: the error of rounding u = 1 + x is put back in."""
    u = x + lanes.constant(1.0)
    d = u - x
    lost = (lanes.constant(1.0) - d) + (x - (u - d))  # Knuth's TwoSum
    return _log(lanes, u, lost)


def log(lanes: Lanes, x: Any) -> Any:
    """The natural logarithm."""
    # A subnormal has no exponent bits of its own: 2⁶⁴ x has.
    tiny = x.less(lanes.constant(2.0**-64))
    scaled = tiny.choose(x * lanes.constant(2.0**64), x)
    offset = tiny.choose(lanes.constant(64 * math.log(2)), lanes.constant(0.0))
    return _log(lanes, scaled, lanes.constant(0.0)) - offset


def _log(lanes: Lanes, u: Any, lost: Any) -> Any:
    """The logarithm of u + lost = k ln 2 + 2 artanh(f / (2 + f)), with 1 + f in [√½, √2)."""
    root_half = lanes.constant(math.sqrt(0.5)).as_bits()
    k = (u.as_bits() - root_half).shift_right(lanes.mantissa_bits)
    f = (u.as_bits() - k.shift_left(lanes.mantissa_bits)).as_number() - lanes.constant(1.0)
    # 2⁻ᵏ lost; k is at most half the range away from overflow of 2⁻ᵏ for every u ≤ 2ᵐᵃˣ⁻¹.
    f = f + lost * (lanes.integer(0) - k).power_of_two()
    s = f / (f + lanes.constant(2.0))
    z = s * s
    terms = ATANH_TERMS[lanes.bits]
    series = lanes.constant(2.0 / (2 * terms + 1))
    for n in range(terms - 1, 0, -1):
        series = lanes.fma(series, z, lanes.constant(2.0 / (2 * n + 1)))
    high, low = (lanes.constant(part) for part in LN2[lanes.bits])
    exponent = k.to_number()
    # 2 s = f − s f: so the leading term f has no rounding error of its own.
    small = lanes.fma(s * z, series, lanes.fma(exponent, low, -(s * f)))
    value = lanes.fma(exponent, high, f + small)
    infinity, zero = lanes.constant(math.inf), lanes.constant(0.0)
    value = u.equal(infinity).choose(infinity, value)
    value = u.equal(zero).choose(-infinity, value)
    value = u.less(zero).choose(lanes.constant(math.nan), value)
    return u.not_equal(u).choose(u, value)


def _reduced(lanes: Lanes, x: Any, limits: tuple[float, float]) -> tuple[Any, Any]:
    """n = round(x / ln 2) as an integer, and r = x − n ln 2; a NaN stays one."""
    low, high = (lanes.constant(limit) for limit in limits)
    clipped = x.less(low).choose(low, x.greater(high).choose(high, x))
    # Adding 1.5 · 2^mantissa pushes the fraction out: what is left in the low bits is n.
    magic = lanes.constant(1.5 * 2.0**lanes.mantissa_bits)
    pushed = lanes.fma(clipped, lanes.constant(LOG2_E), magic)
    n = pushed - magic
    whole = pushed.as_bits() - magic.as_bits()
    ln2_high, ln2_low = LN2[lanes.bits]
    r = lanes.fma(n, lanes.constant(-ln2_high), clipped)
    return whole, lanes.fma(n, lanes.constant(-ln2_low), r)


def _expm1_series(lanes: Lanes, r: Any) -> Any:
    """The series r + r²/2! + r³/3! + … of eʳ − 1."""
    terms = EXP_TERMS[lanes.bits]
    series = lanes.constant(1.0 / math.factorial(terms))
    for n in range(terms - 1, 1, -1):
        series = lanes.fma(series, r, lanes.constant(1.0 / math.factorial(n)))
    return lanes.fma(series * r, r, r)
