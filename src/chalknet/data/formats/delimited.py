"""CSV: a line a row, cells between commas, semicolons or tabs, names in the first line.

Source: RFC 4180, "Common Format and MIME Type for CSV Files" (2005); read with Python's csv module.
"""

from __future__ import annotations

import contextlib
import csv
import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

import numpy as np

from chalknet.data.dataset import Task
from chalknet.data.formats.bounded import BLOCK, Allowance, file_size, in_words
from chalknet.data.formats.contents import Array, Contents, FilePath
from chalknet.data.formats.table import (
    choose_columns,
    choose_target,
    find_columns,
    labels_from_text,
    number,
    require_distinct,
)
from chalknet.errors import DataFormatError

__all__ = ["read_csv", "read_csv_inputs"]

SEPARATORS = (",", ";", "\t")
CELLS_AT_ONCE = 2**16

# From the names, and whether the file gives them itself, to the columns of X and of y.
Choice = Callable[[list[str], bool], tuple[list[int], int | None]]


def read_csv(
    path: FilePath,
    *,
    target: str | None = None,
    inputs: Sequence[str] | None = None,
    task: Task | None = None,
    max_bytes: int | None = None,
) -> Contents:
    """Read a table with a target column.

    The separator is found (comma, semicolon or tab); with semicolons and tabs a decimal comma is
    understood. A first line with numbers wherever the second has numbers is data, and the columns
    are then called ``column_1``, ``column_2`` …; only 0, 1, 2 … are taken for names, as pandas
    writes them. Numbers are kept in float32 where that holds all of them exactly, otherwise in
    float64.
    """
    place = str(path)

    def choice(names: list[str], _: bool) -> tuple[list[int], int | None]:
        y_column = choose_target(names, target, place)
        return choose_columns(names, inputs, y_column, place), y_column

    table = _Table(path, choice)
    assert table.y_column is not None  # noqa: S101 (chosen above; for the type checker)
    y = labels_from_text(
        table.labels,
        table.lines,
        task,
        Allowance(path, file_size(path), max_bytes, otherwise="shorten the labels"),
        f"{path}: column {table.names[table.y_column]!r}",
        decimal_comma=table.separator != ",",
    )
    feature_names = tuple(table.names[column] for column in table.columns)
    return Contents(X=table.values(), y=y, feature_names=feature_names)


def read_csv_inputs(path: FilePath, *, feature_names: Sequence[str] | None = None) -> Array:
    """Read the columns ``feature_names`` in that order, or all columns.

    A file without names whose columns are as many as ``feature_names`` is taken as it stands.
    """

    def choice(names: list[str], named: bool) -> tuple[list[int], int | None]:
        if feature_names is None or (not named and len(names) == len(feature_names)):
            return list(range(len(names))), None
        return find_columns(names, feature_names, str(path), "inputs"), None

    return _Table(path, choice).values()


