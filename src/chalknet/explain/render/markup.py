"""Formulas as source text for others to lay out, with an estimate of how wide they will be.

A renderer of LaTeX or MathML does not know its reader's fonts. It estimates widths from those of
Computer Modern (Knuth, 1986), in em, a little too wide rather than too narrow, so that lines are
broken before they are too long.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

__all__ = ["Markup", "em", "is_word"]

SCRIPT = 0.75  # of the size of the text: sub- and superscripts

_NARROW, _WIDE = frozenset("iIjl.,;:|!'’‘()[]{}/ "), frozenset("mwMW@%…—")


@dataclass(frozen=True, slots=True)
class Markup:
    """Source text with its estimated width.

    Attributes
    ----------
    source : str
    width : float
        In em.
    tall : bool
        Whether it is higher than a line, so that brackets around it are large.
    bare : bool
        Whether scripts may hang on it without a group of their own.
    """

    source: str
    width: float
    tall: bool = False
    bare: bool = False

    @property
    def small(self) -> float:
        """Its width as a script."""
        return SCRIPT * self.width


def em(text: str, bold: bool = False) -> float:
    """How wide letters and digits are.

    >>> em("0.25") < 2 < em("width")
    True
    """
    return (1.15 if bold else 1.0) * sum(map(_em, text))


def _em(character: str) -> float:
    if character.isdigit() and character.isascii():
        return 0.5
    if unicodedata.combining(character):
        return 0.0
    if character in _NARROW:
        return 0.42
    if character in _WIDE:
        return 1.08
    if character.isupper():
        return 0.88
    return 0.58 if character.isascii() else 1.0


def is_word(index: str) -> bool:
    """Whether an index is a word, set upright, and not letters one after another.

    >>> is_word("new"), is_word("in"), is_word("ij")
    (True, True, False)
    """
    return index.isalpha() and (len(index) > 2 or index == "in")
