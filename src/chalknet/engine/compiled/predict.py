"""The prediction kernels: the forward sweep alone, and what the loss makes of its output.

Many rows go through the same stages as in training. Few go one by one, and read the weights where
they are: to put them in panels would take longer than to use them once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.compilation import KERNEL
from chalknet.engine.compiled.gather import gather, nonzeros
from chalknet.engine.compiled.gemm import (
    MOST,
    lanes,
    sparse_eight,
    sparse_four,
    sparse_most,
    sparse_one,
)
from chalknet.engine.compiled.grid import layer_of, samples_of
from chalknet.engine.compiled.instructions import (
    add_atomically,
    address_of,
    call_map,
    fused,
    plain,
    pointer,
    shifted,
)
from chalknet.engine.compiled.losses import largest_of
from chalknet.engine.compiled.shared_zeros import list_samples
from chalknet.engine.compiled.stages import forward
from chalknet.engine.compiled.teamwork import barrier, scratch_of, share

__all__ = ["forward_all", "predict", "predict_few", "take_in"]


@njit(**KERNEL)
def take_in(D, thread, begin, n, like):
    """The inputs of n samples from number ``begin`` on, with all lists of what is not zero.

    Gives how many of the thread's raw numbers are not finite.
    """
    row_0, row_1 = share(n, at.SHARE, thread, D[at.THREADS])
    flaws = gather(D, begin, row_0, row_1, layer_of(D, 0)[at.FAN_IN], like)
    barrier(D, thread)
    if D[at.SHARED] and D[at.RESULT] == 0:
        list_samples(D, thread, n)
    return flaws


@njit(**KERNEL)
def forward_all(D, thread, n, step, first_row, like):
    """Pre-activations and activations of the n samples taken in, layer by layer.

    After the last layer the threads have not met yet.
    """
    for number in range(D[at.LAYERS]):
        by_rows = layer_of(D, number)[at.BY_ROWS]
        if number > 0 and not (by_rows and layer_of(D, number - 1)[at.BY_ROWS]):
            barrier(D, thread)
        forward(D, number, thread, n, step, first_row, like)


@njit(**KERNEL)
def _softmax(D, thread, n, K, rows, tops, like):
    """Logits (n, K) become softmax(o) = exp(o − max o) / Σ exp(o − max o), row by row."""
    for i in range(n):
        largest = rows[i * K + largest_of(shifted(rows, i * K), K)]
        for k in range(K):
            tops[i * K + k] = largest
    addresses = scratch_of(D, thread)
    addresses[0] = addresses[2] = address_of(rows, 0)
    addresses[1] = address_of(tops, 0)
    weak = pointer(D[at.LOSS_PARAMETERS], np.float64(0))
    call_map(D[at.RESPONSE], 1, n * K, 0, addresses, weak)
    for i in range(n):
        total = like
        for k in range(K):
            total += rows[i * K + k]
        for k in range(K):
            rows[i * K + k] /= total


@njit(**KERNEL)
def _respond(D, thread, first, row_0, row_1, like):
    """What the loss predicts from the output of rows row_0 … row_1−1, as rows of ``RESULT``."""
    output = layer_of(D, D[at.LAYERS] - 1)
    K, ld, n = output[at.FAN_OUT], output[at.LD], row_1 - row_0
    A = shifted(pointer(output[at.A], like), row_0 * ld)
    rows = shifted(pointer(D[at.RESULT], like), (first + row_0) * K)
    for i in range(n):
        for k in range(K):
            rows[i * K + k] = A[i * ld + k]
    if D[at.RESPONSE_KIND] == 1:
        addresses = scratch_of(D, thread)
        addresses[0] = addresses[1] = address_of(rows, 0)
        weak = pointer(D[at.LOSS_PARAMETERS], np.float64(0))
        call_map(D[at.RESPONSE], 1, n * K, 0, addresses, weak)
    elif D[at.RESPONSE_KIND] == 2:
        _softmax(D, thread, n, K, rows, shifted(pointer(D[at.TOPS], like), row_0 * K), like)


@njit(**KERNEL)
def predict(D, thread, like):
    """The response for all samples, slice by slice."""
    flaws = 0
    for first in range(D[at.FIRST], D[at.LAST], D[at.SLICE]):
        n = min(D[at.SLICE], D[at.LAST] - first)
        flaws += take_in(D, thread, first, n, like)
        forward_all(D, thread, n, first, first, like)
        if not layer_of(D, D[at.LAYERS] - 1)[at.BY_ROWS]:
            barrier(D, thread)
        row_0, row_1 = samples_of(D, n, thread)
        _respond(D, thread, first, row_0, row_1, like)
    if flaws > 0:
        add_atomically(shifted(pointer(D[at.BARRIER], np.int64(0)), at.FLAWED), flaws)


@njit(**KERNEL)
def _row_times_flat(count, which, x, W, fan_out, b, z):
    """z = x W + b for one row and W where Network keeps it: the chain of the tile."""
    n = lanes(x[0])
    j = 0
    while j + MOST * n <= fan_out:
        sparse_most(count, which, x, 1, shifted(W, j), fan_out, 2 * n, shifted(b, j), shifted(z, j))
        j += MOST * n
    while j + 8 * n <= fan_out:
        sparse_eight(
            count, which, x, 1, shifted(W, j), fan_out, 2 * n, shifted(b, j), shifted(z, j)
        )
        j += 8 * n
    while j + 4 * n <= fan_out:
        sparse_four(count, which, x, 1, shifted(W, j), fan_out, 2 * n, shifted(b, j), shifted(z, j))
        j += 4 * n
    while j + n <= fan_out:
        sparse_one(count, which, x, 1, shifted(W, j), fan_out, 0, shifted(b, j), shifted(z, j))
        j += n
    for column in range(j, fan_out):
        z[column] = b[column]
    for q in range(count):
        k = which[q]
        row = shifted(W, k * fan_out)
        for column in range(j, fan_out):
            z[column] = fused(x[k], row[column], z[column])


@njit(**KERNEL)
def _predict_row(D, thread, sample, like):
    """One row through all layers; zeros among the inputs and activations are skipped.

    Gives how many raw numbers are not finite.
    """
    x, which = pointer(D[at.INPUTS], like), pointer(D[at.WHICH], np.int32(0))
    flaws = gather(D, sample, plain(0), plain(1), layer_of(D, 0)[at.FAN_IN], like)
    count = pointer(D[at.COUNTS], np.int64(0))[0]
    flat = pointer(D[at.FLAT], like)
    for number in range(D[at.LAYERS]):
        layer = layer_of(D, number)
        fan_out = layer[at.FAN_OUT]
        Z, A = pointer(layer[at.Z], like), pointer(layer[at.A], like)
        W, b = shifted(flat, layer[at.FLAT_WEIGHTS]), shifted(flat, layer[at.FLAT_BIAS])
        _row_times_flat(count, which, x, W, fan_out, b, Z)
        if layer[at.FORWARD] != 0:
            addresses = scratch_of(D, thread)
            addresses[0], addresses[1] = layer[at.Z], layer[at.A]
            weak = pointer(layer[at.PARAMETERS], np.float64(0))
            call_map(layer[at.FORWARD], 1, fan_out, 0, addresses, weak)
        if number + 1 < D[at.LAYERS]:
            x, count = A, nonzeros(A, fan_out, which)
    _respond(D, thread, sample, plain(0), plain(1), like)
    return flaws


@njit(**KERNEL)
def predict_few(D, thread, like):
    """The response for the first rows, up to LAST."""
    flaws = 0
    for sample in range(D[at.LAST]):
        flaws += _predict_row(D, thread, sample, like)
    pointer(D[at.BARRIER], np.int64(0))[at.FLAWED] = flaws
