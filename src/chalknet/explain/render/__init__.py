"""Renderers of explanations: text, Markdown, LaTeX, HTML, JSON and the live workbook."""

from __future__ import annotations

from chalknet.explain.render.text import formula_text, render_text

__all__ = ["formula_text", "render_text"]
