"""The training kernel: many steps in one call, each in stages between which the threads meet.

    gather                  rows of the batch, converted
    forward, l = 1 … L      Zₗ = Aₗ₋₁ Wₗ + bₗ,  Aₗ = fₗ(Zₗ)
    loss                    ∂loss/∂o, and dZ of the output layer
    backward, l = L−1 … 1   dAₗ = dZₗ₊₁ Wₗ₊₁ᵀ,  dZₗ = dAₗ ∘ fₗ′(Zₗ)
    update                  dWₗ = Aₗ₋₁ᵀ dZₗ,  dbₗ = Σ dZₗ, and the optimizer's formula at once

The kernel works on copies of parameters and slots in panels, made at its start. At its end every
number of them is looked at: if all are finite, and so is the loss, they are copied back; otherwise
nothing is, and ``engine.py`` takes the steps again one by one up to the one to blame.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.abreast import multiply_abreast, update_abreast
from chalknet.engine.compiled.compilation import INLINED, KERNEL
from chalknet.engine.compiled.gather import flaws_among
from chalknet.engine.compiled.gemm import (
    lanes,
)
from chalknet.engine.compiled.grid import (
    layer_of,
    leads,
    panels_of,
    rows_of,
    samples_of,
    width_of,
)
from chalknet.engine.compiled.instructions import (
    add_atomically,
    load_atomically,
    plain,
    pointer,
    shifted,
)
from chalknet.engine.compiled.losses import loss_of_rows, total_weight
from chalknet.engine.compiled.predict import forward_all, predict, predict_few, take_in
from chalknet.engine.compiled.stages import backward, output_backward, transpose_weights
from chalknet.engine.compiled.teamwork import barrier, scratch_of
from chalknet.engine.compiled.update import is_rank_one, update

__all__ = ["run"]


@njit(**KERNEL)
def _copy(outside, inside, count, inward):
    """Numbers between the flat vector and a panel."""
    if inward:
        for j in range(count):
            inside[j] = outside[j]
    else:
        for j in range(count):
            outside[j] = inside[j]


@njit(**KERNEL)
def _move_vector(D, thread, flat, packed, inward, like):
    """The thread's part of the parameters, or of a slot, into panels or back."""
    tile = 2 * lanes(like)
    for number in range(D[at.LAYERS]):
        layer = layer_of(D, number)
        fan_out = layer[at.FAN_OUT]
        panel_0, panel_1 = panels_of(layer, thread)
        k_0, k_1 = rows_of(D, layer, layer[at.FAN_IN], at.BLOCK, thread)
        for panel in range(panel_0, panel_1):
            width = width_of(layer[at.PANELS], panel, fan_out, like)
            column = panel * tile
            columns = min(width, fan_out - column)
            outside = shifted(flat, layer[at.FLAT_WEIGHTS] + column)
            inside = shifted(packed, layer[at.PACKED_WEIGHTS] + panel * layer[at.ROWS] * tile)
            for k in range(k_0, k_1):
                _copy(shifted(outside, k * fan_out), shifted(inside, k * width), columns, inward)
            if leads(layer, thread):
                outside = shifted(flat, layer[at.FLAT_BIAS] + column)
                inside = shifted(packed, layer[at.PACKED_BIAS] + column)
                _copy(outside, inside, columns, inward)


@njit(**KERNEL)
def _move(D, thread, inward, like):
    packed = pointer(D[at.PACKED], like)
    _move_vector(D, thread, pointer(D[at.FLAT], like), packed, inward, like)
    addresses = pointer(D[at.FLAT_SLOTS], np.int64(0))
    for slot in range(D[at.SLOTS]):
        copy = shifted(packed, (slot + 1) * D[at.PACKED_SIZE])
        _move_vector(D, thread, pointer(addresses[slot], like), copy, inward, like)


@njit(**KERNEL)
def _flaws(D, thread, like):
    """How many of the thread's parameters and slots are not finite."""
    tile, flaws = 2 * lanes(like), 0
    for vector in range(D[at.SLOTS] + 1):
        packed = shifted(pointer(D[at.PACKED], like), vector * D[at.PACKED_SIZE])
        for number in range(D[at.LAYERS]):
            layer = layer_of(D, number)
            panel_0, panel_1 = panels_of(layer, thread)
            k_0, k_1 = rows_of(D, layer, layer[at.FAN_IN], at.BLOCK, thread)
            for panel in range(panel_0, panel_1):
                width = width_of(layer[at.PANELS], panel, layer[at.FAN_OUT], like)
                columns = min(width, layer[at.FAN_OUT] - panel * tile)
                weights = layer[at.PACKED_WEIGHTS] + panel * layer[at.ROWS] * tile
                for k in range(k_0, k_1):
                    flaws += flaws_among(shifted(packed, weights + k * width), columns)
                bias = shifted(packed, layer[at.PACKED_BIAS] + panel * tile)
                flaws += flaws_among(bias, columns)
    return flaws


@njit(**KERNEL)
def _transpose_all(D, thread, like):
    for number in range(1, D[at.LAYERS]):
        transpose_weights(D, number, thread, like)


