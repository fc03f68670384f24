"""Worked solutions in LaTeX."""

from __future__ import annotations

from chalknet.explain.render.latex.page import render_latex

__all__ = ["render_latex"]
