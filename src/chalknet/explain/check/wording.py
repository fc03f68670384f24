"""What is said of a sheet: one clear sentence a mistake."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy.typing as npt

from chalknet.explain.check.marking import MarkedLine
from chalknet.explain.check.working import Working, is_part, of_weights

__all__ = ["compact", "number", "of_line", "phrase", "place", "summary"]


def of_line(working: Working, line: MarkedLine, words: str) -> str:
    """The sentence about a line that is wrong, or off by rounding.

    ``words`` say where in the line the mistake was made, or what with.
    """
    symbol, first, cause = line.symbol, line.entries[0], line.cause
    where = place(symbol, first.at)
    sentence = f"In {symbol}, {where} should be" if where else f"{symbol} should be"
    sentence += f" {number(first.right, like=first.written)}, not {first.written}"
    if len(line.entries) > 1:
        every = len(line.entries) == working.true[symbol].size
        many = f"{len(line.entries)} of {working.true[symbol].size} entries are wrong"
        sentence += f" ({'no entry is right' if every else many})"
    if cause is None:
        return f"{sentence}; none of the usual mistakes gives this."
    if cause in _REMARKS:
        return f"{sentence}; {_REMARKS[cause]}."
    made_in = line.made_in or symbol
    sentence += f": that is what comes out when {phrase(working, cause, words, made_in)}"
    if made_in != symbol and not is_part(made_in, symbol):
        sentence += f" (in {made_in}, which is not on the sheet)"
    if line.others:
        sentence += f", or when {phrase(working, line.others[0], '', made_in)}"
    return f"{sentence}."


def compact(texts: npt.NDArray[Any]) -> str:
    """What is written for a line, in one line; ? where it is blank.

    >>> import numpy as np
    >>> from chalknet.explain.check.precision import read_number
    >>> compact(np.array([[read_number("1"), None], [read_number("2.50"), read_number("-1/3")]]))
    '[[1, ?], [2.50, -1/3]]'
    """
    if texts.ndim == 0:
        return "?" if texts.item() is None else str(texts.item().text).strip()
    return f"[{', '.join(compact(texts[index, ...]) for index in range(len(texts)))}]"


def place(symbol: str, at: tuple[int, ...]) -> str:
    """Where an entry stands: "row 1, column 2", "sample 3, entry 2", "entry 2", or nothing."""
    if len(at) == 2:
        if of_weights(symbol):
            return f"row {at[0]}, column {at[1]}"
        return f"sample {at[0]}, entry {at[1]}"
    if symbol == "losses":
        return f"sample {at[0]}"
    return f"entry {at[0]}" if at else ""


def number(value: float, *, like: str = "") -> str:
    """A true number as one would write it: whole, as a fraction where those are used, or rounded.

    >>> number(4.0), number(0.1234567), number(1 / 3, like="2/3"), number(1.98e-32)
    ('4', '0.123457', '1/3', '1.98e-32')
    """
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    if "/" in like:
        fraction = Fraction(value).limit_denominator(10_000)
        if abs(float(fraction) - value) <= 1e-12 * abs(value):
            return str(fraction)
    return f"{value:.6g}"


def phrase(working: Working, cause: str, words: str, symbol: str) -> str:
    """What was done in the line ``symbol``, to stand after "when"."""
    templates = _IN_WORDS if words and cause in _IN_WORDS else _PHRASES
    layer = working.lines[symbol].layer
    n = len(working.given["x"])
    return templates[cause].format(words=words, layer=layer, above=layer + 1, n=n)


_REMARKS = {
    "one_entry": "the other entries are right, so look at the arithmetic of this one",
    "coarse_rounding": "it is close, so look for a number rounded too coarsely on the way",
    "carried_rounding": "rounding on the way accounts for that: carry more digits",
}
_PHRASES = {
    "updated_weights": "W{above}_new, the weights after the update, are used instead of W{above}",
    "forgot_derivative": "da{layer} is not multiplied by the derivative f′(z{layer})",
    "derivative_at_activation": "the derivative is taken at a{layer}: f′(a{layer}) instead of "
    "f′(z{layer})",
    "derivative_at_pre_activation": "z{layer} is put into the form of the derivative that takes "
    "a{layer}",
    "softmax_over_everything": "softmax is normalised over the whole array: each sample by itself "
    "must sum to 1",
    "softmax_over_wrong_axis": "softmax is normalised over the samples: the classes of each sample "
    "must sum to 1",
    "not_normalised": "softmax is not normalised: eᶻ must be divided by its sum",
    "forgot_bias": "the bias b{layer} is left out",
    "forgot_activation": "the activation function is left out",
    "transposed": "a matrix is transposed: rows and columns are exchanged",
    "forgot_learning_rate": "the learning rate η is left out of the step",
    "sum_instead_of_mean": "the samples are summed and not averaged: 1/{n} is lost",
    "mean_instead_of_sum": "it is divided by {n}, the number of samples, once too often",
    "sign": "the sign of everything is turned round",
    "lost_factor": "a factor 2 or ½ is lost",
    "forgot_penalty": "the part of the penalty, λW, is left out",
    "derivative_of_output": "the derivative of the output function is multiplied in once more: "
    "p − y contains it",
    "sign_of_one_entry": "one entry has the wrong sign",
    "dropped_row_or_column": "a row or a column is left out",
    "only_the_step": "only the step is written down, without the old value",
    "plain_step": "the step is η times the gradient, which this optimizer's is not",
    "no_correction": "m and v are not corrected for their start at zero",
    "other_activation": "another activation function is used",
    "other_logarithm": "another logarithm than the natural one is taken",
    "digits_swapped": "two digits are swapped",
    "decimal_point": "the decimal point slips",
    "wrong_digit": "one digit is misread or miscopied",
    "entries_exchanged": "these two entries are exchanged",
    "other_factor": "a common factor is wrong",
}
_IN_WORDS = {
    "derivative_at_pre_activation": "z{layer} is put into the form of the derivative that takes "
    "a{layer}, {words}",
    "forgot_activation": "{words} is taken as it is, without the activation function",
    "transposed": "{words} is transposed: rows and columns are exchanged",
    "mean_instead_of_sum": "the mean over the {words} is taken instead of their sum",
    "sign": "{words}",
    "lost_factor": "a factor 2 or ½ is lost: {words}",
    "sign_of_one_entry": "{words}",
    "dropped_row_or_column": "{words} is left out",
    "other_activation": "{words} is used as the activation function",
    "other_logarithm": "the logarithm to the base {words} is taken instead of the natural one",
    "other_factor": "everything is multiplied by {words}",
}


def summary(lines: Sequence[MarkedLine]) -> str:
    """The one sentence about a sheet."""
    wrong = next((line for line in lines if line.verdict == "wrong"), None)
    if wrong is not None:
        return wrong.message
    rounded = [line.symbol for line in lines if line.verdict == "rounded"]
    count = f"All {len(lines)} lines are right" if len(lines) > 1 else f"{lines[0].symbol} is right"
    if rounded:
        return f"{count}, but for rounding carried along in {_listed(rounded)}."
    return f"{count}."


def _listed(symbols: Sequence[str]) -> str:
    if len(symbols) > 4:
        return f"{', '.join(symbols[:3])} and {len(symbols) - 3} more"
    return " and ".join(filter(None, (", ".join(symbols[:-1]), symbols[-1])))
