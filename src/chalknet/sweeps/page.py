"""The report of a sweep: who won, how all runs went, and what each option did."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from chalknet.files import write_atomically
from chalknet.pages import render_page
from chalknet.report.plots.sweeps import (
    Coordinate,
    Panel,
    parallel_coordinates,
    small_multiples,
)
from chalknet.sweeps.board import Point
from chalknet.sweeps.plan import SweepPlan
from chalknet.sweeps.space import Range, described
from chalknet.sweeps.sweep import Ranked

__all__ = ["write_sweep_report"]

PANELS = 24
ROWS = 200


def write_sweep_report(
    path: str | os.PathLike[str],
    plan: SweepPlan,
    points: Sequence[Point],
    ranked: Sequence[Ranked],
    winner: dict[str, Any] | None,
) -> Path:
    """Write the page of a sweep: one offline file."""
    by_accuracy = any(
        run.score is not None and run.score.accuracy is not None
        for point in points
        for run in point.runs
    )
    others = [point for point in points if point.state in ("diverged", "pruned", "waiting")]
    page = render_page(
        "chalknet.sweeps",
        "sweep.html",
        data=str(plan.base["data"]),
        plan=plan,
        summary=_summary(plan, points, ranked),
        winner=winner,
        winner_values=[] if winner is None else list(winner["values"].items()),
        by_accuracy=by_accuracy,
        quantity="validation accuracy" if by_accuracy else "validation loss",
        rows=[_row(one, by_accuracy) for one in ranked[:ROWS]],
        left_out=max(0, len(ranked) - ROWS),
        names=list(plan.space.axes),
        others=[
            {
                "values": described(point.values),
                "state": point.state,
                "why": next((run.diverged for run in point.runs if run.diverged), ""),
            }
            for point in others
        ],
        curves=_curves(ranked, by_accuracy),
        shown=min(PANELS, len(ranked)),
        coordinates=_coordinates(plan, ranked, by_accuracy),
    )
    return write_atomically(path, page)


def _summary(plan: SweepPlan, points: Sequence[Point], ranked: Sequence[Ranked]) -> str:
    runs = sum(len(point.runs) for point in points)
    seconds = sum(run.seconds for point in points for run in point.runs)
    how = {"grid": "going through all", "random": "drawing at random", "tpe": "TPE"}[plan.engine]
    many = f"{len(points)} points" if len(points) != 1 else "One point"
    return (
        f"{many}, {runs} runs, {seconds:,.1f} seconds of training; searched by {how}. "
        f"{len(ranked)} ran to their end."
    )


def _row(one: Ranked, by_accuracy: bool) -> dict[str, Any]:
    digits = 4
    return {
        "place": one.place,
        "values": [_short(value) for value in one.point.values.values()],
        "mean": f"{one.mean if by_accuracy else -one.mean:.{digits}f}",
        "spread": f"{one.spread:.{digits}f}" if len(one.point.runs) > 1 else "",
        "loss": f"{one.loss:.4g}",
        "seconds": f"{one.seconds:.1f}",
    }


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _curves(ranked: Sequence[Ranked], by_accuracy: bool) -> Markup | None:
    if not ranked:
        return None
    panels = []
    for one in ranked[:PANELS]:
        runs = one.point.runs
        curves = [run.validation_accuracy if by_accuracy else run.validation_loss for run in runs]
        finite = [[math.nan if v is None else v for v in curve] for curve in curves]
        title = "\n".join(f"{name} {_short(v)}" for name, v in one.point.values.items())
        panels.append(Panel(title=_two_lines(title), curves=finite, best=one.place == 1))
    return small_multiples("sweep", panels, label="Validation by epoch, a plot a point")


def _two_lines(title: str) -> str:
    lines = title.splitlines()
    if len(lines) <= 2:
        return title
    middle = math.ceil(len(lines) / 2)
    halves = (", ".join(lines[:middle]), ", ".join(lines[middle:]))
    return "\n".join(half if len(half) <= 36 else f"{half[:35]}…" for half in halves)


def _coordinates(plan: SweepPlan, ranked: Sequence[Ranked], by_accuracy: bool) -> Markup | None:
    if len(ranked) < 2:
        return None
    axes = []
    for name, axis in plan.space.axes.items():
        values = [one.point.values[name] for one in ranked]
        if isinstance(axis, Range):
            places, marks = _on_a_scale([float(v) for v in values], log=axis.log)
        else:
            height = {v: k / max(1, len(axis.values) - 1) for k, v in enumerate(axis.values)}
            places = [height[str(value)] for value in values]
            marks = [(height[v], v) for v in axis.values]
        axes.append(Coordinate(name, places, marks))
    scores = [one.mean if by_accuracy else -one.mean for one in ranked]
    places, marks = _on_a_scale(scores, log=False)
    axes.append(Coordinate("validation", places, marks))
    return parallel_coordinates(
        "across", axes, list(range(len(ranked))), label="All points across their options"
    )


def _on_a_scale(values: list[float], *, log: bool) -> tuple[list[float], list[tuple[float, str]]]:
    scaled = np.log(values) if log else np.asarray(values)
    low, high = float(scaled.min()), float(scaled.max())
    places = (scaled - low) / (high - low) if high > low else np.full(len(values), 0.5)
    ends = sorted({min(values), max(values)})
    marks = (
        [(0.0, f"{ends[0]:.3g}"), (1.0, f"{ends[-1]:.3g}")]
        if len(ends) == 2
        else [(0.5, f"{ends[0]:.3g}")]
    )
    return places.tolist(), marks
