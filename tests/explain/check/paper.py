"""Numbers on paper: lines as nested lists of plain numbers, and how people round them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal


def each(function, value):
    if isinstance(value, list):
        return [each(function, entry) for entry in value]
    return function(value)


def both(function, one, two):
    if isinstance(one, list):
        return [both(function, a, b) for a, b in zip(one, two, strict=True)]
    return function(one, two)


def transposed(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def is_of_samples(symbol):
    return symbol == "p" or (symbol.lstrip("d")[0] in "za" and "_" not in symbol)


def entries(value):
    """The numbers of a line, one after the other."""
    if isinstance(value, list):
        return [number for entry in value for number in entries(entry)]
    return [value]


def with_entries(value, numbers):
    """The line with other numbers in its places."""
    if isinstance(value, list):
        return [with_entries(entry, numbers) for entry in value]
    return next(numbers)


@dataclass(frozen=True)
class Rounding:
    """To so many significant digits, or to so many decimals."""

    digits: int
    significant: bool = True

    def text(self, value):
        exact = Decimal(value)
        if not exact:
            return "0"
        last = exact.adjusted() - self.digits + 1 if self.significant else -self.digits
        shown = exact.quantize(Decimal((0, (1,), last)), ROUND_HALF_EVEN)
        return str(shown)


def rounded(value, rounding):
    return each(lambda x: float(rounding.text(x)), value)


def written(value, rounding):
    return each(rounding.text, value)


def is_right(text, true):
    """Whether ``text`` is ``true`` rounded to its last digit."""
    number = Decimal(text)
    _, digits, exponent = number.as_tuple()
    if "." not in text and "E" not in text:  # a whole number stands for three digits
        places = "".join(map(str, digits)).strip("0")
        exponent = len(digits) - max(len(places), 3) if places else -3
    off = abs(number - Decimal(true))
    return off <= Decimal((0, (1,), exponent)) / 2 + abs(Decimal(true)) * Decimal("2e-7")
