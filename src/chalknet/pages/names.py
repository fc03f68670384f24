"""Names that someone else chose, as a page can hold them."""

from __future__ import annotations

import unicodedata

__all__ = ["clean", "isolated", "shortened"]

_TURNING = frozenset(
    ["R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"]
)


def clean(text: object) -> str:
    r"""Anyone's text as a page can hold it: control characters and lone surrogates become U+FFFD.

    Line breaks and tabs become spaces. All else, bidirectional and invisible characters included,
    stays: the page isolates each name instead.

    >>> clean("a\x00b\nc\ud800")
    'a�b c�'
    """
    return "".join(" " if character in "\t\n\r" else _visible(character) for character in str(text))


def _visible(character: str) -> str:
    # Cc: control; Cs: surrogate; and the two that XML does not allow either.
    illegal = unicodedata.category(character) in {"Cc", "Cs"} or character in "\ufffe\uffff"
    return "\N{REPLACEMENT CHARACTER}" if illegal else character


def isolated(text: object, limit: int = 60) -> str:
    r"""A shortened name that may stand among others in one line of text.

    Where it holds right-to-left or direction-changing characters, it is put between isolates
    (U+2068, U+2069), so that it cannot turn round what stands beside it.

    >>> isolated("plain"), isolated("\u202efdp.exe") == "\u2068\u202efdp.exe\u2069"
    ('plain', True)
    """
    name = shortened(text, limit)
    turning = any(unicodedata.bidirectional(character) in _TURNING for character in name)
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" if turning else name


def shortened(text: object, limit: int) -> str:
    """At most ``limit`` characters, the last one an ellipsis where something is left out.

    >>> shortened("chrysanthemum", 8)
    'chrysan…'
    """
    whole = clean(text)
    return whole if len(whole) <= limit else whole[: limit - 1].rstrip() + "…"
