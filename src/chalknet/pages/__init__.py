"""The shell of every HTML page: one offline file, no script, light, dark and print."""

from __future__ import annotations

from chalknet.pages.names import clean, isolated, shortened
from chalknet.pages.shell import render_fragment, render_page

__all__ = ["clean", "isolated", "render_fragment", "render_page", "shortened"]
