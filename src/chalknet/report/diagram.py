"""The drawing of the network: where each neuron and each connection goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.network import Network

__all__ = ["Column", "Diagram", "Edge", "diagram_of"]

Array = npt.NDArray[Any]
SHOWN = 8  # neurons of a wide layer that stand for all
COLUMNS = 9  # layers of a deep network that stand for all
STEP, TOP, ROW = 82.0, 62.0, 21.0


@dataclass(frozen=True)
class Column:
    """A layer: its width and words, the heights of its neurons, and where ⋮ stands, if it does."""

    x: float
    width: int
    title: str
    activation: str
    neurons: tuple[float, ...]
    dots: float | None


@dataclass(frozen=True)
class Edge:
    """A connection; ``strength`` in [0, 1] is its weight against the layer's largest shown."""

    x1: float
    y1: float
    x2: float
    y2: float
    strength: float
    negative: bool


@dataclass(frozen=True)
class Diagram:
    """Everything the template needs to draw; ``gaps`` are abscissas where layers are left out."""

    width: float
    height: float
    columns: tuple[Column, ...]
    edges: tuple[Edge, ...]
    gaps: tuple[float, ...]
    left_out: int

    @property
    def abbreviated(self) -> bool:
        """Whether a layer has more neurons than are drawn."""
        return any(column.dots is not None for column in self.columns)


def diagram_of(network: Network, *, output: str = "") -> Diagram:
    """Lay out ``network``, layers from left to right, wide layers and deep stacks abbreviated.

    ``output`` names what becomes of the last layer's pre-activations where the loss does it.
    """
    widths = network.widths
    numbers = list(range(len(widths)))
    left_out = max(0, len(widths) - COLUMNS)
    if left_out:
        half = COLUMNS // 2
        numbers = [*numbers[: half + 1], *numbers[-half:]]
    tallest = max(_rows(width) for width in widths)
    middle = TOP + ROW * (tallest - 1) / 2
    columns, chosen = [], []
    for place, number in enumerate(numbers):
        columns.append(_column(network, number, STEP * (place + 0.5), middle, output))
        chosen.append(_chosen(widths[number]))
    edges: list[Edge] = []
    gaps = []
    for place in range(len(numbers) - 1):
        if numbers[place + 1] == numbers[place] + 1:
            W = network.layers[numbers[place]].W[np.ix_(chosen[place], chosen[place + 1])]
            edges += _edges(columns[place], columns[place + 1], W)
        else:
            gaps.append((columns[place].x + columns[place + 1].x) / 2)
    height = TOP + ROW * (tallest - 1) + 24
    width = STEP * len(numbers)
    return Diagram(width, height, tuple(columns), tuple(edges), tuple(gaps), left_out)


def _column(network: Network, number: int, x: float, middle: float, output: str) -> Column:
    width, last = network.widths[number], len(network.layers)
    title = "inputs" if number == 0 else "outputs" if number == last else f"layer {number}"
    activation = "" if number == 0 else network.layers[number - 1].activation.spec
    if number == last and output and activation == "identity":
        activation = output
    rows = _rows(width)
    heights = [middle + ROW * (row - (rows - 1) / 2) for row in range(rows)]
    dots = heights.pop(SHOWN // 2) if width > rows else None
    return Column(x, width, title, activation, tuple(heights), dots)


def _rows(width: int) -> int:
    return min(width, SHOWN + 1)


def _chosen(width: int) -> list[int]:
    """Which neurons are drawn: all of a narrow layer, a few spread evenly over a wide one."""
    if width <= SHOWN + 1:
        return list(range(width))
    return [int(i) for i in np.linspace(0, width - 1, SHOWN)]


def _edges(left: Column, right: Column, W: Array) -> list[Edge]:
    largest = float(np.abs(W).max()) or 1.0
    return [
        Edge(left.x, y1, right.x, y2, abs(float(W[i, j])) / largest, bool(W[i, j] < 0))
        for i, y1 in enumerate(left.neurons)
        for j, y2 in enumerate(right.neurons)
    ]
