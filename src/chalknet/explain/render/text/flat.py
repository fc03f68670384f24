"""Formulas on a single line, for sentences and for what does not fit in any other way."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

from chalknet.explain.formula import Array, Formula, Number, Symbol
from chalknet.explain.notation import Notation
from chalknet.explain.render.material import Cell, Role
from chalknet.explain.render.numbers import Written, decimal_sign, separator
from chalknet.explain.render.pieces import Piece
from chalknet.explain.render.text.boxes import cells
from chalknet.explain.render.text.script import subscript, superscript
from chalknet.explain.render.typesetter import Typesetter

__all__ = ["Flat", "formula_text", "legible", "stands_alone"]


def formula_text(formula: Formula, notation: Notation | None = None) -> str:
    """The formula on one line of plain text, bracketed so that it can be read in one way only.

    >>> from chalknet.explain.formula import Power, Quotient, Sum
    >>> formula_text(Quotient(Number(1), Sum.of(Number(1), Power(Symbol("e"), Symbol("x")))))
    '1/(1 + eˣ)'
    """
    return Flat(notation or Notation()).set(formula)


def legible(text: str) -> str:
    r"""Text with what does not print written out, so that a name cannot steer the terminal.

    >>> legible("\x1b[31mred")
    '\\x1b[31mred'
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class Flat(Typesetter[str]):
    """Sets formulas as strings."""

    bars: ClassVar[bool] = False

    def __init__(self, notation: Notation) -> None:
        super().__init__(notation)
        self._mark = decimal_sign(notation)

    def width(self, matter: str) -> float:
        return cells(matter)

    def fence_width(self, fence: str, inner: Sequence[Piece[str]]) -> float:
        return 1

    def name(self, text: str, *, upright: bool = False, bold: bool = False) -> str:
        return legible(text)

    def number(self, number: Written, *, beside: bool = False) -> str:
        return number.text(self._mark)

    def words(self, text: str) -> str:
        return legible(text)

    def index(self, text: str) -> str:
        return legible(text)

    def sign(self, sign: str, role: Role) -> str:
        match role:
            case "prefix" | "tight":
                return sign
            case "lead":
                return f"{sign} "
        return f"{sign} " if sign in ",;" else f" {sign} "

    def juxtaposed(self, before: Formula, after: Formula, phrase: bool) -> str | None:
        # 2x, but x y: two letters would make a word.
        whole = isinstance(before, Number) and not isinstance(before.value, Fraction)
        close = whole and isinstance(after, Symbol) and len(after.name) == 1
        return None if close else " "

    def thin_space(self) -> str:
        return " "

    def joined(self, parts: Sequence[str]) -> str:
        return "".join(parts)

    def scripts(self, base: str, sub: str | None, sup: str | None) -> str:
        below = "" if sub is None else subscript(sub) or f"_{_held(sub)}"
        above = "" if sup is None else superscript(sup) or f"^{_held(sup)}"
        return base + below + above

    def primed(self, base: str, primes: int) -> str:
        return base + "′" * primes

    def fraction(self, above: str, below: str) -> str:
        return f"({above})/({below})"

    def root(self, inner: str) -> str:
        return f"√{inner}" if stands_alone(inner) else f"√({inner})"

    def fenced(self, left: str, inner: str, right: str) -> str:
        return left + inner + right

    def grid(self, rows: Sequence[Sequence[Cell[str]]], array: Array) -> str:
        comma = f"{separator(self.notation)} "
        lines = [
            [cell.text(self._mark) if isinstance(cell, Written) else cell for cell in row]
            for row in rows
        ]
        if array.values.ndim < 2:
            entries = [entry for line in lines for entry in line]
            return f"[{comma.join(entries)}]" + ("" if array.row else "ᵀ")
        return f"[{comma.join(f'[{comma.join(line)}]' for line in lines)}]"

    def table(self, rows: Sequence[Sequence[Cell[str]]]) -> str:
        raise NotImplementedError("a formula on a single line is never torn.")

    def gap(self) -> str:
        return " "

    def branches(self, rows: Sequence[tuple[str, str]]) -> str:
        return "{" + "; ".join(f"{value} {when}" for value, when in rows) + "}"

    def operator(self, sign: str, below: str | None, above: str | None) -> str:
        return self.scripts(legible(sign), below, above) + " "


def stands_alone(text: str) -> bool:
    """Whether it is a whole number or one letter with its index.

    >>> stands_alone("12"), stands_alone("x₁"), stands_alone("2x"), stands_alone("x²")
    (True, True, False, False)
    """
    if text.isascii() and text.isdigit():
        return True
    return text[:1].isalpha() and all(unicodedata.name(c).startswith("SUBSCRIPT") for c in text[1:])


def _held(text: str) -> str:
    return text if len(text) == 1 else f"({text})"
