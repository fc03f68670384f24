"""Functions of several inputs: maps of two of them, and how neurons grow with their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chalknet.construct.approximation import Approximation
from chalknet.construct.growth import Growth
from chalknet.construct.writing import number_text
from chalknet.report.plots.canvas import quiet
from chalknet.report.plots.panels import decades, frame, headline, panels_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["of_several_inputs"]

Ink = dict[str, str]

PIXELS = 160
STYLES = (("ink", "-"), ("blue", "-"), ("orange", (0, (6, 2))), ("soft", (0, (6, 1.5, 1, 1.5))),
          ("blue", (0, (2, 1.5))), ("ink", (0, (1, 2))))  # fmt: skip


def of_several_inputs(found: Approximation, growth: Growth | None, title: str, ink: Ink) -> Figure:
    """A figure of maps, for two inputs, above the growth of the number of neurons."""
    d = found.function.inputs
    maps, curve = (found.function.inputs == 2), growth is not None
    heights = ((150,) if maps else ()) + ((210,) if curve else ())
    figure, panels = panels_below(heights or (40,))
    widths = "-".join(map(str, found.network.widths))
    headline(figure, title, f"network {widths}, largest error measured: "
           f"{found.measured:.3g}", ink)  # fmt: skip
    if maps:
        _draw_maps(figure, panels[0], found, ink)
    if growth is not None:
        _draw_growth(panels[-1], growth, d, ink)
    if not heights:
        panels[0].set_axis_off()
    return figure


def _draw_maps(figure: Figure, place: Axes, found: Approximation, ink: Ink) -> None:
    """The function, the network and the error, in greys."""
    box = place.get_position()
    place.remove()
    at = np.linspace(found.low, found.high, PIXELS)
    grid = np.stack(np.meshgrid(at, at), -1).reshape(-1, 2)
    true = found.function(grid)
    rows = max(1, 2**23 // max(found.network.widths))
    near = np.concatenate(
        [found.network.output(grid[i : i + rows])[:, 0] for i in range(0, len(grid), rows)]
    )
    error = np.abs(near - true)
    low, high = float(min(true.min(), near.min())), float(max(true.max(), near.max()))
    side = box.height * figure.get_figheight() / figure.get_figwidth()
    gap = (box.width - 3 * side) / 2
    for number, (title, values, ends) in enumerate(
        (
            ("The function", true, (low, high)),
            ("The network", near, (low, high)),
            ("|network − function|", error, (0.0, found.bound)),
        )
    ):
        axes = figure.add_axes((box.x0 + number * (side + gap), box.y0, side, box.height))
        quiet(axes)
        axes.imshow(
            values.reshape(PIXELS, PIXELS), cmap="gray_r", vmin=ends[0], vmax=ends[1],
            origin="lower", extent=(found.low, found.high, found.low, found.high),
            interpolation="nearest",
        )  # fmt: skip
        axes.set_title(title, loc="left", fontsize=10, color=ink["ink"], pad=7)
        axes.set_xlabel(
            f"white {number_text(round(ends[0], 3))}, black {number_text(round(ends[1], 3))}",
            fontsize=8.5, color=ink["soft"],
        )  # fmt: skip
        axes.set_xticks([found.low, found.high])
        axes.set_yticks([found.low, found.high])


def _draw_growth(axes: Axes, growth: Growth, own: int, ink: Ink) -> None:
    frame(axes, "Neurons that suffice for an error, by the number of inputs d", "error, at most",
           ink)  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    errors = np.array(growth.errors)
    for k, d in enumerate(growth.inputs):
        colour, dash = STYLES[k % len(STYLES)]
        counts = [row[k] for row in growth.neurons]
        axes.plot(errors, counts, color=ink[colour], linestyle=dash,
                  linewidth=2.4 if d == own else 1.4, marker="o", markersize=3)  # fmt: skip
        axes.annotate(
            f"d = {d}" + (" (this)" if d == own else ""), (errors[-1], counts[-1]), xytext=(6, 0),
            textcoords="offset points", va="center", fontsize=9, color=ink[colour],
            annotation_clip=False,
        )  # fmt: skip
    axes.invert_xaxis()
    right = errors[-1] / (errors[0] / errors[-1]) ** 0.16
    axes.set_xlim(errors[0] * 1.15, right)
    axes.set_xticks(errors, [number_text(float(error)) for error in errors])
    axes.minorticks_off()
    decades(axes)
