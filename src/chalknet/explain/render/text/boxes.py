"""Boxes of characters: rectangles with a baseline, put beside and above one another."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Box", "beside", "cells", "centred", "fence", "stacked"]


@dataclass(frozen=True, slots=True)
class Box:
    """Lines of one width, in character cells; line ``baseline`` stands on the line of writing."""

    lines: tuple[str, ...]
    baseline: int
    width: int

    @classmethod
    def of(cls, text: str) -> Box:
        """One line."""
        return cls((text,), 0, cells(text))

    @property
    def height(self) -> int:
        """Lines in all."""
        return len(self.lines)

    def __str__(self) -> str:
        return "\n".join(line.rstrip() for line in self.lines)


@lru_cache(maxsize=8192)
def cells(text: str) -> int:
    """How many cells of a terminal a text takes: none for a combining mark, two for 字.

    >>> cells("W₁"), cells("p̂"), cells("字")
    (2, 1, 2)
    """
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(c) or unicodedata.category(c) in {"Mn", "Me", "Cf"}
        else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


def padded(text: str, width: int) -> str:
    """The text with blanks up to a width."""
    return text + " " * (width - cells(text))


def centred(text: str, width: int) -> str:
    """The text in the middle of a width."""
    left = (width - cells(text)) // 2
    return padded(" " * left + text, width)


def beside(boxes: Sequence[Box]) -> Box:
    """Side by side on one baseline."""
    if len(boxes) == 1:
        return boxes[0]
    if all(box.height == 1 for box in boxes):
        return Box(("".join(box.lines[0] for box in boxes),), 0, sum(box.width for box in boxes))
    above = max((box.baseline for box in boxes), default=0)
    below = max((box.height - box.baseline for box in boxes), default=1)
    lines = [
        "".join(
            box.lines[i] if 0 <= (i := row - above + box.baseline) < box.height else " " * box.width
            for box in boxes
        )
        for row in range(above + below)
    ]
    return Box(tuple(lines), above, sum(box.width for box in boxes))


def stacked(boxes: Sequence[Box], baseline: int) -> Box:
    """One above the other, centred; the whole stands on its line ``baseline``."""
    width = max(box.width for box in boxes)
    lines = tuple(centred(line, width) for box in boxes for line in box.lines)
    return Box(lines, baseline, width)


# What stands at the top, between, at the bottom and, for a brace, in the middle.
_TALL = {
    "(": "⎛⎜⎝", ")": "⎞⎟⎠", "[": "⎡⎢⎣", "]": "⎤⎥⎦", "{": "⎧⎪⎩⎨", "}": "⎫⎪⎭⎬",
    "|": "│││", "‖": "║║║",
}  # fmt: skip


def fence(sign: str, inner: Box) -> Box:
    """A bracket as tall as what it encloses."""
    if inner.height == 1:
        return Box.of(sign)
    tall = _TALL[sign]
    top, middle, bottom = tall[0], tall[1], tall[2]
    lines = [top, *[middle] * (inner.height - 2), bottom]
    if len(tall) == 4 and inner.height > 2:
        lines[inner.baseline if 0 < inner.baseline < inner.height - 1 else 1] = tall[3]
    return Box(tuple(lines), inner.baseline, 1)
