"""The stages of a step, each for one layer and one thread's share of it (``grid.py``)."""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.compilation import KERNEL
from chalknet.engine.compiled.gemm import (
    HEIGHT,
    lanes,
    multiply,
    transpose_block,
)
from chalknet.engine.compiled.grid import layer_of, part_of_samples, width_of, zeros_of
from chalknet.engine.compiled.instructions import (
    address_of,
    call_map,
    converted,
    plain,
    pointer,
    shifted,
)
from chalknet.engine.compiled.shared_zeros import multiply_shared
from chalknet.engine.compiled.sparse_rows import forward_sparse
from chalknet.engine.compiled.teamwork import scratch_of, share
from chalknet.operations import dropout

__all__ = ["backward", "forward", "output_backward", "transpose_weights"]


_scramble = njit(**KERNEL)(dropout.scramble)
GOLDEN = dropout.GOLDEN


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
def forward(D, number, thread, n, step, first_row, like):
    """Z = A W + b, A = f(Z), and A ∘ M with dropout: the thread's panels and rows of n."""
    layer = layer_of(D, number)
    unit = at.SHARE if number == 0 else HEIGHT
    row_0, row_1, panel_0, panel_1 = part_of_samples(D, layer, layer, n, unit, thread)
    if row_0 == row_1 or panel_0 == panel_1:
        return
    ld, tile = layer[at.LD], 2 * lanes(like)
    Z = pointer(layer[at.Z], like)
    if number == 0 and D[at.ABREAST]:
        pass  # with those of other networks, in abreast.py
    elif number == 0 and D[at.SPARSE]:
        forward_sparse(D, layer, row_0, row_1, panel_0, panel_1, like)
    elif number == 0 and D[at.SHARED]:
        multiply_shared(D, layer, row_0, row_1, panel_0, panel_1, like)
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
        addresses[2] = addresses[0]  # where f′(Z) goes if it is computed with f
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
    """dZ = dA ∘ f′(Z), in the place of dA; in that of Z f′(Z) may stand already."""
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
        width = layer[at.FAN_OUT]
        _through_activation(D, layer, thread, row_0, row_1, plain(0), width, like)


@njit(**KERNEL)
def backward(D, number, thread, n, step, first_row, like):
    """dA = dZ Wᵀ of the layer above, then dZ of this one: the thread's rows and panels."""
    layer, above = layer_of(D, number), layer_of(D, number + 1)
    row_0, row_1, panel_0, panel_1 = part_of_samples(D, above, layer, n, HEIGHT, thread)
    if row_0 == row_1 or panel_0 == panel_1:
        return
    ld, tile = layer[at.LD], 2 * lanes(like)
    dA = pointer(layer[at.DZ], like)
    dZ_above = shifted(pointer(above[at.DZ], like), row_0 * above[at.LD])
    zeros = zeros_of(scratch_of(D, thread), like)
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
