"""The study database: what is planned, what runs and what came of it, shared by all workers.

Optuna keeps it, in SQLite for one machine or in a database server for many. Every point is put on
the board before anything runs; workers take the next one that waits. A point whose worker is gone
goes back on the board.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalknet.errors import ConfigurationError, DataNotFoundError, MissingLibraryError
from chalknet.sweeps.course import Run
from chalknet.sweeps.plan import SweepPlan
from chalknet.sweeps.space import Value

__all__ = ["Board", "Point", "as_url"]

HEARTBEAT, GRACE = 15, 300  # seconds: a worker elsewhere that is silent for longer is gone
PLAN, RUNS, PLANNED, WORKER, WINNER = "plan", "runs", "planned", "worker", "winner"

Objective = Callable[[Any, dict[str, Value]], list[Run]]


@dataclass(frozen=True, kw_only=True)
class Point:
    """A point of the space and what became of it.

    ``state`` is "waiting", "running", "complete", "diverged" or "pruned".
    """

    number: int
    values: dict[str, Value]
    state: str
    runs: tuple[Run, ...]


def as_url(place: str | Path) -> str:
    """A database URL as it is, a path as the SQLite file there."""
    text = str(place)
    return text if "://" in text else f"sqlite:///{Path(text).absolute()}"


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
        optuna = _optuna()
        self.url, self.name = url, name
        with _database_errors(url):
            storage = optuna.storages.RDBStorage(
                url,
                engine_kwargs={"connect_args": {"timeout": 60}} if url.startswith("sqlite") else {},
                heartbeat_interval=HEARTBEAT,
                grace_period=GRACE,
                heartbeat_stale_trial_callback=_put_back,
            )
            known = {study.study_name for study in storage.get_all_studies()}
            if name not in known and plan is None:
                listed = ", ".join(sorted(known)) or "none"
                raise DataNotFoundError(
                    f"{url}: there is no study named {name!r} (there are: {listed})."
                )
            self._study = optuna.create_study(
                storage=storage, study_name=name, direction="maximize", load_if_exists=True
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
        for number, point in enumerate(plan.points()):
            self._study.enqueue_trial(point or {}, user_attrs={PLANNED: number})
        self._study.set_user_attr(PLAN, plan.to_json())
        return plan

    # Working ----------------------------------------------------------------------------------

    def work(self, objective: Objective, workers: int) -> None:
        """Take points from the board until none waits, ``workers`` at a time.

        ``objective`` gets the trial (to report to and to ask whether to give up) and the values.
        """
        self.put_back_of_the_dead()
        running: set[int] = set()
        with _beating(self._study, running), ThreadPoolExecutor(workers) as pool:
            for done in [pool.submit(self._take, objective, running) for _ in range(workers)]:
                done.result()

    def _take(self, objective: Objective, running: set[int]) -> None:
        """One worker: point after point."""
        while (trial := self._next()) is not None:
            running.add(trial._trial_id)  # noqa: SLF001 - what a heartbeat is recorded for
            try:
                self._keep(trial, objective(trial, self.plan.space.suggest(trial)))
            finally:
                running.discard(trial._trial_id)  # noqa: SLF001

    def _next(self) -> Any:
        """The next point that waits, now ours; None if there is none."""
        optuna = _optuna()
        with _ASKING, self._alone(), _without_warnings():
            optuna.storages.fail_stale_trials(self._study)
            while self._waiting():
                trial = self._study.ask()
                if PLANNED in trial.user_attrs:
                    trial.set_user_attr(WORKER, _own_name())
                    return trial
                # Somebody else was quicker, and this one is not of the plan.
                self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
        return None

    def _keep(self, trial: Any, runs: list[Run]) -> None:
        """Write what became of a point."""
        states = _optuna().trial.TrialState
        trial.set_user_attr(RUNS, json.dumps([one.as_dict() for one in runs]))
        scores = [one.score.value for one in runs if one.score is not None]
        if any(one.diverged for one in runs):
            self._study.tell(trial, state=states.FAIL)
        elif len(scores) < len(runs):
            self._study.tell(trial, state=states.PRUNED)
        else:
            self._study.tell(trial, sum(scores) / len(scores))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from taking a point meanwhile; a database server does so itself."""
        if not self.url.startswith("sqlite"):
            yield
            return
        path = self.url.removeprefix("sqlite:///")
        with Path(f"{path}.lock").open("w") as lock:
            try:
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX)
            except ImportError:  # not on this system: one process at a time, then
                pass
            yield

    def _trials(self, *states: str) -> list[Any]:
        optuna = _optuna()
        wanted = [getattr(optuna.trial.TrialState, state) for state in states] or None
        trials = self._study.get_trials(deepcopy=False, states=wanted)
        return [trial for trial in trials if PLANNED in trial.user_attrs]

    def _waiting(self) -> bool:
        return bool(self._trials("WAITING"))

    def put_back_of_the_dead(self) -> int:
        """Put points back whose worker, on this machine, is no longer there; how many."""
        optuna = _optuna()
        put_back = 0
        for trial in self._trials("RUNNING"):
            if _is_dead(trial.user_attrs.get(WORKER, "")):
                self._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
                _put_back(self._study, trial)
                put_back += 1
        return put_back

    # Looking ----------------------------------------------------------------------------------

    def points(self) -> list[Point]:
        """Every point, in the order of the plan, with the latest that became of it."""
        latest: dict[int, Any] = {}
        for trial in self._trials():
            latest[trial.user_attrs[PLANNED]] = trial
        points = []
        for number, trial in sorted(latest.items()):
            runs = tuple(map(Run.from_dict, json.loads(trial.user_attrs.get(RUNS, "[]"))))
            state = trial.state.name.lower()
            if state == "fail":
                state = "diverged" if any(run.diverged for run in runs) else "waiting"
            values = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
            points.append(Point(number=number, values=values, state=state, runs=runs))
        return points

    @property
    def finished(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return not any(point.state in ("waiting", "running") for point in self.points())

    @property
    def winner(self) -> dict[str, Any] | None:
        """What was found when the winner was tested, once."""
        stored = self._study.user_attrs.get(WINNER)
        return None if stored is None else json.loads(stored)

    def keep_winner(self, found: dict[str, Any]) -> None:
        """Keep what the test of the winner gave: it is not made twice."""
        self._study.set_user_attr(WINNER, json.dumps(found))


_ASKING = threading.Lock()


@contextlib.contextmanager
def _beating(study: Any, running: set[int]) -> Iterator[None]:
    """Say every few seconds that the running points are being worked on."""
    ended = threading.Event()
    storage = study._storage  # noqa: SLF001 - the same storage, which knows of heartbeats

    def beat() -> None:
        while not ended.wait(HEARTBEAT):
            for trial in tuple(running):
                with contextlib.suppress(Exception):  # a beat that is missed is no failure
                    storage.record_heartbeat(trial)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _put_back(study: Any, trial: Any) -> None:
    """Let a point wait again, from its beginning."""
    optuna = _optuna()
    attributes = {PLANNED: trial.user_attrs[PLANNED]}
    fixed = trial.system_attrs.get("fixed_params", {})
    values = {**fixed, **trial.params}
    study.add_trial(
        optuna.create_trial(
            state=optuna.trial.TrialState.WAITING,
            user_attrs=attributes,
            system_attrs={"fixed_params": values} if values else {},
        )
    )


def _own_name() -> str:
    return f"{socket.gethostname()} {os.getpid()} {_started(os.getpid())}"


def _started(pid: int) -> str:
    """When a process began, as the system counts; empty where it does not say."""
    with contextlib.suppress(OSError, IndexError):
        # The name of the program, in brackets, may hold spaces.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


def _is_dead(worker: str) -> bool:
    """Whether a worker of this machine is gone; of another machine nothing is known."""
    host, _, rest = worker.partition(" ")
    pid, _, started = rest.partition(" ")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return bool(started) and _started(int(pid)) != started


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise MissingLibraryError(
            "sweeps are kept by Optuna, which is not installed: pip install 'chalknet[sweep]'."
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Optuna calls heartbeats experimental, and warns of using them outside its own loop."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _database_errors(url: str) -> Iterator[None]:
    """What a database driver complains of, as one sentence."""
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    shown = _without_password(url)
    try:
        with _without_warnings():
            yield
    except ImportError as error:
        raise MissingLibraryError(
            f"{shown}: the database's driver is not installed ({error}); for PostgreSQL: "
            "pip install 'psycopg[binary]', with a URL that begins with postgresql+psycopg://."
        ) from None
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigurationError(f"{shown}: this is no database URL ({error}).") from None
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise DataNotFoundError(f"{shown}: the database cannot be used ({reason}).") from None


def _without_password(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    login, at, host = rest.rpartition("@")
    return f"{scheme}{mark}{login.partition(':')[0]}{at}{host}"
