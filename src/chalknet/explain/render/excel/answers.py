"""A workbook to be filled in by hand, and what stands in it when it comes back."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalknet.errors import DataFormatError, DataNotFoundError, MissingLibraryError
from chalknet.explain.problem import Problem
from chalknet.explain.render.excel.network import network_sheet, width_of
from chalknet.explain.render.excel.passes import names
from chalknet.explain.render.excel.sheet import Book
from chalknet.explain.solution import solve
from chalknet.files import write_atomically

__all__ = ["read_answer_sheet", "write_answer_sheet"]

SHEET = "Answers"
MARK = "answer_"  # the names of the ranges to be filled in: answer_z1, answer_dW2, …
LARGEST = 50_000_000  # bytes, unpacked: an answer sheet has a few thousand cells
MOST = 100_000  # cells of one answer


def write_answer_sheet(
    path: str | os.PathLike[str],
    problem: Problem,
    shapes: Mapping[str, tuple[int, ...]],
    *,
    instructions: tuple[str, ...] = (),
) -> Path:
    """Write a workbook with what is given, and empty boxes for what is to be worked out.

    The boxes take text, so that a program makes no date of 1/3 and 1.50 keeps its digits.

    Parameters
    ----------
    path : path
    problem : Problem
    shapes : mapping
        The symbols to be worked out, in order, with the shape of each.
    instructions : tuple of str
    """
    buffer = io.BytesIO()
    book = Book(buffer)
    sheet = book.sheet("Given", problem.title or "Exercise", width_of(problem), checked=False)
    network_sheet(sheet, solve(problem))
    answers = book.sheet(SHEET, "Your answers", width_of(problem), checked=False)
    for line in instructions:
        answers.text(line)
    answers.next += 1
    for symbol, shape in shapes.items():
        rows, columns = _rows_and_columns(symbol, shape, problem)
        answers.boxes(symbol, rows, columns, name=MARK + symbol.replace("@", "."))
    book.workbook.close()
    return write_atomically(path, buffer.getvalue())


def _rows_and_columns(
    symbol: str, shape: tuple[int, ...], problem: Problem
) -> tuple[list[str], list[str]]:
    """What stands beside the boxes of a symbol."""
    weights = "W" in symbol
    inputs = "input" if weights else "neuron"
    if not shape:
        return [""], [""]
    if len(shape) == 1:
        return ["" if problem.single else "all"], names(inputs, shape[0])
    return names("neuron" if weights else "sample", shape[0]), names(inputs, shape[1])


def read_answer_sheet(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What was filled in, by symbol, and where each symbol's boxes are.

    Returns
    -------
    entries : dict
        Symbol → rows of numbers and text, None where a box is empty.
    places : dict
        Symbol → range, such as "Answers!B4:D5".

    Raises
    ------
    DataNotFoundError
        There is no such file, or it cannot be read.
    DataFormatError
        It is no workbook, or none that was made to be filled in.
    MissingLibraryError
        openpyxl is not installed.
    """
    book = _loaded(Path(path))
    entries: dict[str, Any] = {}
    places: dict[str, str] = {}
    for name, defined in book.defined_names.items():
        if not name.startswith(MARK):
            continue
        symbol = name.removeprefix(MARK).replace(".", "@")
        for sheet, reference in defined.destinations:
            if sheet not in book.sheetnames:
                continue
            area = reference.replace("$", "")
            entries[symbol] = _cells(book[sheet], area, f"{path}: {sheet}!{area}")
            places[symbol] = f"{sheet}!{area}"
    if not entries:
        raise DataFormatError(
            f"{path}: there is no box to be filled in: it must be the answers.xlsx that "
            "chalknet exercise wrote, saved as xlsx."
        )
    return entries, places


def _cells(sheet: Any, area: str, place: str) -> list[list[Any]]:
    cells = sheet[area]
    rows = cells if isinstance(cells, tuple) else ((cells,),)
    rows = rows if isinstance(rows[0], tuple) else (rows,)
    if len(rows) * len(rows[0]) > MOST:
        raise DataFormatError(f"{place}: more than {MOST:,} boxes are no answer.")
    return [[_entry(cell) for cell in row] for row in rows]


def _entry(cell: Any) -> Any:
    """Numbers as they are, anything else as the text that stands there."""
    value = cell.value
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    return str(value)


def _loaded(path: Path) -> Any:
    try:
        import openpyxl
    except ImportError:
        raise MissingLibraryError(
            "a filled workbook is read with openpyxl: pip install openpyxl."
        ) from None
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataNotFoundError(f"{path}: cannot be read ({error.strerror}).") from None
    wrong = DataFormatError(f"{path}: this is no workbook (xlsx), or it is damaged.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST:
                raise DataFormatError(f"{path}: it unpacks to more than {LARGEST:,} bytes.")
        return openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    except DataFormatError:
        raise
    except Exception:  # noqa: BLE001 - openpyxl raises whatever a damaged file leads it to
        raise wrong from None
