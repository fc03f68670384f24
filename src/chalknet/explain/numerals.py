"""Numbers as people write them: ``2``, ``-0.5``, ``"1,5"``, ``"1/3"``, ``1e-3``.

Whatever is written is taken exactly, as a ``Fraction``: 0.1 is one tenth, not the nearest float.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import DataFormatError, ShapeError

__all__ = ["exact_array", "format_number", "parse_number", "read_matrix", "read_vector"]

Array = npt.NDArray[Any]

_DECIMAL = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE]([+-]?\d{1,9}))?", re.ASCII)
_LARGEST_EXPONENT = 400
_LONGEST = 1000  # characters; more digits than that nobody writes


def parse_number(value: object) -> Fraction:
    """The number that ``value`` is or spells, exactly.

    Integers, fractions and finite floats (as the shortest decimal that names them) are taken as
    they are. Text may be a decimal with a point or a comma (never both: a comma is no thousands
    separator), an exponent, and one fraction stroke.

    Raises
    ------
    DataFormatError
        It is no number, not finite, too large for a float, or has a zero denominator.

    >>> [parse_number(value) for value in (3, 0.1, "1/3", "-1,5", "2e-3", "−1.5/2")]
    [Fraction(3, 1), Fraction(1, 10), Fraction(1, 3), Fraction(-3, 2), Fraction(1, 500), \
Fraction(-3, 4)]
    """
    if isinstance(value, bool | np.bool_):
        raise DataFormatError(f"{str(value).lower()} is not a number: {_WAYS}.")
    if isinstance(value, Fraction | int | np.integer):
        return _in_range(Fraction(value if isinstance(value, Fraction) else int(value)), value)
    if isinstance(value, float | np.floating):
        if not math.isfinite(value):
            raise DataFormatError(f"{value} is not a finite number.")
        return Fraction(repr(float(value)))
    if isinstance(value, Decimal) and value.is_finite():
        return _parse_text(str(value))
    if isinstance(value, str):
        return _parse_text(value)
    raise DataFormatError(f"{_short(value)} is not a number: {_WAYS}.")


_WAYS = 'write it as 2, -0.5, 1e-3 or, in quotes, "1/3" or "1,5"'


def _parse_text(text: str) -> Fraction:
    parts = text.replace("−", "-").replace("_", "").split("/")
    decimals = [_decimal(part.strip(), text) for part in parts] if len(text) <= _LONGEST else []
    if not 1 <= len(decimals) <= 2 or None in decimals:
        raise DataFormatError(f"{_short(text)} is not a number: {_WAYS}.")
    top, bottom = (*decimals, Fraction(1))[:2]
    if bottom == 0:
        raise DataFormatError(f"{_short(text)} has a zero denominator.")
    assert top is not None and bottom is not None  # noqa: PT018, S101 - for the type checker
    return _in_range(top / bottom, text)


def _decimal(part: str, text: str) -> Fraction | None:
    match = _DECIMAL.fullmatch(part)
    if match is None:
        return None
    if abs(int(match[1] or 0)) > _LARGEST_EXPONENT:
        raise _out_of_range(text)
    return Fraction(part.replace(",", "."))


def _in_range(number: Fraction, written: object) -> Fraction:
    try:
        float(number)
    except OverflowError:
        raise _out_of_range(written) from None
    return number


def _out_of_range(written: object) -> DataFormatError:
    return DataFormatError(f"{_short(written)} is out of range: numbers reach to 1.8e308.")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


def format_number(number: Any) -> str:
    """The number as a TOML value that ``parse_number`` reads back to the same.

    >>> [format_number(x) for x in (Fraction(3), Fraction(-1, 8), Fraction(1, 3), 0.1)]
    ['3', '-0.125', '"1/3"', '0.1']
    """
    exact = parse_number(number)
    if isinstance(number, float) and not (number.is_integer() and abs(number) < 10**6):
        return repr(float(number))
    if exact.denominator == 1:
        return str(exact.numerator)
    if abs(exact) < 10**6 and 10**6 % exact.denominator == 0:  # six decimals say it exactly
        return f"{float(exact):.6f}".rstrip("0")
    return f'"{exact}"'


def exact_array(values: npt.ArrayLike) -> Array:
    """Floats as float64; anything else number by number as Fractions, in an array of objects.

    Raises
    ------
    DataFormatError
        An entry is no finite number.
    """
    array = np.asarray(values)
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            raise DataFormatError(f"{array[~np.isfinite(array)][0]} is not a finite number.")
        return array.astype(np.float64)
    exact = np.empty(array.size, object)
    exact[:] = [parse_number(value) for value in array.ravel().tolist()]
    return exact.reshape(array.shape)


def read_vector(value: object, place: str) -> Array:
    """A list of numbers (k,), k ≥ 1, as Fractions.

    Raises
    ------
    DataFormatError, ShapeError
        The message begins with ``place`` and names the entry, counted from 1.
    """
    if not isinstance(value, list):
        raise ShapeError(f"{place} must be a list of numbers, such as [1, -2], not {value!r}.")
    if not value:
        raise ShapeError(f"{place} is empty: give at least one number.")
    return np.array(
        [_read(entry, f"{place} value {number}") for number, entry in enumerate(value, 1)],
        dtype=object,
    )


def read_matrix(value: object, place: str) -> Array:
    """A list of rows of numbers (m, k), all of one length, as Fractions.

    Raises
    ------
    DataFormatError, ShapeError
        The message begins with ``place`` and names row and column, counted from 1.
    """
    if not isinstance(value, list) or not value:
        raise ShapeError(
            f"{place} must be a list of rows, such as [[1, -2], [3, 4]], not {_short(value)}."
        )
    rows = []
    for number, row in enumerate(value, 1):
        where = f"{place} row {number}"
        if not isinstance(row, list):
            raise ShapeError(f"{where} must be a list of numbers, such as [1, -2], not {row!r}.")
        if len(row) != len(value[0]) or not row:
            raise ShapeError(
                f"{where} is empty: give at least one number."
                if not row
                else f"{where} has {len(row)} numbers but row 1 has {len(value[0])}: "
                "all rows must be of one length."
            )
        rows.append(
            [_read(entry, f"{where} column {column}") for column, entry in enumerate(row, 1)]
        )
    return np.array(rows, dtype=object)


def _read(entry: object, place: str) -> Fraction:
    try:
        return parse_number(entry)
    except DataFormatError as error:
        raise DataFormatError(f"{place}: {error}") from None
