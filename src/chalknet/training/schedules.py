"""Learning-rate schedules: what the optimizer's rate is multiplied by, epoch after epoch.

Epochs count from 0 here. All but ``Warmup`` keep one multiplier through an epoch.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError
from chalknet.specs import format_spec, resolve

__all__ = [
    "SCHEDULES",
    "Constant",
    "Cosine",
    "Exponential",
    "InverseScaling",
    "ReduceOnPlateau",
    "Schedule",
    "StepDecay",
    "Warmup",
    "as_schedule",
]

State = dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """What the schedules share; by itself the one that changes nothing."""

    name: ClassVar[str]

    def init(self) -> State:
        """What must be remembered from epoch to epoch, as plain numbers; usually nothing."""
        return {}

    def multiplier(self, epoch: int, epochs: int, state: State) -> float:  # noqa: ARG002
        """The factor on the optimizer's learning rate in ``epoch`` of ``epochs``."""
        return 1.0

    def multipliers(
        self, epoch: int, epochs: int, steps: int, state: State
    ) -> npt.NDArray[np.float64]:
        """The factor in each of the ``steps`` of the epoch."""
        return np.full(steps, self.multiplier(epoch, epochs, state))

    def observe(self, state: State, loss: float) -> State:  # noqa: ARG002
        """The state after an epoch that ended with this validation (or else training) loss."""
        return state

    @property
    def spec(self) -> str:
        """How the schedule is written in files and on the command line."""
        changed = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        }
        return format_spec(self.name, changed)

    def _require(self, holds: bool, sentence: str) -> None:
        if not holds:
            raise ConfigurationError(f"schedule {self.name}: {sentence}.")


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    """1, always."""

    name: ClassVar[str] = "constant"


