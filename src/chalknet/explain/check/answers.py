"""A student's answers: numbers under the symbols of the working, any of them, in any order.

A sheet is a TOML file, or the filled workbook of ``chalknet exercise``. Of each number the text is
kept, for it tells how many digits were given::

    z1 = [5, -5]
    p = [0.9999, "1,98e-32", 4.14e-8]
    dW2 = [["1/3", 0], ["?", 1.50]]         # a ? is left blank
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import (
    ChalknetError,
    ConfigurationError,
    DataFormatError,
    DataNotFoundError,
    ShapeError,
)
from chalknet.explain.check.precision import (
    WrittenNumber,
    read_floats,
    read_number,
)

__all__ = ["READERS", "Answers", "Sheet", "as_sheet", "read_answers"]

Shapes = Mapping[str, tuple[int, ...]]
Sheet = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Answers:
    """What stands in a file of answers, not yet compared with any problem.

    Attributes
    ----------
    entries : mapping
        Symbol → number, text, or (nested) lists of them; None, "" or "?" where left blank.
    source : str
        The file, for messages; empty if there is none.
    places : mapping
        Symbol → where in the file it stands, "line 4" say.
    """

    entries: Mapping[str, Any]
    source: str = ""
    places: Mapping[str, str] = field(default_factory=dict)

    def place(self, symbol: str) -> str:
        """Where the symbol stands, and its name, to begin a message with."""
        where = [part for part in (self.source, self.places.get(symbol, "")) if part]
        return f"{', '.join(where)}: {symbol}" if where else symbol


def read_answers(path: str | os.PathLike[str]) -> Answers:
    """The answers in a file; its ending says what it is.

    Raises
    ------
    DataNotFoundError
        There is no such file, or it cannot be read.
    DataFormatError
        Its ending is unknown, or it is not what its ending says; the message names the place.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in READERS:
        known = " or ".join(READERS)
        raise DataFormatError(f"{path}: answers are read from {known} files, not from {suffix!r}.")
    return READERS[suffix](Path(path))


def _read_toml(path: Path) -> Answers:
    try:
        text = path.read_text(encoding="utf-8-sig")
        # Decimals as text: as floats they would have lost their closing zeros.
        table = tomllib.loads(text, parse_float=str)
    except OSError as error:
        raise DataNotFoundError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        raise DataFormatError(
            f"{path}: this is no TOML file: byte {error.start} is no text in UTF-8."
        ) from None
    except RecursionError:
        raise DataFormatError(f"{path}: brackets are nested too deeply.") from None
    except ValueError as error:
        raise DataFormatError(f"{path}: this is no TOML file: {_in_quotes(text, error)}.") from None
    places: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if match := re.match(r"""\s*["']?([\w@]+)["']?\s*=""", line):
            places.setdefault(match[1], f"line {number}")
    return Answers(table, str(path), places)


def _in_quotes(text: str, error: ValueError) -> str:
    """The parser's words, and advice where they speak of a line with a bare fraction on it."""
    message = str(error).rstrip(".")
    place = re.search(r"line (\d+)", message)
    line = text.splitlines()[int(place[1]) - 1] if place else ""
    bare = _BARE.search(line.split("#")[0])
    if bare is None:
        return message
    return f'{message}; put {bare[0].strip()} in quotes, as in "{bare[0].strip()}"'


def _read_workbook(path: Path) -> Answers:
    from chalknet.explain.render.excel.answers import read_answer_sheet

    entries, places = read_answer_sheet(path)
    return Answers(entries, str(path), places)


_BARE = re.compile(r"""(?<!["'\w.])-?\d+\s*/\s*\d+|−[\d.]+|[\d.]+\s*%""")

READERS: dict[str, Callable[[Path], Answers]] = {".toml": _read_toml, ".xlsx": _read_workbook}


# from answers to a sheet ---------------------------------------------------------------------


def as_sheet(answers: Answers, shapes: Shapes) -> Sheet:
    """The numbers of each symbol, in the shape that it has on paper.

    A vector may stand in a row or in a column, and where brackets tell nothing they may be left
    out: ``loss = [0.5]`` and ``db1 = 0.5`` are understood. Symbols with nothing but blanks are
    left out.

    Raises
    ------
    ConfigurationError
        A symbol is unknown; the message suggests the nearest.
    ShapeError
        Rows are ragged, or a symbol has more or fewer numbers than the problem.
    DataFormatError
        Something is not a number, or there is no answer at all.
    """
    sheet: Sheet = {}
    for written, value in answers.entries.items():
        symbol, place = _usual(written), answers.place(written)
        if symbol not in shapes:
            raise _unknown(answers, written, shapes)
        if symbol in sheet:
            raise DataFormatError(f"{place} stands there twice, as {symbol} too.")
        entries, shape = _entries(value, place)
        numbers = np.empty(len(entries), object)
        numbers[:] = _numbers(entries, place)
        fitted = _fitted(numbers, shape, shapes[symbol], place)
        if any(number is not None for number in numbers):
            sheet[symbol] = fitted
    if not sheet:
        where = f"{answers.source}: " if answers.source else ""
        raise DataFormatError(
            f"{where}there is no answer: give at least one line such as z1 = [1, 2]."
        )
    return sheet


