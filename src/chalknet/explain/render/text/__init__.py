"""Worked solutions as plain text."""

from __future__ import annotations

from chalknet.explain.render.text.flat import formula_text
from chalknet.explain.render.text.page import render_text

__all__ = ["formula_text", "render_text"]
