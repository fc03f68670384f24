"""Formulas as MathML Core, which browsers lay out by themselves."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from html import escape
from typing import ClassVar

from chalknet.explain.formula import Array, Formula, Number, Symbol
from chalknet.explain.render.markup import Markup, em, is_word
from chalknet.explain.render.material import Cell, Role
from chalknet.explain.render.numbers import Written, decimal_sign
from chalknet.explain.render.pieces import Piece
from chalknet.explain.render.typesetter import Typesetter
from chalknet.pages import clean

__all__ = ["MathML"]

_ACCENTS = {
    "\u0302": "^", "\u0304": "¯", "\u0305": "¯", "\u0303": "~", "\u0307": "˙", "\u0308": "¨",
    "\u20d7": "→", "\u030c": "ˇ", "\u0306": "˘", "\u0301": "´", "\u0300": "`",
}  # fmt: skip
_OPERATORS = {"Σ": "∑", "Π": "∏"}
_SIGNS = {"·": "⋅"}

COLUMN_SEPARATION = 1.0
SMALL_FENCE, LARGE_FENCE = 0.4, 0.7
_SPACING = {"relation": 0.6, "operation": 0.48, "lead": 0.6, "prefix": 0.0, "tight": 0.0}

# Letters of mathematics in bold, where Unicode has them in a row.
_BOLD = (("A", "Z", 0x1D400), ("a", "z", 0x1D41A), ("0", "9", 0x1D7CE), ("α", "ω", 0x1D6C2))


class MathML(Typesetter[Markup]):
    """Sets formulas as MathML: what stands within ``<math>``."""

    bars: ClassVar[bool] = True

    def width(self, matter: Markup) -> float:
        return matter.width

    def fence_width(self, fence: str, inner: Sequence[Piece[Markup]]) -> float:
        tall = any(piece.matter is not None and piece.matter.tall for piece in inner)
        return LARGE_FENCE if tall else SMALL_FENCE

    # Letters and numbers. ------------------------------------------------------------------------

    def name(self, text: str, *, upright: bool = False, bold: bool = False) -> Markup:
        text = clean(text)
        if len(text) == 2 and text[0] == "d" and text.isascii() and text.isalpha():
            letter = self.name(text[1], bold=bold)
            return Markup(f'<mrow><mi mathvariant="normal">d</mi>{letter.source}</mrow>', em(text))
        parts = unicodedata.normalize("NFD", text)
        if len(parts) == 2 and parts[1] in _ACCENTS:
            base = self.name(parts[0], upright=upright, bold=bold)
            accent = f'<mo stretchy="false">{_ACCENTS[parts[1]]}</mo>'
            return Markup(f'<mover accent="true">{base.source}{accent}</mover>', base.width)
        if bold:
            text = "".join(map(_bold, text))
        # The italic ∂ of mathematics is missing from many fonts.
        plain = (upright and len(text) == 1) or text == "∂"
        normal = ' mathvariant="normal"' if plain else ""
        tag = "mn" if text.isdigit() else "mi"
        return Markup(f"<{tag}{normal}>{escape(text) or '&#x200b;'}</{tag}>", em(text, bold))

    def number(self, number: Written, *, beside: bool = False) -> Markup:
        mark = decimal_sign(self.notation)
        digits = number.whole + (mark + number.decimals if number.decimals else "")
        tag = "mn" if number.whole.isdigit() else "mi"
        source, width = f"<{tag}>{digits}</{tag}>", em(digits)
        tall = bool(number.denominator) and not self.in_script
        if number.denominator and self.in_script:
            source += f"{_TIGHT_STROKE}<mn>{number.denominator}</mn>"
            width += em(number.denominator) + 0.5
        elif number.denominator:
            source = f"<mfrac>{source}<mn>{number.denominator}</mn></mfrac>"
            width = max(width, em(number.denominator)) + 0.3
        if number.exponent is not None:
            minus = '<mo form="prefix">−</mo>' if number.exponent < 0 else ""
            power = f"<mrow>{minus}<mn>{abs(number.exponent)}</mn></mrow>"
            source += f'<mo lspace="0.1em" rspace="0.1em">⋅</mo><msup><mn>10</mn>{power}</msup>'
            width += 1.9 + 0.6 * len(str(number.exponent))
        if number.negative:
            source, width = f"{_MINUS}{source}", width + 0.8
        several = number.negative or number.exponent is not None or number.denominator
        return Markup(f"<mrow>{source}</mrow>" if several else source, width, tall)

    def words(self, text: str) -> Markup:
        # White space at the ends of an element is dropped.
        kept = escape(clean(text)).replace(" ", "\u00a0")
        return Markup(f"<mtext>{kept}</mtext>", em(text))

    def index(self, text: str) -> Markup:
        if text == "ᵀ":
            return Markup('<mi mathvariant="normal">T</mi>', 0.7)
        if text.isascii() and text.isdigit():
            return Markup(f"<mn>{text}</mn>", em(text))
        if is_word(text) or (len(text) == 1 and text.isalpha()):
            return self.name(text)
        if text.isascii() and all(
            character.isalnum() or character in "+-,()=" for character in text
        ):
            return self.joined([self._index_part(character) for character in text])
        return self.words(text)

    def _index_part(self, character: str) -> Markup:
        if character.isalpha():
            return self.name(character)
        if character.isdigit():
            return Markup(f"<mn>{character}</mn>", em(character))
        sign = "−" if character == "-" else character
        return Markup(f'<mo lspace="0" rspace="0" stretchy="false">{sign}</mo>', 0.8)

    # Signs and spaces. ---------------------------------------------------------------------------

    def sign(self, sign: str, role: Role) -> Markup:
        shown = escape(_SIGNS.get(sign, sign))
        width = 0.8 + _SPACING[role] if sign not in ",;/" else 0.6
        if role == "prefix":
            return Markup(_MINUS if sign == "−" else f'<mo form="prefix">{shown}</mo>', width)
        if role == "tight":
            return Markup(f'<mo lspace="0.05em" rspace="0.05em">{shown}</mo>', width)
        if sign in ",;":
            return Markup(f'<mo separator="true">{shown}</mo>', width)
        if role == "operation" and sign in "+−":
            return Markup(f'<mo form="infix">{shown}</mo>', width)
        space = "0.22em" if role == "operation" else "0.28em"
        return Markup(f'<mo form="infix" lspace="{space}" rspace="{space}">{shown}</mo>', width)

    def juxtaposed(self, before: Formula, after: Formula, phrase: bool) -> Markup | None:
        if phrase:
            return Markup('<mspace width="0.3em"></mspace>', 0.3)
        letters = all(
            isinstance(factor, Number) or (isinstance(factor, Symbol) and len(factor.name) == 1)
            for factor in (before, after)
        )
        return None if letters else self.thin_space()

    def thin_space(self) -> Markup:
        return Markup('<mspace width="0.17em"></mspace>', 0.17)

    def joined(self, parts: Sequence[Markup]) -> Markup:
        if len(parts) == 1:
            return parts[0]
        source = "".join(part.source for part in parts)
        width = sum(part.width for part in parts)
        return Markup(f"<mrow>{source}</mrow>", width, tall=any(part.tall for part in parts))

    # Above, below and around. --------------------------------------------------------------------

    def scripts(self, base: Markup, sub: Markup | None, sup: Markup | None) -> Markup:
        width = base.width + max(sub.small if sub else 0, sup.small if sup else 0) + 0.1
        tag = "m" + ("sub" if sub else "") + ("sup" if sup else "")
        inner = base.source + (sub.source if sub else "") + (sup.source if sup else "")
        return Markup(f"<{tag}>{inner}</{tag}>", width, base.tall)

    def primed(self, base: Markup, primes: int) -> Markup:
        dashes = f'<mo lspace="0" rspace="0">{"′" * primes}</mo>'
        return Markup(f"<msup>{base.source}{dashes}</msup>", base.width + 0.3 * primes, base.tall)

    def fraction(self, above: Markup, below: Markup) -> Markup:
        source = f"<mfrac>{above.source}{below.source}</mfrac>"
        return Markup(source, max(above.width, below.width) + 0.3, tall=True)

    def root(self, inner: Markup) -> Markup:
        return Markup(f"<msqrt>{inner.source}</msqrt>", inner.width + 1.0, inner.tall)

    def fenced(self, left: str, inner: Markup, right: str) -> Markup:
        width = inner.width + (LARGE_FENCE if inner.tall else SMALL_FENCE) * (
            bool(left) + bool(right)
        )
        # A bracket that may stretch stands further off, even around a single letter.
        size = "" if inner.tall else ' stretchy="false"'
        opening = f'<mo fence="true" form="prefix"{size}>{left}</mo>' if left else ""
        closing = f'<mo fence="true" form="postfix"{size}>{right}</mo>' if right else ""
        return Markup(f"<mrow>{opening}{inner.source}{closing}</mrow>", width, inner.tall)

    def operator(self, sign: str, below: Markup | None, above: Markup | None) -> Markup:
        if sign == "∫":
            base = Markup("<mo>∫</mo>", 1.0, tall=True)
            integral = self.scripts(base, below, above) if below or above else base
            return Markup(integral.source, integral.width, tall=True)
        known = sign in _OPERATORS
        shown = escape(clean(_OPERATORS.get(sign, sign)))
        # A word keeps its distance from what it is taken of.
        space = "" if known else ' lspace="0" rspace="0.2em"'
        base_ = f'<mo movablelimits="false"{space}>{shown}</mo>'
        tag = "m" + ("under" if below else "") + ("over" if above else "")
        inner = base_ + (below.source if below else "") + (above.source if above else "")
        limits = max(below.small if below else 0, above.small if above else 0)
        width = max(1.5 if known else em(sign), limits) + 0.3
        return Markup(f"<{tag}>{inner}</{tag}>" if tag != "m" else base_, width, tall=known)

    # Grids. --------------------------------------------------------------------------------------

    def grid(self, rows: Sequence[Sequence[Cell[Markup]]], array: Array) -> Markup:
        inner = _table([self._column(column) for column in zip(*rows, strict=True)], "matrix")
        # The brackets are drawn by the style sheet, as tall as the table whatever the font; the
        # signs are for whoever has the MathML without it.
        source = (
            f"<mrow>{_HIDDEN_FENCE.format('[')}{inner.source}{_HIDDEN_FENCE.format(']')}</mrow>"
        )
        return Markup(source, inner.width + 0.6, tall=True)

    def table(self, rows: Sequence[Sequence[Cell[Markup]]]) -> Markup:
        return _table([self._column(column) for column in zip(*rows, strict=True)], "table")

    def gap(self) -> Markup:
        return Markup('<mspace width="0.8em"></mspace>', 0.8)

    def _column(self, column: Sequence[Cell[Markup]]) -> list[tuple[str, Markup]]:
        """The entries with their alignment: numbers stand with their points in line."""
        numbers = [cell for cell in column if isinstance(cell, Written)]
        mixed = any(isinstance(cell, Markup) for cell in column)
        if not numbers or mixed or any(number.denominator for number in numbers):
            return [("c", self._entry(cell)) for cell in column]
        digits = max(len(number.whole) for number in numbers)
        signed = any(number.negative for number in numbers)
        return [("l", self._padded(cell, digits, signed)) for cell in column]

    def _padded(self, cell: Cell[Markup], digits: int, signed: bool) -> Markup:
        entry = self._entry(cell)
        missing = digits - (len(cell.whole) if isinstance(cell, Written) else 1)
        minus = signed and not (isinstance(cell, Written) and cell.negative)
        if missing <= 0 and not minus:
            return entry
        zeros = f"<mn>{'0' * missing}</mn>" if missing > 0 else ""
        phantom = f"<mphantom>{_MINUS if minus else ''}{zeros}</mphantom>"
        width = entry.width + em("0" * missing) + (0.8 if minus else 0)
        return Markup(f"<mrow>{phantom}{entry.source}</mrow>", width)

    def _entry(self, cell: Cell[Markup]) -> Markup:
        if isinstance(cell, Written):
            return self.number(cell)
        if isinstance(cell, Markup):
            return cell
        return Markup(f'<mo lspace="0" rspace="0">{cell}</mo>', 1.0)

    def branches(self, rows: Sequence[tuple[Markup, Markup]]) -> Markup:
        table = _table(
            [[("l", part) for part in column] for column in zip(*rows, strict=True)], "cases"
        )
        return self.fenced("{", table, "")


_MINUS = '<mo form="prefix" lspace="0" rspace="0.05em">−</mo>'
_TIGHT_STROKE = '<mo lspace="0.05em" rspace="0.05em">/</mo>'
_HIDDEN_FENCE = '<mo class="sign" fence="true">{}</mo>'


def _table(columns: Sequence[Sequence[tuple[str, Markup]]], kind: str) -> Markup:
    # An exponent in one row must not set that row apart from the others.
    strut = "" if kind == "cases" else '<mspace height="0.95em" depth="0.38em"></mspace>'
    lines = (
        "".join(
            _cell(side, entry, "" if place else strut) for place, (side, entry) in enumerate(row)
        )
        for row in zip(*columns, strict=True)
    )
    source = "".join(f"<mtr>{line}</mtr>" for line in lines)
    width = sum(max(entry.width for _, entry in column) + COLUMN_SEPARATION for column in columns)
    # Rows of fractions would touch.
    apart = kind == "matrix" and any(entry.tall for column in columns for _, entry in column)
    classes = f"{kind} tall" if apart else kind
    return Markup(f'<mtable class="{classes}">{source}</mtable>', width, tall=True)


def _cell(side: str, entry: Markup, strut: str) -> str:
    aligned = ' class="l"' if side == "l" else ""
    return f"<mtd{aligned}>{strut}{entry.source}</mtd>"


def _bold(character: str) -> str:
    for first, last, start in _BOLD:
        if first <= character <= last:
            return chr(start + ord(character) - ord(first))
    return character
