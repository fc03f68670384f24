"""The update: dW = Aᵀ dZ and db = Σ dZ for a thread's part of a layer, and the optimizer's rule.

A block of dW is made in the thread's scratch and used up at once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.compilation import INLINED, KERNEL
from chalknet.engine.compiled.gemm import lanes, multiply_transposed, sparse_one, sparse_two
from chalknet.engine.compiled.stages import (
    block_of,
    layer_of,
    leads,
    panels_of,
    rows_of,
    width_of,
    zeros_of,
)
from chalknet.engine.compiled.teamwork import scratch_of, share
from chalknet.engine.compiled.tile import address_of, call_map, call_outer, pointer, shifted

__all__ = ["is_rank_one", "update"]


@njit(**KERNEL)
def _call_update(D, addresses, packed, gradient, count, weak, like):
    """(w, slots) ← update(w, g, slots) for ``count`` parameters from position ``packed``."""
    slots, size = D[at.SLOTS], D[at.PACKED_SIZE]
    parameters = pointer(D[at.PACKED], like)
    addresses[0] = address_of(parameters, packed)
    addresses[1] = address_of(gradient, 0)
    addresses[2 + slots] = addresses[0]
    for slot in range(slots):
        place = address_of(parameters, packed + (slot + 1) * size)
        addresses[2 + slot] = place
        addresses[3 + slots + slot] = place
    call_map(D[at.UPDATE], 1, count, 0, addresses, weak)


@njit(**KERNEL)
def _update_rank_one(D, number, layer, panel, width, dz, weak, like):
    """W ← update(W, x dzᵀ) for a batch of one, with no gradient in memory."""
    tile = 2 * lanes(like)
    W = shifted(pointer(layer[at.WEIGHTS], like), panel * layer[at.ROWS] * tile)
    if number == 0 and D[at.SPARSE]:
        which, x = pointer(D[at.WHICH], np.int32(0)), pointer(D[at.NONZERO], like)
        count = pointer(D[at.COUNTS], np.int64(0))[0]
    else:
        which, x = pointer(D[at.EVERY], np.int32(0)), pointer(layer[at.IN], like)
        count = layer[at.FAN_IN]
    call_outer(D[at.UPDATE_OUTER], count, which, x, width, dz, W, width, weak)


@njit(**KERNEL)
def _update_transposed(D, layer, thread, weak, like):
    """Wᵀ ← update(Wᵀ, dz xᵀ): the same products as for W, so the same numbers, transposed."""
    tile = 2 * lanes(like)
    first, last = share(layer[at.TRANSPOSED_PANELS], 1, thread, D[at.THREADS])
    dz, x = pointer(layer[at.DZ], like), pointer(layer[at.IN], like)
    every = pointer(D[at.EVERY], np.int32(0))
    for panel in range(first, last):
        width = width_of(layer[at.TRANSPOSED_PANELS], panel, layer[at.FAN_IN], like)
        place = panel * layer[at.TRANSPOSED_ROWS] * tile
        WT = shifted(pointer(layer[at.TRANSPOSED], like), place)
        part = shifted(x, panel * tile)
        call_outer(D[at.UPDATE_OUTER], layer[at.FAN_OUT], every, dz, width, part, WT, width, weak)


@njit(**KERNEL)
def _columns_of_inputs(D, thread, n, first, last, like):
    """The compressed rows of the slice turned into compressed columns first … last−1.

    Gives (starts, samples, values), in the thread's part of ``COLUMN_SCRATCH``.
    """
    fan_in, part = layer_of(D, 0)[at.FAN_IN], D[at.SLICE] * layer_of(D, 0)[at.FAN_IN]
    starts = shifted(pointer(D[at.COLUMN_STARTS], np.int32(0)), thread * (fan_in + 2))
    samples = shifted(pointer(D[at.COLUMN_SAMPLES], np.int32(0)), thread * part)
    values = shifted(pointer(D[at.COLUMN_VALUES], like), thread * part)
    counts = pointer(D[at.COUNTS], np.int64(0))
    for k in range(last - first + 2):
        starts[k] = 0
    for row in range(n):
        which = shifted(pointer(D[at.WHICH], np.int32(0)), row * fan_in)
        for q in range(counts[row]):
            if first <= which[q] < last:
                starts[which[q] - first + 2] += 1
    for k in range(2, last - first + 2):
        starts[k] += starts[k - 1]
    for row in range(n):
        which = shifted(pointer(D[at.WHICH], np.int32(0)), row * fan_in)
        x = shifted(pointer(D[at.NONZERO], like), row * fan_in)
        for q in range(counts[row]):
            if first <= which[q] < last:
                place = starts[which[q] - first + 1]
                starts[which[q] - first + 1] = place + 1
                samples[place], values[place] = row, x[q]
    return starts, samples, values


@njit(**KERNEL)
def _gradient_block(
    D, number, layer, n, k, rows, dZ, width, begin, ld_begin, columns, k_0, block, like
):
    """``rows`` rows of dW = Aᵀ dZ from row k on, ``width`` columns wide, into ``block``."""
    if number == 0 and D[at.SPARSE]:
        starts, samples, values = columns
        for row in range(k, k + rows):
            first = starts[row - k_0]
            count = starts[row - k_0 + 1] - first
            x, which = shifted(values, first), shifted(samples, first)
            start = shifted(begin, (row - k) * ld_begin)
            target = shifted(block, (row - k) * width)
            if width > lanes(like):
                sparse_two(count, which, x, dZ, layer[at.LD], 0, start, target)
            else:
                sparse_one(count, which, x, dZ, layer[at.LD], 0, start, target)
    else:
        A = shifted(pointer(layer[at.IN], like), k)
        multiply_transposed(
            rows, n, A, layer[at.IN_LD], dZ, layer[at.LD], width, begin, ld_begin, block
        )


@njit(**KERNEL)
def _bias_gradient(dZ, ld, n, width, target, add):
    """db = Σₙ dZ for some columns; added to what is there if ``add``."""
    for j in range(width):
        target[j] = (target[j] if add else dZ[0] * 0) + dZ[j]
    for row in range(1, n):
        line = shifted(dZ, row * ld)
        for j in range(width):
            target[j] += line[j]


@njit(**INLINED)
def _place_of_gradient(D, packed, block, sums, like):
    """Where a block of gradient is made: where it is summed up over turns, or in scratch."""
    return shifted(pointer(D[at.GRADIENT], like), packed) if sums else block


@njit(**KERNEL)
def _add_penalty(D, step, place, rows, width, weak, like):
    """½ λ w² of a block before its update, once for each sample of the batch, if asked for."""
    if D[at.PENALTY] == 0:
        return
    n = min(D[at.BATCH_SIZE], D[at.SAMPLES] - step * D[at.BATCH_SIZE])
    half = 0.5 * n * weak[D[at.WEAK_COUNT] - 1]
    W = shifted(pointer(D[at.PACKED], like), place)
    sums = shifted(pointer(D[at.PENALTY], np.float64(0)), place // lanes(like))
    for k in range(rows):
        for j in range(width):
            w = np.float64(W[k * width + j])
            sums[j] += half * (w * w)


@njit(**INLINED)
def is_rank_one(D, n, turn, last_turn):
    """Whether a batch of one sample is updated without a gradient in memory."""
    return n == 1 and turn == 0 and last_turn and D[at.UPDATE_OUTER] != 0


@njit(**KERNEL)
def update(D, number, thread, n, step, turn, last_turn, like):
    """dW and db of the thread's part of a layer, and what the optimizer makes of them.

    A batch that fits into one slice never has a gradient in memory, only a block of it at a time;
    otherwise it is summed up in ``GRADIENT`` and used in the last turn.
    """
    layer = layer_of(D, number)
    panel_0, panel_1 = panels_of(layer, thread)
    k_0, k_1 = rows_of(D, layer, layer[at.FAN_IN], at.BLOCK, thread)
    scratch = scratch_of(D, thread)
    block, zeros = block_of(scratch, like), zeros_of(scratch, like)
    tile = 2 * lanes(like)
    weak = shifted(pointer(D[at.WEAK], np.float64(0)), (step - D[at.FIRST]) * 2 * D[at.WEAK_COUNT])
    bias_weak = shifted(weak, D[at.WEAK_COUNT])
    rank_one = is_rank_one(D, n, turn, last_turn)
    sums = turn > 0 or not last_turn
    columns = (
        pointer(D[at.COLUMN_STARTS], np.int32(0)),
        pointer(D[at.COLUMN_SAMPLES], np.int32(0)),
        pointer(D[at.COLUMN_VALUES], like),
    )
    if rank_one and number > 0:
        _update_transposed(D, layer, thread, weak, like)
    if number == 0 and D[at.SPARSE] and not rank_one:
        columns = _columns_of_inputs(D, thread, n, k_0, k_1, like)
    for panel in range(panel_0, panel_1):
        width = width_of(layer[at.PANELS], panel, layer[at.FAN_OUT], like)
        dZ = shifted(pointer(layer[at.DZ], like), panel * tile)
        packed = layer[at.PACKED_WEIGHTS] + panel * layer[at.ROWS] * tile
        if not rank_one:
            for k in range(k_0, k_1, at.BLOCK):
                rows = min(at.BLOCK, k_1 - k)
                place = packed + k * width
                target = _place_of_gradient(D, place, block, sums, like)
                begin, ld_begin = (target, width) if turn > 0 else (zeros, 0)
                _gradient_block(
                    *(D, number, layer, n, k, rows, dZ, width, begin, ld_begin),
                    *(columns, k_0, target, like),
                )
                if last_turn:
                    _add_penalty(D, step, place, rows, width, weak, like)
                    _call_update(D, scratch, place, target, rows * width, weak, like)
        if leads(layer, thread):
            if rank_one:
                _update_rank_one(D, number, layer, panel, width, dZ, weak, like)
            place = layer[at.PACKED_BIAS] + panel * tile
            target = _place_of_gradient(D, place, block, sums, like)
            _bias_gradient(dZ, layer[at.LD], n, width, target, turn > 0)
            if last_turn:
                _call_update(D, scratch, place, target, width, bias_weak, like)
