"""A function, the network near it, how far apart they are, and how that falls with the neurons."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.approximation import Approximation
from chalknet.construct.growth import Growth, Rates
from chalknet.construct.step_networks import box_network
from chalknet.construct.writing import number_text
from chalknet.pages.names import shortened
from chalknet.report.plots.approximation_maps import of_several_inputs
from chalknet.report.plots.panels import decades, frame, headline, panels_below
from chalknet.report.plots.paper import on_paper, write_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["write_approximation_plot", "write_box_plot"]

Array = npt.NDArray[Any]
Ink = dict[str, str]

PANELS = (190, 110, 190)  # heights: function, error, rates
SAMPLES = 4001


def write_approximation_plot(
    path: str | os.PathLike[str],
    found: Approximation,
    rates: Rates | None = None,
    growth: Growth | None = None,
) -> Path:
    """Draw what was found: for one input a graph, for two a map, for more the growth alone.

    Parameters
    ----------
    path : path
        Ends in .svg, .png or .pdf.
    found : Approximation
    rates : Rates, optional
        The error against the number of neurons, boxes and lines on one plot (one input).
    growth : Growth, optional
        The number of neurons against the error (several inputs).

    Raises
    ------
    ConfigurationError
        The name has another ending.
    OSError
        The file cannot be written.
    """
    with on_paper() as ink:
        if found.function.inputs == 1:
            figure = _of_one_input(found, rates, ink)
        else:
            figure = of_several_inputs(found, growth, _headline(found), ink)
        return write_figure(figure, path)


def _headline(found: Approximation) -> str:
    what = {"boxes": "step", "lines": "ReLU"}[found.kind]
    name = shortened(found.function.name, 30)
    proved = "proved" if found.proved else "seen on samples"
    return (
        f"{found.neurons:,} {what} neurons are within {number_text(_rounded_up(found.bound))} "
        f"of {name} ({proved})"
    )


def _rounded_up(value: float) -> float:
    """To three digits, never below."""
    if value <= 0:
        return 0.0
    scale = 10.0 ** (2 - math.floor(math.log10(value)))
    return math.ceil(value * scale * (1 - 1e-12)) / scale


# one input ------------------------------------------------------------------------------------


def _of_one_input(found: Approximation, rates: Rates | None, ink: Ink) -> Figure:
    figure, panels = panels_below(PANELS if rates else PANELS[:2])
    measured = f"largest error measured: {found.measured:.3g}"
    headline(figure, _headline(found), measured, ink)
    edges = np.asarray(found.layout.edges)
    x = np.unique(
        np.concatenate(
            [np.linspace(found.low, found.high, SAMPLES), edges, np.nextafter(edges[:-1], np.inf)]
        )
    )
    true, near = found.function(x[:, np.newaxis]), _outputs(found, x)
    graph, error = panels[:2]
    frame(graph, "The function, and the network (thick, pale)", "", ink)
    graph.plot(x, near, color=ink["orange"], linewidth=3.2, alpha=0.55, solid_joinstyle="miter",
               rasterized=len(edges) > 2000)  # fmt: skip
    graph.plot(x, true, color=ink["ink"], linewidth=1.1)
    frame(error, "Network minus function, between the proved bounds (dashed)"
           if found.proved else "Network minus function", "x", ink)  # fmt: skip
    error.fill_between(x, 0, near - true, color=ink["blue"], alpha=0.35, linewidth=0)
    error.plot(x, near - true, color=ink["blue"], linewidth=0.8)
    if found.bound > 0:
        for level in (-found.bound, found.bound):
            error.axhline(level, color=ink["ink"], linewidth=1.0, linestyle=(0, (5, 2)))
        error.set_ylim(-1.15 * found.bound, 1.15 * found.bound)
    if rates is not None:
        _draw_rates(panels[2], found, rates, ink)
    return figure


def _outputs(found: Approximation, x: Array) -> Array:
    rows = max(1, 2**22 // found.neurons)
    parts = [
        found.network.output(x[i : i + rows, np.newaxis])[:, 0] for i in range(0, len(x), rows)
    ]
    return np.concatenate(parts)


def _draw_rates(axes: Axes, found: Approximation, rates: Rates, ink: Ink) -> None:
    frame(axes, "Error bound against the number of neurons, at equal widths", "neurons", ink)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    neurons = np.array(rates.neurons, float)
    ends = []
    for name, values, colour, dash, marker in (
        ("boxes", rates.boxes, "blue", "-", "o"),
        ("lines", rates.lines, "orange", (0, (6, 2)), "s"),
    ):
        errors = np.array(values)
        shown = errors > 1e-14
        if not shown.any():
            continue
        axes.plot(
            neurons[shown], errors[shown], color=ink[colour], linestyle=dash, linewidth=1.6,
            marker=marker, markersize=4.5, markerfacecolor=ink["paper"], markeredgewidth=1.2,
        )  # fmt: skip
        order = rates.order(name)
        label = name if math.isnan(order) else f"{name}: ∝ n{_power(-order)}"
        ends.append((errors[shown][-1], label, ink[colour]))
    if found.bound > 1e-14:
        axes.plot([found.neurons], [found.bound], linestyle="", marker="*", markersize=11,
                  color=ink["ink"], zorder=4)  # fmt: skip
        axes.annotate("this network", (found.neurons, found.bound), xytext=(7, 5),
                      textcoords="offset points", fontsize=8.5)  # fmt: skip
    for value, label, colour in ends:
        axes.annotate(label, (neurons[-1], value), xytext=(8, 0), textcoords="offset points",
                      va="center", fontsize=9, color=colour)  # fmt: skip
    # Room for the names on the right: a fifth of what is shown.
    axes.set_xlim(neurons[0] / 1.2, neurons[-1] * (neurons[-1] / neurons[0]) ** 0.24)
    axes.set_xticks(neurons, [f"{int(n):,}" for n in neurons])
    axes.minorticks_off()
    decades(axes)


def _power(value: float) -> str:
    digits = str.maketrans("-.0123456789", "⁻·⁰¹²³⁴⁵⁶⁷⁸⁹")
    return f"{value:.2f}".translate(digits)


# the box --------------------------------------------------------------------------------------


def write_box_plot(path: str | os.PathLike[str], height: float, width: float) -> Path:
    """Draw the box of two step neurons and what each of them adds.

    Parameters
    ----------
    path : path
        Ends in .svg, .png or .pdf.
    height, width : float
        As ``box_network`` takes them.
    """
    network = box_network(height, width)
    h, d = number_text(height), number_text(width)
    walls = np.array([0.0, width])
    x = np.sort(np.concatenate([np.linspace(-0.6 * width, 1.6 * width, 201), walls,
                                np.nextafter(walls, np.inf)]))  # fmt: skip
    trace = network.forward(x[:, np.newaxis])
    parts = trace.activations[0] * network.layers[1].W[:, 0]
    with on_paper() as ink:
        figure, (above, below) = panels_below((150, 150))
        headline(
            figure,
            f"A box of height {h} over 0 < x ≤ {d}: the sum of two step neurons",
            "step(z) is 1 for z > 0 and 0 at z = 0, so the box holds its right wall",
            ink,
        )
        minus = "+" if height < 0 else "−"
        for axes, title in ((above, "The sum"), (below, "Its two parts")):
            frame(axes, title, "x", ink)
        above.plot(x, trace.output[:, 0], color=ink["ink"], linewidth=2.0)
        for j, (colour, dash, label) in enumerate(
            (
                ("blue", "-", f"{h} step(x)"),
                ("orange", (0, (6, 2)), f"{minus}{number_text(abs(height))} step(x − {d})"),
            )
        ):
            below.plot(
                x, parts[:, j], color=ink[colour], linestyle=dash, linewidth=1.7, label=label
            )
        below.legend(loc="upper left", fontsize=9, frameon=False)
        return write_figure(figure, path)
