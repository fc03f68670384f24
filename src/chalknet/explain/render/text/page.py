"""A worked solution as plain text, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chalknet.errors import ConfigurationError
from chalknet.explain.formula import Formula
from chalknet.explain.render.fit import fitted
from chalknet.explain.render.text.boxes import Box, beside, cells, padded
from chalknet.explain.render.text.drawing import Boxes
from chalknet.explain.render.text.flat import formula_text, legible
from chalknet.explain.render.text.paragraphs import wrapped
from chalknet.explain.render.text.style import Part, Style
from chalknet.explain.render.verification import (
    Verified,
    check_in_words,
    in_words,
    summary,
    verified,
)
from chalknet.explain.render.working import Line, Working, in_chain, shape_in_words, working
from chalknet.explain.steps import Explanation, Section, Step

__all__ = ["render_text"]

NARROWEST = 20
INDENT = 4


def render_text(explanation: Explanation, *, width: int = 80, colour: bool = False) -> str:
    """The explanation as text for a terminal; it ends with a line feed.

    Parameters
    ----------
    explanation : Explanation
    width : int
        No line is wider, counted in character cells; at least 20. What is too wide is broken at
        relation and plus signs, and matrices are abbreviated with ⋯ ⋮ ⋱.
    colour : bool
        Whether to mark headings, results and verifications with ANSI escapes.

    Raises
    ------
    ConfigurationError
        The width is less than 20.
    VerificationError
        A check of a step did not pass.
    """
    if width < NARROWEST:
        raise ConfigurationError(f"text needs a width of at least {NARROWEST}, not {width}.")
    return "\n".join(_TextPage(explanation, width, Style(colour)).lines()) + "\n"


class _TextPage:
    def __init__(self, explanation: Explanation, width: int, style: Style) -> None:
        self.explanation = explanation
        self.width = width
        self.style = style
        self.boxes = Boxes(explanation.notation)

    def lines(self) -> Iterator[str]:
        methods = verified(self.explanation)
        title = legible(self.explanation.title)
        yield from self._styled("title", wrapped(title, self.width))
        yield self.style("soft", "═" * min(max(map(cells, wrapped(title, self.width))), self.width))
        if self.explanation.given:
            yield from self._heading("Given")
            yield from self._given()
        number = 1
        for section in self.explanation.sections:
            yield from self._section(section, number)
            number += len(section.steps)
        yield from self._foot(methods)

    def _styled(self, part: Part | None, lines: Sequence[str], indent: int = 0) -> Iterator[str]:
        for line in lines:
            yield (" " * indent + self.style(part, line)).rstrip()

    def sentence(self, text: str, indent: int, part: Part | None = None) -> Iterator[str]:
        yield from self._styled(part, wrapped(legible(text), self.width - indent), indent)

    def _heading(self, title: str) -> Iterator[str]:
        yield ""
        lines = wrapped(legible(title), self.width - 4)
        rule = "─" * (self.width - 4 - cells(lines[-1]))
        yield from self._styled("heading", lines[:-1], 3)
        last = self.style("heading", lines[-1])
        yield f"{self.style('soft', '──')} {last} {self.style('soft', rule)}"

    # What is given. ------------------------------------------------------------------------------

    def _given(self) -> Iterator[str]:
        """Side by side as far as they fit."""
        row: list[Box] = []
        for name, formula in self.explanation.given:
            box = self._labelled(legible(name), formula)
            if row and sum(b.width + 3 for b in row) + box.width > self.width - 2:
                yield from self._row(row)
                row = []
            row.append(box)
        yield from self._row(row)

    def _labelled(self, name: str, formula: Formula) -> Box:
        room = self.width - 2
        block = self._working(in_chain(formula, self.explanation.notation), room)
        lines = [line for line, _ in _spaced(block)]
        names = wrapped(name, min(room, max(24, *map(cells, lines))))
        width = max(map(cells, (*names, *lines)))
        return Box(tuple(padded(line, width) for line in (*names, *lines)), len(names), width)

    def _row(self, boxes: Sequence[Box]) -> Iterator[str]:
        yield ""
        labels = max(box.baseline for box in boxes)
        below = max(box.height - box.baseline for box in boxes)
        for line in range(labels + below):
            parts = []
            for box in boxes:
                place = line - labels + box.baseline
                parts.append(box.lines[place] if 0 <= place < box.height else " " * box.width)
            while parts and not parts[-1].strip():
                parts.pop()
            part: Part | None = "label" if line < labels else None
            last = [self.style(part, parts.pop().rstrip())] if parts else []
            yield ("  " + "   ".join([*(self.style(part, text) for text in parts), *last])).rstrip()

    # Sections and steps. -------------------------------------------------------------------------

    def _section(self, section: Section, number: int) -> Iterator[str]:
        yield from self._heading(section.title)
        if section.introduction:
            yield ""
            yield from self.sentence(section.introduction, 0)
        for place, step in enumerate(section.steps):
            yield ""
            yield from self._step(step, number + place)

    def _step(self, step: Step, number: int) -> Iterator[str]:
        label = f"{number:2}  "
        shape = shape_in_words(step.shape)
        lines = wrapped(legible(step.title), self.width - len(label) - cells(shape) - 2)
        gap = self.width - len(label) - cells(lines[0]) - cells(shape)
        head = self.style("soft", label) + self.style("step", lines[0])
        yield (head + " " * gap + self.style("soft", shape)).rstrip()
        yield from self._styled("step", lines[1:], len(label))
        yield from self.sentence(step.reason, INDENT)
        yield ""
        block = self._working(working(step, self.explanation.notation), self.width - INDENT)
        for line, part in _spaced(block):
            yield from self._styled(part, [line.rstrip()], INDENT)
        yield from self._checks(step)

    def _checks(self, step: Step) -> Iterator[str]:
        if not step.checks:
            return
        notation = self.explanation.notation
        said = "; ".join(check_in_words(check, notation) for check in step.checks)
        yield ""
        yield from self.sentence(f"✓ {said}", INDENT, "verified")

    def _foot(self, methods: Sequence[Verified]) -> Iterator[str]:
        notes = list(self.explanation.notes)
        if self.boxes.left_out:
            notes.append("⋯, ⋮ and ⋱ stand for entries that are left out.")
        if methods or notes:
            yield ""
            yield self.style("soft", "─" * self.width)
        if methods:
            yield from self.sentence(summary(methods), 0, "verified")
        for method in methods:
            yield from self.sentence(in_words(method, self.explanation.notation), 2)
        for note in notes:
            yield from self.sentence(note, 0, "soft")

    # Formulas. -----------------------------------------------------------------------------------

    def _working(self, lines: Working, room: int) -> list[tuple[Box, Part | None]]:
        """The lines one below the other, their signs in one column."""
        left = self._left(lines.left, room)
        block: list[tuple[Box, Part | None]] = []
        indent = 0
        if left is not None:
            indent = left.width + 1
        elif lines.left is not None:
            block += [(box, None) for box in self._fitted(lines.left, room)]
            indent = 2
        for place, line in enumerate(lines.lines):
            head = left if left is not None and place == 0 else None
            block += self._line(line, head, indent, room)
        return block

    def _left(self, left: Formula | None, room: int) -> Box | None:
        """The left-hand side, if it leaves enough room for the right-hand sides."""
        if left is None:
            return None
        boxes = fitted(self.boxes, left, room // 3)
        return boxes[0] if boxes and len(boxes) == 1 else None

    def _line(
        self, line: Line, head: Box | None, indent: int, room: int
    ) -> list[tuple[Box, Part | None]]:
        part: Part | None = "result" if line.role == "result" else None
        sign = Box.of(f"{line.sign} " if line.sign else "")
        boxes = self._fitted(line.formula, room - indent - sign.width)
        before = beside([head, Box.of(" ")]) if head else Box.of(" " * indent)
        first = beside([before, sign, boxes[0]])
        blank = Box.of(" " * (indent + sign.width))
        return [(first, part), *[(beside([blank, box]), part) for box in boxes[1:]]]

    def _fitted(self, formula: Formula, room: int) -> list[Box]:
        boxes = fitted(self.boxes, formula, room)
        if boxes is None:
            text = formula_text(formula, self.explanation.notation)
            lines = tuple(padded(line, room) for line in wrapped(text, room))
            boxes = [Box(lines, 0, room)]
        return boxes


def _spaced(block: Sequence[tuple[Box, Part | None]]) -> Iterator[tuple[str, Part | None]]:
    """The lines of boxes one below the other, with air between them if any is tall."""
    tall = any(box.height > 1 for box, _ in block)
    for place, (box, part) in enumerate(block):
        if tall and place:
            yield "", None
        for line in box.lines:
            yield line, part
