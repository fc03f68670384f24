"""What became of a line that is neither true nor follows at full precision.

Explanations are tried from the most telling to the least: that rounded numbers were carried on, a
mistake that gives just these numbers, a slip of the pen, rounding in lines that are not on the
sheet, a mistake or a slip on top of such rounding. How likely rounding is depends on what the
student is known to do (``Accounts.rounds_on_the_way``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from chalknet.explain.check.accounts import Accounts
from chalknet.explain.check.hypotheses import WHOLE
from chalknet.explain.check.precision import Floats
from chalknet.explain.check.rounding import carried_rounding
from chalknet.explain.check.search import Finding, find_causes
from chalknet.explain.check.slips import slip
from chalknet.explain.check.working import Carried

__all__ = ["Diagnosis", "diagnose"]

MOST_COMPARED = 12  # findings that are held against the later lines
CLOSE = 0.01  # of the terms that make up a number
# Rounding on the way is likelier than these.
WEAK_SLIPS = ("one_entry", "wrong_digit", "other_factor")

Slip = tuple[str, str, Floats]


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """An explanation of a line.

    Attributes
    ----------
    cause : str or None
        None where nothing is known, or nothing is wrong.
    values : mapping
        What the line, and others between the lines, came to in the student's hands.
    follows : bool
        Whether the line rightly follows from the lines before it.
    words, made_in, others
        See ``Finding`` and ``MarkedLine``.
    """

    cause: str | None
    values: dict[str, Floats]
    follows: bool = False
    words: str = ""
    made_in: str | None = None
    others: tuple[str, ...] = field(default=())


def diagnose(accounts: Accounts, symbol: str) -> Diagnosis:
    """The best explanation of the line."""
    return next(_Explanations(accounts, symbol).in_order())


class _Explanations:
    """Everything that may be said of one line."""

    def __init__(self, accounts: Accounts, symbol: str) -> None:
        self.accounts = accounts
        self.symbol = symbol
        self.line = accounts.sheet[symbol]
        working = accounts.working
        self.hidden = working.hidden(symbol, accounts.sheet)
        self.ways = [
            *accounts.ways(symbol, accounts.own),
            *accounts.ways(symbol, accounts.written),
            working.true[symbol],
        ]

    def in_order(self) -> Iterator[Diagnosis]:
        """Every explanation that holds, the best first; the last always does."""
        rounds = self.accounts.rounds_on_the_way(self.symbol)
        by_rounding = list(self._following(0.0))
        if rounds is not False:
            yield from by_rounding
        mistake = self._mistake(0.0)
        if mistake is not None and (not rounds or mistake[0].rank < len(WHOLE)):
            yield self._mistaken(*mistake)
        slipped = self._slip(0.0)
        if not rounds:
            yield from self._slipped(slipped, weak=False)
        yield from by_rounding
        if rounds is not False:
            slack = carried_rounding(self.accounts, self.symbol)
            yield from self._following(slack)
            mistake = mistake or self._mistake(slack)
            if mistake is not None:
                yield self._mistaken(*mistake)
            slipped = self._slip(slack) or slipped
        yield from self._slipped(slipped, weak=False)
        yield from self._close()
        yield from self._slipped(slipped, weak=True)
        yield Diagnosis(None, {self.symbol: self.line.filled(self.ways[0])})

    def _following(self, slack: Floats | float) -> Iterator[Diagnosis]:
        """The line follows, but for rounding."""
        for way in self.ways:
            if self.line.agrees(way, slack).all():
                yield Diagnosis(None, {self.symbol: way}, follows=True)

    # mistakes --------------------------------------------------------------------------------

    def _mistake(self, slack: Floats | float) -> tuple[Finding, list[Finding]] | None:
        """The likeliest mistake, and others in the same line that explain the numbers as well."""
        accounts = self.accounts
        lines = accounts.working.lines
        had_in_hand = [Carried(lines, accounts.own), accounts.written]
        if accounts.moved:
            had_in_hand.append(Carried(lines, accounts.working.true))
        for carried in had_in_hand:
            found = find_causes(
                accounts.working, self.symbol, self.line, carried, self.hidden, slack
            )
            found = [finding for finding in found if self._is_possible(finding)]
            if found:
                best = max(found[:MOST_COMPARED], key=self._explained)
                others = [f for f in found if f.symbol == best.symbol and f.cause != best.cause]
                return best, others
        return None

    def _mistaken(self, finding: Finding, others: list[Finding]) -> Diagnosis:
        return Diagnosis(
            finding.cause,
            finding.values,
            words=finding.words,
            made_in=finding.symbol,
            others=tuple(dict.fromkeys(other.cause for other in others)),
        )

    def _after(self, finding: Finding) -> Carried:
        """The values after the mistake; what comes of it between the lines is worked out anew."""
        accounts, working = self.accounts, self.accounts.working
        kept = {
            name: value
            for name, value in accounts.own.items()
            if name in working.given
            or name in accounts.sheet
            or finding.symbol not in working.ancestors(name)
        }
        return Carried(working.lines, kept | finding.values)

    def _is_possible(self, finding: Finding) -> bool:
        """Whether earlier lines that come from the same mistaken one are as they would be."""
        if finding.symbol == self.symbol:
            return True
        working, sheet = self.accounts.working, self.accounts.sheet
        carried = self._after(finding)
        for name, line in sheet.items():
            if name == self.symbol:
                break
            if finding.symbol not in working.hidden(name, sheet):
                continue
            if not line.agrees(working.lines[name].compute(carried)).all():
                return False
        return True

    def _explained(self, finding: Finding) -> int:
        """How many later lines are as they would be after this mistake."""
        lines, sheet = self.accounts.working.lines, self.accounts.sheet
        carried = self._after(finding)
        names = list(sheet)
        later = names[names.index(self.symbol) + 1 :]
        return sum(bool(sheet[name].agrees(lines[name].compute(carried)).all()) for name in later)

    # slips of the pen ------------------------------------------------------------------------

    def _slip(self, slack: Floats | float) -> Slip | None:
        """A slip from any of the right ways to the line: cause, words, and the way."""
        for right in self.ways:
            if found := slip(self.line, right, slack):
                return *found, right
        return None

    def _slipped(self, found: Slip | None, *, weak: bool) -> Iterator[Diagnosis]:
        if found is not None and (found[0] in WEAK_SLIPS) == weak:
            cause, words, right = found
            yield self._as_written(cause, words, right)

    def _close(self) -> Iterator[Diagnosis]:
        """Every number is nearly right, by the size of its terms."""
        right = self.ways[0]
        off = np.abs(np.where(self.line.given, self.line.values - right, 0.0))
        if (off <= CLOSE * self.accounts.working.terms(self.symbol)).all():
            yield self._as_written("coarse_rounding", "", right)

    def _as_written(self, cause: str, words: str, right: Floats) -> Diagnosis:
        value = np.where(self.line.agrees(right), right, self.line.values)
        return Diagnosis(cause, {self.symbol: value}, words=words, made_in=self.symbol)
