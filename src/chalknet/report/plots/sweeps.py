"""The plots of a sweep: every run's curve in small, and all points across their options."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from chalknet.report.plots.canvas import drawing, quiet, svg_of
from chalknet.report.svg import INK

__all__ = ["Coordinate", "Panel", "parallel_coordinates", "small_multiples"]

COLUMNS = 4
PANEL_WIDTH, PANEL_HEIGHT = 170, 118
HEAD = 8


@dataclass(frozen=True)
class Panel:
    """One point: a title of a line or two, and a curve for each of its runs."""

    title: str
    curves: Sequence[Sequence[float]]
    best: bool = False


@dataclass(frozen=True)
class Coordinate:
    """One upright axis: a name, where each point stands on it (0 to 1), and the marks."""

    name: str
    places: Sequence[float]
    marks: Sequence[tuple[float, str]]


def small_multiples(prefix: str, panels: Sequence[Panel], *, label: str) -> Markup:
    """A small plot a point, all with the same axes; the best one is framed."""
    from matplotlib.figure import Figure

    rows = math.ceil(len(panels) / COLUMNS)
    width, height = COLUMNS * PANEL_WIDTH, rows * PANEL_HEIGHT + HEAD
    values = [v for panel in panels for curve in panel.curves for v in curve if math.isfinite(v)]
    low, high = _limits(values)
    longest = max((len(curve) for panel in panels for curve in panel.curves), default=1)
    with drawing():
        figure_ = Figure(figsize=(width / 72, height / 72))
        for number, panel in enumerate(panels):
            row, column = divmod(number, COLUMNS)
            axes = figure_.add_axes(
                (
                    (column * PANEL_WIDTH + 34) / width,
                    1 - (row * PANEL_HEIGHT + PANEL_HEIGHT - 22 + HEAD) / height,
                    (PANEL_WIDTH - 46) / width,
                    (PANEL_HEIGHT - 58) / height,
                )
            )
            quiet(axes)
            for curve in panel.curves:
                epochs = range(1, len(curve) + 1)
                axes.plot(epochs, curve, color=INK["blue"], linewidth=1.2, alpha=0.8)
            axes.set(xlim=(1, max(longest, 2)), ylim=(low, high))
            axes.tick_params(labelsize=7)
            axes.set_xticks([1, max(longest, 2)])
            axes.set_yticks([low, high])
            axes.set_yticklabels([f"{low:.3g}", f"{high:.3g}"])
            weight = "bold" if panel.best else "normal"
            axes.set_title(panel.title, fontsize=7.5, loc="left", fontweight=weight)
        return svg_of(figure_, prefix, label)


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """From the lowest to the highest, without the worst tenth: one wild run hides all others."""
    if not values:
        return 0.0, 1.0
    low, high = float(np.quantile(values, 0.1)), float(np.quantile(values, 0.995))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def parallel_coordinates(
    prefix: str, axes_of: Sequence[Coordinate], order: Sequence[int], *, label: str
) -> Markup:
    """A line a point across its options, from the worst (pale) to the best (dark and wide).

    ``order`` lists the points from the best to the worst.
    """
    from matplotlib.figure import Figure

    width, height = max(384, 130 * len(axes_of)), 270
    with drawing():
        figure_ = Figure(figsize=(width / 72, height / 72))
        axes = figure_.add_axes((60 / width, 30 / height, 1 - 150 / width, 1 - 70 / height))
        axes.set_axis_off()
        x = np.arange(len(axes_of))
        for rank, point in reversed(list(enumerate(order))):
            share = rank / max(1, len(order) - 1)
            axes.plot(
                x,
                [coordinate.places[point] for coordinate in axes_of],
                color=INK["orange"] if rank == 0 else INK["blue"],
                linewidth=2.6 if rank == 0 else 1.4,
                linestyle=(0, (6, 2)) if rank == 0 else "-",
                alpha=1.0 if rank == 0 else 0.75 - 0.6 * share,
            )
        for place, coordinate in enumerate(axes_of):
            axes.plot([place, place], [0, 1], color=INK["line"], linewidth=1)
            axes.text(place, 1.07, coordinate.name, ha="center", va="bottom", fontsize=9)
            for height_of, text in coordinate.marks:
                axes.text(
                    place + 0.03, height_of, text, va="center", fontsize=7.5, color=INK["soft"]
                )
        axes.set(xlim=(-0.1, len(axes_of) - 0.9), ylim=(-0.05, 1.05))
        return svg_of(figure_, prefix, label)
