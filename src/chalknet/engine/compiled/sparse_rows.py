"""The first layer's products where each row of X has a list of the columns that are not zero.

Z takes rows of W, one for each nonzero of a row; dW takes rows of dZ, one for each nonzero of a
column, for which the lists of rows are turned into lists of columns.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.compilation import INLINED, KERNEL
from chalknet.engine.compiled.gemm import (
    lanes,
    sparse_eight,
    sparse_four,
    sparse_one,
    sparse_two,
)
from chalknet.engine.compiled.grid import layer_of, width_of
from chalknet.engine.compiled.instructions import pointer, shifted

__all__ = ["columns_of_inputs", "forward_sparse", "gradient_sparse"]


@njit(**KERNEL)
def forward_sparse(D, layer, row_0, row_1, panel_0, panel_1, like):
    """Z = X W + b of the first layer, with the zeros of X left out."""
    ld, tile = layer[at.LD], 2 * lanes(like)
    panel_size = layer[at.ROWS] * tile
    counts = pointer(D[at.COUNTS], np.int64(0))
    narrow = width_of(layer[at.PANELS], panel_1 - 1, layer[at.FAN_OUT], like) < tile
    full = panel_1 - 1 if narrow else panel_1
    for row in range(row_0, row_1):
        x = shifted(pointer(D[at.INPUTS], like), row * D[at.INPUTS_LD])
        which = shifted(pointer(D[at.WHICH], np.int32(0)), row * D[at.INPUTS_LD])
        z = shifted(pointer(layer[at.Z], like), row * ld)
        panel, count = panel_0, counts[row]
        while panel < panel_1:
            W = shifted(pointer(layer[at.WEIGHTS], like), panel * panel_size)
            b = shifted(pointer(layer[at.BIAS], like), panel * tile)
            target = shifted(z, panel * tile)
            # Several sums at once, because each waits for its last multiply-add.
            if panel + 4 <= full:
                sparse_eight(count, which, x, 1, W, tile, panel_size, b, target)
                panel += 4
            elif panel + 2 <= full:
                sparse_four(count, which, x, 1, W, tile, panel_size, b, target)
                panel += 2
            elif panel < full:
                sparse_two(count, which, x, 1, W, tile, panel_size, b, target)
                panel += 1
            else:
                sparse_one(count, which, x, 1, W, tile // 2, panel_size, b, target)
                panel += 1


@njit(**INLINED)
def _columns(D, thread):
    """The thread's lists of columns: where each begins, and its samples."""
    fan_in = layer_of(D, 0)[at.FAN_IN]
    part = thread * D[at.SLICE] * fan_in
    return (
        shifted(pointer(D[at.COLUMN_STARTS], np.int32(0)), thread * (fan_in + 2)),
        shifted(pointer(D[at.COLUMN_SAMPLES], np.int32(0)), part),
    )


@njit(**KERNEL)
def columns_of_inputs(D, thread, n, first, last):
    """Turn the rows of the slice into columns first … last−1, for the thread alone."""
    starts, samples = _columns(D, thread)
    counts = pointer(D[at.COUNTS], np.int64(0))
    for k in range(last - first + 2):
        starts[k] = 0
    for row in range(n):
        which = shifted(pointer(D[at.WHICH], np.int32(0)), row * D[at.INPUTS_LD])
        for q in range(counts[row]):
            if first <= which[q] < last:
                starts[which[q] - first + 2] += 1
    for k in range(2, last - first + 2):
        starts[k] += starts[k - 1]
    for row in range(n):
        which = shifted(pointer(D[at.WHICH], np.int32(0)), row * D[at.INPUTS_LD])
        for q in range(counts[row]):
            if first <= which[q] < last:
                place = starts[which[q] - first + 1]
                starts[which[q] - first + 1] = place + 1
                samples[place] = row


@njit(**KERNEL)
def gradient_sparse(D, thread, k, k_0, rows, dZ, width, begin, step, C, like):
    """``rows`` rows of dW = Xᵀ dZ from row k on, ``width`` columns wide; lists begin with k_0."""
    starts, samples = _columns(D, thread)
    ld, stride = layer_of(D, 0)[at.LD], D[at.INPUTS_LD]
    for row in range(rows):
        first = starts[k - k_0 + row]
        count = starts[k - k_0 + row + 1] - first
        x = shifted(pointer(D[at.INPUTS], like), k + row)
        which = shifted(samples, first)
        start, target = shifted(begin, row * step), shifted(C, row * width)
        if width > lanes(like):
            sparse_two(count, which, x, stride, dZ, ld, 0, start, target)
        else:
            sparse_one(count, which, x, stride, dZ, ld, 0, start, target)
