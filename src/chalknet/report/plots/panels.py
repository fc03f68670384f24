"""Panels one above the other under a headline, with quiet axes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from chalknet.report.plots.canvas import quiet
from chalknet.report.plots.paper import power_of_ten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["decades", "frame", "headline", "panels_below"]

Ink = dict[str, str]

WIDTH, LEFT, RIGHT, TOP, BOTTOM, GAP = 612, 66, 26, 76, 44, 66


def panels_below(heights: tuple[int, ...]) -> tuple[Figure, list[Axes]]:
    """A figure with panels one above the other."""
    from matplotlib.figure import Figure

    height = TOP + sum(heights) + GAP * (len(heights) - 1) + BOTTOM
    figure, panels, bottom = Figure(figsize=(WIDTH / 72, height / 72)), [], height - TOP
    for each in heights:
        bottom -= each
        axes = figure.add_axes(
            (LEFT / WIDTH, bottom / height, 1 - (LEFT + RIGHT) / WIDTH, each / height)
        )
        quiet(axes)
        panels.append(axes)
        bottom -= GAP
    return figure, panels


def headline(figure: Figure, title: str, below: str, ink: Ink) -> None:
    """What is seen, in a line, and a smaller one below it."""
    height = figure.get_figheight() * 72
    figure.text(LEFT / WIDTH, 1 - 22 / height, title, fontsize=12, va="center")
    figure.text(LEFT / WIDTH, 1 - 41 / height, below, fontsize=9, va="center", color=ink["soft"])


def frame(axes: Axes, title: str, xlabel: str, ink: Ink) -> None:
    """Quiet axes with a title, and ticks at round numbers."""
    from matplotlib.ticker import MaxNLocator

    axes.set_title(title, loc="left", fontsize=10, color=ink["ink"], pad=9)
    axes.set_xlabel(xlabel)
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.grid(visible=True, axis="y", color=ink["line"], linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)


def decades(axes: Axes) -> None:
    """Ticks at powers of ten, or at 1, 2 and 5 times those where there are few."""
    low, high = axes.get_ylim()
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    step = max(1, math.ceil(len(powers) / 7))
    ticks = [(10.0**power, power_of_ten(power)) for power in powers if power % step == 0]
    ticks = [tick for tick in ticks if low <= tick[0] <= high]
    if len(ticks) < 2:
        values = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
        ticks = [(value, f"{value:g}") for value in values if low <= value <= high]
    axes.set_yticks([value for value, _ in ticks], [text for _, text in ticks])
