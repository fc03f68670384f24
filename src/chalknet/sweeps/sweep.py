"""A sweep from its plan to its winner: workers, ranking, and the one test at the end."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chalknet.engine import as_engine, prepare
from chalknet.engine.small import MOST_TOGETHER, is_small
from chalknet.errors import ChalknetError, ConfigurationError
from chalknet.model import Model
from chalknet.runs.config import TrainConfig
from chalknet.runs.folder import RunFolder
from chalknet.runs.job import TrainingJob
from chalknet.runs.sources import Parts, load_parts
from chalknet.sweeps.board import Board, Point
from chalknet.sweeps.course import Run, run_once, run_together
from chalknet.sweeps.plan import SweepPlan
from chalknet.sweeps.sharing import ALONE, Sharing
from chalknet.sweeps.space import Value, described
from chalknet.sweeps.task import Task
from chalknet.sweeps.workers import Workers

__all__ = ["Ranked", "crown", "ranking", "rehearse", "work"]

FEW, REHEARSED = 1000, 200  # samples, points
Heard = Callable[[dict[str, Value], list[Run]], None]


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A point with its place: mean and spread of what its runs scored."""

    place: int
    point: Point
    mean: float
    spread: float
    loss: float
    seconds: float

    @property
    def by_accuracy(self) -> bool:
        """Whether ``mean`` is one of accuracies; otherwise it is minus one of losses."""
        return any(
            run.score is not None and run.score.accuracy is not None for run in self.point.runs
        )


