"""A ReLU network through points: the pieces, what each neuron adds, and the network itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.relu_interpolation import ReluFit
from chalknet.construct.writing import number_text, term_text
from chalknet.report.plots.canvas import quiet
from chalknet.report.plots.network_sketch import draw_network
from chalknet.report.plots.paper import on_paper, write_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["write_fit_plot"]

Array = npt.NDArray[Any]
Ink = dict[str, str]

WIDTH, TALL, SHORT = 640, 660, 520
LEFT, RIGHT, TOP, BOTTOM, GAP = 58, 20, 70, 42, 66
NEURONS_DRAWN = 8
POINTS_MARKED = 200
# Neurons' parts are told apart by dash and lightness, so that they can be without colour.
STYLES = (
    ("blue", "-"),
    ("orange", (0, (6, 2))),
    ("ink", (0, (2, 1.5))),
    ("soft", (0, (6, 1.5, 1, 1.5))),
    ("blue", (0, (1, 1))),
    ("orange", (0, (8, 2, 2, 2))),
    ("ink", (0, (4, 1, 1, 1, 1, 1))),
    ("soft", (0, (1, 2))),
)


def write_fit_plot(path: str | os.PathLike[str], fit: ReluFit) -> Path:
    """Draw the points and the pieces above; below what each neuron adds and the network drawn.

    Of more than eight neurons, what the rounded weights miss each point by is drawn instead.

    Parameters
    ----------
    path : path
        Ends in .svg, .png or .pdf.
    fit : ReluFit

    Raises
    ------
    ConfigurationError
        The name has another ending.
    OSError
        The file cannot be written.
    """
    from matplotlib.figure import Figure

    few = fit.neurons <= NEURONS_DRAWN
    height = TALL if few else SHORT
    with on_paper() as ink:
        figure = Figure(figsize=(WIDTH / 72, height / 72))
        figure.text(LEFT / WIDTH, 1 - 22 / height, _headline(fit), fontsize=12, va="center")
        panel = (height - TOP - BOTTOM - GAP) / 2

        def axes_at(left: float, width: float, bottom: float) -> Axes:
            axes = figure.add_axes((left / WIDTH, bottom / height, width / WIDTH, panel / height))
            quiet(axes)
            return axes

        across = WIDTH - LEFT - RIGHT
        top = axes_at(LEFT, across, BOTTOM + panel + GAP)
        _draw_pieces(top, fit, ink)
        if few:
            _draw_parts(axes_at(LEFT, 0.56 * across, BOTTOM), fit, ink)
            sketch = axes_at(LEFT + 0.62 * across, 0.38 * across, BOTTOM)
            _draw_sketch(sketch, fit, ink)
        else:
            _draw_residuals(axes_at(LEFT, across, BOTTOM), fit, ink)
        return write_figure(figure, path)


def _headline(fit: ReluFit) -> str:
    neurons = "1 ReLU neuron passes" if fit.neurons == 1 else f"{fit.neurons:,} ReLU neurons pass"
    return f"{neurons} through all {len(fit.points):,} points" + (", exactly" if fit.exact else "")


def _range(fit: ReluFit) -> Array:
    return np.array([float(fit.points.x[0]), float(fit.points.x[-1])])


def _frame(axes: Axes, title: str, ylabel: str, ink: Ink) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_title(title, loc="left", fontsize=10, color=ink["ink"], pad=10)
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.grid(visible=True, axis="y", color=ink["line"], linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("x")
    axes.set_ylabel(ylabel, rotation=0, labelpad=12)


def _draw_pieces(axes: Axes, fit: ReluFit, ink: Ink) -> None:
    x, y = fit.points.x.astype(np.float64), fit.points.y.astype(np.float64)
    t, v = fit.line.t.astype(np.float64), fit.line.v.astype(np.float64)
    pieces, knots = len(t) - 1, len(t) - 2
    what = "1 straight piece" if pieces == 1 else f"{pieces:,} straight pieces"
    what += f", {knots:,} knot{'' if knots == 1 else 's'} (dotted)" if knots else ""
    many = len(x) > POINTS_MARKED
    _frame(axes, what if not many else what.replace(" (dotted)", ""), "y", ink)
    axes.plot(t, v, color=ink["blue"], linewidth=0.6 if many else 1.8, zorder=2)
    if not many:
        for place in t[1:-1]:
            axes.axvline(place, color=ink["soft"], linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
        axes.plot(
            x, y, linestyle="", marker="o", markersize=5.5, markerfacecolor=ink["paper"],
            markeredgecolor=ink["ink"], markeredgewidth=1.2, zorder=3, clip_on=False,
        )  # fmt: skip


def _draw_parts(axes: Axes, fit: ReluFit, ink: Ink) -> None:
    layer = fit.exact_layer or fit.layer
    constant = number_text(layer.constant)
    _frame(axes, f"What each neuron adds to the constant {constant}", "", ink)
    ends = _range(fit)
    grid = np.unique(np.concatenate([ends, np.clip(fit.layer.knots, *ends)]))
    parts = np.maximum(0, fit.layer.pre_activations(grid)) * fit.layer.a
    rows = zip(layer.w.tolist(), layer.b.tolist(), layer.a.tolist(), strict=True)
    for j, (w, b, a) in enumerate(rows):
        colour, dash = STYLES[j % len(STYLES)]
        sign = "\N{MINUS SIGN}" if a < 0 else ""
        axes.plot(
            grid, parts[:, j], color=ink[colour], linestyle=dash, linewidth=1.7,
            label=f"{j + 1}:  {sign}{term_text(w, b, a)}",
        )  # fmt: skip
    axes.axhline(0, color=ink["soft"], linewidth=0.7, zorder=1)
    axes.legend(
        loc="best", fontsize=8.5, frameon=True, facecolor=ink["paper"], edgecolor="none",
        framealpha=0.85, handlelength=2.6, labelspacing=0.3,
    )  # fmt: skip


def _draw_sketch(axes: Axes, fit: ReluFit, ink: Ink) -> None:
    layer = fit.exact_layer or fit.layer
    axes.set_title("Weights on the lines, biases inside", loc="left", fontsize=10,
                   color=ink["ink"], pad=10)  # fmt: skip
    rows = zip(layer.w.tolist(), layer.b.tolist(), layer.a.tolist(), strict=True)
    draw_network(
        axes,
        [(number_text(w), number_text(b), number_text(a)) for w, b, a in rows],
        number_text(layer.constant),
        ink,
    )


def _draw_residuals(axes: Axes, fit: ReluFit, ink: Ink) -> None:
    unit = float(np.spacing(np.abs(fit.points.y.astype(np.float64)).max()))
    _frame(
        axes,
        "Missed by the float64 weights, in units in the last place of the largest |y|",
        "",
        ink,
    )
    x, missed = fit.points.x.astype(np.float64), fit.residuals / unit
    size = 4.5 if len(x) <= POINTS_MARKED else 1.6
    axes.plot(x, missed, linestyle="", marker="o", markersize=size, markeredgewidth=0,
              color=ink["blue"], alpha=0.7, rasterized=len(x) > 5000)  # fmt: skip
    largest = max(4.5, float(np.abs(missed).max()) * 1.1)
    axes.set_ylim(-largest, largest)
    for level in (-4, 4):
        axes.axhline(level, color=ink["soft"], linewidth=0.9, linestyle=(0, (5, 2)))
    axes.annotate("4 units", (1, 4), xycoords=("axes fraction", "data"), xytext=(0, 3), ha="right",
                  textcoords="offset points", fontsize=8.5, color=ink["soft"])  # fmt: skip
