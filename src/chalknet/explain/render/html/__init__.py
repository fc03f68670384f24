"""Worked solutions as pages, in MathML."""

from __future__ import annotations

from chalknet.explain.render.html.page import html_fragment, render_html

__all__ = ["html_fragment", "render_html"]
