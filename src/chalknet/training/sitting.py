"""How the training loop and whoever takes its steps talk to each other."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from chalknet.engine import Request
from chalknet.training.records import EpochRecord

__all__ = ["Sitting", "Taken", "resumed"]


@dataclass(frozen=True)
class Taken:
    """Steps that were taken: the first that was not, None if one diverged; in how many seconds."""

    step: int | None
    seconds: float


Sitting = Generator[Request | EpochRecord, Taken | None, None]


def resumed(sitting: Sitting, taken: Taken | None = None) -> Request | EpochRecord | None:
    """What a sitting asks for, or tells, next; None at its end."""
    try:
        return sitting.send(taken)
    except StopIteration:
        return None
