"""The straight pieces of a network: its graph for one input, its linear regions for two."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.linear_regions import Regions
from chalknet.construct.piecewise_linear import Pieces
from chalknet.pages.names import shortened
from chalknet.report.plots.canvas import quiet
from chalknet.report.plots.paper import on_paper, write_figure
from chalknet.report.wording import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["write_pieces_plot", "write_regions_plot"]

Array = npt.NDArray[Any]
Ink = dict[str, str]

WIDTH, HEIGHT = 612, 470
LEFT, RIGHT, TOP, BOTTOM, GAP = 62, 24, 68, 42, 62
SIDE = 430
SHADES = 9
KNOTS_MARKED = 60
STYLES = (("blue", "-"), ("orange", (0, (6, 2))), ("ink", (0, (2, 1.5))), ("soft", "-"))


def write_pieces_plot(
    path: str | os.PathLike[str],
    pieces: Pieces,
    name: str,
    limits: tuple[float, float] | None = None,
) -> Path:
    """Draw the graph of a network of one input with its knots, and its slope below.

    Parameters
    ----------
    path : path
        Ends in .svg, .png or .pdf.
    pieces : Pieces
    name : str
        What the network is called.
    limits : pair of float, optional
        From where to where; otherwise a little beyond the knots, but for those far off.
    """
    from matplotlib.figure import Figure

    low, high = limits or _around(np.array([float(knot) for knot in pieces.knots]))
    with on_paper() as ink:
        drawing = Figure(figsize=(WIDTH / 72, HEIGHT / 72))
        count = len(pieces.knots)
        drawing.text(
            LEFT / WIDTH, 1 - 22 / HEIGHT, fontsize=12, va="center",
            s=f"{shortened(name, 40)}: {count:,} knot{'' if count == 1 else 's'}, "
            f"{len(pieces.pieces):,} straight piece{'' if count == 0 else 's'}",
        )  # fmt: skip
        outside = sum(not low <= float(knot) <= high for knot in pieces.knots)
        if outside:
            where = f"{outside:,} knot{'s lie' if outside > 1 else ' lies'} further out"
            drawing.text(LEFT / WIDTH, 1 - 40 / HEIGHT, where, fontsize=9, va="center",
                         color=ink["soft"])  # fmt: skip
        panel = HEIGHT - TOP - BOTTOM - GAP
        across = 1 - (LEFT + RIGHT) / WIDTH
        graph = drawing.add_axes(
            (LEFT / WIDTH, (BOTTOM + GAP + 0.36 * panel) / HEIGHT, across, 0.64 * panel / HEIGHT)
        )
        slopes = drawing.add_axes((LEFT / WIDTH, BOTTOM / HEIGHT, across, 0.36 * panel / HEIGHT))
        outputs = len(pieces.pieces[0].slopes)
        for axes, title in (
            (graph, "Output, knots marked" if outputs == 1 else f"{outputs} outputs"),
            (slopes, "Slope"),
        ):
            _frame(axes, title, low, high, ink)
        for k in range(outputs):
            _draw_output(graph, slopes, pieces, k, (low, high), ink)
        if outputs > 1:
            graph.legend(loc="best", fontsize=8.5, frameon=False, handlelength=2.6)
        slopes.set_xlabel("x")
        return write_figure(drawing, path)


def _around(knots: Array) -> tuple[float, float]:
    """A range that holds the knots, but for those far from the middle half of them."""
    if not len(knots):
        return -1.0, 1.0
    first, last = np.quantile(knots, [0.25, 0.75])
    reach = 1.5 * (last - first)
    near = knots[(knots >= first - reach) & (knots <= last + reach)]
    pad = 0.12 * (near[-1] - near[0]) or 1.0
    return float(near[0] - pad), float(near[-1] + pad)


def _frame(axes: Axes, title: str, low: float, high: float, ink: Ink) -> None:
    from matplotlib.ticker import MaxNLocator

    quiet(axes)
    axes.set_title(title, loc="left", fontsize=10, color=ink["ink"], pad=8)
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.grid(visible=True, axis="y", color=ink["line"], linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)


def _draw_output(
    graph: Axes, slopes: Axes, pieces: Pieces, k: int, limits: tuple[float, float], ink: Ink
) -> None:
    from fractions import Fraction

    low, high = limits
    shown = pieces.between(low, high)
    knots = [float(piece.end) for piece in shown[:-1] if piece.end is not None]
    places = [low, *knots, high]
    values = [float(pieces(Fraction(place))[k]) for place in places]
    colour, dash = STYLES[k % len(STYLES)]
    graph.plot(places, values, color=ink[colour], linestyle=dash, linewidth=1.7,
               label=f"output {k + 1}")  # fmt: skip
    if len(knots) <= KNOTS_MARKED:
        graph.plot(
            knots, values[1:-1], linestyle="", marker="o", markersize=5,
            markerfacecolor=ink["paper"], markeredgecolor=ink[colour], markeredgewidth=1.2,
        )  # fmt: skip
    steps = [float(piece.slopes[k]) for piece in shown]
    slopes.stairs(steps, places, color=ink[colour], linestyle=dash, linewidth=1.5, baseline=None)


def write_regions_plot(path: str | os.PathLike[str], regions: Regions) -> Path:
    """Draw the linear regions of a network of two inputs, shaded by the first output.

    Parameters
    ----------
    path : path
        Ends in .svg, .png or .pdf.
    regions : Regions
    """
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure

    width, height = LEFT + SIDE + 96, TOP + SIDE + BOTTOM
    with on_paper() as ink:
        drawing = Figure(figsize=(width / 72, height / 72))
        count = len(regions.regions)
        drawing.text(
            LEFT / width, 1 - 22 / height, fontsize=12, va="center",
            s=f"{count:,} linear region{'' if count == 1 else 's'}: on each the network is affine",
        )  # fmt: skip
        after = ", ".join(f"{n:,} after layer {l}" for l, n in enumerate(regions.after_layer, 1))  # noqa: E741
        drawing.text(LEFT / width, 1 - 42 / height, after, fontsize=9, va="center",
                     color=ink["soft"])  # fmt: skip
        axes = drawing.add_axes((LEFT / width, BOTTOM / height, SIDE / width, SIDE / height))
        quiet(axes)
        axes.set_xlim(regions.low[0], regions.high[0])
        axes.set_ylim(regions.low[1], regions.high[1])
        axes.set_xlabel("x1")
        axes.set_ylabel("x2", rotation=0, labelpad=10)
        outlines = [region.outline for region in regions.regions]
        heights = np.array([_height(region) for region in regions.regions])
        shades, edges = _shades(heights)
        axes.add_collection(
            PolyCollection(
                outlines, facecolors=shades, edgecolors=ink["ink"],
                linewidths=0.9 if count <= 400 else 0.35, antialiased=True,
            )
        )  # fmt: skip
        for spine in axes.spines.values():
            spine.set_visible(True)
        _draw_scale(drawing, (LEFT + SIDE + 22, BOTTOM, width, height), edges, ink)
        return write_figure(drawing, path)


def _height(region: Any) -> float:
    """The first output in the middle of a region's corners."""
    x, y = (float(value) for value in region.outline.mean(axis=0))
    (gx, gy), c = region.gradients[0], region.intercepts[0]
    return float(gx) * x + float(gy) * y + float(c)


def _shades(heights: Array) -> tuple[list[str], Array]:
    """Greys from light, where the output is least, to dark; and the ends of their classes."""
    low, high = float(heights.min()), float(heights.max())
    edges = np.linspace(low, high if high > low else low + 1, SHADES + 1)
    classes = np.clip(np.searchsorted(edges, heights, "right") - 1, 0, SHADES - 1)
    return [_grey(c) for c in classes], edges


def _grey(shade: int) -> str:
    return f"{0.97 - 0.62 * shade / (SHADES - 1):.3f}"


def _draw_scale(
    drawing: Any, place: tuple[float, float, float, float], edges: Array, ink: Ink
) -> None:
    left, bottom, width, height = place
    axes = drawing.add_axes((left / width, bottom / height, 12 / width, 150 / height))
    for shade in range(SHADES):
        axes.axhspan(edges[shade], edges[shade + 1], color=_grey(shade))
    axes.set_ylim(edges[0], edges[-1])
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.tick_params(length=0, pad=4)
    axes.set_yticks([edges[0], edges[-1]], [figure(edges[0], 3), figure(edges[-1], 3)])
    axes.set_title("output", loc="left", fontsize=9, color=ink["ink"], pad=9)
