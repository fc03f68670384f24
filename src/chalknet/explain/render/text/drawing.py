"""Formulas as boxes of characters: fractions with bars, tall brackets, Σ with its limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from chalknet.explain.formula import (
    Array,
    Formula,
    Number,
    Symbol,
)
from chalknet.explain.notation import Notation
from chalknet.explain.render.material import Cell, Dots, Role
from chalknet.explain.render.numbers import Written, decimal_sign
from chalknet.explain.render.pieces import Piece
from chalknet.explain.render.text.boxes import Box, beside, cells, centred, fence, padded, stacked
from chalknet.explain.render.text.flat import Flat, legible, stands_alone
from chalknet.explain.render.text.script import subscript, superscript
from chalknet.explain.render.typesetter import Typesetter

__all__ = ["Boxes"]

WIDEST_FLAT_ENTRY = 32


class Boxes(Typesetter[Box]):
    """Sets formulas as boxes of characters."""

    bars: ClassVar[bool] = True

    def __init__(self, notation: Notation) -> None:
        super().__init__(notation)
        self._mark = decimal_sign(notation)
        self._flat = Flat(notation)

    def width(self, matter: Box) -> float:
        return matter.width

    def fence_width(self, fence: str, inner: Sequence[Piece[Box]]) -> float:
        return 1

    # One line. -----------------------------------------------------------------------------------

    def name(self, text: str, *, upright: bool = False, bold: bool = False) -> Box:
        return Box.of(legible(text))

    def number(self, number: Written, *, beside: bool = False) -> Box:
        if number.denominator and beside and not self.in_script:
            bar = self.fraction(Box.of(number.whole), Box.of(number.denominator))
            return self.joined([Box.of("−"), bar]) if number.negative else bar
        return Box.of(number.text(self._mark))

    def words(self, text: str) -> Box:
        return Box.of(legible(text))

    def index(self, text: str) -> Box:
        return Box.of(legible(text))

    def sign(self, sign: str, role: Role) -> Box:
        return Box.of(self._flat.sign(sign, role))

    def juxtaposed(self, before: Formula, after: Formula, phrase: bool) -> Box | None:
        space = self._flat.juxtaposed(before, after, phrase)
        return None if space is None else Box.of(space)

    def thin_space(self) -> Box:
        return Box.of(" ")

    def joined(self, parts: Sequence[Box]) -> Box:
        return beside(parts) if parts else Box.of("")

    def primed(self, base: Box, primes: int) -> Box:
        return beside([base, Box.of("′" * primes)])

    # Above and below. ----------------------------------------------------------------------------

    def script(self, item: str | Formula | None) -> Box | None:
        """On one line, so that it may become small letters."""
        if item is None or item == "":
            return None
        return Box.of(legible(item) if isinstance(item, str) else self._flat.set(item))

    def scripts(self, base: Box, sub: Box | None, sup: Box | None) -> Box:
        below = subscript(sub.lines[0]) if sub else ""
        above = superscript(sup.lines[0]) if sup else ""
        if base.height == 1 and below is not None and above is not None:
            return Box.of(base.lines[0] + below + above)
        if base.height > 1 and sub is None and sup is not None:
            return self._at_the_top(base, above or sup.lines[0])
        # What has no small letters stands a line higher or lower; the rest stays on the line.
        small = (below or "") + (above or "") if base.height == 1 else ""
        high = sup if sup and (above is None or base.height > 1) else None
        low = sub if sub and (below is None or base.height > 1) else None
        width = max(box.width for box in (Box.of(small), high, low) if box)
        blank = " " * width
        middle = [padded(small, width), *[blank] * (base.height - 1)]
        column = [
            *([padded(high.lines[0], width)] if high else []),
            *middle,
            *([padded(low.lines[0], width)] if low else []),
        ]
        return beside([base, Box(tuple(column), base.baseline + bool(high), width)])

    def _at_the_top(self, base: Box, text: str) -> Box:
        width = cells(text)
        lines = (text, *[" " * width] * (base.height - 1))
        return beside([base, Box(lines, base.baseline, width)])

    def stacks(self, above: Formula, below: Formula, beside: bool) -> bool:
        """A stroke where the fraction stands alone and is plain; it spares two lines."""
        simple = all(isinstance(part, Number | Symbol) for part in (above, below))
        return beside or not simple

    def fraction(self, above: Box, below: Box) -> Box:
        width = max(above.width, below.width)
        return stacked([above, Box.of("─" * width), below], above.height)

    def root(self, inner: Box) -> Box:
        if inner.height == 1:
            text = inner.lines[0]
            return Box.of(f"√{text}" if stands_alone(text) else f"√({text})")
        lines = [" ┌" + "─" * inner.width]
        lines += [" │" + line for line in inner.lines[:-1]]
        lines += ["√│" + inner.lines[-1]]
        return Box(tuple(lines), inner.baseline + 1, inner.width + 2)

    def fenced(self, left: str, inner: Box, right: str) -> Box:
        sides = [fence(sign, inner) if sign else None for sign in (left, right)]
        return beside([box for box in (sides[0], inner, sides[1]) if box is not None])

    def operator(self, sign: str, below: Box | None, above: Box | None) -> Box:
        if sign == "∫":
            return self._integral_sign(below, above)
        sign = {"Σ": "∑", "Π": "∏"}.get(sign, legible(sign))
        if above is None and below is not None and sign not in "∑∏":
            small = subscript(below.lines[0])
            if small is not None:
                return Box.of(f"{sign}{small} ")
        rows = [
            *([_tight(above)] if above else []),
            Box.of(sign),
            *([_tight(below)] if below else []),
        ]
        return beside([stacked(rows, 1 if above else 0), Box.of(" ")])

    def _integral_sign(self, below: Box | None, above: Box | None) -> Box:
        high = _tight(above).lines[0] if above else ""
        low = _tight(below).lines[0] if below else ""
        width = max(cells(high), cells(low)) + (2 if above or below else 1)
        lines = (f"⌠{high}", "⎮", f"⌡{low}")
        return Box(tuple(padded(line, width) for line in lines), 1, width)

    def entry(self, formula: Formula) -> Box:
        """On one line if that is not much wider: a matrix of tall entries is hard to read."""
        box = self.set(formula)
        flat = Box.of(self._flat.set(formula))
        return flat if box.height > 1 and flat.width <= WIDEST_FLAT_ENTRY else box

    # Grids. --------------------------------------------------------------------------------------

    def grid(self, rows: Sequence[Sequence[Cell[Box]]], array: Array) -> Box:
        return self.fenced("[", self.table(rows), "]")

    def table(self, rows: Sequence[Sequence[Cell[Box]]]) -> Box:
        columns = [self._column(column) for column in zip(*rows, strict=True)]
        extents = [
            (max(box.baseline for box in row), max(box.height - box.baseline for box in row))
            for row in zip(*columns, strict=True)
        ]
        parts = [part for column in columns for part in (self.gap(), _in_rows(column, extents))]
        return beside(parts[1:])

    def gap(self) -> Box:
        return Box.of("  ")

    def _column(self, column: Sequence[Cell[Box]]) -> list[Box]:
        """The entries of a column in one width, numbers with their decimal signs aligned."""
        parts = [cell.parts(self._mark) if isinstance(cell, Written) else None for cell in column]
        before = max((cells(part[0]) for part in parts if part), default=0)
        after = max((cells(part[1]) for part in parts if part), default=0)
        others = [cell.width for cell in column if isinstance(cell, Box)]
        width = max([before + after, 1, *others])
        left = (width - before - after) if not others else (width - before - after) // 2
        boxes = []
        for cell, part in zip(column, parts, strict=True):
            if part is not None:
                text = " " * (left + before - cells(part[0])) + part[0] + part[1]
                boxes.append(Box.of(padded(text, width)))
            elif isinstance(cell, Box):
                lines = tuple(centred(line, width) for line in cell.lines)
                boxes.append(Box(lines, cell.baseline, width))
            elif not isinstance(cell, Written):
                boxes.append(Box.of(_dots(cell, width, left + before)))
        return boxes

    def branches(self, rows: Sequence[tuple[Box, Box]]) -> Box:
        width = max(value.width for value, _ in rows)
        lines: list[Box] = []
        for value, condition in rows:
            wide = Box(tuple(padded(line, width) for line in value.lines), value.baseline, width)
            lines.append(beside([wide, Box.of("  "), condition]))
        total = max(box.width for box in lines)
        text = [padded(line, total) for box in lines for line in box.lines]
        if len(text) == 2:  # a brace needs a line for its middle
            text.insert(1, " " * total)
        inner = Box(tuple(text), (len(text) - 1) // 2, total)
        return self.fenced(
            "{", beside([Box(tuple([" "] * len(text)), inner.baseline, 1), inner]), ""
        )


def _tight(box: Box) -> Box:
    """Without its blanks: limits are written i=1."""
    return Box.of(box.lines[0].replace(" ", ""))


def _in_rows(column: Sequence[Box], rows: Sequence[tuple[int, int]]) -> Box:
    """A column of a matrix whose rows reach so many lines above and below their baselines."""
    width = column[0].width
    # Entries of several lines need air between them.
    airy = any(above + below > 1 for above, below in rows)
    lines: list[str] = []
    middle = 0
    for box, (above, below) in zip(column, rows, strict=True):
        lines += [" " * width] * (above - box.baseline + (airy and bool(lines)))
        middle = len(lines) + box.baseline
        lines += box.lines
        lines += [" " * width] * (below - box.height + box.baseline)
    return Box(tuple(lines), middle if len(column) == 1 else (len(lines) - 1) // 2, width)


def _dots(dots: Dots, width: int, point: int) -> str:
    """⋮ under the last digit before the decimal signs, the others in the middle."""
    if dots == "⋮":
        return padded(" " * max(point - 1, 0) + dots, width)
    return centred(dots, width)
