"""Small letters above and below that Unicode has, so that W₁ⁿᵉʷ needs one line only."""

from __future__ import annotations

__all__ = ["subscript", "superscript"]

_SUPERSCRIPTS = dict(
    zip(
        "0123456789+−-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχᵀ∗*′",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡᵀ**′",
        strict=True,
    )
)
# The comma is a low quotation mark, which looks like a comma of that size.
_SUBSCRIPTS = dict(
    zip(
        "0123456789+−-=()aehijklmnoprstuvxβγρφχ,",
        "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ‚",
        strict=True,
    )
)


def _mapped(text: str, table: dict[str, str]) -> str | None:
    small = [table.get(character) for character in text.replace(" ", "")]
    return None if None in small else "".join(c for c in small if c is not None)


def superscript(text: str) -> str | None:
    """The text raised, or None if there are no such letters.

    >>> superscript("new"), superscript("l + 1"), superscript("Q")
    ('ⁿᵉʷ', 'ˡ⁺¹', None)
    """
    return _mapped(text, _SUPERSCRIPTS)


def subscript(text: str) -> str | None:
    """The text lowered, or None if there are no such letters.

    >>> subscript("1,3"), subscript("l+1"), subscript("b")
    ('₁‚₃', 'ₗ₊₁', None)
    """
    return _mapped(text, _SUBSCRIPTS)
