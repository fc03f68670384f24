"""Setting formulas: what all renderers share, whatever they draw with.

What a renderer can draw is ``material``; how a formula is made of that is ``syntax``; where a line
may end is ``pieces``. Here the three come together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar, TypeVar

from chalknet.explain.formula import Array, Formula, Symbol
from chalknet.explain.notation import Notation
from chalknet.explain.render.arrays import Extent
from chalknet.explain.render.brackets import Brackets
from chalknet.explain.render.material import Material
from chalknet.explain.render.pieces import Break, Piece
from chalknet.explain.render.syntax import WALKS

__all__ = ["Typesetter"]

M = TypeVar("M")

CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|", "‖": "‖"}


class Typesetter(Material[M]):
    """Sets formulas in the material ``M``: boxes of characters, LaTeX, MathML.

    Attributes
    ----------
    down, across : Extent
        How much of long arrays is shown.
    tears_at : float or None
        A matrix wider than this is torn between its columns; None if none is.
    left_out : list of Array
        Those of which not all entries were shown, in the order in which they were set.
    """

    # Whether fractions are drawn with a bar.
    bars: ClassVar[bool] = True

    def __init__(self, notation: Notation) -> None:
        self.notation = notation
        self.down = self.across = Extent.of(notation.entries)
        self.tears_at: float | None = None
        self.left_out: list[Array] = []
        self.in_script = False
        self._brackets = Brackets(notation, bars=self.bars)
        self.flat_brackets = Brackets(notation, bars=False)

    # The walk. -----------------------------------------------------------------------------------

    @property
    def brackets(self) -> Brackets:
        """The rules for brackets where we are."""
        return self.flat_brackets if self.in_script else self._brackets

    def set(self, formula: Formula) -> M:
        """The formula, unbroken."""
        return self.line(self.pieces(formula))

    def entry(self, formula: Formula) -> M:
        """The formula as an entry of a matrix."""
        return self.set(formula)

    def line(self, pieces: Sequence[Piece[M]]) -> M:
        """Pieces side by side; a bracket whose partner is on another line stays one-sided."""
        levels: list[tuple[str, list[M]]] = [("", [])]
        for place, piece in enumerate(pieces):
            inner = levels[-1][1]
            if piece.before is not None:
                between = piece.before.joint if place else piece.before.lead
                inner += [between] if between is not None else []
            if piece.kind == "open":
                levels.append((piece.fence, []))
            elif piece.kind == "matter":
                inner += [piece.matter] if piece.matter is not None else []
            elif len(levels) > 1:
                left, inside = levels.pop()
                levels[-1][1].append(self.fenced(left, self.joined(inside), piece.fence))
            else:
                levels = [("", [self.fenced("", self.joined(inner), piece.fence)])]
        while len(levels) > 1:
            left, inside = levels.pop()
            levels[-1][1].append(self.fenced(left, self.joined(inside), ""))
        return self.joined(levels[0][1])

    def pieces(self, node: Formula, depth: int = 0, *, beside: bool = False) -> list[Piece[M]]:
        """The formula in pieces; ``beside`` other factors, with no sign between."""
        walk = WALKS.get(type(node))
        if walk is None:
            raise TypeError(f"{type(node).__name__} is no formula that can be set.")
        return walk(self, node, depth, beside)

    # Scripts. ------------------------------------------------------------------------------------

    def script(self, item: str | Formula | None) -> M | None:
        """What hangs below or above, set as small things are: fractions with a stroke."""
        if item is None or item == "":
            return None
        if isinstance(item, str):
            return self.index(item)
        with self._small():
            return self.set(item)

    @contextmanager
    def _small(self) -> Iterator[None]:
        before, self.in_script = self.in_script, True
        try:
            yield
        finally:
            self.in_script = before

    def symbol(self, symbol: Symbol, raised: M | None = None) -> M:
        """A letter with its marks; ``raised`` is an exponent that hangs beside its index."""
        name = self.name(symbol.name, bold=symbol.bold)
        sup = raised if raised is not None else self.script(symbol.sup)
        sub = self.script(symbol.sub)
        return name if sub is None and sup is None else self.scripts(name, sub, sup)

    def raised(self, base: Formula, exponent: M | None) -> M:
        """A base, bracketed if need be, with what hangs above it."""
        if isinstance(base, Symbol) and not base.sup:
            return self.symbol(base, exponent)
        bracketed = self.brackets.base(base)
        return self.scripts(self.line(self.child(base, bracketed, 0)), None, exponent)

    # Pieces. -------------------------------------------------------------------------------------

    def piece(self, matter: M) -> Piece[M]:
        """Something drawn, as a piece."""
        return Piece("matter", self.width(matter), matter)

    def breaking(self, depth: int, joint: M | None, lead: M | None) -> Break[M]:
        """A place where a line may end."""
        joint_width = self.width(joint) if joint is not None else 0.0
        lead_width = self.width(lead) if lead is not None else 0.0
        return Break(depth, joint, joint_width, lead, lead_width)

    def after(self, between: Break[M], pieces: list[Piece[M]]) -> list[Piece[M]]:
        """The pieces with a place before them where a line may end."""
        return [replace(pieces[0], before=between), *pieces[1:]] if pieces else []

    def fence(self, fence: str, inner: list[Piece[M]]) -> list[Piece[M]]:
        """The pieces between brackets."""
        width = self.fence_width(fence, inner)
        return [
            Piece("open", width, fence=fence),
            *inner,
            Piece("close", width, fence=CLOSING[fence]),
        ]

    def child(
        self, node: Formula, bracketed: bool, depth: int, *, beside: bool = False
    ) -> list[Piece[M]]:
        """A part of a formula, with brackets or without."""
        if bracketed:
            return self.fence("(", self.pieces(node, depth + 2))
        return self.pieces(node, depth, beside=beside)
