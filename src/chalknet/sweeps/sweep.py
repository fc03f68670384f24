"""A sweep from its plan to its winner: workers, ranking, and the one test at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chalknet.engine import prepare
from chalknet.errors import ChalknetError, ConfigurationError
from chalknet.model import Model
from chalknet.runs.folder import RunFolder
from chalknet.runs.job import TrainingJob
from chalknet.runs.sources import Parts, load_parts
from chalknet.sweeps.board import Board, Point, Task
from chalknet.sweeps.course import Run, run_once
from chalknet.sweeps.plan import SweepPlan
from chalknet.sweeps.space import Value, described

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


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def work(
    board: Board,
    *,
    parts: Parts | None = None,
    workers: int | None = None,
    heard: Heard = lambda *_: None,
) -> Parts:
    """Take points from the board until none is left.

    One kernel thread a worker where there are at least as many runs as cores; with fewer, the
    cores are shared out. Threads never change a result.

    Parameters
    ----------
    board : Board
    parts : Parts, optional
        The data, if it has been read already.
    workers : int, optional
        How many points at a time; by default as many as cores.
    heard : function
        Told of every point that is done.
    """
    plan = board.plan
    # All workers would wait for the kernels; compiled first, they are there for everyone.
    prepare(plan.config({}).dtype)
    parts = load_parts(plan.config({})) if parts is None else parts
    waiting = sum(not point.ended for point in board.points())
    count = min(workers or cores(), max(waiting, 1))
    threads = max(1, cores() // count)

    def objective(task: Task) -> None:
        for seed in range(plan.seeds):
            if seed >= len(task.runs):  # else made by a worker that was stopped later on
                pruned = plan.prune and seed == 0
                give_up = {"give_up": task.hopeless} if pruned else {}
                config = plan.config(task.values, seed)
                task.keep(run_once(config, parts, threads=threads, stop=task.stop, **give_up))
            elif plan.prune and seed == 0:
                for epoch in range(1, len(task.runs[0].train_loss) + 1):
                    task.hopeless(epoch, task.runs[0].value_at(epoch))
            if task.runs[-1].score is None:
                break

    from threadpoolctl import threadpool_limits

    # The reference engine sets and restores BLAS's threads at every call, and workers would undo
    # each other's doing.
    with threadpool_limits(threads):
        board.work(objective, count, lambda task: heard(task.values, task.runs))
    return parts


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
        loss = float(np.mean([score.loss for score in scores]))
        spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        seconds = sum(run.seconds for run in point.runs)
        rows.append((float(values.mean()), loss, spread, seconds, point))
    # Of equal accuracy the smaller loss is better; then the plan's order decides.
    rows.sort(key=lambda row: (-row[0], row[1], row[4].number))
    return [
        Ranked(place=place, point=point, mean=mean, spread=spread, loss=loss, seconds=seconds)
        for place, (mean, loss, spread, seconds, point) in enumerate(rows, start=1)
    ]


def crown(board: Board, parts: Parts, folder: Path) -> tuple[dict[str, Any], Model] | None:
    """Train the winner again as a run of its own, and test it: once in the life of the sweep.

    The first seed's run is made again, to the same bits. Returns what was found, and the model;
    None if no point is complete.
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
    untested = Parts(parts.train, parts.validation, None)
    job = TrainingJob(config, parts if stored is None else untested, run_folder.latest_checkpoint())
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