class _Table:
    """The rows of one file, as blocks of numbers and a list of labels."""

    def __init__(self, path: FilePath, choice: Choice) -> None:
        self.path = path
        self.labels: list[str] = []
        self.lines: list[int] = []
        self._blocks: deque[Array] = deque()
        file_size(path)
        try:
            with Path(path).open("rb") as stream:
                self._read(_Lines(stream, path), choice)
        except csv.Error as error:
            line = self.lines[-1] + 1 if self.lines else 1
            raise DataFormatError(
                f"{path}: after line {line - 1:,}: not readable as CSV ({error})."
            ) from None
        if not self.lines:
            raise DataFormatError(f"{path}: there are column names, but no rows below them.")

    def _read(self, lines: _Lines, choice: Choice) -> None:
        first_lines = list(itertools.islice(lines, 2))
        if not first_lines:
            raise DataFormatError(f"{self.path} is empty; expected column names and rows.")
        self.separator = _separator(first_lines)
        rows = csv.reader(
            itertools.chain(first_lines, lines), delimiter=self.separator, strict=True
        )
        first = next(rows, [])
        named = self._is_header(first, first_lines[-1])
        self.names = [cell.strip() for cell in first] if named else _numbered(len(first))
        require_distinct(self.names, str(self.path))
        self.columns, self.y_column = choice(self.names, named)
        picked = itemgetter(*self.columns) if len(self.columns) > 1 else None
        cells: list[str] = []
        for row in rows if named else itertools.chain([first], rows):
            lines.begin_record()
            if not row or (len(row) == 1 < len(self.names) and not row[0].strip()):
                continue
            line = max(1, rows.line_num)
            if len(row) != len(self.names):
                raise DataFormatError(
                    f"{self.path}: line {line:,} has {len(row):,} cells, but there are "
                    f"{len(self.names):,} columns."
                )
            self.lines.append(line)
            if self.y_column is not None:
                self.labels.append(row[self.y_column])
            cells.extend(picked(row) if picked else [row[self.columns[0]]])
            if len(cells) >= CELLS_AT_ONCE:
                self._keep(cells)
                cells = []
        if cells:
            self._keep(cells)

    def _is_header(self, first: list[str], second_line: str) -> bool:
        """Whether the first row names the columns: numbers in it mean that it does not."""
        second = next(csv.reader([second_line], delimiter=self.separator), [])
        if len(second) != len(first):
            return True
        pairs = [
            number(self._with_point(above))
            for above, below in zip(first, second, strict=True)
            if number(self._with_point(below)) is not None
        ]
        if None in pairs or not pairs:
            return True
        as_pandas_numbers = pairs == list(range(len(pairs)))
        return as_pandas_numbers and (len(pairs) >= 3 or len(pairs) < len(first))

    def _keep(self, cells: list[str]) -> None:
        """Turn cells into a block of numbers."""
        together = "".join(cells)
        if "," in together:
            cells = [self._with_point(cell) for cell in cells]
        try:
            block = np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            raise self._bad_cell(cells) from None
        if "_" in together or not np.isfinite(block).all():
            raise self._bad_cell(cells)
        with np.errstate(over="ignore", under="ignore"):
            narrow = block.astype(np.float32)
        self._blocks.append(narrow if np.array_equal(narrow, block) else block)

    def _with_point(self, cell: str) -> str:
        return cell if self.separator == "," else cell.replace(",", ".", 1)

    def _bad_cell(self, cells: list[str]) -> DataFormatError:
        at = next(i for i, cell in enumerate(cells) if number(cell) is None)
        rows = len(cells) // len(self.columns)
        line = self.lines[len(self.lines) - rows + at // len(self.columns)]
        name = self.names[self.columns[at % len(self.columns)]]
        cell = cells[at].strip()
        what = f"is {cell[:40]!r}" if cell else "is empty"
        return DataFormatError(
            f"{self.path}: line {line:,}, column {name!r} {what}, but every feature must be a "
            "finite number: fill the gap, drop the row or the column, or turn categories into "
            "numbers."
        )

    def values(self) -> Array:
        """All numbers (rows, columns); the blocks are given up on the way."""
        narrow = all(block.dtype == np.float32 for block in self._blocks)
        X = np.empty(len(self.lines) * len(self.columns), np.float32 if narrow else np.float64)
        start = 0
        while self._blocks:
            block = self._blocks.popleft()
            X[start : start + len(block)] = block
            start += len(block)
        return X.reshape(len(self.lines), len(self.columns))


class _Lines(Iterator[str]):
    """The lines of a file as text, each record bounded, so that no quote swallows the file."""

    def __init__(self, stream: BinaryIO, path: FilePath) -> None:
        self._stream = stream
        self._path = path
        self._line = 0
        self._record_bytes = 0

    def begin_record(self) -> None:
        """Say that what was read so far has been used."""
        self._record_bytes = 0

    def __next__(self) -> str:
        raw = self._stream.readline(BLOCK + 1)
        if not raw:
            raise StopIteration
        self._line += 1
        self._record_bytes += len(raw)
        place = f"{self._path}: line {self._line:,}"
        if self._record_bytes > BLOCK:
            raise DataFormatError(
                f"{place} belongs to a row of more than {in_words(BLOCK)}: a quote is not closed, "
                "or this is no CSV file."
            )
        if self._line == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if b"\0" in raw:
            raise DataFormatError(
                f"{place} holds a NUL byte, so this is no CSV file in UTF-8; export it again."
            )
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode("utf-8")
        raise DataFormatError(f"{place} is not text in UTF-8; save the file as CSV in UTF-8.")


def _separator(first_lines: Sequence[str]) -> str:
    """The separator that splits both lines into as many cells and into most; else the first."""

    def cells(separator: str) -> tuple[int, int]:
        with contextlib.suppress(csv.Error):
            counts = [len(next(csv.reader([line], delimiter=separator))) for line in first_lines]
            return counts[0] if len(set(counts)) == 1 else 1, counts[0]
        return 0, 0

    return max(SEPARATORS, key=cells)


def _numbered(count: int) -> list[str]:
    return [f"column_{position}" for position in range(1, count + 1)]
