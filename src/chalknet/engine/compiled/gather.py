"""Samples on their way in: chosen by the order, converted, and preprocessed.

    x = (raw − offset) / divisor

A first layer that skips zeros gets each row as its nonzero values and their columns instead.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.compilation import INLINED, KERNEL
from chalknet.engine.compiled.tile import converted, fused, pointer, shifted, word_at

__all__ = ["gather", "sample_at"]


@njit(**INLINED)
def sample_at(D, number):
    """The row of the data that is the sample of this number in the epoch."""
    if D[at.ORDER] == 0:
        return number
    return pointer(D[at.ORDER], np.int64(0))[number]


@njit(**INLINED)
def _preprocessed(raw, k, offset, divisor, reciprocal):
    """(raw − offset) / divisor, rounded once (Markstein's correction of x · (1 / divisor))."""
    x = converted(raw, offset[0]) - offset[k]
    quotient = x * reciprocal[k]
    return fused(fused(-quotient, divisor[k], x), reciprocal[k], quotient)


@njit(**KERNEL)
def _convert(source, target, n, offset, divisor, reciprocal):
    for k in range(n):
        target[k] = _preprocessed(source[k], k, offset, divisor, reciprocal)


@njit(**KERNEL)
def _find_nonzero(source, n, is_bytes, every, which):
    """The columns of a row's values that are not zero; gives how many.

    Images have eight zero bytes in a row more often than not: one look is enough for those. With
    an offset a raw zero is no zero, so ``every`` value is kept.
    """
    count = 0
    for first in range(0, n, 8):
        if is_bytes and not every and first + 8 <= n and word_at(source, first) == 0:
            continue
        for k in range(first, min(first + 8, n)):
            # Written either way and kept or not: cheaper than a branch nobody can predict.
            which[count] = k
            count += 1 if every or source[k] != 0 else 0
    return count


@njit(**KERNEL)
def _gather_compressed(D, sample, row, fan_in, like):
    """A row that is stored compressed, to be used so or to be spread out."""
    starts = pointer(D[at.X_STARTS], np.int64(0))
    first, count = starts[sample], starts[sample + 1] - starts[sample]
    columns = shifted(pointer(D[at.X_COLUMNS], np.int32(0)), first)
    values = shifted(pointer(D[at.X], like), first)
    if D[at.SPARSE]:
        kept = shifted(pointer(D[at.NONZERO], like), row * fan_in)
        which = shifted(pointer(D[at.WHICH], np.int32(0)), row * fan_in)
        for q in range(count):
            kept[q] = values[q]
            which[q] = columns[q]
        pointer(D[at.COUNTS], np.int64(0))[row] = count
    else:
        target = shifted(pointer(D[at.INPUTS], like), row * D[at.INPUTS_LD])
        for k in range(fan_in):
            target[k] = like
        for q in range(count):
            target[columns[q]] = values[q]


@njit(**KERNEL)
def _gather_row(D, source, row, fan_in, like):
    offset, divisor = pointer(D[at.OFFSET], like), pointer(D[at.DIVISOR], like)
    reciprocal = pointer(D[at.RECIPROCAL], like)
    if D[at.SPARSE]:
        values = shifted(pointer(D[at.NONZERO], like), row * fan_in)
        which = shifted(pointer(D[at.WHICH], np.int32(0)), row * fan_in)
        is_bytes = D[at.X_KIND] == 0
        count = _find_nonzero(source, fan_in, is_bytes, D[at.SHIFTED] != 0, which)
        if is_bytes and D[at.OF_BYTES] != 0:
            table = pointer(D[at.OF_BYTES], like)
            for q in range(count):
                values[q] = table[np.int64(source[which[q]])]
        else:
            for q in range(count):
                k = which[q]
                values[q] = _preprocessed(source[k], k, offset, divisor, reciprocal)
        pointer(D[at.COUNTS], np.int64(0))[row] = count
    else:
        target = shifted(pointer(D[at.INPUTS], like), row * D[at.INPUTS_LD])
        _convert(source, target, fan_in, offset, divisor, reciprocal)


@njit(**KERNEL)
def gather(D, first, row_0, row_1, fan_in, like):
    """Rows row_0 … row_1−1 of the slice whose first sample has the number ``first``.

    ``like`` is a zero of the network's type.
    """
    kind, stride = D[at.X_KIND], D[at.X_STRIDE]
    for row in range(row_0, row_1):
        sample = sample_at(D, first + row)
        if kind == 0:
            _gather_row(
                D, shifted(pointer(D[at.X], np.uint8(0)), sample * stride), row, fan_in, like
            )
        elif kind == 1:
            _gather_row(
                D, shifted(pointer(D[at.X], np.float32(0)), sample * stride), row, fan_in, like
            )
        elif kind == 2:
            _gather_row(
                D, shifted(pointer(D[at.X], np.float64(0)), sample * stride), row, fan_in, like
            )
        else:
            _gather_compressed(D, sample, row, fan_in, like)
