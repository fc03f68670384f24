"""Plots of what a model gets right and wrong: calibration, residuals, confusions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from chalknet.evaluation.calibration import Calibration
from chalknet.pages import clean, isolated, shortened
from chalknet.report.plots.canvas import HEIGHT, WIDTH, drawing, new_axes, quiet, svg_of
from chalknet.report.svg import INK
from chalknet.report.wording import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["calibration_plot", "confusion_map", "histogram", "scatter"]

Array = npt.NDArray[Any]
SHADES = 12


def calibration_plot(prefix: str, calibration: Calibration) -> Markup:
    """How often predictions came true against their probability, and how many there were."""
    with drawing():
        figure_, axes = new_axes(bottom=92)
        filled = [group for group in calibration.bins if group.count]
        axes.plot([0, 1], [0, 1], color=INK["soft"], linewidth=0.9, linestyle=(0, (2, 2)))
        axes.plot(
            [group.confidence or 0.0 for group in filled],
            [group.frequency or 0.0 for group in filled],
            color=INK["blue"], linewidth=1.8, marker="o", markersize=5, clip_on=False, zorder=3,
        )  # fmt: skip
        _percent_axes(axes)
        axes.set_ylabel("came true")
        axes.tick_params(labelbottom=False)
        counts = figure_.add_axes((52 / WIDTH, 36 / HEIGHT, 1 - 66 / WIDTH, 44 / HEIGHT))
        counts.bar(
            [group.low for group in calibration.bins],
            [group.count for group in calibration.bins],
            width=[group.high - group.low for group in calibration.bins],
            align="edge", color=INK["soft"], edgecolor=INK["paper"], linewidth=1.0,
        )  # fmt: skip
        quiet(counts)
        _percent_axes(counts)
        counts.set_ylim(0, max(group.count for group in calibration.bins))
        counts.set_yticks([])
        counts.set_ylabel("cases")
        counts.set_xlabel("probability given")
        error = f"{calibration.expected_error * 100:.1f} per cent"
        return svg_of(figure_, prefix, f"Reliability; expected calibration error {error}.")


def scatter(prefix: str, truth: Array, predicted: Array, *, name: str) -> Markup:
    """Predicted against true values, with the line on which they would agree."""
    with drawing():
        figure_, axes = new_axes(height=300)
        low = float(min(truth.min(), predicted.min()))
        high = float(max(truth.max(), predicted.max()))
        pad = 0.04 * (high - low) or 1.0
        axes.plot([low, high], [low, high], color=INK["soft"], linewidth=1.0)
        axes.plot(
            truth, predicted, linestyle="", color=INK["blue"], marker="o", markersize=4.2,
            alpha=0.45, markeredgewidth=0,
        )  # fmt: skip
        axes.set_xlim(low - pad, high + pad)
        axes.set_ylim(low - pad, high + pad)
        _plain_ticks(axes)
        axes.set_xlabel(f"true {isolated(name, 24)}")
        axes.set_ylabel("predicted")
        return svg_of(figure_, prefix, f"Predicted against true {clean(name)}.")


def histogram(prefix: str, residuals: Array, *, name: str) -> Markup:
    """How large the residuals are and how they spread around zero."""
    with drawing():
        figure_, axes = new_axes(height=300)
        bins = min(40, max(5, math.isqrt(len(residuals))))
        heights, edges = np.histogram(residuals, bins=bins, range=_range_of_bins(residuals, bins))
        axes.bar(
            edges[:-1], heights, width=np.diff(edges), align="edge", color=INK["blue"], alpha=0.75,
            edgecolor=INK["paper"], linewidth=0.8,
        )  # fmt: skip
        axes.axvline(0, color=INK["ink"], linewidth=1.0)
        _plain_ticks(axes)
        axes.set_xlabel(f"predicted − true {isolated(name, 24)}")
        axes.set_ylabel("samples")
        return svg_of(figure_, prefix, f"Histogram of the residuals of {clean(name)}.")


def _range_of_bins(residuals: Array, bins: int) -> tuple[float, float]:
    """From the smallest to the largest, or further: floats must be able to tell the bins apart."""
    low, high = float(residuals.min()), float(residuals.max())
    least = 8 * bins * float(np.spacing(max(abs(low), abs(high))))
    least = max(least, 1.0) if low == high else least
    missing = max(0.0, least - (high - low))
    return low - missing / 2, high + missing / 2


def confusion_map(prefix: str, shares: Array, names: Sequence[str]) -> Markup:
    """The confusion matrix of many classes as shaded squares, row-normalised."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    with drawing():
        K = len(shares)
        figure_, axes = new_axes(width=600, height=600, left=96, bottom=96, right=8, top=8)
        level = np.ceil(np.sqrt(shares) * SHADES).astype(int)
        diagonal = np.eye(K, dtype=bool)
        for colour, where in (("blue", diagonal), ("orange", ~diagonal)):
            for shade in range(1, SHADES + 1):
                rows, columns = np.nonzero((level == shade) & where)
                if len(rows):
                    # One path a shade: ten thousand rectangles would be a megabyte.
                    squares = [
                        _square(x, y) for y, x in zip(rows.tolist(), columns.tolist(), strict=True)
                    ]
                    axes.add_patch(
                        PathPatch(Path.make_compound_path(*squares), linewidth=0,
                                  facecolor=INK[colour], alpha=shade / SHADES)
                    )  # fmt: skip
        _class_ticks(axes, names)
        axes.set_xlabel("predicted class")
        axes.set_ylabel("true class")
        return svg_of(figure_, prefix, f"Confusion matrix of {K} classes.")


def _percent_axes(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter

    written = FuncFormatter(lambda value, _: f"{value * 100:.0f} %")
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_major_formatter(written)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.yaxis.set_major_formatter(written)


def _plain_ticks(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(FuncFormatter(lambda value, _: figure(value, 4)))


def _square(x: int, y: int) -> Any:
    from matplotlib.path import Path

    return Path([(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y)], closed=True)


def _class_ticks(axes: Axes, names: Sequence[str]) -> None:
    K = len(names)
    step = 1 if K <= 60 else math.ceil(K / 50)
    ticks = list(range(0, K, step))
    labels = [shortened(names[k], 14) for k in ticks]
    size = min(9.0, 420 / max(len(ticks), 1))
    axes.set_xlim(0, K)
    axes.set_ylim(K, 0)
    axes.set_xticks([k + 0.5 for k in ticks], labels, rotation=90, fontsize=size)
    axes.set_yticks([k + 0.5 for k in ticks], labels, fontsize=size)
    for spine in axes.spines.values():
        spine.set_visible(True)
