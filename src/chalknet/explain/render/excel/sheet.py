"""A sheet: titled blocks one below the other, with the self-check column at the right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy.typing as npt

from chalknet.explain.render.excel.cells import Block
from chalknet.explain.render.excel.checks import NONE, RIGHT, WRONG
from chalknet.explain.render.excel.formulas import number_text

__all__ = ["Book", "Sheet"]

Array = npt.NDArray[Any]
Formula = Callable[[int, int], str]

_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14, "font_color": "#1f3a5f"},
    "text": {"font_color": "#444444", "italic": True},
    "heading": {"bold": True, "bottom": 1, "bottom_color": "#9aa7b5"},
    "name": {"font_color": "#5b6b7b", "align": "right"},
    "given": {"bg_color": "#fff6d6", "border": 1, "border_color": "#d8c98a"},
    "formula": {"border": 1, "border_color": "#d9dee4"},
    "box": {"border": 1, "border_color": "#8a98a8", "num_format": "@", "align": "right"},
    "check": {"align": "center", "font_color": "#1b7f3b", "bold": True},
    "verdict": {"font_color": "#1b7f3b", "bold": True},
    "wrong": {"font_color": "#b3261e", "bg_color": "#fde7e5"},
}
FIRST = 1  # the column of the first number; names stand to its left


class Book:
    """A workbook in memory, and the looks of its cells."""

    def __init__(self, target: Any) -> None:
        import datetime as dt

        import xlsxwriter

        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.workbook = xlsxwriter.Workbook(target, options)
        # The same contents make the same file, whenever it is written.
        self.workbook.set_properties({"created": dt.datetime(2026, 1, 1)})
        self.workbook.set_calc_mode("auto")
        self.style = {name: self.workbook.add_format(look) for name, look in _STYLES.items()}

    def sheet(self, name: str, title: str, width: int, *, checked: bool = True) -> Sheet:
        """A new sheet whose widest block has ``width`` columns."""
        return Sheet(self, name, title, width, checked=checked)


class Sheet:
    """One sheet, written from the top."""

    def __init__(self, book: Book, name: str, title: str, width: int, *, checked: bool) -> None:
        self.book, self.name = book, name
        self.sheet = book.workbook.add_worksheet(name)
        self.check_column = FIRST + width + 1 if checked else None
        self.sheet.set_column(0, 0, 26)
        self.sheet.set_column(FIRST, FIRST + max(width, 1), 12)
        self.sheet.hide_gridlines(2)
        self.sheet.set_landscape()
        self.sheet.fit_to_pages(1, 0)
        self.sheet.write_string(0, 0, title, book.style["title"])
        self.next = 2
        self._checks: list[int] = []

    def text(self, words: str) -> None:
        """A line of words."""
        self.sheet.write_string(self.next, 0, words, self.book.style["text"])
        self.next += 1

    def given(
        self, title: str, values: Array, rows: Sequence[str], columns: Sequence[str]
    ) -> Block:
        """A block of numbers to be changed by hand."""
        block = self._frame(title, values.shape, rows, columns)
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                self.number(block.top + i, block.left + j, value)
        return block

    def number(self, row: int, column: int, value: Any) -> None:
        """A number to be changed by hand; a fraction stays one."""
        style = self.book.style["given"]
        terminates = not isinstance(value, Fraction) or 10**6 % value.denominator == 0
        if terminates:
            self.sheet.write_number(row, column, float(value), style)
        else:  # a third is a third, not its first digits
            self.sheet.write_formula(
                row, column, f"={number_text(value)[1:-1]}", style, float(value)
            )

    def block(
        self,
        title: str,
        values: Array,
        formula: Formula,
        *,
        rows: Sequence[str],
        columns: Sequence[str],
        check: Callable[[Block, int], str] | None = None,
    ) -> Block:
        """A block of formulas (i, j) with their values, and a check of each row."""
        block = self._frame(title, values.shape, rows, columns)
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                self.formula(block.top + i, block.left + j, formula(i, j), value)
            if check is not None and self.check_column is not None:
                self._check(block.top + i, check(block, i))
        return block

    def boxes(self, title: str, rows: Sequence[str], columns: Sequence[str], *, name: str) -> Block:
        """Empty boxes to be filled in by hand, found again by their name."""
        block = self._frame(title, (len(rows), len(columns)), rows, columns)
        for i in range(block.rows):
            for j in range(block.columns):
                self.sheet.write_blank(block.top + i, block.left + j, None, self.book.style["box"])
        self.book.workbook.define_name(name, f"={block.whole()}")
        return block

    def formula(self, row: int, column: int, formula: str, value: Any) -> None:
        """A live formula, with the value that it has."""
        style = self.book.style["formula"]
        self.sheet.write_formula(row, column, f"={formula}", style, float(value))

    def _frame(
        self,
        title: str,
        shape: tuple[int, ...],
        rows: Sequence[str],
        columns: Sequence[str],
    ) -> Block:
        style = self.book.style
        self.sheet.write_string(self.next, 0, title, style["heading"])
        for j in range(shape[1]):
            self.sheet.write_string(self.next, FIRST + j, columns[j], style["heading"])
        for i in range(shape[0]):
            self.sheet.write_string(self.next + 1 + i, 0, rows[i], style["name"])
        block = Block(self.name, self.next + 1, FIRST, shape[0], shape[1])
        self.next += shape[0] + 2
        return block

    def _check(self, row: int, formula: str) -> None:
        if self.check_column is None:
            return
        style = self.book.style["check"]
        if formula:
            self.sheet.write_formula(row, self.check_column, f"={formula}", style, RIGHT)
            self._checks.append(row)
        else:
            self.sheet.write_string(row, self.check_column, NONE, style)

    def verdict(self, row: int, counts: Sequence[str]) -> None:
        """One line for the checks of all sheets."""
        if counts:
            wrong = "+".join(counts)
            right = f"{RIGHT} every line checks"
            self.sheet.write_formula(
                row,
                0,
                f'=IF({wrong}=0,"{right}","{WRONG} "&({wrong})&" lines do not check")',
                self.book.style["verdict"],
                right,
            )

    def close(self) -> str:
        """Write the sheet's own verdict at its top; returns the cell that counts what is wrong."""
        if self.check_column is None or not self._checks:
            return ""
        first, last = self._checks[0], self._checks[-1]
        marks = Block(self.name, first, self.check_column, last - first + 1, 1).column()
        count = f'COUNTIF({marks},"{WRONG}")'
        style = self.book.style
        self.sheet.write_string(1, self.check_column - 1, "check", style["name"])
        self.sheet.write_formula(
            1, self.check_column, f'=IF({count}=0,"{RIGHT}","{WRONG}")', style["check"], RIGHT
        )
        self.sheet.conditional_format(
            0,
            self.check_column,
            self.next,
            self.check_column,
            {"type": "cell", "criteria": "==", "value": f'"{WRONG}"', "format": style["wrong"]},
        )
        return count
