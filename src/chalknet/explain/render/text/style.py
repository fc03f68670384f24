"""Colours of the terminal: which part of a worked solution is drawn how."""

from __future__ import annotations

from typing import Literal

__all__ = ["Part", "Style"]

Part = Literal["title", "heading", "step", "label", "soft", "result", "verified"]

# Only attributes and the eight colours that every terminal maps to its own light or dark palette.
_CODES: dict[Part, str] = {
    "title": "1",
    "heading": "1;36",
    "step": "1",
    "label": "36",
    "soft": "2",
    "result": "1;32",
    "verified": "32",
}


class Style:
    """Marks parts of a text with ANSI escapes, or leaves them as they are."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, part: Part | None, text: str) -> str:
        """The text as that part is drawn."""
        if not self.colour or part is None or not text.strip():
            return text
        return f"\x1b[{_CODES[part]}m{text}\x1b[0m"
