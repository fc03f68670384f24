"""The shell of every page: what a template gets without asking, and what it cannot get."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from chalknet.pages import clean, render_fragment, render_page
from pages.browsing import CONTRAST, visiting

TEMPLATE = """{% extends "page.html" %}
{% from "parts.html" import name, scroll %}
{% block title %}{{ title }}{% endblock %}
{% block style %}.mine { color: var(--blue); }{% endblock %}
{% block header %}<p class="kicker">kicker</p><h1>{{ name(title) }}</h1>{% endblock %}
{% block main %}
<p class="lead mine">{{ text }}</p>
<p class="caution">caution</p>
{% call scroll("A wide table") %}
<table class="plain"><tr>{% for _ in range(60) %}<td>12345</td>{% endfor %}</tr></table>
{% endcall %}
{% endblock %}
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with a template of its own."""
    folder = tmp_path / "somepages"
    (folder / "templates").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "templates" / "mine.html").write_text(TEMPLATE, encoding="utf-8")
    (folder / "templates" / "piece.html").write_text("<b>{{ text }}</b>", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    monkeypatch.delitem(sys.modules, "somepages", raising=False)
    return "somepages"


def test_a_page_has_one_head_and_no_script(package: str) -> None:
    html = render_page(package, "mine.html", title="T", text="x")
    assert html.startswith("<!doctype html>")
    assert html.count("<style>") == 1
    assert html.index("--paper") < html.index(".mine")
    assert "script" not in html.replace("runs no script", "")
    assert re.search(r"default-src 'none'", html)
    assert "<title>T</title>" in html


def test_what_is_put_in_is_escaped(package: str) -> None:
    evil = "</style><script>alert(1)</script>"
    html = render_page(package, "mine.html", title=evil, text=evil)
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 3
    assert render_fragment(package, "piece.html", text=evil).count("<") == 2


def test_a_name_that_is_not_given_is_an_error(package: str) -> None:
    import jinja2

    with pytest.raises(jinja2.UndefinedError, match="'text' is undefined"):
        render_page(package, "mine.html", title="T")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_readable_and_scrolls_what_is_too_wide(
    browser: Any, package: str, tmp_path: Path, scheme: str, width: int
) -> None:
    path = tmp_path / "page.html"
    path.write_text(render_page(package, "mine.html", title="T", text="x"), encoding="utf-8")
    viewport = {"width": width, "height": 700}
    with visiting(browser, path, color_scheme=scheme, viewport=viewport) as seen:
        assert seen.messages == []
        assert seen.page.evaluate(CONTRAST) == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        scroller = seen.page.locator(".scroll")
        assert scroller.evaluate("e => e.scrollWidth > e.clientWidth")
        ground = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", ground))) < 3 * 80) == (scheme == "dark")


def test_names_keep_what_they_are_but_for_what_no_page_may_hold() -> None:
    assert clean("a\x00b\nc\ud800\u202e\u05d0") == "a\ufffdb c\ufffd\u202e\u05d0"
