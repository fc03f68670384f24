"""Where a thread stands: its share of a layer's panels and rows.

Threads stand in a grid: ``COLUMN_GROUPS`` groups of panels (columns of W, neurons of the layer) by
groups of rows. A thread keeps its panels through all stages of a layer, so that its part of W stays
in its own cache from the update of one step to the forward sweep of the next. Only where all of W
is small, forward and backward sweep are divided by samples instead.
"""

from __future__ import annotations

from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.compilation import INLINED
from chalknet.engine.compiled.gemm import HEIGHT, lanes
from chalknet.engine.compiled.instructions import address_of, pointer, shifted
from chalknet.engine.compiled.teamwork import share

__all__ = [
    "block_of",
    "layer_of",
    "leads",
    "panels_of",
    "part_of_samples",
    "rows_of",
    "samples_of",
    "width_of",
    "zeros_of",
]


@njit(**INLINED)
def layer_of(D, number):
    """The record of a layer."""
    return shifted(D, at.NETWORK_FIELDS + number * at.LAYER_FIELDS)


@njit(**INLINED)
def block_of(scratch, like):
    """Room for two blocks of gradient, after the addresses; zeros as wide as both follow."""
    return pointer(address_of(scratch, at.ADDRESSES), like)


@njit(**INLINED)
def zeros_of(scratch, like):
    """Zeros as wide as two panels: where a sum begins that begins at nothing."""
    return shifted(block_of(scratch, like), 2 * at.BLOCK * 2 * lanes(like))


@njit(**INLINED)
def panels_of(layer, thread):
    """The thread's panels of a layer, from and to."""
    groups = layer[at.COLUMN_GROUPS]
    if groups == 1:
        return 0, layer[at.PANELS]
    return share(layer[at.PANELS], 1, thread % groups, groups)


@njit(**INLINED)
def rows_of(D, layer, n, unit, thread):
    """The thread's rows out of n, from and to."""
    groups = layer[at.COLUMN_GROUPS]
    if groups == D[at.THREADS]:
        return 0, n
    return share(n, unit, thread // groups, D[at.THREADS] // groups)


@njit(**INLINED)
def samples_of(D, n, thread):
    """The thread's samples out of n wherever work is divided by samples, from and to."""
    return share(n, HEIGHT, thread, D[at.THREADS])


@njit(**INLINED)
def part_of_samples(D, weights, layer, n, unit, thread):
    """What the thread computes of the n rows of ``layer``: rows and panels, from and to.

    They come of a product with the weights of the layer ``weights``, or with these transposed. If
    they are few, each thread takes samples of its own through one layer after the other, and there
    is nobody to wait for in between.
    """
    if weights[at.BY_ROWS]:
        row_0, row_1 = samples_of(D, n, thread)
        return row_0, row_1, 0, layer[at.PANELS]
    row_0, row_1 = rows_of(D, layer, n, unit, thread)
    panel_0, panel_1 = panels_of(layer, thread)
    return row_0, row_1, panel_0, panel_1


@njit(**INLINED)
def leads(layer, thread):
    """Whether the thread is the first of its column group, who sees to what has no rows."""
    return thread < layer[at.COLUMN_GROUPS]


@njit(**INLINED)
def width_of(count, panel, columns, like):
    """How wide a panel is: two vectors, or one if that holds the last columns."""
    n = lanes(like)
    return n if panel == count - 1 and columns - panel * 2 * n <= n else 2 * n
