"""Whether a number has been rounded for display: then = is written ≈."""

from __future__ import annotations

from collections.abc import Iterator

from chalknet.explain.formula import Array, Formula, Number, children
from chalknet.explain.notation import Notation
from chalknet.explain.render.arrays import Extent, abbreviated
from chalknet.explain.render.numbers import written

__all__ = ["shows_rounded", "sign_between"]


def sign_between(left: Formula | None, sign: str, right: Formula, notation: Notation) -> str:
    """The sign as it must be written between two sides of which one may show rounded numbers.

    >>> sign_between(None, "=", Number(0.5), Notation()), sign_between(None, "=", Number(1 / 3), \
Notation())
    ('=', '≈')
    """
    if sign != "=":
        return sign
    sides = [side for side in (left, right) if side is not None]
    return "≈" if any(shows_rounded(side, notation) for side in sides) else "="


def shows_rounded(formula: Formula, notation: Notation) -> bool:
    """Whether any number that is shown in the formula is not the number that is meant."""
    match formula:
        case Number():
            return written(formula.value, notation).rounded
        case Array():
            return any(
                shows_rounded(entry, notation)
                if isinstance(entry, Formula)
                else written(entry, notation).rounded
                for entry in _shown_entries(formula, notation)
            )
    return any(shows_rounded(child, notation) for child in children(formula))


def _shown_entries(array: Array, notation: Notation) -> Iterator[object]:
    extent = Extent.of(notation.entries)
    grid = abbreviated(array, extent, extent)
    return (
        grid.entry(row, column)
        for row in grid.rows
        for column in grid.columns
        if row is not None and column is not None
    )
