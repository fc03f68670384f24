"""What a student had in hand: three accounts of the values of every line.

``true`` values (``Working.true``); ``own`` ones, which are the student's at full precision as far
as they can be told: true where a line is right, worked out with the mistake where one was found;
and ``written`` ones, just as they stand on the sheet, for whoever carries on rounded numbers.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Container, Iterator
from functools import cached_property

import numpy as np

from chalknet.explain.check.answers import Sheet
from chalknet.explain.check.lines import Values
from chalknet.explain.check.precision import BEYOND_DOUBLE, Floats, Written
from chalknet.explain.check.working import Carried, Working

__all__ = ["Accounts"]


class Accounts:
    """The accounts of one sheet, kept line by line in the order of work.

    Attributes
    ----------
    working : Working
    sheet : dict of Written
        By symbol, in the order of work, in the layout of the textbook.
    own : dict
        The student's values up to the line that is being judged.
    moved : set
        The lines whose own value is not the true one.
    spoiled : set
        Those among them that come from a wrong line.
    rounded : bool
        Whether rounded numbers are known to have been carried on.
    """

    def __init__(self, working: Working, sheet: Sheet) -> None:
        self.working = working
        self.sheet = _as_written(working, sheet)
        self.own: dict[str, Floats] = dict(working.given)
        self.moved: set[str] = set()
        self.spoiled: set[str] = set()
        self.rounded = False

    @cached_property
    def written(self) -> Carried:
        """The values as they stand on the sheet, the rest computed from them."""
        true = self.working.true
        values = {name: line.filled(true[name]) for name, line in self.sheet.items()}
        return Carried(self.working.lines, self.working.given | values)

    def note(self, symbol: str, value: Floats, *, spoiled: bool) -> None:
        """Take a value for the student's own."""
        self.own[symbol] = value
        self.moved.add(symbol)
        if spoiled:
            self.spoiled.add(symbol)

    def carry(self, symbol: str) -> None:
        """Note the own value of a line that is not on the sheet."""
        if self.is_moved(symbol):
            value = self.working.lines[symbol].compute(self.own)
            self.note(symbol, value, spoiled=self.is_spoiled(symbol))
        else:
            self.own[symbol] = self.working.true[symbol]

    def carry_again(self, symbol: str, known: Container[str]) -> None:
        """Work out anew the lines before ``symbol`` that are neither on the sheet nor known."""
        for name in itertools.takewhile(lambda name: name != symbol, self.working.lines):
            if name not in self.sheet and name not in known:
                self.carry(name)

    def is_moved(self, symbol: str) -> bool:
        """Whether the line is computed from some own value that is not the true one."""
        return not self.moved.isdisjoint(self.working.lines[symbol].needs)

    def is_spoiled(self, symbol: str) -> bool:
        """Whether the line is computed from one that is wrong."""
        return not self.spoiled.isdisjoint(self.working.lines[symbol].needs)

    def is_true(self, symbol: str) -> bool:
        """Whether what is written is true within the digits given."""
        line, true = self.sheet[symbol], self.working.true[symbol]
        if line.agrees(true).all():
            return True
        noise = BEYOND_DOUBLE * self.working.sizes[symbol]
        self.sheet[symbol] = dataclasses.replace(line, noise=noise)
        return bool(self.sheet[symbol].agrees(true).all())

    def ways(self, symbol: str, values: Values) -> Iterator[Floats]:
        """What the values lead to, by every right way."""
        return self.working.lines[symbol].by_every_way(values)

    def way(self, symbol: str, values: Values) -> Floats | None:
        """What the values lead to by some right way, if that is what is written."""
        agrees = self.sheet[symbol].agrees
        return next((way for way in self.ways(symbol, values) if agrees(way).all()), None)

    def rounds_on_the_way(self, symbol: str) -> bool | None:
        """Whether the student goes on with rounded numbers; None if nothing tells.

        The lines before this one tell: one that only follows from what is written shows that
        rounded numbers were carried on, and one that is right where the written numbers lead
        elsewhere, that more digits were.
        """
        if self.rounded:
            return True
        for name, line in self.sheet.items():
            if name == symbol:
                break
            needs = self.working.lines[name].needs
            known = all(need in self.sheet or need in self.working.given for need in needs)
            if not known or not self.moved.isdisjoint((name, *needs)):
                continue
            if not line.agrees(self.working.lines[name].compute(self.written)).all():
                return False
        return None


def _as_written(working: Working, sheet: Sheet) -> dict[str, Written]:
    """The lines in the order of work, in the layout of the textbook."""
    numbers = {
        symbol: working.textbook(symbol, sheet[symbol])
        for symbol in working.lines
        if symbol in sheet
    }
    lines = {symbol: Written.of(line) for symbol, line in numbers.items()}
    with np.errstate(all="ignore"):
        if any(line.rounds_up(working.true[symbol]) for symbol, line in lines.items()):
            return lines
    return {symbol: Written.of(line, cut=True) for symbol, line in numbers.items()}
