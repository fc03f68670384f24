"""The update: dW = Aᵀ dZ and db = Σ dZ for a thread's part of a layer, and the optimizer's rule.

A batch that fits into one slice never has a gradient in memory: a block of it at a time is made in
the thread's scratch and used up at once. Otherwise it is summed up in ``GRADIENT``, turn by turn,
and used in the last one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.compilation import INLINED, KERNEL
from chalknet.engine.compiled.gemm import lanes, multiply_transposed
from chalknet.engine.compiled.grid import (
    block_of,
    layer_of,
    leads,
    panels_of,
    rows_of,
    width_of,
    zeros_of,
)
from chalknet.engine.compiled.instructions import (
    address_of,
    call_map,
    call_outer,
    pointer,
    shifted,
)
from chalknet.engine.compiled.shared_zeros import gradient_shared, together
from chalknet.engine.compiled.sparse_rows import columns_of_inputs, gradient_sparse
from chalknet.engine.compiled.teamwork import scratch_of, share

__all__ = ["add_penalty", "call_update", "coefficients_of", "is_rank_one", "update"]


@njit(**KERNEL)
def call_update(D, addresses, packed, gradient, count, weak, like):
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
def _update_rank_one(D, number, layer, thread, weak, like):
    """W ← update(W, x dzᵀ) for a batch of one, with no gradient in memory."""
    tile, x = 2 * lanes(like), pointer(layer[at.IN], like)
    if number == 0 and D[at.SPARSE]:
        which, count = pointer(D[at.WHICH], np.int32(0)), pointer(D[at.COUNTS], np.int64(0))[0]
    else:
        which, count = pointer(D[at.EVERY], np.int32(0)), layer[at.FAN_IN]
    if number > 0:
        _update_transposed(D, layer, thread, weak, like)
    if leads(layer, thread):
        first, last = panels_of(layer, thread)
        for panel in range(first, last):
            width = width_of(layer[at.PANELS], panel, layer[at.FAN_OUT], like)
            W = shifted(pointer(layer[at.WEIGHTS], like), panel * layer[at.ROWS] * tile)
            dz = shifted(pointer(layer[at.DZ], like), panel * tile)
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


@njit(**INLINED)
def _place_of_gradient(D, packed, block, sums, like):
    """Where a block of gradient is made: where it is summed up over turns, or in scratch."""
    return shifted(pointer(D[at.GRADIENT], like), packed) if sums else block


@njit(**(KERNEL | {"fastmath": {"reassoc"}}))
def _sum_of_squares(W, count):
    """Σ w², in whatever order vectors suit: the same for a block whoever owns it."""
    total = 0.0
    for i in range(count):
        w = np.float64(W[i])
        total += w * w
    return total


@njit(**KERNEL)
def add_penalty(D, step, place, rows, width, weak, like):
    """½ λ w² of a block before its update, once for each sample of the batch, if asked for."""
    if D[at.PENALTY] == 0:
        return
    n = min(D[at.BATCH_SIZE], D[at.SAMPLES] - step * D[at.BATCH_SIZE])
    half = 0.5 * n * weak[D[at.WEAK_COUNT] - 1]
    W = shifted(pointer(D[at.PACKED], like), place)
    sums = pointer(D[at.PENALTY], np.float64(0))
    sums[place // (lanes(like) * lanes(like))] += half * _sum_of_squares(W, rows * width)


@njit(**KERNEL)
def _update_weights(D, number, layer, thread, n, step, turn, last_turn, weak, like):
    """dW = Aᵀ dZ, one panel at a time, and what the optimizer makes of it."""
    panel_0, panel_1 = panels_of(layer, thread)
    k_0, k_1 = rows_of(D, layer, layer[at.FAN_IN], at.BLOCK, thread)
    scratch, tile = scratch_of(D, thread), 2 * lanes(like)
    block, zeros = block_of(scratch, like), zeros_of(scratch, like)
    sums = turn > 0 or not last_turn
    sparse = number == 0 and D[at.SPARSE]
    if sparse:
        columns_of_inputs(D, thread, n, k_0, k_1)
    for panel in range(panel_0, panel_1):
        width = width_of(layer[at.PANELS], panel, layer[at.FAN_OUT], like)
        dZ = shifted(pointer(layer[at.DZ], like), panel * tile)
        for k in range(k_0, k_1, at.BLOCK):
            rows = min(at.BLOCK, k_1 - k)
            place = layer[at.PACKED_WEIGHTS] + panel * layer[at.ROWS] * tile + k * width
            target = _place_of_gradient(D, place, block, sums, like)
            begin, ld = (target, width) if turn > 0 else (zeros, 0)
            if sparse:
                gradient_sparse(D, thread, k, k_0, rows, dZ, width, begin, ld, target, like)
            else:
                A = shifted(pointer(layer[at.IN], like), k)
                multiply_transposed(
                    rows, n, A, layer[at.IN_LD], dZ, layer[at.LD], width, begin, ld, target
                )
            if last_turn:
                add_penalty(D, step, place, rows, width, weak, like)
                call_update(D, scratch, place, target, rows * width, weak, like)


@njit(**KERNEL)
def _update_shared(D, layer, thread, step, turn, last_turn, weak, like):
    """The same for a first layer that skips zeros of several at once: two panels at a time."""
    panel, panel_1 = panels_of(layer, thread)
    k_0, k_1 = rows_of(D, layer, layer[at.FAN_IN], at.BLOCK, thread)
    scratch, n = scratch_of(D, thread), lanes(like)
    block, zeros, size = block_of(scratch, like), zeros_of(scratch, like), layer[at.ROWS] * 2 * n
    sums = turn > 0 or not last_turn
    while panel < panel_1:
        vectors = together(layer, panel, panel_1, like)
        dZ = shifted(pointer(layer[at.DZ], like), panel * 2 * n)
        first = layer[at.PACKED_WEIGHTS] + panel * size
        width = min(vectors, 2) * n
        for k in range(k_0, k_1, at.BLOCK):
            rows = min(at.BLOCK, k_1 - k)
            place = first + k * width
            second = first + size + k * (vectors - 2) * n
            target = _place_of_gradient(D, place, block, sums, like)
            distance = second - place if sums else at.BLOCK * 2 * n
            gradient_shared(D, layer, k, rows, dZ, vectors, zeros, turn > 0, target, distance, like)
            if last_turn:
                add_penalty(D, step, place, rows, width, weak, like)
                call_update(D, scratch, place, target, rows * width, weak, like)
                if vectors > 2:
                    rest, other = (vectors - 2) * n, shifted(target, distance)
                    add_penalty(D, step, second, rows, rest, weak, like)
                    call_update(D, scratch, second, other, rows * rest, weak, like)
        panel += (vectors + 1) // 2


@njit(**KERNEL)
def _update_biases(D, layer, thread, n, turn, last_turn, weak, like):
    """db = Σₙ dZ, and what the optimizer makes of it."""
    panel_0, panel_1 = panels_of(layer, thread)
    scratch, tile, ld = scratch_of(D, thread), 2 * lanes(like), layer[at.LD]
    for panel in range(panel_0, panel_1):
        width = width_of(layer[at.PANELS], panel, layer[at.FAN_OUT], like)
        dZ = shifted(pointer(layer[at.DZ], like), panel * tile)
        place = layer[at.PACKED_BIAS] + panel * tile
        sums = turn > 0 or not last_turn
        if n == 1 and not sums:
            call_update(D, scratch, place, dZ, width, weak, like)
            continue
        target = _place_of_gradient(D, place, block_of(scratch, like), sums, like)
        for j in range(width):
            target[j] = (target[j] if turn > 0 else like) + dZ[j]
        for row in range(1, n):
            line = shifted(dZ, row * ld)
            for j in range(width):
                target[j] += line[j]
        if last_turn:
            call_update(D, scratch, place, target, width, weak, like)


@njit(**INLINED)
def is_rank_one(D, n, turn, last_turn):
    """Whether a batch of one sample is updated without a gradient in memory."""
    return n == 1 and turn == 0 and last_turn and D[at.UPDATE_OUTER] != 0


@njit(**INLINED)
def coefficients_of(D, step):
    """The coefficients of the optimizer's formula in a step: for weights, then for biases."""
    return shifted(pointer(D[at.WEAK], np.float64(0)), (step - D[at.FIRST]) * 2 * D[at.WEAK_COUNT])


@njit(**KERNEL)
def update(D, number, thread, n, step, turn, last_turn, like):
    """dW and db of the thread's part of a layer, and what the optimizer makes of them."""
    layer = layer_of(D, number)
    weak = coefficients_of(D, step)
    if is_rank_one(D, n, turn, last_turn):
        _update_rank_one(D, number, layer, thread, weak, like)
    elif number == 0 and D[at.ABREAST]:
        pass  # with those of other networks, in abreast.py
    elif number == 0 and D[at.SHARED]:
        _update_shared(D, layer, thread, step, turn, last_turn, weak, like)
    else:
        _update_weights(D, number, layer, thread, n, step, turn, last_turn, weak, like)
    if leads(layer, thread):
        of_biases = shifted(weak, D[at.WEAK_COUNT])
        _update_biases(D, layer, thread, n, turn, last_turn, of_biases, like)
