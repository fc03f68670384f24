"""How variances change from layer to layer: predicted, measured, and the band between."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chalknet.diagnose.signal_propagation import Signal, SignalPropagation
from chalknet.report.plots.canvas import quiet
from chalknet.report.plots.paper import on_paper, power_of_ten, write_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["write_propagation_plot"]

Array = npt.NDArray[Any]

WIDTH, HEIGHT = 612, 560
LEFT, RIGHT, TOP, MIDDLE, BOTTOM = 62, 128, 78, 74, 44
MARKERS_SHOWN = 20
# Lines are told apart by dash and marker, so that they can be without colour.
STYLES = (
    ("blue", "-", "o"),
    ("orange", (0, (6, 2)), "s"),
    ("ink", (0, (2, 1.5)), "^"),
    ("soft", (0, (6, 1.5, 1, 1.5)), "D"),
    ("blue", (0, (1, 1)), "v"),
    ("orange", (0, (8, 2, 2, 2)), "P"),
)


@dataclass(frozen=True)
class _End:
    """Where a line ends: at ±∞ when it leaves the plot on the way."""

    label: str
    colour: str
    power: float
    layer: int


def write_propagation_plot(
    path: str | os.PathLike[str], schemes: Sequence[SignalPropagation]
) -> Path:
    """Draw pre-activations above and gradients below, each in the direction it travels.

    Parameters
    ----------
    path : path
        Ends in .svg, .png or .pdf.
    schemes : sequence of SignalPropagation
        Of networks of the same depth.

    Raises
    ------
    ConfigurationError
        The name has another ending.
    OSError
        The file cannot be written.
    """
    from matplotlib.figure import Figure

    with on_paper() as ink:
        figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72))
        panel = (HEIGHT - TOP - MIDDLE - BOTTOM) / 2
        bottoms = (BOTTOM + panel + MIDDLE, BOTTOM)
        titles = ("Variance of the pre-activations z", "Variance of the gradients ∂loss/∂z")
        for name, bottom, title in zip(("forward", "backward"), bottoms, titles, strict=True):
            axes = figure.add_axes(
                (LEFT / WIDTH, bottom / HEIGHT, 1 - (LEFT + RIGHT) / WIDTH, panel / HEIGHT)
            )
            quiet(axes)
            _draw(axes, name, schemes, ink)
            axes.set_title(title, loc="left", fontsize=10.5, color=ink["ink"], pad=9)
        figure.text(LEFT / WIDTH, 1 - 20 / HEIGHT, _headline(schemes), fontsize=12, va="center")
        figure.text(
            LEFT / WIDTH, 1 - 39 / HEIGHT, _legend(schemes), fontsize=9, va="center",
            color=ink["soft"],
        )  # fmt: skip
        return write_figure(figure, path)


def _headline(schemes: Sequence[SignalPropagation]) -> str:
    if len(schemes) == 1:
        one = schemes[0]
        return f"{one.name}: signals {one.forward.name}, gradients {one.backward.name}"
    kept = [s.name for s in schemes if s.forward.name == s.backward.name == "kept"]
    if len(kept) == 1:
        return f"Of {len(schemes)} schemes, {kept[0]} alone keeps signals and gradients"
    return f"{len(kept) or 'None'} of {len(schemes)} schemes keep signals and gradients"


def _legend(schemes: Sequence[SignalPropagation]) -> str:
    draws = schemes[0].draws
    if not draws:
        return "lines: predicted for wide layers"
    networks = "1 network" if draws == 1 else f"mean of {draws:,} networks"
    return f"lines: predicted for wide layers    points: {networks}    shaded: where it must fall"


def _draw(axes: Axes, name: str, schemes: Sequence[SignalPropagation], ink: dict[str, str]) -> None:
    depth = len(schemes[0].layers)
    layers = np.arange(1, depth + 1)
    ends: list[_End] = []
    seen: list[Array] = []
    for number, scheme in enumerate(schemes):
        colour, dashes, marker = STYLES[number % len(STYLES)]
        signals: list[Signal] = [getattr(layer, name) for layer in scheme.layers]
        predicted = _drawable([signal.predicted for signal in signals])
        measured = _drawable([signal.measured for signal in signals])
        low = _drawable([signal.band[0] if signal.band else None for signal in signals])
        high = _drawable([signal.band[1] if signal.band else None for signal in signals])
        axes.fill_between(layers, low, high, color=ink[colour], alpha=0.16, linewidth=0)
        axes.plot(layers, predicted, color=ink[colour], linestyle=dashes, linewidth=1.7)
        every = max(1, round(depth / MARKERS_SHOWN))
        # Starting at another layer each, points that coincide can all be seen.
        start = number % every
        axes.plot(
            layers[start::every], measured[start::every], linestyle="", color=ink[colour],
            marker=marker, markersize=4.2, markerfacecolor=ink["paper"], markeredgewidth=1.1,
        )  # fmt: skip
        seen += [predicted, measured, low, high]
        at = -1 if name == "forward" else 0
        power, label = float(predicted[at]), _label(scheme, schemes)
        if not math.isfinite(power):
            power = math.inf if signals[at].predicted > 1 else -math.inf
            label += " → ∞" if power > 0 else " → 0"
        ends.append(_End(label, ink[colour], power, layers[at]))
    _scale(axes, np.concatenate(seen), ink)
    _layer_axis(axes, depth, reverse=name == "backward")
    _label_ends(axes, ends)


def _drawable(values: Sequence[float | None]) -> Array:
    """Powers of ten; NaN for what has none, and there lines break off."""
    return np.array([math.log10(v) if v and 0 < v < math.inf else math.nan for v in values])


def _label(scheme: SignalPropagation, schemes: Sequence[SignalPropagation]) -> str:
    """What tells the scheme from the others."""
    if len({other.activation for other in schemes}) == 1:
        return scheme.init
    if len({other.init for other in schemes}) == 1:
        return scheme.activation
    return f"{scheme.activation},\n{scheme.init}"


def _scale(axes: Axes, powers: Array, ink: dict[str, str]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    finite = powers[np.isfinite(powers)]
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
    # At least two decades, so that nothing looks like a change that is none.
    middle, reach = (low + high) / 2, max(0.54 * (high - low), 1.0)
    axes.set_ylim(middle - reach, middle + reach)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda power, _: power_of_ten(round(power))))
    axes.grid(visible=True, axis="y", color=ink["line"], linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)


def _layer_axis(axes: Axes, depth: int, *, reverse: bool) -> None:
    pad = 0.5 if depth == 1 else 0.02 * (depth - 1)
    limits = (1 - pad, depth + pad)
    axes.set_xlim(limits[::-1] if reverse else limits)
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 10**6) if depth / step <= 10)
    axes.set_xticks(sorted({1, *range(step, depth + 1, step)}))
    axes.set_xlabel("layer, from the output down" if reverse else "layer, from the input up")


def _label_ends(axes: Axes, ends: list[_End]) -> None:
    """Write each scheme's name where its line ends, pushed apart where two would collide."""
    low, high = axes.get_ylim()
    gap, floor = 0.078 * max(end.label.count("\n") + 1 for end in ends), -1.0
    ends = sorted(ends, key=lambda end: end.power)
    for number, end in enumerate(ends):
        place = (min(max(end.power, low), high) - low) / (high - low)
        floor = max(min(place, 1 - gap * (len(ends) - 1 - number)), floor + gap)
        line = {"arrowstyle": "-", "color": end.colour, "linewidth": 0.6, "shrinkA": 1,
                "shrinkB": 3, "relpos": (0, 0.5)}  # fmt: skip
        there = math.isfinite(end.power)
        axes.annotate(
            end.label, (end.layer, end.power if there else low), xytext=(1.05, floor),
            textcoords="axes fraction", va="center", fontsize=9, color=end.colour,
            annotation_clip=False, arrowprops=line if there else None,
        )  # fmt: skip
