"""Where numbers stand in a workbook: blocks of cells, and references to them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Block"]


@dataclass(frozen=True)
class Block:
    """A rectangle of cells on a sheet; rows and columns are counted from 0, as in the arrays."""

    sheet: str
    top: int
    left: int
    rows: int
    columns: int

    def cell(self, i: int = 0, j: int = 0) -> str:
        """The reference of one cell."""
        return self._prefix + _place(self.top + i, self.left + j)

    def row(self, i: int = 0) -> str:
        """The reference of a row of the block."""
        return self._range(i, 0, i, self.columns - 1)

    def column(self, j: int = 0) -> str:
        """The reference of a column of the block."""
        return self._range(0, j, self.rows - 1, j)

    def whole(self) -> str:
        """The reference of the whole block."""
        return self._range(0, 0, self.rows - 1, self.columns - 1)

    def part(self, first: int, count: int) -> Block:
        """Some neighbouring columns of the block."""
        return Block(self.sheet, self.top, self.left + first, self.rows, count)

    @property
    def _prefix(self) -> str:
        return f"'{self.sheet}'!" if " " in self.sheet else f"{self.sheet}!"

    def _range(self, top: int, left: int, bottom: int, right: int) -> str:
        first = _place(self.top + top, self.left + left)
        return f"{self._prefix}{first}:{_place(self.top + bottom, self.left + right)}"


def _place(row: int, column: int) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    place: str = xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)
    return place
