r"""A worked solution as Markdown with LaTeX formulas, for GitHub and Jupyter alike.

GitHub keeps ``\\`` only at the end of a line and lets Markdown eat every other backslash before a
punctuation mark, so the formulas hold none; a formula is a paragraph of its own between ``$$``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar

from chalknet.explain.render.latex.drawing import Latex, in_rows
from chalknet.explain.render.latex.page import LatexPage
from chalknet.explain.render.verification import in_words, summary, verified
from chalknet.explain.render.working import in_chain, shape_in_words, working
from chalknet.explain.steps import Explanation, Step
from chalknet.pages import clean

__all__ = ["render_markdown"]

# In em: about what a page of GitHub shows.
WIDTH = 45.0

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~])")
# What would begin a heading, a list or a rule at the beginning of a paragraph.
_LEADING = re.compile(r"^(\d*)(?=[#+=-]|(?<=\d)[.)])")

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")

# Within formulas: signs that LaTeX or Markdown would take as theirs, by their wide forms.
_WIDE = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in "\\{}$%&#_^~<>`*[]|"})


class _Latex(Latex):
    """LaTeX for MathJax and KaTeX: they know all letters, and no commands in text."""

    # GitHub keeps nothing behind the end of a row.
    between_tall_rows: ClassVar[str] = ""

    def verbatim(self, text: str) -> str:
        return _plain(text).translate(_WIDE)


def render_markdown(explanation: Explanation) -> str:
    """The explanation as Markdown.

    Raises
    ------
    VerificationError
        A check of a step did not pass.
    """
    return "\n\n".join(_blocks(explanation)) + "\n"


def _blocks(explanation: Explanation) -> Iterator[str]:
    methods = verified(explanation)
    notation = explanation.notation
    page = LatexPage(explanation, WIDTH, _Latex(notation))
    yield f"# {prose(explanation.title)}"
    if explanation.given:
        yield "## Given"
        for name, formula in explanation.given:
            yield f"{prose(name)}:"
            yield _display(page.aligned(in_chain(formula, notation), WIDTH))
    number = 1
    for section in explanation.sections:
        yield f"## {prose(section.title)}"
        if section.introduction:
            yield prose(section.introduction)
        for step in section.steps:
            yield from _step(step, number, page)
            number += 1
    notes = [prose(note) for note in explanation.notes]
    if page.latex.left_out:
        notes.append("⋯, ⋮ and ⋱ stand for entries that are left out.")
    if methods or notes:
        yield "---"
    if methods:
        yield f"**{prose(summary(methods))}**"
        yield "\n".join(f"- {prose(in_words(method, notation))}" for method in methods)
    yield from notes


def _step(step: Step, number: int, page: LatexPage) -> Iterator[str]:
    shape = shape_in_words(step.shape)
    yield f"### {number}. {prose(step.title)}" + (f" ({shape})" if shape else "")
    yield prose(step.reason)
    yield _display(page.aligned(working(step, page.explanation.notation), WIDTH))


def _display(rows: Sequence[str]) -> str:
    # A bare < would begin a tag.
    source = in_rows(rows).replace("<", "\\lt ").replace(">", "\\gt ")
    return f"$$\n\\begin{{aligned}}\n{source}\n\\end{{aligned}}\n$$"


def _plain(text: str) -> str:
    """Without the characters that would turn round what stands beside them."""
    return _TURNING.sub("", clean(text))


def prose(text: str) -> str:
    r"""A sentence in which nothing is markup.

    >>> prose("W_1 is *not* <b> for $5")
    'W\\_1 is \\*not\\* \\<b\\> for &#36;5'
    """
    escaped = _SPECIAL.sub(r"\\\1", _plain(text).strip().replace("&", "&amp;"))
    return _LEADING.sub(r"\1\\", escaped).replace("$", "&#36;")
