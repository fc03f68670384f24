"""The study database: what is planned, what runs and what came of it, shared by all workers.

Optuna keeps it, in SQLite for one machine or in a database server for many. Every point is put on
the board before anything runs; workers take the next one that waits. A point whose worker is gone,
or was interrupted, goes back on the board with the runs that it has behind it.
"""

from __future__ import annotations

import datetime as dt
import json
import weakref
from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalknet.errors import ConfigurationError, DataNotFoundError
from chalknet.sweeps.course import Run
from chalknet.sweeps.database import (
    alone_on,
    as_url,
    database_errors,
    optuna_library,
    without_warnings,
)
from chalknet.sweeps.plan import SweepPlan
from chalknet.sweeps.presence import GRACE, HEARTBEAT, beating, is_dead, own_name
from chalknet.sweeps.space import Value
from chalknet.sweeps.task import (
    RUNS,
    as_text,
    id_of,
    runs_of,
    unless_taken_over,
    values_of,
)

__all__ = ["Board", "Point", "as_url"]

PLAN, PLANNED, WORKER, WINNER = "plan", "planned", "worker", "winner"
FILE = "sqlite:///"
ENDED = ("complete", "diverged", "pruned")


@dataclass(frozen=True, kw_only=True)
class Point:
    """A point of the space and what became of it.

    ``state`` is "waiting", "running", "complete", "diverged" or "pruned".
    """

    number: int
    values: dict[str, Value]
    state: str
    runs: tuple[Run, ...]

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be done."""
        return self.state in ENDED


class Board:
    """A study in its database.

    Raises
    ------
    DataNotFoundError
        The database cannot be reached, or has no such study.
    ConfigurationError
        There is a study of that name already, with another plan.
    MissingLibraryError
        Optuna is not installed, or the database's driver.
    """

    def __init__(self, url: str, name: str, plan: SweepPlan | None = None) -> None:
        optuna = optuna_library()
        self.url, self.name = url, name
        if plan is None and url.startswith(FILE) and not Path(url.removeprefix(FILE)).exists():
            raise DataNotFoundError(
                f"{url}: there is no such database; name one that a sweep was begun in."
            )
        with database_errors(url), without_warnings():
            self._storage = optuna.storages.RDBStorage(
                url,
                engine_kwargs={"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {},
                heartbeat_interval=HEARTBEAT,
                grace_period=GRACE,
                heartbeat_stale_trial_callback=_put_back,
            )
            # Whoever lets go of a board need not think of its connections.
            self.close = weakref.finalize(self, _leave, self._storage)
            known = {study.study_name for study in self._storage.get_all_studies()}
            if name not in known and plan is None:
                listed = ", ".join(sorted(known)) or "none"
                raise DataNotFoundError(
                    f"{url}: there is no study named {name!r} (there are: {listed})."
                )
            with alone_on(url):
                self._study = optuna.create_study(
                    storage=self._storage,
                    study_name=name,
                    direction="maximize",
                    load_if_exists=True,
                )
                self.plan = self._agreed(plan)
            seed = int(self.plan.base.get("seed", 0))
            self._study.sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
            self._study.pruner = (
                optuna.pruners.MedianPruner(n_startup_trials=3)
                if self.plan.prune
                else optuna.pruners.NopPruner()
            )

    def _agreed(self, plan: SweepPlan | None) -> SweepPlan:
        """The plan on the board; a new one is put there with all its points."""
        stored = self._study.user_attrs.get(PLAN)
        if stored is not None:
            if plan is not None and plan.to_json() != stored:
                raise ConfigurationError(
                    f"{self.url}: the study {self.name!r} is there already, with other options: go "
                    "on with it as it is (--resume or --join), or name another with --name."
                )
            return SweepPlan.from_json(stored)
        if plan is None:
            raise DataNotFoundError(f"{self.url}: the study {self.name!r} is no sweep of chalknet.")
        # Some may be there, from one who was killed while putting them.
        there = {trial.user_attrs[PLANNED] for trial in self.trials()}
        for number, point in enumerate(plan.points()):
            if number not in there:
                self._study.enqueue_trial(point or {}, user_attrs={PLANNED: number})
        self._study.set_user_attr(PLAN, plan.to_json())
        return plan

    # Taking points, and putting them down -----------------------------------------------------

    def next_trial(self) -> Any:
        """The next point that waits, now ours; None if there is none.

        One at a time may ask, see ``alone_on``.
        """
        optuna = optuna_library()
        optuna.storages.fail_stale_trials(self._study)
        for trial in self.trials("RUNNING"):
            if self._is_left(trial):
                self.drop(trial)
        while self.trials("WAITING"):
            trial = self._study.ask()
            if PLANNED in trial.user_attrs:
                return self._signed(trial)
            # Somebody else was quicker, and this one is not of the plan.
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return None

    def claim(self, trial: Any) -> Any:
        """A point that waits, now ours; None if somebody else was quicker."""
        optuna = optuna_library()
        running = optuna.trial.TrialState.RUNNING
        try:
            is_ours = self._storage.set_trial_state_values(id_of(trial), running)
        except optuna.exceptions.UpdateFinishedTrialError:
            return None
        return self._signed(optuna.trial.Trial(self._study, id_of(trial))) if is_ours else None

    def _signed(self, trial: Any) -> Any:
        """A point that is ours, with our name on it."""
        # Without a first beat no silence would ever be noticed.
        self._storage.record_heartbeat(id_of(trial))
        trial.set_user_attr(WORKER, own_name())
        return trial

    def _is_left(self, trial: Any) -> bool:
        """Whether a running point has nobody any more who works on it, as far as we can tell."""
        worker = trial.user_attrs.get(WORKER)
        if worker is not None:
            return is_dead(worker)
        # Its worker was killed before it had signed. One at a time takes points from a file, so
        # nobody is about to sign now; on a server somebody may be.
        since = dt.datetime.now() - trial.datetime_start
        return self.url.startswith("sqlite") or since.total_seconds() > GRACE

    def drop(self, trial: Any) -> None:
        """Put a point back that was not brought to its end; once, whoever sees it first."""
        failed = optuna_library().trial.TrialState.FAIL
        with unless_taken_over():
            self._storage.set_trial_state_values(id_of(trial), failed)
            self._put_back(trial.number)

    def _put_back(self, number: int) -> None:
        _put_back(self._study, self._study.get_trials(deepcopy=False)[number])

    def beating(self, running: Collection[int]) -> AbstractContextManager[None]:
        """Say, from time to time, that these points are being worked on."""
        return beating(self._storage, running)

    def find_lost(self) -> None:
        """Put back what somebody dropped who was killed before he had put it back."""
        with alone_on(self.url):
            for trial in self._latest().values():
                if trial.state.name == "FAIL" and not any(run.diverged for run in runs_of(trial)):
                    self._put_back(trial.number)

    def end(self, trial: Any, runs: list[Run]) -> None:
        """Write what became of a point; nothing, if it was thought dropped and others have it."""
        states = optuna_library().trial.TrialState
        scores = [one.score.value for one in runs if one.score is not None]
        with unless_taken_over():
            if any(one.diverged for one in runs):
                self._study.tell(trial, state=states.FAIL, skip_if_finished=True)
            elif len(scores) < len(runs):
                self._study.tell(trial, state=states.PRUNED, skip_if_finished=True)
            else:
                self._study.tell(trial, sum(scores) / len(scores), skip_if_finished=True)

    def trials(self, *states: str) -> list[Any]:
        """Optuna's trials of the plan's points, in these states (any)."""
        optuna = optuna_library()
        wanted = [getattr(optuna.trial.TrialState, state) for state in states] or None
        trials = self._study.get_trials(deepcopy=False, states=wanted)
        return [trial for trial in trials if PLANNED in trial.user_attrs]

    def _latest(self) -> dict[int, Any]:
        """The last trial of each point: the one that counts."""
        return {trial.user_attrs[PLANNED]: trial for trial in self.trials()}

    # Looking ----------------------------------------------------------------------------------

    def points(self) -> list[Point]:
        """Every point, in the order of the plan, with the latest that became of it."""
        points = []
        for number, trial in sorted(self._latest().items()):
            runs = tuple(runs_of(trial))
            state = trial.state.name.lower()
            if state == "fail":
                state = "diverged" if any(run.diverged for run in runs) else "waiting"
            chosen = values_of(trial)
            values = {name: chosen[name] for name in self.plan.space.axes if name in chosen}
            points.append(Point(number=number, values=values, state=state, runs=runs))
        return points

    @property
    def finished(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return all(point.ended for point in self.points())

    @property
    def winner(self) -> dict[str, Any] | None:
        """What was found when the winner was tested, once."""
        stored = self._study.user_attrs.get(WINNER)
        return None if stored is None else json.loads(stored)

    def keep_winner(self, found: dict[str, Any]) -> None:
        """Keep what the test of the winner gave: it is not made twice."""
        self._study.set_user_attr(WINNER, json.dumps(found))


def _leave(storage: Any) -> None:
    storage.remove_session()
    storage.engine.dispose()


def _put_back(study: Any, trial: Any) -> None:
    """Let a point wait again; runs that came to their end need not be made again."""
    optuna = optuna_library()
    values = values_of(trial)
    attributes = {PLANNED: trial.user_attrs[PLANNED]}
    if ended := [run for run in runs_of(trial) if run.score is not None]:
        attributes[RUNS] = as_text(ended)
    study.add_trial(
        optuna.create_trial(
            state=optuna.trial.TrialState.WAITING,
            user_attrs=attributes,
            system_attrs={"fixed_params": values} if values else {},
        )
    )
