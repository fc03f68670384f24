"""What a notebook shows of an explanation."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chalknet.explain.render import render_latex, render_text
from chalknet.explain.steps import Explanation
from pages.browsing import CONTRAST, visiting

Explanations = Callable[[str], Explanation]


def test_the_fragment_styles_nothing_but_itself(explanation_of: Explanations) -> None:
    html = explanation_of("column")._repr_html_()
    assert "<html" not in html
    assert "<body" not in html
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    rules = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    selectors = re.findall(r"([^{}]+)\{", re.sub(r"@media[^{]+\{", "", rules))
    assert len(selectors) > 30
    for selector in selectors:
        for part in re.split(r",(?![^(]*\))", selector):
            assert ".worked" in part, part


def test_it_follows_the_colours_around_it(
    browser: Any, explanation_of: Explanations, tmp_path: Path
) -> None:
    for ink, paper in (("#e0e0e0", "#111111"), ("#202020", "#ffffff")):
        path = tmp_path / "cell.html"
        page = f"<!doctype html><meta charset=utf-8><body style='color:{ink};background:{paper}'>"
        path.write_text(page + explanation_of("column")._repr_html_(), encoding="utf-8")
        with visiting(browser, path) as seen:
            assert seen.messages == []
            assert seen.page.evaluate("document.querySelectorAll('math').length") > 30
            assert seen.page.evaluate(CONTRAST) == []


def test_a_notebook_does_not_keep_whole_arrays(explanation_of: Explanations) -> None:
    html = explanation_of("wide")._repr_html_()
    assert "<table" not in html
    assert "they are in the explanation&#39;s values" in html
    assert len(html) < 250_000


def test_latex_and_text_are_at_hand_too(explanation_of: Explanations) -> None:
    explanation = explanation_of("column")
    assert explanation._repr_latex_() == render_latex(explanation, document=False)
    assert str(explanation) == render_text(explanation).rstrip("\n")
