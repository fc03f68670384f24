"""The plots: the one module that knows matplotlib.

Each is an SVG a phone is wide. Lines differ in dash and lightness as well as in hue, so that they
can be told apart in print without colour.
"""

from __future__ import annotations

import contextlib
import io
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from chalknet.evaluation.calibration import Calibration
from chalknet.report.svg import INK, inline_svg
from chalknet.report.wording import clean, figure, isolated, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Curve", "calibration_plot", "confusion_map", "curves", "histogram", "scatter"]

Array = npt.NDArray[Any]
WIDTH, HEIGHT = 384, 252  # points; one is a CSS pixel on a phone
SHADES = 12


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
    percent: bool = False,
    best: int | None = None,
) -> Markup:
    """Curves over epochs, labelled at their ends; ``best`` marks an epoch on the last curve."""
    with _drawing():
        figure_, axes = _axes(right=78)
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
        _epoch_axis(axes, epochs)
        _value_axis(axes, finite, percent=percent, logarithmic=logarithmic)
        _label_ends(axes, epochs, lines, arrays, logarithmic=logarithmic)
        return _svg(figure_, prefix, f"{title} over epochs {epochs[0]} to {epochs[-1]}.")


def calibration_plot(prefix: str, calibration: Calibration) -> Markup:
    """How often predictions came true against their probability, and how many there were."""
    with _drawing():
        figure_, axes = _axes(bottom=92)
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
        _quiet(counts)
        _percent_axes(counts)
        counts.set_ylim(0, max(group.count for group in calibration.bins))
        counts.set_yticks([])
        counts.set_ylabel("cases")
        counts.set_xlabel("probability given")
        error = f"{calibration.expected_error * 100:.1f} per cent"
        return _svg(figure_, prefix, f"Reliability; expected calibration error {error}.")


def scatter(prefix: str, truth: Array, predicted: Array, *, name: str) -> Markup:
    """Predicted against true values, with the line on which they would agree."""
    with _drawing():
        figure_, axes = _axes(height=300)
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
        return _svg(figure_, prefix, f"Predicted against true {clean(name)}.")


def histogram(prefix: str, residuals: Array, *, name: str) -> Markup:
    """How large the residuals are and how they spread around zero."""
    with _drawing():
        figure_, axes = _axes(height=300)
        heights, edges = np.histogram(residuals, bins=min(40, max(5, math.isqrt(len(residuals)))))
        axes.bar(
            edges[:-1], heights, width=np.diff(edges), align="edge", color=INK["blue"], alpha=0.75,
            edgecolor=INK["paper"], linewidth=0.8,
        )  # fmt: skip
        axes.axvline(0, color=INK["ink"], linewidth=1.0)
        _plain_ticks(axes)
        axes.set_xlabel(f"predicted − true {isolated(name, 24)}")
        axes.set_ylabel("samples")
        return _svg(figure_, prefix, f"Histogram of the residuals of {clean(name)}.")


def confusion_map(prefix: str, shares: Array, names: Sequence[str]) -> Markup:
    """The confusion matrix of many classes as shaded squares, row-normalised."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    with _drawing():
        K = len(shares)
        figure_, axes = _axes(width=600, height=600, left=96, bottom=96, right=8, top=8)
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
        return _svg(figure_, prefix, f"Confusion matrix of {K} classes.")


# -- how all of them are drawn -------------------------------------------------------------------


@contextlib.contextmanager
def _drawing() -> Iterator[None]:
    """Draw with matplotlib's defaults and these, whatever the user's own settings are."""
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    # The first plot on a machine makes a list of fonts; that is nobody's concern here.
    log.setLevel(logging.ERROR)
    import matplotlib as mpl

    try:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(
                {
                    "svg.fonttype": "none",
                    "svg.hashsalt": "chalknet",
                    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
                    "font.size": 9.5,
                    "axes.edgecolor": INK["line"],
                    "axes.labelcolor": INK["soft"],
                    "axes.facecolor": "none",
                    "figure.facecolor": "none",
                    "xtick.color": INK["soft"],
                    "ytick.color": INK["soft"],
                    "text.color": INK["ink"],
                }
            )
            yield
    finally:
        log.setLevel(level)


def _axes(
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    left: int = 52,
    right: int = 14,
    top: int = 14,
    bottom: int = 40,
) -> tuple[Figure, Axes]:
    """A figure with one pair of axes, its margins in points."""
    from matplotlib.figure import Figure

    figure_ = Figure(figsize=(width / 72, height / 72))
    axes = figure_.add_axes(
        (left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height)
    )
    _quiet(axes)
    return figure_, axes


def _quiet(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0, pad=5)


def _svg(figure_: Figure, prefix: str, label: str) -> Markup:
    stream = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure_.savefig(stream, format="svg", metadata=nothing)
    return inline_svg(stream.getvalue(), prefix=prefix, label=label)


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


def _epoch_axis(axes: Axes, epochs: Sequence[int]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    first, last = epochs[0], epochs[-1]
    pad = 0.5 if first == last else 0.02 * (last - first)
    axes.set_xlim(first - pad, last + pad)
    if first == last:
        axes.set_xticks([first])
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_xlabel("epoch")


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
