"""Written numbers, and what "equal within the digits given" means.

A number on paper stands for all that would be written so: 0.67 for those from 0.665 to 0.675.
The rule:

- Half a unit of the last digit given, either way: 1.50 says more than 1.5.
- Who cuts digits off instead of rounding makes no mistake: 0.66 is right for 2/3, on a sheet where
  no number is rounded up. This needs two digits.
- A whole number is meant as such: it stands for at least three digits (42 for 41.95, but not for
  41.7; 0 for less than 0.0005), and its closing zeros beyond the third digit count as not given
  (42300 is right for 42312).
- A fraction is exact.
- What is beyond the sixth digit or so (2e-7 of the number) is held against nobody: single precision
  passes. Nor is what double precision leaves where numbers cancel (1e-12 of the terms).

A float of Python's has no text: it is taken to have lost its closing zeros, and the numbers beside
it on the line tell how many decimals or digits were meant (``read_floats``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.explain.numerals import parse_number

__all__ = [
    "BEYOND_DOUBLE",
    "Floats",
    "Written",
    "WrittenNumber",
    "read_floats",
    "read_number",
]

Floats = npt.NDArray[np.floating[Any]]

WHOLE_DIGITS = 3
BEYOND_SINGLE = 2e-7
BEYOND_DOUBLE = 1e-12

_DECIMAL = re.compile(r"[+-]?(?=\.?\d)(\d*)(\.?)(\d*)(?:[eE]([+-]?\d{1,3}))?")


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """A number as it was written.

    Attributes
    ----------
    text : str
    value : float
    unit : float
        What one more in the last digit given would add; 0 for a fraction.
    cut : float
        By how much the number may exceed ``value`` in size if digits were cut off.
    """

    text: str
    value: float
    unit: float
    cut: float

    def may_be(self, number: float) -> bool:
        """Whether ``number`` rounds to what was written, or was cut off to it."""
        off = number - self.value if self.value >= 0 else self.value - number
        return -0.5 * self.unit <= off <= max(0.5 * self.unit, self.cut)


def read_number(text: str) -> WrittenNumber:
    """The number in ``text``: ``1.5``, ``1,5``, ``1/3``, ``1e-3``, ``5 %``.

    Raises
    ------
    DataFormatError
        It is no number, not finite, or has a zero denominator.

    >>> [(n.value, n.unit) for n in map(read_number, ("1.50", "-2", "1/4", "3,5e2", "50 %"))]
    [(1.5, 0.01), (-2.0, 0.01), (0.25, 0.0), (350.0, 10.0), (0.5, 0.01)]
    """
    plain = text.strip()
    share = plain.endswith("%")
    plain = plain.removesuffix("%").rstrip().replace("−", "-").replace(",", ".").replace("_", "")
    decimal = _DECIMAL.fullmatch(plain)
    if decimal is None or not math.isfinite(float(plain)):
        exact = parse_number(text.strip().removesuffix("%"))
        value = float(exact / 100 if share else exact)
        return WrittenNumber(text, value, 0.0, 0.0)
    whole, point, part, power = decimal.groups("")
    digits = (whole + part).lstrip("0")
    last = int(power or 0) - len(part) - 2 * share
    if not (point or power or share):
        last = _last_of_whole(digits)
    value = float(Fraction(plain) / 100) if share else float(plain)
    return _with_last(text, value, last, len(digits))


def _last_of_whole(digits: str) -> int:
    """The power of ten of the last digit that a whole number gives."""
    if not digits:
        return -WHOLE_DIGITS
    return len(digits) - max(len(digits.rstrip("0")), WHOLE_DIGITS)


def _with_last(text: str, value: float, last: int, digits: int) -> WrittenNumber:
    """A number whose last digit counts units of ten to the power ``last``."""
    unit = float(f"1e{last}")
    return WrittenNumber(text, value, unit, unit if digits > 1 and value else 0.5 * unit)


def read_floats(values: Sequence[float]) -> list[WrittenNumber]:
    """The floats of one line: rounded to as many decimals, or digits, as any of them has.

    Whichever says less counts. A line of whole numbers is read like whole numbers.

    >>> [number.unit for number in read_floats([0.5, 0.125]) + read_floats([5.0])]
    [0.001, 0.001, 0.01]
    """
    counts = [_float_digits(value) for value in values]
    decimals, digits = (max(count) for count in zip(*counts, strict=True))
    if decimals == 0:
        return [read_number(f"{value:.0f}") for value in values]
    numbers = []
    for value in values:
        leading = Decimal(repr(value)).adjusted() if value else -decimals
        last = max(-decimals, leading - digits + 1)
        numbers.append(_with_last(repr(value), value, last, digits))
    return numbers


def _float_digits(value: float) -> tuple[int, int]:
    """Decimal places and significant digits of the shortest decimal that names a float.

    >>> _float_digits(12.5), _float_digits(2e-05), _float_digits(300.0)
    ((1, 3), (5, 1), (0, 1))
    """
    _, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    return max(0, -int(exponent)), len(digits)


@dataclass(frozen=True, eq=False)
class Written:
    """A line of numbers as it was written.

    Attributes
    ----------
    numbers : array of WrittenNumber or None
        None where an entry was left blank.
    values, units : array, of the same shape
        NaN where blank.
    lows, highs : array
        What the numbers may be if they were rounded.
    given : array of bool
        Where an entry is not blank.
    noise : array or 0
        What rounding of double precision may leave.
    """

    numbers: npt.NDArray[Any]
    values: Floats
    units: Floats
    lows: Floats
    highs: Floats
    given: npt.NDArray[np.bool_]
    noise: Floats | float = 0.0

    @classmethod
    def of(cls, numbers: npt.NDArray[Any], *, cut: bool = False) -> Written:
        """The line of an array of objects, any shape; ``cut`` if digits may have been cut off."""
        blank = WrittenNumber("", math.nan, math.nan, math.nan)
        flat = [number or blank for number in numbers.ravel()]
        columns = np.array([(n.value, n.unit, n.cut) for n in flat]).T
        values, units, cuts = columns.reshape(3, *numbers.shape)
        below = above = 0.5 * units
        if cut:
            below = np.where(values < 0, cuts, below)
            above = np.where(values > 0, cuts, above)
        given = np.array([number is not blank for number in flat]).reshape(numbers.shape)
        return cls(numbers, values, units, values - below, values + above, given)

    def agrees(self, values: Floats, slack: Floats | float = 0.0) -> npt.NDArray[np.bool_]:
        """Where ``values``, with any leading axes, may be written as they were; True where blank.

        ``slack`` is how far off a value may be besides.
        """
        allowed = self.noise + slack + BEYOND_SINGLE * np.abs(values)
        inside = (self.lows - allowed <= values) & (values <= self.highs + allowed)
        return np.asarray((inside & np.isfinite(values)) | ~self.given)

    def rounds_up(self, values: Floats) -> bool:
        """Whether some number is larger in size than the one of ``values`` that it is rounded from.

        Then digits are not cut off. What double precision may leave does not count.
        """
        larger = np.abs(self.values) - np.abs(values) > 1e-6 * self.units + 1e-9 * np.abs(values)
        return bool((self.agrees(values) & self.given & (self.units > 0) & larger).any())

    def filled(self, values: Floats) -> Floats:
        """What was written, and ``values`` where it was left blank."""
        return np.where(self.given, self.values, values)
