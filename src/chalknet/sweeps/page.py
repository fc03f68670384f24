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
from chalknet.report.wording import plural, seconds
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
    quantity = "validation accuracy" if by_accuracy else "validation loss"
    data = str(plan.base["data"])
    page = render_page(
        "chalknet.sweeps",
        "sweep.html",
        data=Path(data).name,
        plan=plan,
        summary=_summary(plan, points, ranked),
        winner=winner,
        winner_values=[] if winner is None else _values(winner["values"]),
        by_accuracy=by_accuracy,
        quantity=quantity,
        rows=[_row(one) for one in ranked[:ROWS]],
        left_out=max(0, len(ranked) - ROWS),
        names=list(plan.space.axes),
        others=[_other(point) for point in points if point.state != "complete"],
        panels=_panels(ranked, by_accuracy),
        shown=min(PANELS, len(ranked)),
        coordinates=_coordinates(plan, ranked, quantity),
        across=12 * (len(plan.space.axes) + 1),
    )
    return write_atomically(path, page)


def _summary(plan: SweepPlan, points: Sequence[Point], ranked: Sequence[Ranked]) -> str:
    runs = sum(len(point.runs) for point in points)
    spent = sum(run.seconds for point in points for run in point.runs)
    how = {
        "grid": "All combinations",
        "random": "Points drawn at random",
        "tpe": "Points chosen by what was seen before (TPE)",
    }
    seeds = f", each with {plan.seeds} seeds" if plan.seeds > 1 else ""
    ended = "all" if len(ranked) == len(points) else f"{len(ranked)} of them"
    return (
        f"{how[plan.engine]}: {plural(len(points), 'point')}{seeds}; {ended} ran to the end. "
        f"{plural(runs, 'run')}, {seconds(spent)} of training."
    )


def _row(one: Ranked) -> dict[str, Any]:
    several = len(one.point.runs) > 1
    return {
        "place": one.place,
        "values": [_short(value) for value in one.point.values.values()],
        "mean": f"{one.mean:.4f}" if one.by_accuracy else f"{-one.mean:.4g}",
        "spread": f"± {one.spread:.4f}" if several else "",
        "loss": f"{one.loss:.4g}",
        "seconds": seconds(one.seconds),
    }


def _other(point: Point) -> dict[str, Any]:
    last = point.runs[-1] if point.runs else None
    told = point.state
    if point.state == "diverged":
        told = next(run.diverged for run in point.runs if run.diverged)
        told = told.partition(":")[0].removeprefix("training ")
    elif point.state == "pruned" and last is not None:
        told = f"given up after {plural(len(last.train_loss), 'epoch')}"
    return {"values": [_short(value) for value in point.values.values()], "told": told}


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _values(values: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, _short(value)) for name, value in values.items()]


def _panels(ranked: Sequence[Ranked], by_accuracy: bool) -> list[tuple[Any, Markup]]:
    panels = []
    for one in ranked[:PANELS]:
        runs = one.point.runs
        curves = [run.validation_accuracy if by_accuracy else run.validation_loss for run in runs]
        finite = [[math.nan if v is None else v for v in curve] for curve in curves]
        panels.append(Panel(title=described(one.point.values), curves=finite))
    plots = small_multiples("curve", panels, rising=by_accuracy) if panels else []
    return [
        (_values(one.point.values), plot) for one, plot in zip(ranked[:PANELS], plots, strict=True)
    ]


def _coordinates(plan: SweepPlan, ranked: Sequence[Ranked], quantity: str) -> Markup | None:
    if len(ranked) < 2:
        return None
    axes = []
    for name, axis in plan.space.axes.items():
        values = [one.point.values[name] for one in ranked]
        if isinstance(axis, Range):
            places, marks = _on_a_scale([float(v) for v in values], log=axis.log)
        else:
            last = max(1, len(axis.values) - 1)
            height = {
                v: k / last if len(axis.values) > 1 else 0.5 for k, v in enumerate(axis.values)
            }
            places = [height[str(value)] for value in values]
            marks = [(height[v], v) for v in axis.values]
        axes.append(Coordinate(name, places, marks))
    places, marks = _on_a_scale([one.mean for one in ranked], log=False)
    # What is ranked is minus the loss, so that the best is always at the top.
    marks = [(at, text.removeprefix("-")) for at, text in marks]
    axes.append(Coordinate(quantity, places, marks))
    return parallel_coordinates(
        "across", axes, list(range(len(ranked))), label="All points across their options"
    )


def _on_a_scale(values: list[float], *, log: bool) -> tuple[list[float], list[tuple[float, str]]]:
    scaled = np.log(values) if log else np.asarray(values)
    low, high = float(scaled.min()), float(scaled.max())
    if high <= low:
        return [0.5] * len(values), [(0.5, f"{values[0]:.3g}")]
    marks = [(0.0, f"{min(values):.3g}"), (1.0, f"{max(values):.3g}")]
    return ((scaled - low) / (high - low)).tolist(), marks
