"""The stages of a step, each for one layer and one thread's share of it.

Threads stand in a grid: ``COLUMN_GROUPS`` groups of panels (columns of W, neurons of the layer) by
groups of rows. A thread keeps its panels through all stages of a layer, so that its part of W stays
in its own cache from the update of one step to the forward sweep of the next.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.compilation import INLINED, KERNEL
from chalknet.engine.compiled.gemm import (
    HEIGHT,
    lanes,
    multiply,
    multiply_transposed,
    sparse_eight,
    sparse_four,
    sparse_one,
    sparse_two,
    transpose_block,
)
from chalknet.engine.compiled.teamwork import ADDRESSES, scratch_of, share
from chalknet.engine.compiled.tile import (
    address_of,
    call_map,
    call_outer,
    converted,
    pointer,
    shifted,
)
from chalknet.operations import dropout

__all__ = ["backward", "forward", "is_rank_one", "layer_of", "transpose_weights", "update"]

BLOCK = 32  # rows of W whose gradient is made, then used up, at a time

_scramble = njit(**KERNEL)(dropout.scramble)
GOLDEN = dropout.GOLDEN


@njit(**INLINED)
def layer_of(D, number):
    """The record of a layer."""
    return shifted(D, at.NETWORK_FIELDS + number * at.LAYER_FIELDS)


@njit(**INLINED)
def _block_of(scratch, like):
    """Room for a block of gradient, after the addresses; zeros as wide as a panel follow it."""
    return pointer(address_of(scratch, ADDRESSES), like)


@njit(**INLINED)
def _zeros_of(scratch, like):
    return shifted(_block_of(scratch, like), BLOCK * 2 * lanes(like))


@njit(**INLINED)
def panels_of(layer, thread):
    """The thread's panels of a layer, from and to."""
    groups = layer[at.COLUMN_GROUPS]
    return share(layer[at.PANELS], 1, thread % groups, groups)


