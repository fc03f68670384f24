"""A small network of one input, one hidden layer and one output, with its numbers written in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_network"]

INPUT, HIDDEN, OUTPUT = 0.0, 1.0, 2.0


def draw_network(
    axes: Axes, neurons: Sequence[tuple[str, str, str]], constant: str, ink: dict[str, str]
) -> None:
    """Draw x, the neurons and y; each neuron is its hidden weight, bias and output weight."""
    n = len(neurons)
    axes.set_xlim(-0.28, 2.34)
    axes.set_ylim(-0.75, n - 0.25)
    axes.set_axis_off()
    middle = (n - 1) / 2
    size = {"fontsize": 8.5 if n <= 6 else 7.5, "ha": "center", "va": "center"}
    backed = {"facecolor": ink["paper"], "edgecolor": "none", "pad": 0.8}
    for number, (w, b, a) in enumerate(neurons):
        y = n - 1 - number
        for start, end, text, at in (
            ((INPUT, middle), (HIDDEN, y), w, 0.62),
            ((HIDDEN, y), (OUTPUT, middle), a, 0.42),
        ):
            negative = text.startswith("\N{MINUS SIGN}")
            axes.plot(
                [start[0], end[0]], [start[1], end[1]], linewidth=1.3, zorder=1,
                color=ink["orange" if negative else "blue"],
                linestyle=(0, (5, 2)) if negative else "-",
            )  # fmt: skip
            place = (start[0] + at * (end[0] - start[0]), start[1] + at * (end[1] - start[1]))
            axes.text(*place, text, color=ink["ink"], bbox=backed, zorder=3, **size)  # type: ignore[arg-type]
        _circle(axes, (HIDDEN, y), b, ink, size)
    _circle(axes, (INPUT, middle), "x", ink, size)
    _circle(axes, (OUTPUT, middle), constant, ink, size)
    axes.annotate("y", (OUTPUT, middle), xytext=(20, 0), textcoords="offset points", va="center",
                  fontsize=9.5, color=ink["ink"])  # fmt: skip
    axes.annotate("relu", (HIDDEN, -0.62), ha="center", fontsize=8.5, color=ink["soft"])


def _circle(
    axes: Axes, place: tuple[float, float], text: str, ink: dict[str, str], size: dict[str, object]
) -> None:
    """A circle of fixed size on paper, whatever the axes' scales."""
    axes.plot(
        [place[0]], [place[1]], linestyle="", marker="o", markersize=23, zorder=4,
        markerfacecolor=ink["paper"], markeredgecolor=ink["soft"], markeredgewidth=1.1,
    )  # fmt: skip
    axes.text(*place, text, color=ink["ink"], zorder=5, **size)  # type: ignore[arg-type]
