"""A finding: what is wrong, how one can tell, and one thing to try."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["SEVERITIES", "Finding", "Severity", "by_severity", "listed", "verb"]

Severity = Literal["serious", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("serious", "warning", "note")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that may keep a network from learning well.

    Attributes
    ----------
    name : str
        Of its kind, for programs: ``dead_units``, ``class_imbalance``, …
    severity : "serious", "warning" or "note"
        Whether it must be mended, should be looked at, or is good to know.
    title, evidence, advice : str
        What is the matter, the numbers that show it, and one thing to try; a sentence each, but
        for the title, which has no full stop.
    layer : int or None
        Which layer it is about, counted from 1.
    figures : dict
        The numbers, plain.
    """

    name: str
    severity: Severity
    title: str
    evidence: str
    advice: str
    layer: int | None = None
    figures: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        return dict(vars(self))

    def __str__(self) -> str:
        return f"{self.severity}: {self.title}. {self.evidence} Try: {self.advice}"


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """The most serious first; otherwise in the order in which they came."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def verb(count: int, one: str, many: str) -> str:
    """The form of a verb that goes with a count.

    >>> [f"{count} {verb(count, 'unit is', 'units are')} dead" for count in (1, 2)]
    ['1 unit is dead', '2 units are dead']
    """
    return one if count == 1 else many


def listed(things: Iterable[object], limit: int = 4) -> str:
    """Some of them, and how many more there are.

    >>> listed(["a", "b", "c", "d", "e", "f"])
    'a, b, c, d and 2 more'
    """
    names = [str(thing) for thing in things]
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more:,} more" if more > 0 else "")