@njit(**INLINED)
def rows_of(D, layer, n, unit, thread):
    """The thread's rows out of n, from and to."""
    groups = layer[at.COLUMN_GROUPS]
    return share(n, unit, thread // groups, D[at.THREADS] // groups)


@njit(**INLINED)
def leads(layer, thread):
    """Whether the thread is the first of its column group, who sees to what has no rows."""
    return thread < layer[at.COLUMN_GROUPS]


@njit(**INLINED)
def width_of(count, panel, columns, like):
    """How wide a panel is: two vectors, or one if that holds the last columns."""
    n = lanes(like)
    return n if panel == count - 1 and columns - panel * 2 * n <= n else 2 * n


@njit(**KERNEL)
def _apply_dropout(
    D, layer, number, step, row_0, row_1, column_0, column_1, first_row, place, like
):
    """A ∘ M, or dA ∘ M: ``operations/dropout.py``, element by element."""
    rates = pointer(layer[at.DROPPED], np.float64(0))
    rate, kept = rates[0], converted(rates[1], like)
    words = pointer(D[at.DROPOUT_KEY], np.uint64(0))
    key = _scramble(words[0] + GOLDEN * np.uint64(step + 1))
    key = _scramble(key + GOLDEN * np.uint64(number + 1))
    fan_out, ld = layer[at.FAN_OUT], layer[at.LD]
    threshold = rate * 2.0**53
    for row in range(row_0, row_1):
        values = shifted(place, row * ld)
        counter = np.uint64((first_row + row) * fan_out + 1)
        for j in range(column_0, min(column_1, fan_out)):
            word = _scramble(key + GOLDEN * (counter + np.uint64(j)))
            mask = like if np.float64(word >> np.uint64(11)) < threshold else kept
            values[j] = values[j] * mask


@njit(**KERNEL)
def _forward_sparse(D, layer, row_0, row_1, panel_0, panel_1, like):
    """Z = X W + b of the first layer, with the zeros of X left out."""
    fan_in, ld, tile = layer[at.FAN_IN], layer[at.LD], 2 * lanes(like)
    panel_size = layer[at.ROWS] * tile
    counts = pointer(D[at.COUNTS], np.int64(0))
    narrow = width_of(layer[at.PANELS], panel_1 - 1, layer[at.FAN_OUT], like) < tile
    full = panel_1 - 1 if narrow else panel_1
    for row in range(row_0, row_1):
        x = shifted(pointer(D[at.NONZERO], like), row * fan_in)
        which = shifted(pointer(D[at.WHICH], np.int32(0)), row * fan_in)
        z = shifted(pointer(layer[at.Z], like), row * ld)
        panel, count = panel_0, counts[row]
        while panel < panel_1:
            W = shifted(pointer(layer[at.WEIGHTS], like), panel * panel_size)
            b = shifted(pointer(layer[at.BIAS], like), panel * tile)
            target = shifted(z, panel * tile)
            # Several sums at once, because each waits for its last multiply-add.
            if panel + 4 <= full:
                sparse_eight(count, which, x, W, tile, panel_size, b, target)
                panel += 4
            elif panel + 2 <= full:
                sparse_four(count, which, x, W, tile, panel_size, b, target)
                panel += 2
            elif panel < full:
                sparse_two(count, which, x, W, tile, panel_size, b, target)
                panel += 1
            else:
                sparse_one(count, which, x, W, tile // 2, panel_size, b, target)
                panel += 1


@njit(**KERNEL)
def forward(D, number, thread, n, step, first_row, like):
    """Z = A W + b, A = f(Z), and A ∘ M with dropout: the thread's panels and rows of n."""
    layer = layer_of(D, number)
    panel_0, panel_1 = panels_of(layer, thread)
    row_0, row_1 = rows_of(D, layer, n, HEIGHT, thread)
    if row_0 == row_1 or panel_0 == panel_1:
        return
    ld, tile = layer[at.LD], 2 * lanes(like)
    Z = pointer(layer[at.Z], like)
    if number == 0 and D[at.SPARSE]:
        _forward_sparse(D, layer, row_0, row_1, panel_0, panel_1, like)
    else:
        A = shifted(pointer(layer[at.IN], like), row_0 * layer[at.IN_LD])
        for panel in range(panel_0, panel_1):
            multiply(
                row_1 - row_0,
                layer[at.FAN_IN],
                A,
                layer[at.IN_LD],
                shifted(pointer(layer[at.WEIGHTS], like), panel * layer[at.ROWS] * tile),
                width_of(layer[at.PANELS], panel, layer[at.FAN_OUT], like),
                shifted(pointer(layer[at.BIAS], like), panel * tile),
                0,
                shifted(Z, row_0 * ld + panel * tile),
                ld,
            )
    column_0 = panel_0 * tile
    column_1 = min(panel_1 * tile, layer[at.LD])
    if layer[at.FORWARD] != 0:
        addresses = scratch_of(D, thread)
        addresses[0] = address_of(Z, row_0 * ld + column_0)
        addresses[1] = address_of(pointer(layer[at.A], like), row_0 * ld + column_0)
        call_map(
            layer[at.FORWARD],
            row_1 - row_0,
            min(column_1, layer[at.FAN_OUT]) - column_0,
            ld,
            addresses,
            pointer(layer[at.PARAMETERS], np.float64(0)),
        )
    if layer[at.DROPPED] != 0:
        _apply_dropout(
            D,
            layer,
            number,
            step,
            row_0,
            row_1,
            column_0,
            column_1,
            first_row,
            pointer(layer[at.A], like),
            like,
        )


@njit(**KERNEL)
def _through_activation(D, layer, thread, row_0, row_1, column_0, column_1, like):
    """dZ = dA ∘ f′(Z), in the place of dA."""
    if layer[at.BACKWARD] == 0:
        return
    addresses, start = scratch_of(D, thread), row_0 * layer[at.LD] + column_0
    addresses[0] = address_of(pointer(layer[at.DZ], like), start)
    addresses[1] = address_of(pointer(layer[at.Z], like), start)
    addresses[2] = addresses[0]
    call_map(
        layer[at.BACKWARD],
        row_1 - row_0,
        min(column_1, layer[at.FAN_OUT]) - column_0,
        layer[at.LD],
        addresses,
        pointer(layer[at.PARAMETERS], np.float64(0)),
    )


@njit(**KERNEL)
def output_backward(D, thread, row_0, row_1, like):
    """dZ of the output layer from ∂loss/∂output, for rows the thread has from the loss."""
    layer = layer_of(D, D[at.LAYERS] - 1)
    if row_0 < row_1:
        first = row_0 - row_0  # a zero that Numba takes for a variable, as in the other call
        _through_activation(D, layer, thread, row_0, row_1, first, layer[at.FAN_OUT], like)


@njit(**KERNEL)
def backward(D, number, thread, n, step, first_row, like):
    """dA = dZ Wᵀ of the layer above, then dZ of this one: the thread's rows and panels."""
    layer, above = layer_of(D, number), layer_of(D, number + 1)
    panel_0, panel_1 = panels_of(layer, thread)
    row_0, row_1 = rows_of(D, layer, n, HEIGHT, thread)
    if row_0 == row_1 or panel_0 == panel_1:
        return
    ld, tile = layer[at.LD], 2 * lanes(like)
    dA = pointer(layer[at.DZ], like)
    dZ_above = shifted(pointer(above[at.DZ], like), row_0 * above[at.LD])
    zeros = _zeros_of(scratch_of(D, thread), like)
    for panel in range(panel_0, panel_1):
        multiply(
            row_1 - row_0,
            above[at.FAN_OUT],
            dZ_above,
            above[at.LD],
            shifted(pointer(above[at.TRANSPOSED], like), panel * above[at.TRANSPOSED_ROWS] * tile),
            width_of(layer[at.PANELS], panel, layer[at.FAN_OUT], like),
            zeros,
            0,
            shifted(dA, row_0 * ld + panel * tile),
            ld,
        )
    column_0, column_1 = panel_0 * tile, min(panel_1 * tile, ld)
    if layer[at.DROPPED] != 0:
        _apply_dropout(
            D, layer, number, step, row_0, row_1, column_0, column_1, first_row, dA, like
        )
    _through_activation(D, layer, thread, row_0, row_1, column_0, column_1, like)


@njit(**KERNEL)
def transpose_weights(D, number, thread, like):
    """Wᵀ from W, the panels of Wᵀ divided among all threads."""
    layer = layer_of(D, number)
    tile, fan_in, fan_out = 2 * lanes(like), layer[at.FAN_IN], layer[at.FAN_OUT]
    first, last = share(layer[at.TRANSPOSED_PANELS], 1, thread, D[at.THREADS])
    W, WT = pointer(layer[at.WEIGHTS], like), pointer(layer[at.TRANSPOSED], like)
    for q in range(first, last):
        wide = width_of(layer[at.TRANSPOSED_PANELS], q, fan_in, like)
        target = shifted(WT, q * layer[at.TRANSPOSED_ROWS] * tile)
        for panel in range(layer[at.PANELS]):
            width = width_of(layer[at.PANELS], panel, fan_out, like)
            source = shifted(W, panel * layer[at.ROWS] * tile + q * tile * width)
            transpose_block(source, wide, width, shifted(target, panel * tile * wide), wide)


# the update -----------------------------------------------------------------------------------


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
    k_0, k_1 = rows_of(D, layer, layer[at.FAN_IN], BLOCK, thread)
    scratch = scratch_of(D, thread)
    block, zeros = _block_of(scratch, like), _zeros_of(scratch, like)
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
            for k in range(k_0, k_1, BLOCK):
                rows = min(BLOCK, k_1 - k)
                place = packed + k * width
                target = _place_of_gradient(D, place, block, sums, like)
                begin, ld_begin = (target, width) if turn > 0 else (zeros, 0)
                _gradient_block(
                    *(D, number, layer, n, k, rows, dZ, width, begin, ld_begin),
                    *(columns, k_0, target, like),
                )
                if last_turn:
                    _call_update(D, scratch, place, target, rows * width, weak, like)
        if leads(layer, thread):
            if rank_one:
                _update_rank_one(D, number, layer, panel, width, dZ, weak, like)
            place = layer[at.PACKED_BIAS] + panel * tile
            target = _place_of_gradient(D, place, block, sums, like)
            _bias_gradient(dZ, layer[at.LD], n, width, target, turn > 0)
            if last_turn:
                _call_update(D, scratch, place, target, width, bias_weak, like)
