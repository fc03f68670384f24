"""Renderers of explanations: text, Markdown, LaTeX, HTML, JSON and the live workbook."""

from __future__ import annotations

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