@njit(**KERNEL)
def _add_totals(D, first, n):
    """Loss, weight and correct decisions of a slice, in the order of the samples."""
    totals = pointer(D[at.TOTALS], np.float64(0))
    terms = pointer(D[at.ROW_TERMS], np.float64(0))
    correct = pointer(D[at.ROW_CORRECT], np.int64(0))
    weights = pointer(D[at.SAMPLE_WEIGHT], np.float64(0))
    order = pointer(D[at.ORDER], np.int64(0))
    for i in range(n):
        weight = 1.0
        if D[at.SAMPLE_WEIGHT] != 0:
            weight = weights[order[first + i] if D[at.ORDER] != 0 else first + i]
        totals[0] += weight * terms[i]
        totals[1] += weight
        totals[2] += correct[i]
        totals[3] += 1.0


@njit(**KERNEL)
def _slice(D, thread, step, begin, n, first_row, total, turn, last_turn, like):
    """One slice of a batch, taken in before, through all stages.

    ``begin`` is the number of its first sample.
    """
    forward_all(D, thread, n, step, first_row, like)
    count = D[at.LAYERS]
    output = layer_of(D, count - 1)
    by_rows = output[at.BY_ROWS]
    if not by_rows:
        barrier(D, thread)
    row_0, row_1 = samples_of(D, n, thread)
    loss_of_rows(
        D,
        begin,
        total,
        row_0,
        row_1,
        output[at.FAN_OUT],
        pointer(output[at.A], like),
        output[at.LD],
        pointer(output[at.DZ], like),
        scratch_of(D, thread),
    )
    output_backward(D, thread, row_0, row_1, like)
    for number in range(count - 2, -1, -1):
        before, by_rows = by_rows, layer_of(D, number + 1)[at.BY_ROWS]
        if not (before and by_rows):
            barrier(D, thread)
        backward(D, number, thread, n, step, first_row, like)
    barrier(D, thread)
    if thread == 0:
        _add_totals(D, begin, n)
    for number in range(count):
        update(D, number, thread, n, step, turn, last_turn, like)
    barrier(D, thread)


@njit(**INLINED)
def _next(D):
    """The network that trains beside this one, on the same inputs."""
    return pointer(D[at.NEXT], np.int64(0))


@njit(**KERNEL)
def _step(D, thread, step, like):
    """One step of every network in the chain that begins with D, which takes in the inputs."""
    begin = step * D[at.BATCH_SIZE]
    end = min(begin + D[at.BATCH_SIZE], D[at.SAMPLES])
    for first in range(begin, end, D[at.SLICE]):
        n = min(D[at.SLICE], end - first)
        turn = (first - begin) // D[at.SLICE]
        take_in(D, thread, first, n, like)
        if load_atomically(shifted(pointer(D[at.BARRIER], np.int64(0)), at.ABORTED)) != 0:
            return
        if D[at.ABREAST]:
            multiply_abreast(D, n, like)
        network, last = D, first + n == end
        for _ in range(D[at.NETWORKS]):
            total = total_weight(network, begin, end - begin)
            _slice(network, thread, step, first, n, first - begin, total, turn, last, like)
            # A batch of one updates Wᵀ as well.
            if last and not is_rank_one(network, end - begin, plain(0), plain(True)):
                # Whoever reads Wᵀ next does so after the next meeting.
                _transpose_all(network, thread, like)
            network = _next(network)
        if D[at.ABREAST]:
            update_abreast(D, thread, step, like)


@njit(**KERNEL)
def _begin(D, thread, like):
    """Copies of parameters and slots, in panels."""
    _move(D, thread, plain(1), like)
    barrier(D, thread)
    _transpose_all(D, thread, like)


@njit(**KERNEL)
def _end(D, thread, like):
    """Copies back, unless there is a number among them that is not finite."""
    words = pointer(D[at.BARRIER], np.int64(0))
    if _flaws(D, thread, like) > 0:
        add_atomically(shifted(words, at.FLAWED), 1)
    loss = pointer(D[at.TOTALS], np.float64(0))[0]
    barrier(D, thread)
    if load_atomically(shifted(words, at.FLAWED)) == 0 and loss - loss == 0:
        _move(D, thread, plain(0), like)


@njit(**KERNEL)
def _train(D, thread, like):
    """Take the steps FIRST … LAST−1."""
    words = pointer(D[at.BARRIER], np.int64(0))
    network = D
    for _ in range(D[at.NETWORKS]):
        _begin(network, thread, like)
        network = _next(network)
    for step in range(D[at.FIRST], D[at.LAST]):
        _step(D, thread, step, like)
        if load_atomically(shifted(words, at.ABORTED)) != 0:
            return
    network = D
    for _ in range(D[at.NETWORKS]):
        _end(network, thread, like)
        network = _next(network)


def run(D, thread, like):
    """What every thread of a team calls, with its own number; ``like`` is a zero of the type."""
    scratch_of(D, thread)[at.MEETINGS] = 0
    if D[at.FEW]:
        predict_few(D, thread, like)
        return
    if D[at.RESULT] == 0:
        _train(D, thread, like)
        return
    _move(D, thread, plain(1), like)
    barrier(D, thread)
    predict(D, thread, like)
