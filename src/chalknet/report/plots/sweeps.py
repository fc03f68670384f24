"""The plots of a sweep: every run's curve in small, and all points across their options."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from chalknet.report.plots.canvas import drawing, new_axes, svg_of
from chalknet.report.svg import INK

__all__ = ["Coordinate", "Panel", "parallel_coordinates", "small_multiples"]

PANEL_WIDTH, PANEL_HEIGHT = 150, 92
Curve = Sequence[float]


@dataclass(frozen=True)
class Panel:
    """One point: what it is called, and a curve for each of its runs."""

    title: str
    curves: Sequence[Curve]


@dataclass(frozen=True)
class Coordinate:
    """One upright axis: a name, where each point stands on it (0 to 1), and the marks."""

    name: str
    places: Sequence[float]
    marks: Sequence[tuple[float, str]]


def small_multiples(prefix: str, panels: Sequence[Panel], *, rising: bool) -> list[Markup]:
    """A small plot a point, all with the same axes, the others' curves pale behind its own.

    ``rising`` says that more is better; what is worse than nearly all runs leaves the picture then
    at the bottom, otherwise at the top.
    """
    everything = [curve for panel in panels for curve in panel.curves]
    low, high = _limits([v for curve in everything for v in curve if math.isfinite(v)], rising)
    longest = max(2, *(len(curve) for curve in everything))
    plots = []
    for number, panel in enumerate(panels):
        with drawing():
            figure_, axes = new_axes(
                width=PANEL_WIDTH, height=PANEL_HEIGHT, left=32, right=6, top=6, bottom=18
            )
            for curve in everything:
                axes.plot(range(1, len(curve) + 1), curve, color=INK["line"], linewidth=0.8)
            for curve in panel.curves:
                axes.plot(
                    range(1, len(curve) + 1),
                    curve,
                    color=INK["orange" if number == 0 else "blue"],
                    linewidth=1.4,
                    marker="o" if len(curve) == 1 else "",
                    markersize=3,
                )
            room = 0.05 * (high - low)
            axes.set(xlim=(1, longest), ylim=(low - room, high + room))
            axes.tick_params(labelsize=8, pad=3)
            axes.set_xticks([1, longest])
            axes.set_yticks([low, high], [f"{low:.3g}", f"{high:.3g}"])
            plots.append(svg_of(figure_, f"{prefix}{number}", f"{panel.title}: by epoch"))
    return plots


def _limits(values: Sequence[float], rising: bool) -> tuple[float, float]:
    """From the worst but one in twenty to the best."""
    if not values:
        return 0.0, 1.0
    low = float(np.quantile(values, 0.05)) if rising else min(values)
    high = max(values) if rising else float(np.quantile(values, 0.95))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def parallel_coordinates(
    prefix: str, coordinates: Sequence[Coordinate], order: Sequence[int], *, label: str
) -> Markup:
    """A line a point across its options, from the worst (pale) to the best (dark and wide).

    ``order`` lists the points from the best to the worst.
    """
    width, height = max(384, 132 * len(coordinates)), 280
    with drawing():
        figure_, axes = new_axes(width=width, height=height, left=70, right=70, top=34, bottom=14)
        axes.set_axis_off()
        for place, coordinate in enumerate(coordinates):
            axes.plot([place, place], [0, 1], color=INK["line"], linewidth=1.2)
            axes.text(place, 1.08, coordinate.name, ha="center", va="bottom", fontsize=9.5)
        for rank, point in reversed(list(enumerate(order))):
            share = rank / max(1, len(order) - 1)
            axes.plot(
                range(len(coordinates)),
                [coordinate.places[point] for coordinate in coordinates],
                color=INK["orange" if rank == 0 else "blue"],
                linewidth=3 if rank == 0 else 1.3,
                alpha=1.0 if rank == 0 else 0.75 - 0.55 * share,
                marker="o",
                markersize=4 if rank == 0 else 2.5,
                solid_joinstyle="round",
            )
        last = len(coordinates) - 1
        for place, coordinate in enumerate(coordinates):
            side, aside = ("left", 0.07) if place == last else ("right", -0.07)
            behind = {"facecolor": INK["paper"], "edgecolor": "none", "pad": 1.0}
            for at, text in coordinate.marks:
                axes.text(
                    place + aside, at, text, ha=side, va="center", fontsize=8.5,
                    color=INK["ink"], bbox=behind,
                )  # fmt: skip
        axes.set(xlim=(-0.02, last + 0.02), ylim=(-0.04, 1.04))
        return svg_of(figure_, prefix, label)
