"""The judgement of a sheet, line by line in the order of work.

A line is held against the truth, then against what the student's own values lead to; only then is
a mistake looked for.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from chalknet.explain.check import wording
from chalknet.explain.check.accounts import Accounts
from chalknet.explain.check.answers import Sheet
from chalknet.explain.check.diagnosis import Diagnosis, diagnose
from chalknet.explain.check.marking import Entry, MarkedLine, Marking, Verdict
from chalknet.explain.check.working import Working

__all__ = ["judge"]


def judge(working: Working, sheet: Sheet) -> Marking:
    """Mark a sheet.

    Parameters
    ----------
    working : Working
    sheet : mapping
        Symbol → array of ``WrittenNumber`` or None, in its shape on paper.
    """
    accounts = Accounts(working, sheet)
    lines = []
    # A student's numbers may lead anywhere: log 0, 1/0, eᶻ of anything.
    with np.errstate(all="ignore"):
        for symbol in working.lines:
            if symbol in accounts.sheet:
                lines.append(_judged(accounts, symbol))
            else:
                accounts.carry(symbol)
    return Marking(lines=tuple(lines), message=wording.summary(lines))


def _judged(accounts: Accounts, symbol: str) -> MarkedLine:
    """Judge a line, and note what the student goes on with."""
    true = accounts.working.true[symbol]
    is_true = accounts.is_true(symbol)
    if is_true and not accounts.is_moved(symbol):
        accounts.own[symbol] = true
        return _marked(accounts, symbol, "right", follows=True)
    spoiled = accounts.is_spoiled(symbol)
    value = accounts.way(symbol, accounts.own)
    if is_true:
        value = accounts.way(symbol, accounts.written) if value is None else value
        if value is None:
            accounts.own[symbol] = true
        else:
            accounts.note(symbol, value, spoiled=spoiled)
        return _marked(accounts, symbol, "right", follows=value is not None)
    if value is not None:
        found = Diagnosis(None, {symbol: value}, follows=True)
    else:
        found = diagnose(accounts, symbol)
    for name, own in found.values.items():
        accounts.note(name, own, spoiled=spoiled or not found.follows)
    if found.made_in not in (None, symbol):
        accounts.carry_again(symbol, found.values)
    if not found.follows:
        return _marked(accounts, symbol, "wrong", found)
    if spoiled:
        return _marked(accounts, symbol, "follows", follows=True)
    accounts.rounded = True
    found = dataclasses.replace(found, cause="carried_rounding", made_in=symbol)
    return _marked(accounts, symbol, "rounded", found, follows=True)


def _marked(
    accounts: Accounts,
    symbol: str,
    verdict: Verdict,
    found: Diagnosis | None = None,
    *,
    follows: bool = False,
) -> MarkedLine:
    """The judgement of a line, put into words."""
    working, written = accounts.working, accounts.sheet[symbol]
    line = MarkedLine(
        symbol=symbol,
        written=wording.compact(working.sheet(symbol, written.numbers)),
        verdict=verdict,
        right=verdict == "right",
        follows=follows,
        entries=() if verdict == "right" else _entries(accounts, symbol),
    )
    if found is None:
        return line
    line = dataclasses.replace(line, cause=found.cause, made_in=found.made_in, others=found.others)
    return dataclasses.replace(line, message=wording.of_line(working, line, found.words))


def _entries(accounts: Accounts, symbol: str) -> tuple[Entry, ...]:
    """The numbers of a line that are not the true ones, where they stand on paper."""
    working, line = accounts.working, accounts.sheet[symbol]
    true = working.true[symbol]
    off = working.sheet(symbol, ~line.agrees(true))
    numbers, right = working.sheet(symbol, line.numbers), working.sheet(symbol, true)
    return tuple(
        Entry(
            at=tuple(index + 1 for index in at),
            written=numbers[tuple(at)].text.strip(),
            right=float(right[tuple(at)]),
        )
        for at in np.argwhere(off).tolist()
    )
