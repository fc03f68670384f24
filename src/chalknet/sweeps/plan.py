"""What a sweep is to do: everything that a worker, here or elsewhere, must know to take part."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chalknet.errors import ConfigurationError
from chalknet.runs.config import TrainConfig
from chalknet.sweeps.space import Space, Value, configured

__all__ = ["Engine", "SweepPlan"]

Engine = Literal["grid", "random", "tpe"]
USUAL_VALIDATION = 0.1
MOST = 100_000  # runs


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """A base configuration, the space around it, and how it is searched.

    Parameters
    ----------
    base : mapping
        Options of ``TrainConfig`` that all runs share. Without a validation share, a tenth.
    space : Space
    engine : "grid", "random" or "tpe"
        All combinations; points drawn at random; points that Optuna's tree of Parzen estimators
        chooses from what has been seen.
    trials : int
        How many points; for a grid, all.
    seeds : int
        Runs a point: initial weights and orders from ``seed``, ``seed + 1``, ….
    prune : bool
        Give a point up whose first run is worse at an epoch than the median of the others.

    Raises
    ------
    ConfigurationError
        An option is wrong, a value is none that it takes, or a grid is asked for and a range given.
    """

    base: Mapping[str, Any]
    space: Space
    engine: Engine
    trials: int
    seeds: int = 1
    prune: bool = False

    @classmethod
    def make(
        cls,
        base: Mapping[str, Any],
        space: Space,
        *,
        engine: Engine | None = None,
        trials: int | None = None,
        seeds: int = 1,
        prune: bool = False,
    ) -> SweepPlan:
        """Check everything and fill in what was left open."""
        if not space.axes:
            raise ConfigurationError(
                "a sweep needs something to vary: --grid activation=relu,tanh, or --range "
                "learning_rate=1e-4:1e-1:log."
            )
        engine = engine or ("grid" if space.is_grid and trials is None else "random")
        if engine == "grid" and not space.is_grid:
            raise ConfigurationError(
                "a range has no end of points, so not all can be run: take --engine random or tpe "
                "with --trials, or --grid for a few values."
            )
        count = _count(space, engine, trials)
        if not 1 <= seeds <= 1000:
            raise ConfigurationError(f"seeds must be from 1 to 1000, not {seeds}.")
        chosen = {"validation": USUAL_VALIDATION, **base}
        plan = cls(base=chosen, space=space, engine=engine, trials=count, seeds=seeds, prune=prune)
        plan._check()
        return plan

    def _check(self) -> None:
        """Every value of every axis must be one that its option takes, with the others at first."""
        first = self.config({})
        if first.validation_fraction == 0:
            raise ConfigurationError(
                "a sweep ranks its runs on validation data: give --validation 0.1, say."
            )
        for name, axis in self.space.axes.items():
            values = getattr(axis, "values", None) or (axis.drawn(np.random.default_rng(0)),)
            for value in values:
                try:
                    self.config({name: value})
                except ConfigurationError as error:
                    raise ConfigurationError(f"--grid {name}={value}: {error}") from None

    def config(self, point: Mapping[str, Value], seed: int = 0) -> TrainConfig:
        """The configuration of one run."""
        base = {**self.base, "seed": int(self.base.get("seed", 0)) + seed}
        return configured(base, point)

    def points(self) -> list[dict[str, Value] | None]:
        """The points to be run, in order; None where the sampler is to choose."""
        if self.engine == "grid":
            return [*self.space.grid()]
        if self.engine == "tpe":
            return [None] * self.trials
        rng = np.random.default_rng(int(self.base.get("seed", 0)))
        return [self.space.drawn(rng) for _ in range(self.trials)]

    def to_json(self) -> str:
        """As the study keeps it."""
        base = dict(sorted(self.base.items()))  # their order means nothing, that of the axes does
        return json.dumps({**vars(self), "base": base, "space": self.space.as_dict()})

    @classmethod
    def from_json(cls, text: str) -> SweepPlan:
        """What ``to_json`` gave."""
        stored = json.loads(text)
        return cls(**{**stored, "space": Space.from_dict(stored["space"])})


def _count(space: Space, engine: Engine, trials: int | None) -> int:
    if engine == "grid":
        count = 1
        for axis in space.axes.values():
            count *= len(getattr(axis, "values", ()))
        if trials is not None:
            raise ConfigurationError(
                "a grid runs all its combinations: leave --trials out, or take --engine random."
            )
    elif trials is None:
        raise ConfigurationError(f"--engine {engine} needs --trials: how many points to run.")
    else:
        count = trials
    if not 1 <= count <= MOST:
        raise ConfigurationError(f"a sweep has from 1 to {MOST:,} points, not {count:,}.")
    return count
