"""Formulas in pieces, and the breaking of what is too wide for one line.

A formula that is set is a row of pieces: something to draw, or a bracket that opens or closes.
Between two pieces a line may end, more or less gladly: ``depth`` 0 is before a relation or a sign
of the outermost sum, and each bracket or product goes deeper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

__all__ = ["Break", "Piece", "broken", "width_of"]

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Break(Generic[M]):
    """A place where a line may end.

    Attributes
    ----------
    depth : int
        How deep in the formula; the shallowest is taken first.
    joint : M or None
        What stands here if the line goes on, " + ", and its width.
    lead : M or None
        What begins the next line if it does not, "+ ", and its width.
    """

    depth: int
    joint: M | None
    joint_width: float
    lead: M | None
    lead_width: float


@dataclass(frozen=True, slots=True)
class Piece(Generic[M]):
    """Something to draw (``kind`` "matter"), or an opening or closing bracket.

    Attributes
    ----------
    kind : "matter", "open" or "close"
    width : float
        In the unit of whoever draws it.
    matter : M or None
        What to draw; None for a bracket.
    fence : str
        Which bracket.
    before : Break or None
        Whether the line may end before it; None if not.
    """

    kind: Literal["matter", "open", "close"]
    width: float
    matter: M | None = None
    fence: str = ""
    before: Break[M] | None = None


def broken(pieces: Sequence[Piece[M]], width: float) -> list[Sequence[Piece[M]]]:
    """The pieces in lines of at most ``width``, as far as their breaks allow.

    A line ends at the shallowest break within reach, and among those at the last.
    """
    lines = []
    start = 0
    while (end := _end_of_line(pieces, start, width)) < len(pieces):
        lines.append(pieces[start:end])
        start = end
    return [*lines, pieces[start:]]


def _end_of_line(pieces: Sequence[Piece[M]], start: int, width: float) -> int:
    """Where the line that begins at ``start`` ends."""
    used = 0.0
    best: int | None = None
    for place in range(start, len(pieces)):
        piece = pieces[place]
        breaking = piece.before
        if place == start:
            used += breaking.lead_width if breaking else 0
        elif breaking:
            if used > width:  # it could not end before: it ends at the first chance
                return place
            if best is None or breaking.depth <= _depth(pieces[best]):
                best = place
            used += breaking.joint_width
        used += piece.width
        if used > width and best is not None:
            return best
    return len(pieces)


def _depth(piece: Piece[M]) -> int:
    return piece.before.depth if piece.before else 0


def width_of(line: Sequence[Piece[M]]) -> float:
    """How wide a line is."""
    first = line[0].before if line else None
    return (
        (first.lead_width if first else 0)
        + sum(piece.width for piece in line)
        + sum(piece.before.joint_width for piece in line[1:] if piece.before)
    )
