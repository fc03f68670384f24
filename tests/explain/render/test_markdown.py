"""Markdown for GitHub and Jupyter, read by another program's parser."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chalknet.explain.formula import Formula
from chalknet.explain.notation import Notation
from chalknet.explain.render import render_markdown
from chalknet.explain.render.markdown import prose
from chalknet.explain.steps import Explanation, Section, Step
from chalknet.pages import clean

from .examples import EXAMPLES, NASTY
from .formulas import anything

Explanations = Callable[[str], Explanation]


def displays(source: str) -> list[str]:
    """The formulas between $$ and $$."""
    parts = re.split(r"^\$\$$", source, flags=re.MULTILINE)
    assert len(parts) % 2 == 1, "an odd number of $$"
    return parts[1::2]


def assert_survives_markdown(formula: str) -> None:
    """GitHub takes a backslash before a punctuation mark away, but for two at the end of a line."""
    for line in formula.splitlines():
        assert "$" not in line
        assert re.search(r"\\[^A-Za-z]", re.sub(r"\\\\$", "", line)) is None, line
        assert not re.search(r"<|>|`", line), line
        assert line.strip(), "an empty line ends a paragraph"
    assert r"\operatorname" not in formula  # GitHub refuses it
    assert formula.count("{") == formula.count("}")
    left, right = (re.findall(rf"\\{side}(?![a-z])", formula) for side in ("left", "right"))
    assert len(left) == len(right)
    assert formula.count(r"\begin{") == formula.count(r"\end{")


@pytest.mark.parametrize("name", EXAMPLES)
def test_formulas_survive_markdown(explanation_of: Explanations, name: str) -> None:
    formulas = displays(render_markdown(explanation_of(name)))
    assert len(formulas) == len(explanation_of(name).steps) + len(explanation_of(name).given)
    for formula in formulas:
        assert_survives_markdown(formula.strip("\n"))


@settings(max_examples=150, deadline=None)
@given(anything)
def test_every_formula_survives_markdown(formula: Formula) -> None:
    step = Step(symbol="s", title="t", equation=formula, reason="r")
    page = Explanation(
        title="T", sections=(Section(title="S", steps=(step,)),), notation=Notation()
    )
    (display,) = displays(render_markdown(page))
    assert_survives_markdown(display.strip("\n"))


@given(
    st.one_of(st.sampled_from(NASTY), st.text(alphabet="ab*_`[]()<>#+-.!|~$&\\1 \n", max_size=30))
)
def test_text_is_text_and_nothing_else(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(f"{prose(text)}\n")
    kinds = {token.type for token in tokens}
    assert kinds <= {"paragraph_open", "inline", "paragraph_close"}
    inline = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inline} <= {"text", "text_special", "softbreak"}
    shown = "".join(child.content or " " for child in inline)
    visible = re.sub("[\u202a-\u202e]", "", clean(text))
    assert shown.split() == visible.split()


def test_the_parts_of_a_solution_are_headings(explanation_of: Explanations) -> None:
    tokens = MarkdownIt("commonmark").parse(render_markdown(explanation_of("column")))
    headings = [
        (token.tag, after.content)
        for token, after in itertools.pairwise(tokens)
        if token.type == "heading_open"
    ]
    assert headings[:3] == [
        ("h1", "A small network, worked out"),
        ("h2", "Given"),
        ("h2", "Forward pass"),
    ]
    assert ("h3", "1. Pre-activation of layer 1 (3 × 1)") in headings
