"""A sweep from its plan to its winner: workers, ranking, and the one test at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chalknet.engine import prepare
from chalknet.model import Model
from chalknet.runs.folder import RunFolder
from chalknet.runs.job import TrainingJob
from chalknet.runs.sources import Parts, load_parts
from chalknet.sweeps.board import Board, Point
from chalknet.sweeps.course import Run, run_once
from chalknet.sweeps.space import Value

__all__ = ["Ranked", "crown", "ranking", "work"]

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
    waiting = sum(point.state in ("waiting", "running") for point in board.points())
    count = min(workers or cores(), max(waiting, 1))
    threads = max(1, cores() // count)

    def objective(trial: Any, values: dict[str, Value]) -> list[Run]:
        runs = []
        for seed in range(plan.seeds):

            def give_up(epoch: int, value: float, first: bool = seed == 0) -> bool:
                if not first or not np.isfinite(value):
                    return False
                trial.report(value, epoch)
                return bool(trial.should_prune())

            run, _ = run_once(plan.config(values, seed), parts, threads=threads, give_up=give_up)
            runs.append(run)
            if run.score is None:
                break
        heard(values, runs)
        return runs

    board.work(objective, count)
    return parts


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
    run_folder = RunFolder.create(config, folder)
    job = TrainingJob(
        config, parts if stored is None else Parts(parts.train, parts.validation, None)
    )
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
