"""Text in lines of a width."""

from __future__ import annotations

from collections.abc import Callable

from chalknet.explain.render.text.boxes import cells

__all__ = ["wrapped"]


def wrapped(text: str, width: float, measure: Callable[[str], float] = cells) -> list[str]:
    """The text in lines of at most ``width``; a word longer than that is cut.

    >>> wrapped("a long sentence", 6)
    ['a long', 'senten', 'ce']
    """
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if measure(joined) <= width:
            lines[-1] = joined
        else:
            lines += _cut(word, width, measure)
    return lines if lines[0] or len(lines) == 1 else lines[1:]


def _cut(word: str, width: float, measure: Callable[[str], float]) -> list[str]:
    parts = [""]
    for character in word:
        if parts[-1] and measure(parts[-1] + character) > width:
            parts.append("")
        parts[-1] += character
    return parts
