"""A point in the hands of a worker, and how its trial in the study database is read."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import Any

from chalknet.sweeps.course import Run
from chalknet.sweeps.database import optuna_library
from chalknet.sweeps.space import Value

__all__ = ["RUNS", "Task", "as_text", "id_of", "runs_of", "unless_taken_over", "values_of"]

RUNS = "runs"


class Task:
    """A point in the hands of a worker: its values, the runs made before, and where to report."""

    def __init__(self, trial: Any, values: dict[str, Value], stop: threading.Event) -> None:
        self._trial = trial
        self.values = values
        self.stop = stop
        self.runs = runs_of(trial)

    def keep(self, run: Run) -> None:
        """Write a run down as soon as it is made, so that nobody has to make it again."""
        self.runs.append(run)
        with unless_taken_over():
            self._trial.set_user_attr(RUNS, as_text(self.runs))

    def hopeless(self, epoch: int, value: float) -> bool:
        """Report how good the point is after an epoch; whether to give it up."""
        self._trial.report(value, epoch)
        return bool(self._trial.should_prune())


def id_of(trial: Any) -> int:
    """By which the storage knows a trial."""
    return int(trial._trial_id)  # noqa: SLF001


def values_of(trial: Any) -> dict[str, Value]:
    """The point's values, as far as they are known."""
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}


def runs_of(trial: Any) -> list[Run]:
    """The runs that have been made of the point."""
    return [Run.from_dict(stored) for stored in json.loads(trial.user_attrs.get(RUNS, "[]"))]


def as_text(runs: list[Run]) -> str:
    """Runs as the database keeps them."""
    return json.dumps([one.as_dict() for one in runs])


def unless_taken_over() -> contextlib.AbstractContextManager[None]:
    """Of a worker that was silent for too long nothing is expected any more."""
    return contextlib.suppress(optuna_library().exceptions.UpdateFinishedTrialError)
