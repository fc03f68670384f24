"""Fitting a formula to a width: break it, and leave out entries of long arrays, in that order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from chalknet.explain.formula import Formula
from chalknet.explain.render.arrays import LEAST, Extent
from chalknet.explain.render.pieces import Piece, broken, width_of
from chalknet.explain.render.typesetter import Typesetter

__all__ = ["fitted"]

M = TypeVar("M")


def fitted(
    typesetter: Typesetter[M], formula: Formula, width: float, *, beyond: bool = False
) -> list[M] | None:
    """The formula in lines of at most ``width``; None if there is no such way to set it.

    Arrays that have to be abbreviated anyway are cut to fewer places first, since that costs the
    reader nothing; then the formula is broken; only then is a matrix torn between its columns.
    Where lines may reach ``beyond`` the width, since they can be scrolled, nothing is torn, and
    there always is a way.
    """
    whole = typesetter.across
    shortened = [Extent(whole.limit, places) for places in range(whole.places, LEAST - 1, -1)]
    for across in shortened:
        lines: list[Sequence[Piece[M]]] = [_pieces(typesetter, formula, across)]
        if _within(lines, width):
            return _set(typesetter, lines)
    ways = [broken(_pieces(typesetter, formula, across), width) for across in shortened]
    lines = min(ways, key=lambda way: max(width, *map(width_of, way)))
    if beyond or _within(lines, width):
        return _set(typesetter, lines)
    for tears_at in (0.9 * width, 0.75 * width, 0.5 * width, 0.0):
        lines = broken(_pieces(typesetter, formula, shortened[-1], tears_at), width)
        if _within(lines, width):
            return _set(typesetter, lines)
    return None


def _pieces(
    typesetter: Typesetter[M], formula: Formula, across: Extent, tears_at: float | None = None
) -> list[Piece[M]]:
    whole = typesetter.across
    typesetter.across, typesetter.tears_at = across, tears_at
    try:
        return typesetter.pieces(formula)
    finally:
        typesetter.across, typesetter.tears_at = whole, None


def _within(lines: Sequence[Sequence[Piece[M]]], width: float) -> bool:
    return all(width_of(line) <= width for line in lines)


def _set(typesetter: Typesetter[M], lines: Sequence[Sequence[Piece[M]]]) -> list[M]:
    return [typesetter.line(line) for line in lines]
