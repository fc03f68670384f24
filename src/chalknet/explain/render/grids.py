"""How an array is set: abbreviated, in one table, or torn between its columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

from chalknet.explain.formula import Array, Formula
from chalknet.explain.render.arrays import Grid, abbreviated
from chalknet.explain.render.material import Cell
from chalknet.explain.render.numbers import written
from chalknet.explain.render.pieces import Piece

if TYPE_CHECKING:
    from chalknet.explain.render.typesetter import Typesetter

__all__ = ["array_pieces"]

M = TypeVar("M")

# A matrix is torn between its columns only where nothing else helps.
TEARING_DEPTH = 1000


def array_pieces(setter: Typesetter[M], node: Array, depth: int, _beside: bool) -> list[Piece[M]]:
    """An array as one piece, or in as many as there are lines if it must be torn."""
    rows = _rows(setter, node)
    if not rows or not rows[0]:
        return [setter.piece(setter.fenced("[", setter.thin_space(), "]"))]
    whole = setter.piece(setter.grid(rows, node))
    if setter.tears_at is None or whole.width <= setter.tears_at:
        return [whole]
    inner: list[Piece[M]] = []
    between = setter.breaking(depth + TEARING_DEPTH, setter.gap(), None)
    for some in _torn(setter, rows, setter.tears_at):
        piece = setter.piece(setter.table(some))
        inner += setter.after(between, [piece]) if inner else [piece]
    return setter.fence("[", inner)


def _torn(
    setter: Typesetter[M], rows: list[list[Cell[M]]], width: float
) -> Iterator[list[list[Cell[M]]]]:
    """The rows in as many parts as there are lines, none of them wider than ``width``."""
    start = 0
    for end in range(1, len(rows[0]) + 1):
        last = end == len(rows[0])
        longer = [row[start : end + 1] for row in rows]
        if last or setter.width(setter.table(longer)) > width:
            yield [row[start:end] for row in rows]
            start = end


def _rows(setter: Typesetter[M], node: Array) -> list[list[Cell[M]]]:
    grid = abbreviated(node, setter.down, setter.across)
    if grid.is_abbreviated:
        setter.left_out.append(node)
    rows: list[list[Cell[M]]] = []
    for row in grid.rows:
        rows.append([])
        for column in grid.columns:
            cell = _cell(setter, grid, row, column)
            rows[-1].append(cell)
    return rows


def _cell(setter: Typesetter[M], grid: Grid, row: int | None, column: int | None) -> Cell[M]:
    if row is None:
        return "⋱" if column is None else "⋮"
    if column is None:
        return "⋯"
    entry = grid.entry(row, column)
    if isinstance(entry, Formula):
        matter: M = setter.entry(entry)
        return matter
    return written(entry, setter.notation)
