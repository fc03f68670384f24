"""Numbers as they are shown: rounded to significant digits, set apart into their parts.

Values are carried at full precision everywhere else; here, and only here, they are rounded, for the
eye. What the eye gets is a ``Written``: the sign, the digits before and after the decimal sign, a
power of ten, a denominator, and whether anything was rounded away. Each renderer draws these parts
in its own way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from chalknet.explain.notation import Notation

__all__ = ["Written", "decimal_sign", "separator", "superscript", "written"]

MINUS = "−"

# A float is shown without the zeros at its end if they are all that 1e-13 of it may change: the
# sum 0.1 + 0.2 is shown as 0.3, and 0.30000004 as 0.30000.
NOISE = 1e-13

# With more digits than this, the shortest decimal that names a float is shown: 0.1, not
# 0.10000000000000001.
FAITHFUL_DIGITS = 15

# Whole numbers up to this are shown in full: 60000 is clearer than 6·10⁴.
LARGEST_WHOLE = 10**10

# Powers of ten between which a number is written without one.
LEAST_EXPONENT, GREATEST_EXPONENT = -4, 6

# A decimal of so many digits has been computed to so many digits: it is no exact number.
MANY_DIGITS = 20

_SUPERSCRIPTS = str.maketrans("−-0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Written:
    """A number in the parts in which it is shown: −4.14·10⁻⁸, 17, 1/3, ∞.

    Attributes
    ----------
    negative : bool
    whole, decimals : str
        The digits before and after the decimal sign; ``decimals`` may be empty. ``whole`` is the
        numerator of a fraction, or "∞" or "undefined".
    exponent : int or None
        Of the power of ten, where there is one.
    denominator : str
        Of a fraction; empty for none.
    rounded : bool
        Whether what is shown is not the value itself.
    """

    negative: bool
    whole: str
    decimals: str = ""
    exponent: int | None = None
    denominator: str = ""
    rounded: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it holds together without brackets: no sign, no fraction, no power of ten."""
        return not self.negative and self.exponent is None and not self.denominator

    def text(self, mark: str = ".") -> str:
        """The number on one line; ``mark`` is the decimal sign.

        >>> written(-4.14e-8, Notation()).text(), written(Fraction(1, 3), Notation()).text()
        ('−4.14·10⁻⁸', '1/3')
        """
        return "".join(self.parts(mark))

    def parts(self, mark: str = ".") -> tuple[str, str]:
        """What stands before the decimal sign, and the rest beginning with it."""
        before = MINUS + self.whole if self.negative else self.whole
        if self.denominator:
            return f"{before}/{self.denominator}", ""
        after = mark + self.decimals if self.decimals else ""
        if self.exponent is not None:
            after += f"·10{superscript(self.exponent)}"
        return before, after


def superscript(number: int) -> str:
    """A whole number as superscript digits.

    >>> superscript(-12)
    '⁻¹²'
    """
    return str(number).translate(_SUPERSCRIPTS)


def decimal_sign(notation: Notation) -> str:
    """A point or a comma."""
    return "," if notation.decimal_comma else "."


def separator(notation: Notation) -> str:
    """What stands between the arguments of a function: f(1.5, 2) but f(1,5; 2)."""
    return ";" if notation.decimal_comma else ","


def written(value: Any, notation: Notation) -> Written:
    """The number as ``notation`` wants it shown.

    Integers and fractions are exact. Floats are rounded to ``notation.digits`` significant digits;
    zeros at the end mean that more digits follow. Any other number (a ``Decimal``, one of mpmath's
    or SymPy's) says itself how many digits it has, and all are shown.

    >>> [written(x, Notation(digits=3)).text() for x in (2, 0.25, 2 / 3, 0.5000001, 6e-5, 1e300)]
    ['2', '0.25', '0.667', '0.500', '6·10⁻⁵', '1·10³⁰⁰']
    """
    if isinstance(value, float):  # np.float64 too, which would spell itself otherwise
        return _float(float(value), notation.digits)
    if isinstance(value, np.floating):
        # The shortest decimal that names this number: 0.1, not 0.10000000149.
        return _float(float(str(value)), notation.digits)
    if isinstance(value, Fraction):
        return _fraction(value)
    if isinstance(value, int | np.integer | np.bool_):
        return _whole(int(value))
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return written(value.item(), notation)
    return _decimal(value if isinstance(value, Decimal) else Decimal(str(value)))


def _whole(value: int) -> Written:
    return Written(value < 0, _digits(abs(value)))


def _digits(value: int) -> str:
    # str() refuses integers of more than 4300 digits, which exact arithmetic may well produce.
    return str(value) if value.bit_length() < 14_000 else format(Decimal(value), "f")


def _fraction(value: Fraction) -> Written:
    if value.denominator == 1:
        return _whole(value.numerator)
    whole, below = _digits(abs(value.numerator)), _digits(value.denominator)
    return Written(value < 0, whole, denominator=below)


def _float(value: float, digits: int) -> Written:
    if not math.isfinite(value):
        return Written(value < 0, "undefined" if math.isnan(value) else "∞")
    size = abs(value)
    if size < LARGEST_WHOLE and size == int(size):
        return Written(value < 0, str(int(size)))
    if digits > FAITHFUL_DIGITS and len(Decimal(repr(size)).as_tuple().digits) <= digits:
        # One that needs nearly all its digits is the nearest float to what is meant.
        exact = Decimal(repr(value)).normalize()
        return _decimal(exact, rounded=len(exact.as_tuple().digits) > FAITHFUL_DIGITS)
    mantissa, _, power = f"{size:.{digits - 1}e}".partition("e")
    exponent: int | None = int(power)
    assert exponent is not None  # noqa: S101 - for the type checker
    if LEAST_EXPONENT <= exponent < max(digits, GREATEST_EXPONENT):
        shown, exponent = f"{size:.{max(digits - 1 - exponent, 0)}f}", None
    else:
        shown = mantissa
    error = abs(float(shown if exponent is None else f"{mantissa}e{power}") - size)
    rounded = error > NOISE * size
    whole, _, decimals = shown.partition(".")
    if not rounded:
        decimals = decimals.rstrip("0")
    return Written(value < 0, whole, decimals, exponent, rounded=rounded)


def _decimal(value: Decimal, *, rounded: bool | None = None) -> Written:
    if not value.is_finite():
        return Written(value.is_signed(), "undefined" if value.is_nan() else "∞")
    if value == 0:
        return Written(False, "0")
    digits = "".join(map(str, value.as_tuple().digits))
    rounded = len(digits) >= MANY_DIGITS if rounded is None else rounded
    exponent: int | None = value.adjusted()
    assert exponent is not None  # noqa: S101 - for the type checker
    # Decimal's own operations would round to its context: only its digits are rearranged here.
    if LEAST_EXPONENT <= exponent < max(len(digits), GREATEST_EXPONENT):
        shown, exponent = format(value.copy_abs(), "f"), None
    else:
        shown = f"{digits[0]}.{digits[1:]}"
    whole, _, decimals = shown.partition(".")
    if not rounded:
        decimals = decimals.rstrip("0")
    return Written(value < 0, whole, decimals, exponent, rounded=rounded)
