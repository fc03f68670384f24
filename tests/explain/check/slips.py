"""Mistakes in a line as it stands, whatever it was computed from."""

from __future__ import annotations

import itertools

from explain.check.paper import each, entries, with_entries


def sign_slip(value, choice):
    return each(lambda x: -x, value)


def factor_slip(value, choice):
    return each(lambda x: x * (2.0, 0.5)[choice % 2], value)


def entry_sign_slip(value, choice):
    numbers = entries(value)
    places = [place for place, number in enumerate(numbers) if number]
    if places:
        place = places[choice % len(places)]
        numbers[place] = -numbers[place]
    return with_entries(value, iter(numbers))


def dropping_slip(value, choice):
    """A row of zeros, or a column of them."""
    if not isinstance(value[0], list):
        return [0.0 if place == choice % len(value) else x for place, x in enumerate(value)]
    if choice % 4 < 2 and len(value) > 1:
        left_out = choice // 4 % len(value)
        return [[0.0] * len(row) if at == left_out else row for at, row in enumerate(value)]
    left_out = choice // 4 % len(value[0])
    return [[0.0 if at == left_out else x for at, x in enumerate(row)] for row in value]


def digits_slip(value, choice, rounding):
    """Two neighbouring digits of one number exchanged."""
    numbers = entries(value)
    texts = [rounding.text(number) for number in numbers]
    swaps = [
        (place, text[:at] + text[after] + text[at + 1 : after] + text[at] + text[after + 1 :])
        for place, text in enumerate(texts)
        for at, after in neighbours(text)
    ]
    # Not with a zero in front: that would change how many digits are given.
    swaps = [(place, text) for place, text in swaps if rounding.text(float(text)) == text]
    if swaps:
        place, text = swaps[choice % len(swaps)]
        numbers[place] = float(text)
    return with_entries(value, iter(numbers))


def neighbours(text):
    """Pairs of places of neighbouring digits that differ."""
    places = [at for at, letter in enumerate(text.split("E")[0]) if letter.isdigit()]
    return [(at, after) for at, after in itertools.pairwise(places) if text[at] != text[after]]


SLIPS_OF_LINES = {
    "sign": sign_slip,
    "lost_factor": factor_slip,
    "sign_of_one_entry": entry_sign_slip,
    "dropped_row_or_column": dropping_slip,
}
