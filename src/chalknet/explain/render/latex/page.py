"""A worked solution as a LaTeX document, for pdflatex with amsmath and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chalknet.explain.formula import Formula
from chalknet.explain.render.fit import fitted
from chalknet.explain.render.latex.characters import prose, verbatim
from chalknet.explain.render.latex.drawing import Latex, in_rows
from chalknet.explain.render.markup import Markup, em
from chalknet.explain.render.text import formula_text
from chalknet.explain.render.text.paragraphs import wrapped
from chalknet.explain.render.verification import Verified, in_words, summary, verified
from chalknet.explain.render.working import Line, Working, in_chain, shape_in_words, working
from chalknet.explain.steps import Explanation, Section, Step

__all__ = ["LatexPage", "render_latex"]

# Line widths in em: A4 with margins of 2 cm at 11 points, and the article class as it comes.
DOCUMENT_WIDTH, FRAGMENT_WIDTH = 42.5, 33.0

_PREAMBLE = r"""\documentclass[11pt,a4paper,fleqn]{article}
\usepackage{amsmath}
\setlength{\textwidth}{170mm}
\setlength{\textheight}{250mm}
\setlength{\oddsidemargin}{-5.4mm}
\setlength{\topmargin}{-12mm}
\setlength{\headheight}{0pt}
\setlength{\headsep}{0pt}
\setlength{\parindent}{0pt}
\setlength{\mathindent}{1.8em}
\setlength{\emergencystretch}{4em}
\setlength{\hbadness}{10000}
\setlength{\jot}{6pt}
\clubpenalty=10000
\allowdisplaybreaks[1]
\raggedbottom
"""


def render_latex(explanation: Explanation, *, document: bool = True) -> str:
    r"""The explanation in LaTeX.

    Parameters
    ----------
    explanation : Explanation
    document : bool
        A whole document, which pdflatex compiles with amsmath alone; otherwise what stands between
        ``\begin{document}`` and ``\end{document}``, to be put into another's.

    Raises
    ------
    VerificationError
        A check of a step did not pass.
    """
    body = "\n".join(LatexPage(explanation, DOCUMENT_WIDTH if document else FRAGMENT_WIDTH).lines())
    if not document:
        return body + "\n"
    return f"{_PREAMBLE}\\begin{{document}}\n{body}\n\\end{{document}}\n"


class LatexPage:
    """Writes the parts of a worked solution; lines of formulas are at most ``width`` em long."""

    def __init__(self, explanation: Explanation, width: float, latex: Latex | None = None) -> None:
        self.explanation = explanation
        self.width = width
        self.latex = latex or Latex(explanation.notation)

    def lines(self) -> Iterator[str]:
        """The source, line by line."""
        methods = verified(self.explanation)
        yield rf"{{\raggedright\LARGE\bfseries {prose(self.explanation.title)}\par}}"
        yield r"\medskip\hrule"
        if self.explanation.given:
            yield from self._heading("Given")
            yield from self._given()
        number = 1
        for section in self.explanation.sections:
            yield from self._section(section, number)
            number += len(section.steps)
        yield from self._foot(methods)

    @staticmethod
    def _heading(title: str) -> Iterator[str]:
        yield ""
        yield r"\pagebreak[2]\bigskip\bigskip"
        yield rf"{{\raggedright\Large\bfseries {prose(title)}\par}}\nopagebreak\medskip"

    def _given(self) -> Iterator[str]:
        yield r"{\raggedright\lineskip=1.2em\lineskiplimit=1em"
        for name, formula in self.explanation.given:
            rows = self.aligned(in_chain(formula, self.explanation.notation), self.width - 2)
            table = in_rows([rf"$\displaystyle {row.replace('&', '', 1)}$" for row in rows])
            label = rf"\parbox[t]{{14em}}{{\raggedright\small\itshape {prose(name)}}}"
            yield rf"\begin{{tabular}}[t]{{@{{}}l@{{}}}}{_label(name, label)}\\[4pt]"
            yield rf"{table}\end{{tabular}}\hspace{{2.5em plus 1em}}"
        yield r"\par}"

    def _section(self, section: Section, number: int) -> Iterator[str]:
        yield from self._heading(section.title)
        if section.introduction:
            yield rf"{prose(section.introduction)}\par\nopagebreak"
        for place, step in enumerate(section.steps):
            yield from self._step(step, number + place)

    def _step(self, step: Step, number: int) -> Iterator[str]:
        shape = prose(shape_in_words(step.shape))
        yield ""
        yield r"\pagebreak[1]\medskip"
        yield r"{\leftskip=1.8em\interlinepenalty=10000\leavevmode%"
        yield rf"\llap{{\makebox[1.8em][l]{{\bfseries {number}}}}}%"
        yield rf"\parbox[t]{{0.8\linewidth}}{{\raggedright\bfseries {prose(step.title)}}}%"
        yield rf"\hfill{{\small {shape}}}\\*"
        yield prose(step.reason)
        rows = self.aligned(working(step, self.explanation.notation), self.width - 2)
        yield r"\begin{align*}"
        yield in_rows(rows)
        yield r"\end{align*}\par}"

    def _foot(self, methods: Sequence[Verified]) -> Iterator[str]:
        notation = self.explanation.notation
        notes = list(self.explanation.notes)
        if self.latex.left_out:
            notes.append("⋯, ⋮ and ⋱ stand for entries that are left out.")
        if not methods and not notes:
            return
        yield ""
        yield r"\pagebreak[2]\bigskip\hrule\smallskip"
        yield r"{\small\raggedright"
        if methods:
            said = "; ".join(in_words(method, notation) for method in methods)
            yield rf"{prose(f'{summary(methods)} {said}.')}\par\smallskip"
        for note in notes:
            yield rf"{prose(note)}\par"
        yield "}"

    # Formulas. -----------------------------------------------------------------------------------

    def aligned(self, lines: Working, width: float) -> list[str]:
        """The lines with their signs in one column, for ``align`` or ``aligned``."""
        left = self._left(lines.left, width)
        rows = []
        room = width - (left.width if left else 1.0)
        if left is None and lines.left is not None:
            rows += [f"&{row}" for row in self._fitted(lines.left, width)]
        for place, line in enumerate(lines.lines):
            head = left.source if left and place == 0 else ""
            rows += self._rows(line, head, room)
        return rows

    def _left(self, left: Formula | None, width: float) -> Markup | None:
        if left is None:
            return None
        set_ = fitted(self.latex, left, width / 3)
        return set_[0] if set_ and len(set_) == 1 else None

    def _rows(self, line: Line, head: str, room: float) -> Iterator[str]:
        sign = self.latex.sign(line.sign, "relation").source if line.sign else ""
        first, *others = self._fitted(line.formula, room - 1.5)
        yield f"{head} &{sign}{first}"
        for other in others:
            yield rf"&\quad {other}"

    def _fitted(self, formula: Formula, room: float) -> list[str]:
        set_ = fitted(self.latex, formula, room)
        if set_ is not None:
            return [markup.source for markup in set_]
        # What no line can hold is written flat and broken anywhere.
        text = formula_text(formula, self.explanation.notation)
        return [rf"\text{{{self.latex.verbatim(line)}}}" for line in wrapped(text, room, _width)]


def _width(text: str) -> float:
    """Of text that is printed as it stands, in em."""
    return em(verbatim(text))


def _label(name: str, boxed: str) -> str:
    return boxed if len(name) > 28 else rf"\small\itshape {prose(name)}"