class Best:
    """The first run of the best point that this process has seen: it need not be made again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key = (-math.inf, -math.inf)
        self._values: dict[str, Value] = {}
        self._job: TrainingJob | None = None

    def offer(self, values: dict[str, Value], runs: Sequence[Run], job: TrainingJob | None) -> None:
        """Keep the job if no better point has been seen."""
        scores = [run.score for run in runs if run.score is not None]
        if not scores or len(scores) < len(runs):
            return
        key = (_mean([s.value for s in scores]), -_mean([s.loss for s in scores]))
        with self._lock:
            if key > self._key:
                self._key, self._values, self._job = key, values, job

    def of(self, point: Point) -> TrainingJob | None:
        """The job of a point, if it is the one that was kept."""
        return self._job if point.values == self._values else None


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def work(
    board: Board,
    *,
    parts: Parts | None = None,
    workers: int | None = None,
    heard: Heard = lambda *_: None,
) -> tuple[Parts, Best]:
    """Take points from the board until none is left.

    One kernel thread a worker where there are at least as many runs as cores; with fewer, the
    cores are shared out. Threads never change a result.

    Parameters
    ----------
    board : Board
    parts : Parts, optional
        The data, if it has been read already.
    workers : int, optional
        How many points at a time, or groups of small ones; by default as many as cores.
    heard : function
        Told of every point that is done.

    Returns
    -------
    Parts, Best
        The data, and what ``crown`` need not train again.
    """
    plan = board.plan
    # All workers would wait for the kernels; compiled first, they are there for everyone.
    prepare(plan.config({}).dtype)
    parts = load_parts(plan.config({})) if parts is None else parts
    waiting = sum(not point.ended for point in board.points())
    count = min(workers or cores(), max(waiting, 1))
    threads = max(1, cores() // count)

    best = Best()

    def objective(tasks: Sequence[Task]) -> Iterator[Task]:
        firsts: dict[Task, TrainingJob] = {}
        for seed in range(plan.seeds):
            jobs = dict(_runs_of(plan, seed, tasks, parts, threads))
            firsts = jobs if seed == 0 else firsts
        for task in tasks:
            best.offer(task.values, task.runs, firsts.get(task))
            yield task

    shared = sharing(plan, parts)
    from threadpoolctl import threadpool_limits

    # The reference engine sets and restores BLAS's threads at every call, and workers would undo
    # each other's doing.
    with threadpool_limits(threads):
        Workers(board, count, shared).work(objective, lambda task: heard(task.values, task.runs))
    return parts, best


def sharing(plan: SweepPlan, parts: Parts) -> Sharing:
    """Points with small networks of one shape that see the same batches are taken together.

    Not with ``tpe``, nor where hopeless points are given up: what becomes of a point depends on
    those that have ended before it, so it is best to take them one by one.
    """
    data, engine = parts.train, as_engine(plan.config({}).engine)
    if plan.engine == "tpe" or plan.prune or engine.name != "compiled":
        return ALONE
    known: dict[tuple[Any, ...], Hashable] = {}

    def kind(values: Mapping[str, Value]) -> Hashable:
        point = tuple(values.items())
        if point not in known:
            config = plan.config(values)
            widths = [data.n_features, *config.hidden, data.n_outputs]
            small = is_small(widths, np.dtype(config.dtype), min(config.batch_size, len(data)))
            known[point] = _batches(config) if small else None
        return known[point]

    return Sharing(kind=kind, most=MOST_TOGETHER)


def _batches(config: TrainConfig) -> Hashable:
    """What decides, with the seed, which batches a network sees."""
    # The generator draws weights first, of this shape; what follows orders the samples.
    weights = (tuple(config.hidden), config.init, config.dtype)
    return weights, config.batch_size, config.shuffle, any(config.dropout), config.scaling


def _runs_of(
    plan: SweepPlan, seed: int, tasks: Sequence[Task], parts: Parts, threads: int
) -> Iterator[tuple[Task, TrainingJob]]:
    """Make and keep the run of a seed for each task that lacks it; gives the jobs."""
    wanting = []
    for task in tasks:
        if task.runs and task.runs[-1].score is None:
            continue  # it diverged, or was given up
        if seed >= len(task.runs):
            wanting.append(task)
        elif plan.prune and seed == 0:  # made by a worker that was stopped later on
            for epoch in range(1, len(task.runs[0].train_loss) + 1):
                task.hopeless(epoch, task.runs[0].value_at(epoch))
    if len(wanting) == 1:
        task = wanting[0]
        give_up = {"give_up": task.hopeless} if plan.prune and seed == 0 else {}
        config = plan.config(task.values, seed)
        run, job = run_once(config, parts, threads=threads, stop=task.stop, **give_up)
        task.keep(run)
        yield task, job
    elif wanting:
        configs = [plan.config(task.values, seed) for task in wanting]
        stop = wanting[0].stop
        for number, run, job in run_together(configs, parts, threads=threads, stop=stop):
            wanting[number].keep(run)
            yield wanting[number], job


def rehearse(plan: SweepPlan, parts: Parts) -> None:
    """Set up, on a few samples, what is to be run, so that no mistake shows after hours.

    Raises
    ------
    ChalknetError
        A point's options do not go together, or not with the data; the point is named.
    """
    few = parts
    if len(parts.train) > FEW and plan.base.get("class_weight") is None:
        rows = np.linspace(0, len(parts.train) - 1, FEW).astype(int)
        few = Parts(parts.train.take(rows), parts.validation, None)
    for point in plan.points()[:REHEARSED]:
        if point is None:
            point = plan.space.drawn(np.random.default_rng(0))  # noqa: PLW2901
        try:
            TrainingJob(plan.config(point), few)
        except ChalknetError as error:
            raise ConfigurationError(f"{described(point)}: {error}") from None


def ranking(points: Sequence[Point]) -> list[Ranked]:
    """The completed points, best first: by mean accuracy, or by mean loss for numbers."""
    rows = []
    for point in points:
        scores = [run.score for run in point.runs if run.score is not None]
        if point.state != "complete" or not scores:
            continue
        values = np.array([score.value for score in scores])
        loss = _mean([score.loss for score in scores])
        spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        seconds = sum(run.seconds for run in point.runs)
        rows.append((float(values.mean()), loss, spread, seconds, point))
    # Of equal accuracy the smaller loss is better; then the plan's order decides.
    rows.sort(key=lambda row: (-row[0], row[1], row[4].number))
    return [
        Ranked(place=place, point=point, mean=mean, spread=spread, loss=loss, seconds=seconds)
        for place, (mean, loss, spread, seconds, point) in enumerate(rows, start=1)
    ]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def crown(
    board: Board, parts: Parts, folder: Path, seen: Best | None = None
) -> tuple[dict[str, Any], Model] | None:
    """Make the winner a run of its own, and test it: once in the life of the sweep.

    It is the first seed's run, which is restored if this process has made it (``seen``) and made
    again, to the same bits, otherwise. Returns what was found, and the model; None if no point is
    complete.
    """
    ranked = ranking(board.points())
    if not ranked:
        return None
    best = ranked[0]
    config = board.plan.config(best.point.values)
    stored = board.winner
    if stored is not None and (folder / "model.safetensors").is_file():
        return stored, RunFolder.open(folder).model()
    begun = (folder / "config.toml").is_file()  # by somebody who was stopped
    run_folder = RunFolder.open(folder) if begun else RunFolder.create(config, folder)
    chosen = parts if stored is None else Parts(parts.train, parts.validation, None)
    job = None if seen is None or stored is not None else seen.of(best.point)
    if job is None:
        job = TrainingJob(config, chosen, run_folder.latest_checkpoint())
    outcome = job.run(run_folder)
    if stored is None:
        test = outcome.test
        stored = {
            "number": best.point.number,
            "values": best.point.values,
            "validation": best.mean,
            "spread": best.spread,
            "test_loss": None if test is None else test.loss,
            "test_accuracy": None if test is None else test.accuracy,
            "test_correct": None if test is None else test.correct,
            "test_total": None if test is None else test.total,
        }
        board.keep_winner(stored)
    return stored, outcome.model
