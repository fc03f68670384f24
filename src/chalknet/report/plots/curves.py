"""Curves over epochs, or over other whole numbers, each labelled at its end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from chalknet.report.plots.canvas import drawing, new_axes, svg_of
from chalknet.report.svg import INK
from chalknet.report.wording import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Curve", "curves"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Curve:
    """One quantity over the epochs; ``second`` draws it dashed and in the second colour."""

    label: str
    values: Sequence[float | None]
    second: bool = False


def curves(
    prefix: str,
    epochs: Sequence[int],
    lines: Sequence[Curve],
    *,
    title: str,
    across: str = "epoch",
    percent: bool = False,
    best: int | None = None,
) -> Markup:
    """Curves over epochs, labelled at their ends; ``best`` marks an epoch on the last curve.

    ``across`` is what the numbers count where these are no epochs, in the singular.
    """
    with drawing():
        figure_, axes = new_axes(right=78)
        arrays = [np.array([math.nan if v is None else v for v in c.values]) for c in lines]
        finite = np.concatenate([array[np.isfinite(array)] for array in arrays])
        logarithmic = not percent and _wants_logarithm(finite)
        for line, values in zip(lines, arrays, strict=True):
            axes.plot(
                epochs,
                values,
                color=INK["orange" if line.second else "blue"],
                linestyle=(0, (5, 2)) if line.second else "-",
                linewidth=1.8,
                marker="o" if len(epochs) <= 12 else "",
                markersize=3.5,
            )
        if best is not None:
            _mark_best(axes, best, epochs, arrays[-1])
        _epoch_axis(axes, epochs, across)
        _value_axis(axes, finite, percent=percent, logarithmic=logarithmic)
        _label_ends(axes, epochs, lines, arrays, logarithmic=logarithmic)
        return svg_of(figure_, prefix, f"{title} over {across}s {epochs[0]} to {epochs[-1]}.")


def _wants_logarithm(values: Array) -> bool:
    return len(values) > 1 and bool(0 < 20 * values.min() < values.max())


def _mark_best(axes: Axes, best: int, epochs: Sequence[int], values: Array) -> None:
    axes.axvline(best, color=INK["soft"], linewidth=0.8, linestyle=(0, (1, 2)))
    value = values[list(epochs).index(best)]
    axes.plot([best], [value], linestyle="", color=INK["ink"], marker="o", markersize=8,
              markerfacecolor="none", markeredgewidth=1.3)  # fmt: skip
    right_half = best > (epochs[0] + epochs[-1]) / 2
    # Where the curve is not: it ends high for accuracy, low for loss.
    low = 2 * value > np.nansum(axes.get_ylim())
    axes.annotate(
        f"best: epoch {best}", (best, 0.03 if low else 1), xycoords=("data", "axes fraction"),
        xytext=(-4 if right_half else 4, 0), textcoords="offset points",
        ha="right" if right_half else "left", va="bottom" if low else "top",
        fontsize=8.5, color=INK["ink"],
    )  # fmt: skip


def _epoch_axis(axes: Axes, epochs: Sequence[int], across: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    first, last = epochs[0], epochs[-1]
    pad = 0.5 if first == last else 0.02 * (last - first)
    axes.set_xlim(first - pad, last + pad)
    if first == last:
        axes.set_xticks([first])
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_xlabel("epoch" if across == "epoch" else f"{across}s")


def _value_axis(axes: Axes, values: Array, *, percent: bool, logarithmic: bool) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    if logarithmic:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=_log_subs(values)))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(which="minor", length=0)
    else:
        axes.yaxis.set_major_locator(MaxNLocator(5))
        if not percent and len(values) and 0 <= values.min() < 0.5 * values.max():
            axes.set_ylim(bottom=0)
    written = (lambda v, _: f"{v * 100:.4g} %") if percent else (lambda v, _: figure(v, 3))
    axes.yaxis.set_major_formatter(FuncFormatter(written))
    if percent:
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, 0.0), min(high, 1.005))
    axes.grid(visible=True, axis="y", color=INK["line"], linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    if logarithmic:
        axes.text(0, 1.02, "log scale", transform=axes.transAxes, fontsize=8.5, color=INK["soft"])


def _log_subs(values: Array) -> tuple[float, ...]:
    """Ticks at 1 and 3 of every decade, or at 1 alone where there are many."""
    return (1.0,) if values.max() > 1e3 * values.min() else (1.0, 3.0)


def _label_ends(
    axes: Axes,
    epochs: Sequence[int],
    lines: Sequence[Curve],
    arrays: Sequence[Array],
    *,
    logarithmic: bool,
) -> None:
    """Write each curve's name at its end, pushed apart where two would collide."""
    low, high = axes.get_ylim()
    scale = np.log if logarithmic else np.asarray
    places = []
    for line, values in zip(lines, arrays, strict=True):
        finite = values[np.isfinite(values)]
        if len(finite):
            height = (scale(finite[-1]) - scale(low)) / (scale(high) - scale(low))
            places.append((float(height), line))
    places.sort(key=lambda place: place[0])
    gap, floor = 0.075, -1.0
    for height, line in places:
        floor = max(min(height, 1 - gap * (len(places) - 1)), floor + gap)
        axes.annotate(
            line.label, (epochs[-1], floor), xycoords=("data", "axes fraction"),
            xytext=(9, 0), textcoords="offset points", va="center", fontsize=9,
            color=INK["orange" if line.second else "blue"], annotation_clip=False,
        )  # fmt: skip
