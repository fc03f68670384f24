"""The learning rate of each step: scikit-learn's three rules, and chalknet's schedules.

A rule is configuration; where training stands is a ``Pace``, which outlives a call of
``partial_fit``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chalknet.errors import ConfigurationError, unknown_name
from chalknet.operations.affine import Vector
from chalknet.training.schedules import SCHEDULES, Schedule, as_schedule

__all__ = ["Pace", "Rate", "as_rate"]

SMALLEST = 1e-6  # an adaptive rate at or below this has nowhere left to go
DIVISOR = 5.0


@dataclass
class Pace:
    """How far training has come: what the rate of the next epoch depends on.

    Attributes
    ----------
    epochs, samples : int
        Seen so far, repetitions counted.
    divisions : int
        How often an adaptive rate was divided.
    schedule : dict
        What a schedule remembers.
    """

    epochs: int = 0
    samples: int = 0
    divisions: int = 0
    schedule: dict[str, float] = field(default_factory=dict)


class Rate(ABC):
    """What the rules share."""

    @abstractmethod
    def of_steps(self, initial: float, pace: Pace, epochs: int, steps: int) -> Vector:
        """The rate of each step of the coming epoch; ``epochs`` are planned in all."""

    def observe(self, pace: Pace, loss: float) -> None:  # noqa: B027
        """Take note of an epoch's (validation) loss; usually there is nothing to note."""

    def reduce(self, initial: float, pace: Pace) -> bool:  # noqa: ARG002
        """Answer a lack of progress with a smaller rate; False if training should end instead."""
        return False


@dataclass(frozen=True)
class ConstantRate(Rate):
    """η, always."""

    def of_steps(self, initial: float, pace: Pace, epochs: int, steps: int) -> Vector:  # noqa: ARG002
        """η."""
        return np.full(steps, initial)


@dataclass(frozen=True)
class InverseScalingRate(Rate):
    """η / (t + 1)^power, with t the samples seen before the epoch."""

    power: float

    def of_steps(self, initial: float, pace: Pace, epochs: int, steps: int) -> Vector:  # noqa: ARG002
        """η / (t + 1)^power."""
        return np.full(steps, initial / (pace.samples + 1) ** self.power)


@dataclass(frozen=True)
class AdaptiveRate(Rate):
    """η, divided by 5 each time there was no progress for too long."""

    def of_steps(self, initial: float, pace: Pace, epochs: int, steps: int) -> Vector:  # noqa: ARG002
        """η / 5^divisions."""
        return np.full(steps, self._rate(initial, pace))

    def reduce(self, initial: float, pace: Pace) -> bool:
        """Divide, unless the rate is tiny by now."""
        if self._rate(initial, pace) <= SMALLEST:
            return False
        pace.divisions += 1
        return True

    @staticmethod
    def _rate(initial: float, pace: Pace) -> float:
        rate = initial
        for _ in range(pace.divisions):
            rate /= DIVISOR
        return rate


@dataclass(frozen=True)
class ScheduledRate(Rate):
    """η times the multiplier of one of chalknet's schedules."""

    schedule: Schedule

    def of_steps(self, initial: float, pace: Pace, epochs: int, steps: int) -> Vector:
        """η · multiplier of each step."""
        if not pace.schedule:
            pace.schedule = self.schedule.init()
        rates: Vector = initial * self.schedule.multipliers(
            pace.epochs, epochs, steps, pace.schedule
        )
        return rates

    def observe(self, pace: Pace, loss: float) -> None:
        """Tell the schedule."""
        pace.schedule = self.schedule.observe(pace.schedule, loss)


def as_rate(learning_rate: Any, solver: str, power_t: float) -> Rate:
    """The rule that ``learning_rate`` names; scikit-learn's three concern ``sgd`` alone.

    Raises
    ------
    ConfigurationError
        It is none of them and no schedule either.

    >>> as_rate("adaptive", "sgd", 0.5), as_rate("adaptive", "adam", 0.5)
    (AdaptiveRate(), ConstantRate())
    >>> as_rate("warmup(2)+cosine", "adam", 0.5).schedule.spec
    'warmup(epochs=2)+cosine'
    """
    if learning_rate == "constant":
        return ConstantRate()
    if learning_rate == "invscaling":
        return InverseScalingRate(power_t) if solver == "sgd" else ConstantRate()
    if learning_rate == "adaptive":
        return AdaptiveRate() if solver == "sgd" else ConstantRate()
    if not isinstance(learning_rate, str | Schedule):
        raise ConfigurationError(
            "learning_rate must be the name of a rule or a chalknet schedule, "
            f"not {learning_rate!r}: the number goes to learning_rate_init."
        )
    if isinstance(learning_rate, str) and learning_rate.isidentifier():
        known = {*SCHEDULES, "invscaling", "adaptive"}
        if learning_rate not in known:
            raise unknown_name("learning_rate", learning_rate, known)
    return ScheduledRate(as_schedule(learning_rate))
