"""Which entries of a long array are shown: the first, three dots, and the last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalknet.errors import ShapeError
from chalknet.explain.formula import Array

__all__ = ["Extent", "Grid", "abbreviated"]

LEAST = 3  # places: one from the beginning, the dots, one from the end


@dataclass(frozen=True)
class Extent:
    """How much of an array may be shown.

    Attributes
    ----------
    limit : int
        A row or column with more entries than this is abbreviated.
    places : int
        To so many places, the dots counting as one; at least 3.
    """

    limit: int
    places: int

    @classmethod
    def of(cls, limit: int) -> Extent:
        """What is too long is cut to half of what would still have been shown whole."""
        return cls(limit, max(LEAST, limit // 2))

    def shown(self, length: int) -> list[int | None]:
        """The indices to show, None for the dots.

        >>> Extent(12, 6).shown(784), Extent(12, 6).shown(3)
        ([0, 1, 2, None, 782, 783], [0, 1, 2])
        """
        if length <= self.limit:
            return list(range(length))
        tail = (self.places - 1) // 2
        head = self.places - 1 - tail
        return [*range(head), None, *range(length - tail, length)]


@dataclass(frozen=True)
class Grid:
    """What is shown of an array: its rows and columns by index, None where dots stand."""

    array: Array
    rows: list[int | None]
    columns: list[int | None]

    def entry(self, row: int, column: int) -> Any:
        """The entry at a row and column of the array as it stands on paper."""
        values = self.array.values
        if values.ndim == 2:
            return values[row, column]
        return values[column if self.array.row else row] if values.ndim else values[()]

    @property
    def is_abbreviated(self) -> bool:
        """Whether anything is left out."""
        return None in self.rows or None in self.columns


def shape_on_paper(array: Array) -> tuple[int, int]:
    """Rows and columns of an array as it stands on paper; a vector is a column unless ``row``.

    Raises
    ------
    ShapeError
        The array has more than two axes.
    """
    values = array.values
    if values.ndim > 2:
        raise ShapeError(f"an array on paper has one or two axes, not {values.ndim}.")
    if values.ndim == 2:
        return values.shape[0], values.shape[1]
    return (1, values.size) if array.row else (values.size, 1)


def abbreviated(array: Array, down: Extent, across: Extent) -> Grid:
    """What is shown of an array: at most ``down`` of its rows and ``across`` of its columns."""
    rows, columns = shape_on_paper(array)
    return Grid(array, down.shown(rows), across.shown(columns))
