"""A worked solution as a page of its own, or as a fragment for a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalknet.explain.formula import Array, Formula
from chalknet.explain.render.fit import fitted
from chalknet.explain.render.html.drawing import MathML
from chalknet.explain.render.html.tables import WholeArrays, table
from chalknet.explain.render.markup import Markup
from chalknet.explain.render.text import formula_text
from chalknet.explain.render.verification import check_in_words, in_words, summary, verified
from chalknet.explain.render.working import Line, Working, in_chain, shape_in_words, working
from chalknet.explain.steps import Explanation, Section, Step
from chalknet.pages import clean, render_fragment, render_page

if TYPE_CHECKING:
    from markupsafe import Markup as Safe

__all__ = ["html_fragment", "render_html"]

PACKAGE = "chalknet.explain.render.html"

# Lines of formulas are at most so many em long: what A4 in print and a column on screen hold.
WIDTH = 42.0
# A line longer than this does not fit a telephone: its box can be scrolled with the keyboard.
NARROW = 18.0


def render_html(explanation: Explanation) -> str:
    """The explanation as one HTML page that needs nothing but itself.

    Formulas are MathML; steps can be folded, and are open in print; arrays that are abbreviated
    stand in full in a folded table below.

    Raises
    ------
    VerificationError
        A check of a step did not pass.
    """
    return render_page(PACKAGE, "explanation.html", **_HtmlPage(explanation).content())


def html_fragment(explanation: Explanation) -> str:
    """The same for a notebook: no page around it, in the colours of whatever it stands in.

    What is abbreviated stands in ``explanation.values``, not in tables: a notebook keeps what it
    shows.

    Raises
    ------
    VerificationError
        A check of a step did not pass.
    """
    content = _HtmlPage(explanation, tables=False).content()
    return render_fragment(PACKAGE, "fragment.html", **content)


@dataclass(frozen=True)
class _Row:
    """A line of a formula: its left-hand side (or ""), and what follows."""

    left: str
    right: str
    role: str


@dataclass(frozen=True)
class _Block:
    """Lines below one another; ``width`` is the longest, in em."""

    rows: tuple[_Row, ...]
    width: float
    label: str

    @property
    def is_wide(self) -> bool:
        return self.width > NARROW

    @property
    def overhang(self) -> float | None:
        """How wide it is if that is more than a page holds."""
        return round(self.width, 1) if self.width > WIDTH + 2 else None


class _HtmlPage:
    def __init__(self, explanation: Explanation, *, tables: bool = True) -> None:
        self.explanation = explanation
        self.tables = tables
        self.abbreviated = False
        self.notation = explanation.notation
        self.mathml = MathML(explanation.notation)
        self.whole = WholeArrays()

    def content(self) -> dict[str, Any]:
        """What the templates take."""
        methods = verified(self.explanation)
        number = 1
        sections = []
        given = [self._given(name, formula) for name, formula in self.explanation.given]
        for place, section in enumerate(self.explanation.sections, 1):
            sections.append(self._section(section, place, number))
            number += len(section.steps)
        return {
            "title": clean(self.explanation.title),
            "given": given,
            "sections": sections,
            "summary": summary(methods) if methods else "",
            "methods": [clean(in_words(method, self.notation)) for method in methods],
            "notes": [*map(clean, self.explanation.notes), *self._about_abbreviations()],
        }

    def _given(self, name: str, formula: Formula) -> dict[str, Any]:
        lines = in_chain(formula, self.notation)
        block = self._block(lines, clean(name))
        return {"name": clean(name), "block": block, "tables": self._tables(lines)}

    def _section(self, section: Section, place: int, number: int) -> dict[str, Any]:
        return {
            "title": clean(section.title),
            "id": f"section-{place}",
            "introduction": clean(section.introduction),
            "steps": [self._step(step, number + i) for i, step in enumerate(section.steps)],
        }

    def _step(self, step: Step, number: int) -> dict[str, Any]:
        lines = working(step, self.notation)
        return {
            "number": number,
            "title": clean(step.title),
            # Derivations have no values that an answer could name.
            "symbol": clean(step.symbol) if step.result is not None else "",
            "shape": shape_in_words(step.shape),
            "reason": clean(step.reason),
            "block": self._block(lines, clean(step.title)),
            "checks": [clean(check_in_words(check, self.notation)) for check in step.checks],
            "tables": self._tables(lines),
        }

    # Whole arrays. -------------------------------------------------------------------------------

    def _tables(self, lines: Working) -> list[dict[str, Any]]:
        """Tables of what was abbreviated in these lines and can be read nowhere above."""
        cut = {id(array): array for array in self.mathml.left_out}
        self.mathml.left_out = []
        self.abbreviated |= bool(cut)
        if not self.tables:
            return []
        return [
            {"label": self._label(array, lines), "html": _safe(table(array, self.notation))}
            for array in self.whole.unknown(cut.values())
        ]

    def _about_abbreviations(self) -> list[str]:
        if not self.abbreviated:
            return []
        where = "in the folded tables below" if self.tables else "in the explanation's values"
        return [f"⋯, ⋮ and ⋱ stand for entries that are left out; they are {where}."]

    def _label(self, array: Array, lines: Working) -> str:
        count = shape_in_words(array.values.shape)
        last = lines.lines[-1].formula
        of = (
            f" of {formula_text(lines.left, self.notation)}" if array is last and lines.left else ""
        )
        return clean(f"All {count} numbers{of}")

    # Formulas. -----------------------------------------------------------------------------------

    def _block(self, lines: Working, label: str) -> _Block:
        left = self._left(lines.left)
        rows: list[_Row] = []
        widths = [0.0]
        if left is None and lines.left is not None:
            own = self._fitted(lines.left, WIDTH)
            rows += [_Row(_math(markup), "", "left") for markup in own]
            widths += [markup.width for markup in own]
        indent = left.width if left else 1.0
        for place, line in enumerate(lines.lines):
            head = _math(left) if left and place == 0 else ""
            for markup in self._line(line, WIDTH - indent):
                rows.append(_Row(head, _math(markup), line.role))
                widths.append(indent + markup.width)
                head = ""
        return _Block(tuple(rows), max(widths), label)

    def _left(self, left: Formula | None) -> Markup | None:
        if left is None:
            return None
        markups = fitted(self.mathml, left, WIDTH / 3)
        return markups[0] if markups and len(markups) == 1 else None

    def _line(self, line: Line, room: float) -> Iterator[Markup]:
        sign = self.mathml.sign(line.sign, "relation") if line.sign else None
        first, *others = self._fitted(line.formula, room - (sign.width if sign else 0))
        yield self.mathml.joined([sign, first]) if sign else first
        for other in others:
            space = Markup('<mspace width="2em"></mspace>', 2.0)
            yield self.mathml.joined([space, other])

    def _fitted(self, formula: Formula, room: float) -> Sequence[Markup]:
        """In lines; one that is too long all the same can be scrolled."""
        return fitted(self.mathml, formula, room, beyond=True) or []


def _math(markup: Markup) -> str:
    return _safe(f'<math displaystyle="true"><mrow>{markup.source}</mrow></math>')


def _safe(source: str) -> Safe:
    from markupsafe import Markup as Safe

    return Safe(source)  # noqa: S704 - made by MathML and table, which escape what they are given
