"""Fitting a formula to a width: break it, and leave out entries of long arrays, in that order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeVar

from chalknet.explain.formula import Formula
from chalknet.explain.render.arrays import LEAST, Extent
from chalknet.explain.render.pieces import Piece, broken, width_of
from chalknet.explain.render.typesetter import Typesetter

__all__ = ["fitted"]

M = TypeVar("M")


def fitted(typesetter: Typesetter[M], formula: Formula, width: float) -> list[M] | None:
    """The formula in lines of at most ``width``; None if there is no such way to set it.

    Arrays that have to be abbreviated anyway are cut to fewer places first, since that costs the
    reader nothing; then the formula is broken; only then is a matrix torn between its columns.
    """
    for across, way in _ways(typesetter):
        pieces = _pieces(typesetter, formula, across, splitting=way == "torn")
        lines = [pieces] if way == "whole" else broken(pieces, width)
        if all(width_of(line) <= width for line in lines):
            matters = [typesetter.line(line) for line in lines]
            if all(typesetter.width(matter) <= width for matter in matters):
                return matters
    return None


def _pieces(
    typesetter: Typesetter[M], formula: Formula, across: Extent, *, splitting: bool
) -> list[Piece[M]]:
    whole = typesetter.across
    typesetter.across, typesetter.tears = across, splitting
    try:
        return typesetter.pieces(formula)
    finally:
        typesetter.across, typesetter.tears = whole, False


def _ways(
    typesetter: Typesetter[M],
) -> Iterator[tuple[Extent, Literal["whole", "broken", "torn"]]]:
    """To how many places long rows are cut, and whether the formula stays on one line."""
    whole = typesetter.across
    shortened = [Extent(whole.limit, places) for places in range(whole.places, LEAST - 1, -1)]
    yield from ((extent, "whole") for extent in shortened)
    yield from ((extent, "broken") for extent in shortened)
    yield shortened[-1], "torn"
