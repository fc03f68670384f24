"""Renderers of explanations: text, Markdown, LaTeX, HTML, JSON and the live workbook.

Each is imported when first used: who asks for one need not wait for the others.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chalknet.explain.render.html import html_fragment, render_html
    from chalknet.explain.render.latex import render_latex
    from chalknet.explain.render.markdown import render_markdown
    from chalknet.explain.render.text import formula_text, render_text

__all__ = [
    "formula_text",
    "html_fragment",
    "render_html",
    "render_latex",
    "render_markdown",
    "render_text",
]

_HOMES = {
    "formula_text": "text",
    "html_fragment": "html",
    "render_html": "html",
    "render_latex": "latex",
    "render_markdown": "markdown",
    "render_text": "text",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
