"""The marking of a sheet: data that anybody may read, show or store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Entry", "MarkedLine", "Marking", "Verdict"]

Verdict = Literal["right", "rounded", "follows", "wrong"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One number of a line that is not the true one.

    Attributes
    ----------
    at : tuple of int
        Row and column, or the entry of a vector, from 1; empty for a single number.
    written : str
        What came.
    right : float
        What is true.
    """

    at: tuple[int, ...]
    written: str
    right: float


@dataclass(frozen=True, kw_only=True)
class MarkedLine:
    """One line of a sheet, judged twice: against the truth and against the student's own work.

    Attributes
    ----------
    symbol : str
    written : str
        What stands on the sheet, in one line.
    verdict : str
        "right"; "rounded": right, but for rounding carried along from earlier lines; "follows":
        not true, but rightly computed from earlier lines that are wrong; "wrong": a mistake was
        made here, or just before in a line that is not on the sheet.
    right : bool
        Whether it equals the truth within the digits given.
    follows : bool
        Whether it equals what the student's own earlier values lead to.
    entries : tuple of Entry
        The numbers that are not the true ones.
    cause : str or None
        The likeliest mistake, "forgot_bias" say ("carried_rounding" where that is all); None if
        nothing is wrong here, or the cause is unclear.
    made_in : str or None
        The line in which it was made: this one, or one that is not on the sheet.
    others : tuple of str
        Causes that explain the numbers as well.
    message : str
        One sentence; empty if there is nothing to say.
    """

    symbol: str
    written: str
    verdict: Verdict
    right: bool
    follows: bool
    entries: tuple[Entry, ...] = ()
    cause: str | None = None
    made_in: str | None = None
    others: tuple[str, ...] = ()
    message: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The line as JSON has it."""
        return {
            "symbol": self.symbol,
            "written": self.written,
            "verdict": self.verdict,
            "right": self.right,
            "follows": self.follows,
            "cause": self.cause,
            "made_in": self.made_in,
            "others": list(self.others),
            "message": self.message,
            "entries": [
                {"at": list(entry.at), "written": entry.written, "right": entry.right}
                for entry in self.entries
            ],
        }


@dataclass(frozen=True, kw_only=True)
class Marking:
    """A whole sheet, marked.

    Attributes
    ----------
    lines : tuple of MarkedLine
        In the order of work.
    message : str
        One clear sentence, or two.
    """

    lines: tuple[MarkedLine, ...]
    message: str

    @property
    def first_wrong(self) -> str | None:
        """The symbol of the first wrong line in the order of work."""
        return next((line.symbol for line in self.lines if line.verdict == "wrong"), None)

    @property
    def correct(self) -> bool:
        """Whether no line is wrong."""
        return self.first_wrong is None

    @property
    def cause(self) -> str | None:
        """The likely cause of the first wrong line; None if nothing is wrong, or it is unclear."""
        return next((line.cause for line in self.lines if line.verdict == "wrong"), None)

    def line(self, symbol: str) -> MarkedLine:
        """The marked line of a symbol.

        Raises
        ------
        KeyError
            It is not on the sheet.
        """
        for line in self.lines:
            if line.symbol == symbol:
                return line
        raise KeyError(symbol)

    def as_dict(self) -> dict[str, Any]:
        """The marking as JSON has it."""
        return {
            "correct": self.correct,
            "first_wrong": self.first_wrong,
            "cause": self.cause,
            "message": self.message,
            "lines": [line.as_dict() for line in self.lines],
        }
