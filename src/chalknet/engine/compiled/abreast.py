"""The first layers of several networks at once, where each fills but one vector.

A tile of one vector waits for its own sums: it has four of them, and each takes as long as eight
multiply-adds. Four networks that train on the same inputs fill it: their weights are multiplied
with the same numbers, listed as in ``shared_zeros.py``. What becomes of an element is no different.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.compilation import INLINED, KERNEL
from chalknet.engine.compiled.gemm import MOST, UNIT, lanes
from chalknet.engine.compiled.grid import block_of, layer_of, zeros_of
from chalknet.engine.compiled.instructions import pointer, shifted
from chalknet.engine.compiled.teamwork import scratch_of
from chalknet.engine.compiled.tile import make_abreast_tile
from chalknet.engine.compiled.update import add_penalty, call_update, coefficients_of

__all__ = ["multiply_abreast", "update_abreast"]

AT_ONCE = at.ABREAST_AT_ONCE if MOST >= 16 else 2  # vectors


def _tiles(transposed: bool) -> Any:
    two = make_abreast_tile(2, transposed, UNIT)
    most = make_abreast_tile(AT_ONCE, transposed, UNIT)

    @njit(**INLINED)
    def tile(vectors, count, which, rows, A, lda, B, ldb, Bs, S, lds, Ss, C, ldc, Cs):
        if vectors > 2:
            most(count, which, rows, A, lda, B, ldb, Bs, S, lds, Ss, C, ldc, Cs)
        else:
            two(count, which, rows, A, lda, B, ldb, Bs, S, lds, Ss, C, ldc, Cs)

    return tile


_tile, _tile_transposed = _tiles(False), _tiles(True)


@njit(**INLINED)
def _distances(D, of, network):
    """From the array of the first network to those of this one and the next."""
    return shifted(pointer(D[at.DISTANCES], np.int64(0)), of * D[at.DISTANCES_LD] + network)


@njit(**KERNEL)
def multiply_abreast(D, n, like):
    """Z = X W + b of the first layers."""
    layer, lda = layer_of(D, 0), D[at.INPUTS_LD]
    ldc, width = layer[at.LD], lanes(like)
    blocks = (lda + at.COLUMNS_A_BLOCK - 1) // at.COLUMNS_A_BLOCK
    X, W = pointer(D[at.INPUTS], like), pointer(layer[at.WEIGHTS], like)
    b, Z = pointer(layer[at.BIAS], like), pointer(layer[at.Z], like)
    rows = pointer(D[at.ROW_LISTS], np.int32(0))
    lists = pointer(D[at.COLUMN_LISTS], np.int32(0))
    all_ends = pointer(D[at.COLUMN_ENDS], np.int64(0))
    for network in range(0, D[at.ABREAST], AT_ONCE):
        to_W, to_b = _distances(D, at.TO_WEIGHTS, network), _distances(D, at.TO_BIAS, network)
        to_Z = _distances(D, at.TO_Z, network)
        for block in range(blocks):
            begin, step, begins = (b, 0, to_b) if block == 0 else (Z, ldc, to_Z)
            for row in range(0, n, at.TOGETHER):
                group = row // at.TOGETHER
                ends = shifted(all_ends, group * (blocks + 1) + block)
                which = shifted(lists, group * lda + ends[0])
                _tile(
                    *(D[at.ABREAST] - network, ends[1] - ends[0], which, shifted(rows, row)),
                    *(X, lda, W, width, to_W, begin, step, begins, Z, ldc, to_Z),
                )


@njit(**KERNEL)
def _gradients(D, network, k, rows, block, zeros, like):
    """``rows`` rows of dW = Xᵀ dZ from row k on, of a few networks from this one on."""
    layer, lda = layer_of(D, 0), D[at.INPUTS_LD]
    counts = pointer(D[at.SAMPLE_COUNTS], np.int64(0))
    lists = pointer(D[at.SAMPLE_LISTS], np.int32(0))
    X, dZ = pointer(D[at.INPUTS], like), pointer(layer[at.DZ], like)
    to_dZ, width = _distances(D, at.TO_DZ, network), lanes(like)
    nowhere, to_block = _distances(D, at.NOWHERE, 0), _distances(D, at.TO_BLOCK, 0)
    for row in range(0, rows, at.TOGETHER):
        four = (k + row) // at.TOGETHER
        which = shifted(lists, four * D[at.SAMPLE_LISTS_LD])
        _tile_transposed(
            *(D[at.ABREAST] - network, counts[four], which, which, shifted(X, k + row), lda),
            *(dZ, layer[at.LD], to_dZ, zeros, 0, nowhere),
            *(shifted(block, row * width), width, to_block),
        )


@njit(**KERNEL)
def update_abreast(D, thread, step, like):
    """dW of the first layers, and what each network's optimizer makes of it."""
    scratch, width = scratch_of(D, thread), lanes(like)
    block, zeros = block_of(scratch, like), zeros_of(scratch, like)
    fan_in, first = layer_of(D, 0)[at.FAN_IN], D
    for number in range(0, D[at.ABREAST], AT_ONCE):
        for k in range(0, fan_in, at.BLOCK):
            rows = min(at.BLOCK, fan_in - k)
            _gradients(D, number, k, rows, block, zeros, like)
            network = first
            for j in range(min(AT_ONCE, D[at.ABREAST] - number)):
                place = layer_of(network, 0)[at.PACKED_WEIGHTS] + k * width
                weak = coefficients_of(network, step)
                gradient = shifted(block, j * at.BLOCK * width)
                add_penalty(network, step, place, rows, width, weak, like)
                call_update(network, scratch, place, gradient, rows * width, weak, like)
                network = pointer(network[at.NEXT], np.int64(0))
        first = network
