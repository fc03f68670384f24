r"""Formulas as LaTeX that pdflatex with amsmath, MathJax and KaTeX all understand.

A backslash before a punctuation mark would be eaten by Markdown, and GitHub allows no
``\operatorname``: neither is used.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import ClassVar

from chalknet.explain.formula import Array, Formula, Number, Symbol
from chalknet.explain.render.latex.characters import (
    ACCENTS,
    SIGNS,
    TRANSPOSED,
    glued,
    index,
    is_mathematical,
    math_letters,
    verbatim,
    word,
)
from chalknet.explain.render.markup import Markup, em
from chalknet.explain.render.material import Cell, Role
from chalknet.explain.render.numbers import Written
from chalknet.explain.render.pieces import Piece
from chalknet.explain.render.typesetter import Typesetter

__all__ = ["Latex", "in_rows"]

_FENCES = {
    "(": "(", ")": ")", "[": "[", "]": "]", "{": r"\lbrace", "}": r"\rbrace",
    "|": r"\vert", "‖": r"\Vert", "": ".",
}  # fmt: skip
_OPERATORS = {"Σ": r"\sum", "Π": r"\prod", "∫": r"\int", "max": r"\max", "min": r"\min"}
_DOTS = {"⋯": r"\cdots", "⋮": r"\vdots", "⋱": r"\ddots"}

COLUMN_SEPARATION = 0.92  # em: twice \arraycolsep at 11 pt
SMALL_FENCE, LARGE_FENCE = 0.4, 0.9
_SPACING = {"relation": 0.6, "operation": 0.48, "lead": 0.6, "prefix": 0.0, "tight": 0.0}


class Latex(Typesetter[Markup]):
    """Sets formulas as LaTeX."""

    bars: ClassVar[bool] = True

    # Rows of fractions would touch.
    between_tall_rows: ClassVar[str] = "[6pt]"

    def verbatim(self, text: str) -> str:
        r"""Text as it is written within ``\text{}``."""
        return verbatim(text)

    def width(self, matter: Markup) -> float:
        return matter.width

    def fence_width(self, fence: str, inner: Sequence[Piece[Markup]]) -> float:
        tall = any(piece.matter is not None and piece.matter.tall for piece in inner)
        return LARGE_FENCE if tall else SMALL_FENCE

    # Letters and numbers. ------------------------------------------------------------------------

    def name(self, text: str, *, upright: bool = False, bold: bool = False) -> Markup:
        if text.isascii() and text.isalnum():
            return self._word(text, upright, bold)
        base = unicodedata.normalize("NFD", text)
        accent = ACCENTS.get(base[-1]) if len(base) == 2 else None
        if accent:
            inner = self.name(base[0], upright=upright, bold=bold)
            return Markup(f"{accent}{{{inner.source}}}", inner.width, bare=True)
        if len(text) != 1 or not is_mathematical(text):
            return Markup(rf"\text{{{self.verbatim(text)}}}", em(verbatim(text)), bare=True)
        source = math_letters(text)
        return Markup(rf"\boldsymbol{{{source}}}" if bold else source, em(text, bold), bare=True)

    def _word(self, text: str, upright: bool, bold: bool) -> Markup:
        width = em(text, bold)
        if bold:
            prefix, letter = (r"\mathrm{d}", text[1]) if _is_differential(text) else ("", text)
            return Markup(rf"{prefix}\mathbf{{{letter}}}", width, bare=True)
        source = rf"\mathrm{{{text}}}" if upright else text if text.isdigit() else word(text)
        return Markup(source, width, bare=True)

    def number(self, number: Written, *, beside: bool = False) -> Markup:
        minus, minus_width = ("-", 0.8) if number.negative else ("", 0.0)
        if number.denominator and not self.in_script:
            width = max(em(number.whole), em(number.denominator)) + 0.3
            bar = rf"\frac{{{number.whole}}}{{{number.denominator}}}"
            return Markup(minus + bar, width + minus_width, tall=True)
        mark = "{,}" if self.notation.decimal_comma else "."
        source = _digits(number.whole) + (mark + number.decimals if number.decimals else "")
        width = em(number.whole) + (em(number.decimals) + 0.3 if number.decimals else 0.0)
        if number.denominator:
            source, width = f"{source}/{number.denominator}", width + em(number.denominator) + 0.5
        if number.exponent is not None:
            source += rf"\cdot 10^{{{number.exponent}}}"
            width += 1.9 + 0.6 * len(str(number.exponent))
        return Markup(minus + source, width + minus_width)

    def words(self, text: str) -> Markup:
        printed = verbatim(text).replace("\\", "")  # \_ is as wide as _
        return Markup(rf"\text{{{self.verbatim(text)}}}", em(printed))

    def index(self, text: str) -> Markup:
        if text == "ᵀ":
            return Markup(TRANSPOSED, 0.7)
        if text.isascii() and all(c.isalnum() or c in "+-,()=" for c in text):
            return Markup(index(text), em(text))
        if len(text) == 1 and is_mathematical(text):
            return Markup(math_letters(text), em(text))
        return self.words(text)

    # Signs and spaces. ---------------------------------------------------------------------------

    def sign(self, sign: str, role: Role) -> Markup:
        source = SIGNS.get(sign, sign)
        width = 0.8 + _SPACING[role] if sign not in ",;/" else 0.5
        if role == "lead":
            return Markup(f"{{}}{source} ", width)
        return Markup(source if role in {"prefix", "tight"} else f" {source} ", width)

    def juxtaposed(self, before: Formula, after: Formula, phrase: bool) -> Markup | None:
        if phrase:
            return Markup("~", 0.4)
        letters = all(
            isinstance(factor, Number) or (isinstance(factor, Symbol) and len(factor.name) == 1)
            for factor in (before, after)
        )
        return None if letters else self.thin_space()

    def thin_space(self) -> Markup:
        return Markup(r"\thinspace ", 0.2)

    def joined(self, parts: Sequence[Markup]) -> Markup:
        if len(parts) == 1:
            return parts[0]
        source = glued(part.source for part in parts)
        width = sum(part.width for part in parts)
        return Markup(source, width, tall=any(part.tall for part in parts))

    # Above, below and around. --------------------------------------------------------------------

    def scripts(self, base: Markup, sub: Markup | None, sup: Markup | None) -> Markup:
        source = base.source if base.bare else f"{{{base.source}}}"
        source += f"_{{{sub.source}}}" if sub else ""
        source += f"^{{{sup.source}}}" if sup else ""
        width = base.width + max(sub.small if sub else 0, sup.small if sup else 0) + 0.1
        return Markup(source, width, base.tall)

    def primed(self, base: Markup, primes: int) -> Markup:
        source = base.source if base.bare else f"{{{base.source}}}"
        return Markup(source + "'" * primes, base.width + 0.3 * primes, base.tall)

    def fraction(self, above: Markup, below: Markup) -> Markup:
        source = rf"\frac{{{above.source}}}{{{below.source}}}"
        return Markup(source, max(above.width, below.width) + 0.3, tall=True)

    def root(self, inner: Markup) -> Markup:
        return Markup(rf"\sqrt{{{inner.source}}}", inner.width + 1.0, inner.tall)

    def fenced(self, left: str, inner: Markup, right: str) -> Markup:
        size = LARGE_FENCE if inner.tall else SMALL_FENCE
        width = inner.width + size * (bool(left) + bool(right))
        if inner.tall:
            opening, closing = rf"\left{_FENCES[left]}", rf"\right{_FENCES[right]}"
        else:
            opening, closing = (_FENCES[side] if side else "" for side in (left, right))
        return Markup(glued([opening, inner.source, closing]), width, inner.tall)

    def operator(self, sign: str, below: Markup | None, above: Markup | None) -> Markup:
        source = _OPERATORS.get(sign) or rf"\mathop{{{self.name(sign, upright=True).source}}}"
        if sign not in _OPERATORS:
            source += r"\limits"
        source += f"_{{{below.source}}}" if below else ""
        source += f"^{{{above.source}}}" if above else ""
        body = 1.5 if sign in _OPERATORS else em(sign)
        beside = 1.0 if sign == "∫" else 0.0
        limits = max(below.small if below else 0, above.small if above else 0)
        return Markup(source + " ", max(body, limits + beside) + 0.4, tall=sign in "ΣΠ∫")

    # Grids. --------------------------------------------------------------------------------------

    def grid(self, rows: Sequence[Sequence[Cell[Markup]]], array: Array) -> Markup:
        inner = self.table(rows)
        # The brackets stand closer than the columns of an array stand apart.
        closer = Markup(rf"\negthinspace{inner.source}\negthinspace ", inner.width - 0.3, tall=True)
        return self.fenced("[", closer, "]")

    def table(self, rows: Sequence[Sequence[Cell[Markup]]]) -> Markup:
        return self._array([self._column(column) for column in zip(*rows, strict=True)])

    def _array(self, columns: Sequence[tuple[str, list[Markup]]]) -> Markup:
        alignment = "".join(side for side, _ in columns)
        rows = list(zip(*(entries for _, entries in columns), strict=True))
        apart = self.between_tall_rows if any(e.tall for row in rows for e in row) else ""
        lines = in_rows([" & ".join(entry.source for entry in row) for row in rows], apart)
        width = sum(
            max(entry.width for entry in entries) + COLUMN_SEPARATION for _, entries in columns
        )
        source = f"\\begin{{array}}{{{alignment}}}\n{lines}\n\\end{{array}}"
        return Markup(source, width, tall=True)

    def gap(self) -> Markup:
        return Markup(r"\enspace ", 0.5)

    def _column(self, column: Sequence[Cell[Markup]]) -> tuple[str, list[Markup]]:
        """How a column is aligned, and its entries: numbers stand with their points in line."""
        numbers = [cell for cell in column if isinstance(cell, Written)]
        mixed = any(isinstance(cell, Markup) for cell in column)
        if mixed or any(number.denominator for number in numbers):
            return "c", [self._entry(cell) for cell in column]
        digits = max((len(number.whole) for number in numbers), default=0)
        signed = any(number.negative for number in numbers)
        padded = []
        for cell in column:
            missing = digits - (len(cell.whole) if isinstance(cell, Written) else 1)
            minus = "-" if signed and not (isinstance(cell, Written) and cell.negative) else ""
            phantom = minus + "0" * max(missing, 0)
            entry = self._entry(cell)
            if phantom and (isinstance(cell, Written) or cell == "⋮"):
                width = entry.width + em("0" * missing) + (0.8 if minus else 0)
                entry = Markup(rf"\phantom{{{phantom}}}{entry.source}", width)
            padded.append(entry)
        return "l" if numbers else "c", padded

    def _entry(self, cell: Cell[Markup]) -> Markup:
        if isinstance(cell, Written):
            return self.number(cell)
        return (
            cell if isinstance(cell, Markup) else Markup(_DOTS[cell], 1.4 if cell != "⋮" else 0.5)
        )

    def branches(self, rows: Sequence[tuple[Markup, Markup]]) -> Markup:
        lines = in_rows([f"{value.source} & {condition.source}" for value, condition in rows])
        widths = [max(part.width for part in column) for column in zip(*rows, strict=True)]
        source = f"\\begin{{cases}}\n{lines}\n\\end{{cases}}"
        return Markup(source, sum(widths) + 2.5, tall=True)


def in_rows(rows: Sequence[str], apart: str = "") -> str:
    r"""Rows of a table; what looks like an argument of ``\\`` is kept from being one."""
    safe = [f"{{}}{row}" if row.lstrip().startswith(("[", "*")) else row for row in rows]
    return f"\\\\{apart}\n".join(safe)


def _is_differential(text: str) -> bool:
    return len(text) == 2 and text[0] == "d" and text.isalpha()


def _digits(whole: str) -> str:
    return {"∞": r"\infty", "undefined": r"\text{undefined}"}.get(whole, whole)
