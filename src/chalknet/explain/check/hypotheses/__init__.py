"""The mistakes people make, one a function: what a line would be if that mistake had been made.

A function yields a guess for every way to make its mistake in a line: the value that would come
out, and words for where. ``MISTAKES`` names them in the order of likelihood: where two guesses
explain a line equally, the earlier one is named, and the other mentioned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chalknet.explain.check.hypotheses import backward, forward, parts, scale, update
from chalknet.explain.check.hypotheses.suspect import Guesses, Suspect
from chalknet.explain.check.lines import Line, Values
from chalknet.explain.check.precision import Floats

__all__ = ["MISTAKES", "WHOLE", "Mistake", "guesses"]


@dataclass(frozen=True)
class Mistake:
    """A mistake by its name, and what it makes of a line."""

    cause: str
    guesses: Guesses


# Mistakes of understanding, which change a whole line …
WHOLE: tuple[Mistake, ...] = (
    Mistake("updated_weights", backward.updated_weights),
    Mistake("forgot_derivative", backward.forgot_derivative),
    Mistake("derivative_at_activation", backward.derivative_at_activation),
    Mistake("derivative_at_pre_activation", backward.derivative_at_pre_activation),
    Mistake("softmax_over_everything", forward.softmax_over_everything),
    Mistake("softmax_over_wrong_axis", forward.softmax_over_wrong_axis),
    Mistake("forgot_bias", forward.forgot_bias),
    Mistake("forgot_activation", forward.forgot_activation),
    Mistake("transposed", backward.transposed),
    Mistake("forgot_learning_rate", update.forgot_learning_rate),
    Mistake("lost_factor", scale.lost_factor_of_squares),
    Mistake("sum_instead_of_mean", scale.sum_instead_of_mean),
    Mistake("mean_instead_of_sum", scale.mean_instead_of_sum),
    Mistake("sign", scale.sign),
)
# … and those that many numbers might suggest.
MISTAKES: tuple[Mistake, ...] = (
    *WHOLE,
    Mistake("forgot_penalty", scale.forgot_penalty),
    Mistake("lost_factor", scale.lost_factor),
    Mistake("mean_instead_of_sum", scale.mean_over_outputs),
    Mistake("derivative_of_output", backward.derivative_of_output),
    Mistake("not_normalised", forward.not_normalised),
    Mistake("only_the_step", update.only_the_step),
    Mistake("plain_step", update.plain_step),
    Mistake("no_correction", update.no_correction),
    Mistake("sign_of_one_entry", parts.sign_of_one_entry),
    Mistake("dropped_row_or_column", parts.dropped_row_or_column),
    Mistake("other_activation", forward.other_activation),
    Mistake("other_logarithm", forward.other_logarithm),
)


def guesses(line: Line, values: Values) -> Iterator[tuple[int, Floats, str]]:
    """Every guess of every mistake in a line: the mistake's place in ``MISTAKES``, value, words."""
    suspect = Suspect(line, values)
    for rank, mistake in enumerate(MISTAKES):
        for value, words in mistake.guesses(suspect):
            yield rank, value, words
