"""Slips of the pen: what the digits tell of entries that no mistake in the reckoning explains."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from chalknet.errors import ChalknetError
from chalknet.explain.check.precision import Floats, Written, read_number

__all__ = ["slip"]

MOST_PARTS = 12  # of a factor that somebody may have written, 3/4 or 10 say


def slip(written: Written, right: Floats, slack: Floats | float = 0.0) -> tuple[str, str] | None:
    """How ``right`` may have turned into what was written: a cause, and words; None if unclear.

    One wrong entry: its sign, two of its digits exchanged, the decimal point, one digit misread, or
    a mistake in that entry alone. Two wrong entries: exchanged. All: a common factor. ``slack`` is
    how far off right numbers may be because of rounding on the way.
    """
    wrong = [tuple(at) for at in np.argwhere(~written.agrees(right, slack)).tolist()]
    if len(wrong) == 1:
        at = wrong[0]
        near = float(np.broadcast_to(slack, right.shape)[at])
        cause = _of_digits(written.numbers[at].text, float(right[at]), near)
        return (cause or "one_entry", "") if cause or right.size > 1 else None
    if len(wrong) == 2 and _exchanged(written, right, *wrong):
        return "entries_exchanged", ""
    return _common_factor(written, right)


def _of_digits(text: str, right: float, near: float) -> str:
    """The slip that turned ``right``, or a number so ``near`` to it, into the text; or "" ."""
    if _is(_with_other_sign(text), right, near):
        return "sign_of_one_entry"
    for cause, candidates in (
        ("digits_swapped", _swapped(text, apart=1)),
        ("decimal_point", _shifted(text)),
        ("wrong_digit", _one_other_digit(text)),
        ("digits_swapped", _swapped(text, apart=2)),
    ):
        if any(_is(candidate, right, near) for candidate in candidates):
            return cause
    return ""


def _is(text: str, right: float, near: float) -> bool:
    try:
        number = read_number(text)
    except ChalknetError:
        return False
    return any(number.may_be(candidate) for candidate in (right, right - near, right + near))


def _with_other_sign(text: str) -> str:
    plain = text.strip().replace("−", "-")
    return plain[1:] if plain.startswith("-") else f"-{plain.removeprefix('+')}"


def _digit_places(text: str) -> list[int]:
    """Where the digits of the number stand, the exponent's left out."""
    number = text.lower().split("e")[0]
    return [place for place, character in enumerate(number) if character.isdigit()]


def _swapped(text: str, apart: int) -> Iterator[str]:
    """The text with two digits exchanged that are ``apart`` digits apart."""
    places = _digit_places(text)
    for left, right in zip(places, places[apart:], strict=False):
        if text[left] != text[right]:
            letters = list(text)
            letters[left], letters[right] = text[right], text[left]
            yield "".join(letters)


def _shifted(text: str) -> Iterator[str]:
    """The text times powers of ten."""
    if "/" not in text and "%" not in text:
        number, _, power = text.lower().partition("e")
        for shift in (1, -1, 2, -2, 3, -3):
            try:
                yield f"{number}e{int(power or 0) + shift}"
            except ValueError:
                return


def _one_other_digit(text: str) -> Iterator[str]:
    """The text with one digit different; not the last of it, which rounding may change."""
    for place in _digit_places(text)[:-1]:
        for digit in "0123456789":
            if digit != text[place]:
                yield text[:place] + digit + text[place + 1 :]


def _exchanged(written: Written, right: Floats, one: tuple[int, ...], two: tuple[int, ...]) -> bool:
    other = right.copy()
    other[one], other[two] = right[two], right[one]
    return bool(written.agrees(other).all())


def _common_factor(written: Written, right: Floats) -> tuple[str, str] | None:
    """A simple factor of everything, as 3 or −1/4; one number alone would always have one."""
    at = np.unravel_index(np.argmax(np.abs(right)), right.shape)
    ratio = float(written.values[at] / right[at]) if right[at] else 0.0
    if np.count_nonzero(right) < 2 or not np.isfinite(ratio):
        return None
    simple = Fraction(ratio).limit_denominator(MOST_PARTS)
    if not 0 < abs(simple.numerator) <= MOST_PARTS:
        return None
    return ("other_factor", str(simple)) if written.agrees(right * float(simple)).all() else None
