"""Networks of step neurons: a box from two, a function from many, several inputs by a second layer.

σ(z) = 1 for z > 0, else 0. The box of height h over 0 < x ≤ δ is

    h σ(x) − h σ(x − δ),

two hidden neurons, and at x = δ itself still h, since σ(0) = 0. Boxes side by side share a wall:
one neuron, whose output weight is the difference of their heights. In d inputs a cell is where the
2 d walls around it say so: one neuron of a second layer that asks for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError
from chalknet.layers import Dense
from chalknet.network import Network

__all__ = ["box_network", "boxes_network", "cells_network", "count_of_neurons"]

Array = npt.NDArray[Any]


def box_network(height: float, width: float) -> Network:
    """The box of two neurons: ``height`` over 0 < x ≤ ``width``, 0 elsewhere.

    Source: course nyu, spring 2025, assignment 1, question 1 (a).

    Raises
    ------
    ConfigurationError
        The width is not positive, or a number is not finite.

    >>> network = box_network(3.0, 0.5)
    >>> network.output([[0.0], [0.1], [0.5], [0.6]]).ravel()
    array([0., 3., 3., 0.])
    """
    if not (np.isfinite(height) and np.isfinite(width) and width > 0):
        raise ConfigurationError(
            f"a box has a finite height and a width above 0, not {height:g} and {width:g}."
        )
    return Network(
        [
            Dense([[1.0, 1.0]], [0.0, -float(width)], "step"),
            Dense([[float(height)], [-float(height)]], [0.0]),
        ]
    )


def boxes_network(walls: Array, heights: Array) -> Network:
    """``heights`` (m,) between neighbouring ``walls`` (m + 1,), 0 outside: m + 1 neurons.

    A step neuron is off at its own wall, so a box is walls[i] < x ≤ walls[i + 1]; the first wall is
    moved one float to the left, so that the first box holds it too.

    >>> boxes_network(np.array([0.0, 1.0, 2.0]), np.array([3.0, 5.0])).output([[0.0], [1.5], [2.1]])
    array([[3.],
           [5.],
           [0.]])
    """
    jumps = np.diff(np.concatenate([[0.0], heights, [0.0]]))
    return Network(
        [
            Dense(np.ones((1, len(walls))), -_opened(walls), "step"),
            Dense(jumps[:, np.newaxis], [0.0]),
        ]
    )


def cells_network(walls: Sequence[Array], heights: Array) -> Network:
    """``heights`` (m₁, …, m_d) on the cells between walls along each of d inputs, 0 outside.

    Layer 1 has a neuron a wall. In layer 2 a neuron a cell adds up, for each input, the wall before
    it less the wall after it: d where all say that x is inside, d − 1 at most elsewhere, so that
    with the bias ½ − d it is on in its cell alone.

    >>> walls = [np.array([0.0, 1.0]), np.array([0.0, 1.0, 2.0])]
    >>> cells_network(walls, np.array([[3.0, 5.0]])).output([[0.5, 0.5], [0.5, 1.5], [2.0, 0.5]])
    array([[3.],
           [5.],
           [0.]])
    """
    d, counts = len(walls), [len(each) for each in walls]
    W1 = np.zeros((d, sum(counts)))
    starts = np.concatenate([[0], np.cumsum(counts)])
    for a in range(d):
        W1[a, starts[a] : starts[a + 1]] = 1.0
    b1 = -np.concatenate([_opened(each) for each in walls])
    cells = np.stack(np.meshgrid(*map(np.arange, heights.shape), indexing="ij"), -1).reshape(-1, d)
    W2 = np.zeros((sum(counts), len(cells)))
    columns = np.arange(len(cells))
    for a in range(d):
        W2[starts[a] + cells[:, a], columns] = 1.0
        W2[starts[a] + cells[:, a] + 1, columns] = -1.0
    return Network(
        [
            Dense(W1, b1, "step"),
            Dense(W2, np.full(len(cells), 0.5 - d), "step"),
            Dense(heights.reshape(-1, 1), [0.0]),
        ]
    )


def count_of_neurons(cells: int, inputs: int) -> int:
    """How many hidden neurons ``cells`` a side take: m + 1 for one input, else d (m + 1) + mᵈ.

    >>> count_of_neurons(10, 1), count_of_neurons(10, 2), count_of_neurons(10, 5)
    (11, 122, 100055)
    """
    return cells + 1 if inputs == 1 else inputs * (cells + 1) + cells**inputs


def _opened(walls: Array) -> Array:
    return np.concatenate([[np.nextafter(walls[0], -np.inf)], walls[1:]])
