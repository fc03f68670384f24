"""The curve of a learning-rate range test, and the rates that matter on it."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from chalknet.diagnose.learning_rate_range import LearningRateRange
from chalknet.pages import shortened
from chalknet.report.plots.canvas import new_axes
from chalknet.report.plots.paper import on_paper, power_of_ten, write_figure
from chalknet.report.wording import figure as number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["write_learning_rate_plot"]

WIDTH, HEIGHT = 576, 378


def write_learning_rate_plot(
    path: str | os.PathLike[str], found: LearningRateRange, *, title: str
) -> Path:
    """Loss against learning rate: each batch a point, their smoothed course a line.

    Raises
    ------
    ConfigurationError
        The name ends in none of .svg, .png, .pdf.
    OSError
        The file cannot be written.
    """
    with on_paper() as ink:
        figure, axes = new_axes(width=WIDTH, height=HEIGHT, left=58, right=20, top=64, bottom=46)
        axes.plot(
            found.rates, found.losses, linestyle="", marker="o", markersize=2.6,
            markeredgewidth=0, color=ink["soft"], alpha=0.55,
        )  # fmt: skip
        axes.plot(found.rates, found.smoothed, color=ink["blue"], linewidth=2.0)
        _axes(axes, found, ink)
        _marks(axes, found, ink)
        left = 58 / WIDTH
        figure.text(left, 1 - 22 / HEIGHT, _seen(found), fontsize=12, va="center")
        figure.text(
            left, 1 - 41 / HEIGHT,
            f"{shortened(title, 40)}, batches of {found.batch_size}    points: batches    "
            "line: smoothed",
            fontsize=9, va="center", color=ink["soft"],
        )  # fmt: skip
        return write_figure(figure, path)


def _seen(found: LearningRateRange) -> str:
    if found.too_high:
        return "All rates are too high"
    if found.best is None:
        return "The loss never falls"
    fastest, least = number(found.steepest, 2), number(found.best, 2)
    return f"The loss falls fastest at {fastest} and is least at {least}"


def _axes(axes: Axes, found: LearningRateRange, ink: dict[str, str]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda rate, _: power_of_ten(round(math.log10(rate))))
    )
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss of the batch")
    if len(found.smoothed):
        low, start = float(found.smoothed.min()), float(found.smoothed[:10].max())
        # Losses far above the start are out of sight: it is the fall that is to be seen.
        high = min(start + 0.6 * (start - low), float(found.losses.max()))
        high = max(high, float(np.quantile(found.losses[: max(1, len(found.losses) // 4)], 0.95)))
        pad = 0.06 * (high - low) or 1.0
        axes.set_ylim(low - 1.5 * pad, high + pad)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.grid(visible=True, axis="y", color=ink["line"], linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)


def _marks(axes: Axes, found: LearningRateRange, ink: dict[str, str]) -> None:
    """The suggested rate, the one of steepest fall, and the one of least loss."""
    if found.suggestion is None or found.best is None or found.steepest is None:
        return
    top = axes.get_ylim()[1]
    axes.axvline(found.suggestion, color=ink["orange"], linewidth=1.3, linestyle=(0, (5, 2)))
    axes.annotate(
        f"suggested {number(found.suggestion, 2)}", (found.suggestion, top),
        xytext=(-5, -2), textcoords="offset points", rotation=90, ha="right", va="top",
        fontsize=9, color=ink["orange"],
    )  # fmt: skip
    # Each name where the curve is not: left of where it falls, below where it is least.
    for rate, label, marker, place, side in (
        (found.steepest, "falls fastest", "D", (-8, -10), "right"),
        (found.best, "least", "o", (0, -14), "center"),
    ):
        loss = float(np.interp(rate, found.rates, found.smoothed))
        axes.plot(
            [rate], [loss], linestyle="", marker=marker, markersize=7,
            markerfacecolor=ink["paper"], markeredgecolor=ink["ink"], markeredgewidth=1.3, zorder=4,
        )  # fmt: skip
        axes.annotate(
            f"{label} {number(rate, 2)}", (rate, loss), xytext=place, ha=side,
            textcoords="offset points", fontsize=9, color=ink["ink"], zorder=4,
            bbox={"facecolor": ink["paper"], "edgecolor": "none", "pad": 1.0, "alpha": 0.85},
        )  # fmt: skip
    if found.diverged_at is not None:
        axes.axvline(found.diverged_at, color=ink["soft"], linewidth=0.9, linestyle=(0, (1, 2)))
        axes.annotate(
            "diverged", (found.diverged_at, top), xytext=(-5, -2), textcoords="offset points",
            rotation=90, ha="right", va="top", fontsize=9, color=ink["soft"],
        )  # fmt: skip
