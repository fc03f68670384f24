"""How far a network is from a function on samples, and what its own sums lose."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.function import Function
from chalknet.construct.placement import Boxes, Cells, Lines
from chalknet.network import Network

__all__ = ["measured_error", "rounding_of_sums"]

Array = npt.NDArray[Any]
SAMPLES = 2**18
MOST_ASKED = 2000  # cells


def rounding_of_sums(network: Network, low: float, high: float) -> float:
    """At most what float64 loses in the output's sum: (n + 3) 2⁻⁵³ Σ |terms|."""
    hidden, output = network.layers[0], network.layers[-1]
    sizes = np.ones(output.fan_in)
    if hidden.activation.name == "relu":
        ends = np.maximum(0.0, np.array([[low], [high]]) @ hidden.W + hidden.b)
        sizes = ends.max(axis=0)
    terms = float(sizes @ np.abs(output.W[:, 0])) + abs(float(output.b[0]))
    return 2.0**-53 * (output.fan_in + 3) * terms


def measured_error(
    function: Function, layout: Boxes | Lines | Cells, network: Network
) -> tuple[float, Array]:
    """The largest error on a grid of samples, the network's own outputs against the function."""
    edges = layout.edges if isinstance(layout, Cells) else (layout.edges,)
    d, gaps = len(edges), len(edges[0]) - 1
    count = int(np.clip(SAMPLES ** (1 / d) / gaps, 3, 65))
    # From the float after a wall, which belongs to the box before it, to the next wall itself.
    samples = [
        np.linspace(np.nextafter(each[:-1], np.inf), each[1:], count).T.ravel() for each in edges
    ]
    sides = [len(each) for each in samples]
    if math.prod(sides) <= 2 * SAMPLES:
        chosen = np.indices(sides).reshape(d, -1)
    else:  # of many inputs too many: some of them
        chosen = np.random.default_rng(0).integers(np.array(sides)[:, None], size=(d, SAMPLES // 4))
    points = np.stack([each[i] for each, i in zip(samples, chosen, strict=True)], axis=1)
    if isinstance(layout, Lines):
        outputs = np.interp(points[:, 0], layout.edges, _outputs(network, layout.edges[:, None]))
    else:
        outputs = _on_cells(network, edges, layout.heights)[tuple(chosen // count)]
    errors = np.abs(outputs - function(points))
    i = int(errors.argmax())
    return float(errors[i]), points[i]


def _on_cells(network: Network, edges: Sequence[Array], heights: Array) -> Array:
    """The network's output on each cell, where it is constant.

    It is asked in the middle of each; of a large network only of some, for the others the heights
    are taken, from which rounding alone can part it.
    """
    middles = [each[:-1] + np.diff(each) / 2 for each in edges]
    grid = np.stack(np.meshgrid(*middles, indexing="ij"), -1).reshape(-1, len(edges))
    outputs = heights.flatten()
    some = np.unique(np.linspace(0, len(grid) - 1, MOST_ASKED).astype(int))
    outputs[some] = _outputs(network, grid[some])
    return outputs.reshape(heights.shape)


def _outputs(network: Network, X: Array) -> Array:
    """The network's outputs (n,), some rows at a time."""
    rows = max(1, 2**24 // max(network.widths))
    parts = [network.output(X[i : i + rows])[:, 0] for i in range(0, len(X), rows)]
    return np.concatenate(parts)
