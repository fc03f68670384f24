"""What a sweep varies: axes with a few choices, or ranges, each checked before anything runs."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chalknet.errors import ConfigurationError, unknown_name
from chalknet.runs.config import TrainConfig

__all__ = [
    "Axis",
    "Choices",
    "Range",
    "Space",
    "configured",
    "described",
    "parse_choices",
    "parse_range",
]

# What belongs to the data, which all runs share, or to how the work is done.
FIXED = frozenset(
    (
        *("data", "data_dir", "target", "inputs", "task", "image_size", "max_bytes"),
        *("validation", "test", "split", "seed", "engine", "threads"),
        *("checkpoint_every", "checkpoint_minutes", "evaluate_test_each_epoch"),
    )
)
Value = str | float | int


@dataclass(frozen=True)
class Choices:
    """One of a few values, as they were written."""

    values: tuple[str, ...]

    def suggest(self, trial: Any, name: str) -> Value:
        """What the study's sampler, or its plan, says."""
        value: Value = trial.suggest_categorical(name, list(self.values))
        return value

    def drawn(self, rng: np.random.Generator) -> Value:
        """One of them, each as likely."""
        return self.values[int(rng.integers(len(self.values)))]


@dataclass(frozen=True)
class Range:
    """A number from ``low`` to ``high``; ``log`` draws its logarithm evenly."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def suggest(self, trial: Any, name: str) -> Value:
        """What the study's sampler, or its plan, says."""
        value: Value
        if self.whole:
            value = trial.suggest_int(name, int(self.low), int(self.high), log=self.log)
        else:
            value = trial.suggest_float(name, self.low, self.high, log=self.log)
        return value

    def drawn(self, rng: np.random.Generator) -> Value:
        """A number within, evenly, or with its logarithm evenly."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        x = float(rng.uniform(low, high))
        x = min(max(math.exp(x) if self.log else x, self.low), self.high)
        return round(x) if self.whole else x


Axis = Choices | Range


@dataclass(frozen=True)
class Space:
    """The axes by the name of the option that each varies."""

    axes: Mapping[str, Axis]

    @property
    def is_grid(self) -> bool:
        """Whether every axis has a few choices, so that all combinations can be run."""
        return all(isinstance(axis, Choices) for axis in self.axes.values())

    def grid(self) -> Iterator[dict[str, Value]]:
        """All combinations, the last axis the fastest."""
        choices = [axis.values for axis in self.axes.values() if isinstance(axis, Choices)]
        for values in itertools.product(*choices):
            yield dict(zip(self.axes, values, strict=True))

    def drawn(self, rng: np.random.Generator) -> dict[str, Value]:
        """A random point."""
        return {name: axis.drawn(rng) for name, axis in self.axes.items()}

    def suggest(self, trial: Any) -> dict[str, Value]:
        """The point that a trial is to run."""
        return {name: axis.suggest(trial, name) for name, axis in self.axes.items()}

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {name: vars(axis) for name, axis in self.axes.items()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Space:
        """What ``as_dict`` gave."""
        return cls(
            {
                name: Choices(tuple(axis["values"])) if "values" in axis else Range(**axis)
                for name, axis in stored.items()
            }
        )


def parse_choices(text: str) -> tuple[str, Choices]:
    """``activation=relu,tanh``: an option and its values; widths of several layers as 256-128.

    >>> parse_choices("hidden=100,256-128")
    ('hidden', Choices(values=('100', '256-128')))
    """
    name, listed = _split(text, "--grid", "activation=relu,tanh")
    values = tuple(dict.fromkeys(part.strip() for part in re.split(r",(?![^(]*\))", listed)))
    for value in values:
        if not value:
            raise ConfigurationError(f"--grid {text}: a value is missing between the commas.")
    return name, Choices(values)


def parse_range(text: str) -> tuple[str, Range]:
    """``learning_rate=1e-5:1e-1:log``: an option, its bounds, and log or nothing.

    >>> parse_range("batch_size=16:256:log")
    ('batch_size', Range(low=16.0, high=256.0, log=True, whole=True))
    """
    name, listed = _split(text, "--range", "learning_rate=1e-5:1e-1:log")
    parts = [part.strip() for part in listed.split(":")]
    try:
        low, high = float(parts[0]), float(parts[1])
    except (ValueError, IndexError):
        low, high = math.nan, math.nan
    log = parts[2:] == ["log"]
    if not (math.isfinite(low) and math.isfinite(high)) or (parts[2:] and not log):
        raise ConfigurationError(
            f"--range {text}: give low:high, or low:high:log, as in learning_rate=1e-5:1e-1:log."
        )
    if low >= high or (log and low <= 0):
        raise ConfigurationError(
            f"--range {text}: the first number must be the smaller"
            + (", and above 0 for log." if log else ".")
        )
    field = TrainConfig.model_fields[name].annotation
    return name, Range(low, high, log, whole="int" in str(field))


def _split(text: str, option: str, example: str) -> tuple[str, str]:
    name, sign, listed = text.partition("=")
    name = name.strip().lower().replace("-", "_")
    if not sign or not listed.strip():
        raise ConfigurationError(
            f"{option} takes an option and values, as in {example}, not {text}."
        )
    known = [field for field in TrainConfig.model_fields if field not in FIXED]
    if name in FIXED:
        raise ConfigurationError(
            f"{option} {text}: all runs of a sweep share the same data, seeds and engine, so "
            f"{name} cannot vary."
        )
    if name not in known:
        raise ConfigurationError(f"{option}: {unknown_name('option', name, known)}")
    return name, listed


def configured(base: Mapping[str, Any], point: Mapping[str, Value]) -> TrainConfig:
    """The configuration at a point of the space.

    Raises
    ------
    ConfigurationError
        A value is not one that its option takes.
    """
    return TrainConfig.make({**base, **{name: _value(name, v) for name, v in point.items()}})


def _value(name: str, value: Value) -> Any:
    if name == "hidden":
        text = str(value)
        return [] if text in ("", "none") else text.split("-")
    return [value] if name in ("activation", "dropout") else value


def described(point: Mapping[str, Value]) -> str:
    """A point in a few words: "activation relu, learning_rate 0.001"."""
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in point.items()
    )
