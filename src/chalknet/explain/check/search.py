"""The search for a cause: which mistake, in a line or between the lines, gives these numbers.

Every guess of every mistake is worked out to the line in question in one sweep: the guesses for a
line that is not on the sheet are stacked along a leading axis and carried on, line by line.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chalknet.explain.check.hypotheses import MISTAKES, WHOLE, guesses
from chalknet.explain.check.precision import Floats, Written
from chalknet.explain.check.working import Carried, Working, is_part

__all__ = ["Finding", "find_causes"]

MOST_NUMBERS = 20_000_000  # in one sweep; beyond it, lines that are not on the sheet are left out
MOST_OFF = 0.02  # by how much of itself a number may be off because of rounding


@dataclass(frozen=True, eq=False)
class Finding:
    """A mistake that explains what was written.

    Attributes
    ----------
    cause : str
    rank : int
        The smaller, the likelier.
    symbol : str
        The line in which it was made, on the sheet or not.
    words : str
        Where in the line, or what with.
    values : mapping
        What the line and those after it come to with the mistake, at full precision.
    """

    cause: str
    rank: int
    symbol: str
    words: str
    values: dict[str, Floats]


def find_causes(
    working: Working,
    symbol: str,
    written: Written,
    carried: Carried,
    hidden: Sequence[str],
    slack: Floats | float = 0.0,
) -> list[Finding]:
    """The mistakes that make of ``carried`` what was written under ``symbol``; the likeliest first.

    Parameters
    ----------
    working : Working
    symbol : str
    written : Written
        In the layout of the textbook.
    carried : Carried
        From what values the line was computed.
    hidden : sequence of str
        The lines in between that are not on the sheet, in the order of work.
    slack : float or array
        How far off a right number may be because of rounding; one that comes of a mistake, as far
        in proportion.
    """
    found: list[Finding] = []
    share = np.minimum(MOST_OFF, slack / np.maximum(np.abs(carried[symbol]), 1e-300))
    for stack, origins in _sweeps(working, symbol, carried, hidden):
        allowed = np.maximum(slack, share * np.abs(stack[symbol]))
        agreeing = written.agrees(stack[symbol], allowed)
        whole = agreeing.reshape(len(origins), -1).all(axis=1)
        for index in np.flatnonzero(whole):
            line, rank, words = origins[index]
            later = list(stack)[list(stack).index(line) :]
            values = {name: stack[name][index] for name in later}
            found.append(Finding(MISTAKES[rank].cause, rank, line, words, values))

    def unlikeliness(finding: Finding) -> tuple[bool, int]:
        near = finding.symbol == symbol or is_part(finding.symbol, symbol)
        return not near and finding.rank >= len(WHOLE), finding.rank

    # Stable: where ranks are equal, a mistake in the line itself comes before one further back.
    return sorted(found, key=unlikeliness)


Origin = tuple[str, int, str]


def _sweeps(
    working: Working, symbol: str, carried: Carried, hidden: Sequence[str]
) -> Iterator[tuple[dict[str, Floats], list[Origin]]]:
    """First the guesses for the line itself, then those for the lines in between."""
    yield _sweep(working, [symbol], carried, [symbol])
    if hidden:
        size = sum(carried[name].size for name in (*hidden, symbol))
        if size * 40 * len(hidden) <= MOST_NUMBERS:
            yield _sweep(working, [*hidden, symbol], carried, hidden)


def _sweep(
    working: Working, path: Sequence[str], carried: Carried, suspects: Sequence[str]
) -> tuple[dict[str, Floats], list[Origin]]:
    """Every guess for the suspects, one a row, worked out along the path.

    Returns
    -------
    stack : dict
        By symbol, for every line on the path: (guesses, …).
    origins : list
        What each guess is.
    """
    guessed: dict[str, list[tuple[int, Floats, str]]] = {
        name: [
            guess
            for guess in guesses(working.lines[name], carried)
            if guess[1].shape == carried[name].shape
        ]
        for name in suspects
    }
    origins = [(name, rank, words) for name in guessed for rank, _, words in guessed[name]]
    stack: dict[str, Floats] = {}
    values = ChainMap(stack, carried)
    start = 0
    for name in path:
        rows = np.empty((len(origins), *carried[name].shape))
        rows[...] = working.lines[name].compute(values) if stack else carried[name]
        for _, guess, _ in guessed.get(name, ()):
            rows[start] = guess
            start += 1
        stack[name] = rows
    return stack, origins
