"""How the steps of an epoch are executed; every engine computes the same mathematics."""

from __future__ import annotations

from chalknet.engine.plan import Engine, Plan, StepRange, Totals
from chalknet.engine.reference import ReferenceEngine
from chalknet.errors import unknown_name

__all__ = [
    "ENGINES",
    "Engine",
    "Plan",
    "ReferenceEngine",
    "StepRange",
    "Totals",
    "as_engine",
]

ENGINES = ("auto", "reference")


def as_engine(name: str | Engine) -> Engine:
    """The engine of that name; ``auto`` is the fastest that works here.

    Raises
    ------
    ConfigurationError
        The name is unknown (the message suggests the nearest).
    """
    if not isinstance(name, str):
        return name
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    return ReferenceEngine()
