"""Points of the plane: from arrays, from text such as ``0:8 1:6``, from a file of two columns.

Numbers that are written (integers, decimals, fractions) are taken exactly; floats are float64.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from chalknet.errors import (
    ChalknetError,
    ConfigurationError,
    DataFormatError,
    DataNotFoundError,
    ShapeError,
    TargetError,
    unknown_name,
)
from chalknet.explain.numerals import parse_number

__all__ = ["EXACT_LIMIT", "Arithmetic", "Points", "inline_points", "read_points"]

Array = npt.NDArray[Any]
Arithmetic = Literal["auto", "exact", "float64"]

EXACT_LIMIT = 20_000  # points whose fractions take about a second
LONGEST_NAME = 255  # that a file can have on most systems
ARITHMETICS = ("auto", "exact", "float64")
_PAIRS = re.compile(r"[\s,;]+")
_PLAIN = re.compile(r"([+-]?\d{1,40})(?:[,.](\d{1,40})|/0*([1-9]\d{0,40}))", re.ASCII)


@dataclass(frozen=True, eq=False)
class Points:
    """Points in the order of x, no x twice.

    Attributes
    ----------
    x, y : array (n,)
        float64, or Fractions in an array of objects where ``exact``.
    exact : bool
    """

    x: Array
    y: Array
    exact: bool

    @classmethod
    def of(cls, x: Any, y: Any, arithmetic: Arithmetic = "auto") -> Points:
        """Check and sort points; one that is given twice counts once.

        Parameters
        ----------
        x, y : sequence (n,)
            Numbers, or text that spells them.
        arithmetic : "auto", "exact" or "float64"
            ``auto`` is exact for up to 20,000 points none of which is a float, whole numbers aside.

        Raises
        ------
        ShapeError
            x and y are not as long as each other, or there are fewer than two points.
        DataFormatError
            A value is no finite number, or two x are the same in float64 but not exactly.
        TargetError
            One x has two different y.
        """
        if arithmetic not in ARITHMETICS:
            raise unknown_name("arithmetic", arithmetic, ARITHMETICS)
        x, y = _column(x, "x"), _column(y, "y")
        if len(x) != len(y):
            raise ShapeError(f"x has {len(x):,} values but y has {len(y):,}: give a y for each x.")
        exact = arithmetic == "exact" or (
            arithmetic == "auto" and len(x) <= EXACT_LIMIT and _is_rational(x) and _is_rational(y)
        )
        read = _fractions if exact else _floats
        x, y = _sorted(read(x, "x"), read(y, "y"))
        if len(x) < 2:
            raise ShapeError(
                f"a line needs two points, but there {'is one' if len(x) else 'are none'}: "
                "give at least two, with different x."
            )
        if exact and (np.diff(x.astype(np.float64)) == 0).any():
            i = int(np.flatnonzero(np.diff(x.astype(np.float64)) == 0)[0])
            raise DataFormatError(
                f"x = {x[i]} and x = {x[i + 1]} are one number in float64, in which a network "
                "computes: set them further apart."
            )
        return cls(x, y, exact)

    def __len__(self) -> int:
        return len(self.x)

    def rounded(self) -> Points:
        """The same in float64."""
        return Points(self.x.astype(np.float64), self.y.astype(np.float64), False)


def inline_points(text: str) -> tuple[list[str], list[str]]:
    """The x and y of ``"0:8 1:6 2:4"``, as text.

    Raises
    ------
    DataFormatError
        A pair is not two values with a colon between them.

    >>> inline_points("0:8 1:1/3, 2:-4")
    (['0', '1', '2'], ['8', '1/3', '-4'])
    """
    pairs = [pair.split(":") for pair in _PAIRS.split(text.strip()) if pair]
    for number, pair in enumerate(pairs, start=1):
        if len(pair) != 2 or not all(pair):
            raise DataFormatError(
                f"point {number} is {_short(':'.join(pair))}, but points are written x:y and set "
                'apart by spaces, as in "0:8 1:6 2:4".'
            )
    return [x for x, _ in pairs], [y for _, y in pairs]


def read_points(path: str | Path) -> tuple[list[str], list[str]]:
    """The x and y of a file of two columns (CSV, or set apart by tabs or spaces), as text.

    Names above the columns may be there; of more than two columns, x and y are those so named.
    Empty lines and lines that begin with # are passed over.

    Raises
    ------
    DataNotFoundError, DataFormatError
        There is no such file, or a line has not two values.
    """
    rows = _rows(path)
    number, first = next(rows, (0, []))
    if not first:
        raise DataFormatError(f"{path} is empty; expected two columns, x and y.")
    columns, named = _choose(path, first)
    xs, ys = ([], []) if named else ([first[columns[0]]], [first[columns[1]]])
    for number, cells in rows:
        if len(cells) != len(first):
            raise DataFormatError(
                f"{path}: line {number:,} has {_values(len(cells))}, but the first has "
                f"{_values(len(first))}."
            )
        xs.append(cells[columns[0]])
        ys.append(cells[columns[1]])
    return xs, ys


# reading -------------------------------------------------------------------------------------


def _rows(path: str | Path) -> Iterator[tuple[int, list[str]]]:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataNotFoundError(f"{_name(path)}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise DataFormatError(
            f"{path} is not text in UTF-8; save the points as CSV in UTF-8."
        ) from None
    except ValueError:  # a NUL, which no name has
        raise DataNotFoundError(f"{_name(path)!r} is not the name of a file.") from None
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), start=1))
    used = ((number, line) for number, line in lines if line and not line.startswith("#"))
    separators = [mark for mark in (";", "\t", ",") if mark in text]
    separator = separators[0] if separators else None
    return ((number, [cell.strip() for cell in line.split(separator)]) for number, line in used)


def _choose(path: str | Path, first: list[str]) -> tuple[tuple[int, int], bool]:
    """Which columns are x and y, and whether the first line names them."""
    named = not all(_is_number(cell) for cell in first)
    names = [cell.strip("\"'").lower() for cell in first]
    if named and names.count("x") == 1 and names.count("y") == 1:
        return (names.index("x"), names.index("y")), True
    if len(first) != 2:
        raise DataFormatError(
            f"{path} has {_values(len(first))} a line; expected two columns, or ones named x and y."
        )
    return (0, 1), named


def _is_number(text: str) -> bool:
    try:
        parse_number(text)
    except ChalknetError:
        # nan and inf are values that no point can have, not the name of a column.
        return text.lower().lstrip("+-") in ("nan", "inf", "infinity", "")
    return True


def _values(count: int) -> str:
    return f"{count:,} value{'' if count == 1 else 's'}"


def _name(path: str | Path) -> str:
    """A path for a message, not the thousands of characters that were taken for one."""
    name = str(path)
    return name if len(name) <= LONGEST_NAME else f"{name[:57]}…"


# checking ------------------------------------------------------------------------------------


def _column(values: Any, name: str) -> Any:
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise ShapeError(f"{name} must have shape (n,), one value a point, not {values.shape}.")
        return values
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ConfigurationError(f"{name} must be a sequence of numbers, not {_short(values)}.")
    return values if isinstance(values, Sequence) else list(values)


def _is_rational(values: Any) -> bool:
    """Whether no value is a float, whole numbers aside."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        return values.dtype.kind != "f" or bool((np.rint(values) == values).all())
    return all(
        not isinstance(value, float | np.floating) or float(value).is_integer() for value in values
    )