@dataclass(frozen=True, kw_only=True)
class StepDecay(Schedule):
    """factor^⌊epoch / every⌋.

    >>> [StepDecay(every=2, factor=0.5).multiplier(epoch, 5, {}) for epoch in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    every: int = 10
    factor: float = 0.1

    name: ClassVar[str] = "step_decay"

    def __post_init__(self) -> None:
        self._require(self.every >= 1, f"every must be at least 1 epoch, not {self.every}")
        self._require(self.factor > 0, f"factor must be positive, not {self.factor}")

    def multiplier(self, epoch: int, epochs: int, state: State) -> float:  # noqa: ARG002
        """factor^⌊epoch / every⌋."""
        return float(self.factor ** (epoch // self.every))


@dataclass(frozen=True, kw_only=True)
class Exponential(Schedule):
    """factor^epoch."""

    factor: float = 0.95

    name: ClassVar[str] = "exponential"

    def __post_init__(self) -> None:
        self._require(self.factor > 0, f"factor must be positive, not {self.factor}")

    def multiplier(self, epoch: int, epochs: int, state: State) -> float:  # noqa: ARG002
        """factor^epoch."""
        return float(self.factor**epoch)


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """minimum + (1 − minimum) · ½ (1 + cos(π epoch / epochs)).

    Source: Loshchilov and Hutter, "SGDR", ICLR 2017, without restarts.
    """

    minimum: float = 0.0

    name: ClassVar[str] = "cosine"

    def __post_init__(self) -> None:
        self._require(0 <= self.minimum <= 1, f"minimum must be from 0 to 1, not {self.minimum}")

    def multiplier(self, epoch: int, epochs: int, state: State) -> float:  # noqa: ARG002
        """minimum + (1 − minimum) · ½ (1 + cos(π epoch / epochs))."""
        half_wave = 0.5 * (1.0 + math.cos(math.pi * min(epoch / epochs, 1.0)))
        return self.minimum + (1.0 - self.minimum) * half_wave


@dataclass(frozen=True, kw_only=True)
class InverseScaling(Schedule):
    """1 / (epoch + 1)^power."""

    power: float = 0.5

    name: ClassVar[str] = "inverse_scaling"

    def __post_init__(self) -> None:
        self._require(self.power >= 0, f"power must be at least 0, not {self.power}")

    def multiplier(self, epoch: int, epochs: int, state: State) -> float:  # noqa: ARG002
        """1 / (epoch + 1)^power."""
        return float((epoch + 1) ** -self.power)


@dataclass(frozen=True, kw_only=True)
class ReduceOnPlateau(Schedule):
    """Multiplied by ``factor`` once more than ``patience`` epochs went by without progress.

    Progress is a loss below the best so far by more than ``threshold`` of it.
    """

    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    minimum: float = 0.0

    name: ClassVar[str] = "reduce_on_plateau"

    def __post_init__(self) -> None:
        self._require(0 < self.factor < 1, f"factor must be between 0 and 1, not {self.factor}")
        self._require(self.patience >= 0, f"patience must be at least 0, not {self.patience}")

    def init(self) -> State:
        """The best loss, the epochs since, and the multiplier reached."""
        return {"best": math.inf, "waited": 0, "multiplier": 1.0}

    def multiplier(self, epoch: int, epochs: int, state: State) -> float:  # noqa: ARG002
        """What the losses so far have left."""
        return state["multiplier"]

    def observe(self, state: State, loss: float) -> State:
        """Count the epochs without progress; reduce when there were too many."""
        best = state["best"]
        if not math.isfinite(best) or loss < best - self.threshold * abs(best):
            return {**state, "best": loss, "waited": 0}
        waited = state["waited"] + 1
        if waited <= self.patience:
            return {**state, "waited": waited}
        reduced = max(state["multiplier"] * self.factor, self.minimum)
        return {**state, "waited": 0, "multiplier": reduced}


@dataclass(frozen=True, kw_only=True)
class Warmup(Schedule):
    """A straight line from 0 up to 1 over the steps of the first ``epochs``; then another schedule.

    Written ``warmup(5)``, or ``warmup(5)+cosine``: the second begins when the first has ended.
    Source: Goyal et al., "Accurate, large minibatch SGD", 2017.
    """

    epochs: int = 1
    then: Schedule = Constant()

    name: ClassVar[str] = "warmup"

    def __post_init__(self) -> None:
        self._require(self.epochs >= 1, f"epochs must be at least 1, not {self.epochs}")

    def init(self) -> State:
        """What the second schedule remembers."""
        return self.then.init()

    def multipliers(
        self, epoch: int, epochs: int, steps: int, state: State
    ) -> npt.NDArray[np.float64]:
        """(steps taken, this one included) / (steps of the warm-up)."""
        if epoch >= self.epochs:
            rest = max(epochs - self.epochs, 1)
            return self.then.multipliers(epoch - self.epochs, rest, steps, state)
        return (epoch * steps + np.arange(1, steps + 1)) / (self.epochs * steps)

    def observe(self, state: State, loss: float) -> State:
        """Left to the second schedule."""
        return self.then.observe(state, loss)

    @property
    def spec(self) -> str:
        """``warmup(epochs=5)+cosine``."""
        first = format_spec(self.name, {"epochs": self.epochs})
        return first if isinstance(self.then, Constant) else f"{first}+{self.then.spec}"


SCHEDULES: dict[str, type[Schedule]] = {
    cls.name: cls
    for cls in (
        Constant,
        StepDecay,
        Exponential,
        Cosine,
        InverseScaling,
        ReduceOnPlateau,
        Warmup,
    )
}


def as_schedule(spec: str | Schedule | None) -> Schedule:
    """The schedule that ``spec`` names, or one already made; None is ``constant``.

    Raises
    ------
    ConfigurationError
        The name is unknown (the message suggests the nearest), or a value does not fit.

    >>> as_schedule("warmup(3)+step_decay(every=10, factor=0.5)").then
    StepDecay(every=10, factor=0.5)
    """
    if spec is None:
        return Constant()
    if isinstance(spec, Schedule):
        return spec
    first, plus, second = str(spec).partition("+")
    makers: dict[str, Callable[..., Schedule]] = dict(SCHEDULES)
    takes = {
        name: tuple(field.name for field in dataclasses.fields(cls) if field.name != "then")
        for name, cls in SCHEDULES.items()
    }
    schedule: Any = resolve("schedule", first, makers, takes)
    if not plus:
        return schedule  # type: ignore[no-any-return]
    if not isinstance(schedule, Warmup):
        raise ConfigurationError(f"schedule {spec!r}: only a warmup can be followed by another.")
    return dataclasses.replace(schedule, then=as_schedule(second))