def _unknown(answers: Answers, symbol: str, shapes: Shapes) -> ConfigurationError:
    lower = {name.lower(): name for name in shapes}
    near = difflib.get_close_matches(_plain(symbol), lower, n=1, cutoff=0.5)
    if "p" in shapes and re.fullmatch(r"a\d+", symbol) and f"z{symbol[1:]}" in shapes:
        near = ["p"]  # what softmax or σ makes of the last z
    hint = f"did you mean {lower[near[0]]}? Known" if near else "known"
    return ConfigurationError(
        f"{answers.place(symbol)} is no symbol of this problem: {hint} are {', '.join(shapes)}."
    )


def _usual(symbol: str) -> str:
    """The symbol as problems have it, for those who write s for z, or δ for dz."""
    return re.sub(r"^s(?=\d)", "z", re.sub(r"^(δ|delta|ds)(?=\d)", "dz", symbol))


def _plain(symbol: str) -> str:
    """The symbol in the letters of answer files: s1 is z1, δ2 is dz2, ∂W1 is dW1."""
    plain = symbol.lower().replace("δ", "dz").replace("delta", "dz").replace("∂", "d")
    return re.sub(r"^s(?=\d)", "z", plain)


def _entries(
    value: object, place: str
) -> tuple[list[tuple[object, tuple[int, ...]]], tuple[int, ...]]:
    """All entries with where they stand, and the shape of the lists they came in."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        return [(value, ())], ()
    rows = [row.tolist() if isinstance(row, np.ndarray) else row for row in value]
    lists = [isinstance(row, list | tuple) for row in rows]
    if not any(lists):
        return [(entry, (number,)) for number, entry in enumerate(rows, start=1)], (len(rows),)
    width = len(rows[0]) if lists[0] else 0
    entries: list[tuple[object, tuple[int, ...]]] = []
    for number, (row, is_list) in enumerate(zip(rows, lists, strict=True), start=1):
        if not is_list:
            raise ShapeError(f"{place}, row {number}: a row must be a list, not {row!r}.")
        if len(row) != width:
            raise ShapeError(
                f"{place}, row {number} has {_count(len(row))} but row 1 has {width}: all rows "
                "must be of one length."
            )
        entries += [(entry, (number, column)) for column, entry in enumerate(row, start=1)]
    return entries, (len(rows), width)


def _fitted(numbers: Any, shape: tuple[int, ...], wanted: tuple[int, ...], place: str) -> Any:
    """The numbers in the shape wanted, if they are as many and stand as they should."""
    if _beyond_one(shape) == _beyond_one(wanted):
        return numbers.reshape(wanted)
    advice = ""
    if len(shape) == 2 and shape == wanted[::-1]:
        advice = "; it seems to be transposed: rows are neurons, or samples"
    elif len(numbers) > int(np.prod(wanted)) and all(isinstance(n, WrittenNumber) for n in numbers):
        advice = '; a decimal comma needs quotes, as in "1,5"'
    raise ShapeError(f"{place} must be {_described(wanted)}, not {_described(shape)}{advice}.")


def _beyond_one(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(length for length in shape if length != 1)


def _described(shape: tuple[int, ...]) -> str:
    if len(shape) == 2:
        return f"{shape[0]} row{'s' * (shape[0] != 1)} of {_count(shape[1])}"
    return _count(shape[0]) if shape else "1 number"


def _count(number: int) -> str:
    return f"{number} number{'s' * (number != 1)}"


# single numbers ------------------------------------------------------------------------------


def _numbers(
    entries: Sequence[tuple[object, tuple[int, ...]]], place: str
) -> list[WrittenNumber | None]:
    """The numbers of one line, None where it is blank."""
    numbers = [_number(entry, _at(place, at)) for entry, at in entries]
    floats = [index for index, number in enumerate(numbers) if isinstance(number, float)]
    if floats:
        read = read_floats([float(entries[index][0]) for index in floats])  # type: ignore[arg-type]
        for index, number in zip(floats, read, strict=True):
            numbers[index] = number
    return numbers  # type: ignore[return-value]


def _number(entry: object, place: str) -> WrittenNumber | float | None:
    """The number written in an entry; a float as it is, for its neighbours tell its digits."""
    if entry is None or (isinstance(entry, str) and entry.strip() in ("", "?")):
        return None
    if isinstance(entry, list | tuple):
        raise ShapeError(f"{place}: brackets are nested too deeply.")
    try:
        if isinstance(entry, float | np.floating):
            if not np.isfinite(entry):
                raise DataFormatError(f"{entry} is not a finite number.")
            return float(entry)
        if isinstance(entry, Fraction | int | np.integer) and not isinstance(entry, bool):
            return read_number(str(entry))
        if isinstance(entry, str):
            return read_number(entry)
    except ChalknetError as error:
        raise DataFormatError(f"{place}: {error}") from None
    raise DataFormatError(f"{place}: {str(entry).lower()[:40]} is not a number.")


def _at(place: str, at: tuple[int, ...]) -> str:
    match at:
        case (row, column):
            return f"{place}, row {row}, column {column}"
        case (entry,):
            return f"{place}, entry {entry}"
    return place