def _fractions(values: Any, name: str) -> Array:
    array = np.empty(len(values), object)
    array[:] = [_fraction(value, f"{name} of point {i}") for i, value in enumerate(values, 1)]
    return array


def _fraction(value: object, place: str) -> Fraction:
    try:
        return parse_number(value)
    except DataFormatError as error:
        raise DataFormatError(f"{place}: {error}") from None


def _floats(values: Any, name: str) -> Array:
    try:
        array = (
            np.asarray(values, np.float64)
            if isinstance(values, np.ndarray)
            else np.fromiter(map(float, values), np.float64, len(values))
        )
    except (ValueError, TypeError, OverflowError):  # 1/3, 1,5 or no number
        rows = (_float(value, f"{name} of point {i}") for i, value in enumerate(values, 1))
        array = np.fromiter(rows, np.float64, len(values))
    if not np.isfinite(array).all():
        i = int(np.flatnonzero(~np.isfinite(array))[0])
        raise DataFormatError(
            f"{name} of point {i + 1:,} is {array[i]}, but every value must be finite."
        )
    return array


def _float(value: object, place: str) -> float:
    """The nearest float: at once where the text is plain, and otherwise by way of a Fraction."""
    plain = _PLAIN.fullmatch(value) if isinstance(value, str) else None
    if plain is None:
        return float(_fraction(value, place))
    whole, decimals, divisor = plain.groups()
    return int(whole) / int(divisor) if divisor else float(f"{whole}.{decimals}") + 0.0


def _sorted(x: Array, y: Array) -> tuple[Array, Array]:
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    twice = x[1:] == x[:-1]
    if not twice.any():
        return x, y
    differ = twice & (y[1:] != y[:-1])
    if differ.any():
        i = int(np.flatnonzero(differ)[0])
        raise TargetError(
            f"x = {x[i]} has two values, y = {y[i]} and y = {y[i + 1]}, but a network gives one: "
            "keep one of them, or their mean."
        )
    once = np.concatenate([[True], ~twice])
    return x[once], y[once]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
