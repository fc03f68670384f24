"""Samples on their way in: chosen by the order, converted, and preprocessed.

    x = (raw − offset) / divisor

A first layer that skips zeros gets lists of what is not zero too.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.compilation import INLINED, KERNEL
from chalknet.engine.compiled.instructions import converted, fused, pointer, prefetch, shifted
from chalknet.engine.compiled.marking import marks_of, places_of
from chalknet.engine.compiled.shared_zeros import list_columns, mark

__all__ = ["flaws_among", "gather", "nonzeros", "sample_at"]

ROWS_TO_GROUP = 64  # among more, looking for those that are alike takes longer than it saves
FETCHED_AHEAD = 4  # rows at least


@njit(**INLINED)
def sample_at(D, number):
    """The row of the data that is the sample of this number in the epoch."""
    if D[at.ORDER] == 0:
        return number
    return pointer(D[at.ORDER], np.int64(0))[number]


@njit(**KERNEL)
def flaws_among(row, count):
    """How many numbers are not finite: only then is x − x not zero."""
    flaws = 0
    for j in range(count):
        flaws += 0 if row[j] - row[j] == 0 else 1
    return flaws


@njit(**KERNEL)
def nonzeros(row, n, which):
    """The places of a row's numbers that are not zero; gives how many.

    The row, and the room for the places, are whole sixteens.
    """
    count = 0
    for k in range(0, n, at.MARKED):
        marks = marks_of(row, k) & ((1 << min(at.MARKED, n - k)) - 1)
        count += places_of(marks, k, shifted(which, count))
    return count


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
def _gather_compressed(D, sample, row, fan_in, like):
    """A row that is stored compressed, spread out; if only nonzeros are used, without its zeros."""
    starts = pointer(D[at.X_STARTS], np.int64(0))
    first, count = starts[sample], starts[sample + 1] - starts[sample]
    columns = shifted(pointer(D[at.X_COLUMNS], np.int32(0)), first)
    values = shifted(pointer(D[at.X], like), first)
    target = shifted(pointer(D[at.INPUTS], like), row * D[at.INPUTS_LD])
    if D[at.SPARSE]:
        which = shifted(pointer(D[at.WHICH], np.int32(0)), row * D[at.INPUTS_LD])
        for q in range(count):
            which[q] = columns[q]
        pointer(D[at.COUNTS], np.int64(0))[row] = count
    else:
        for k in range(fan_in):
            target[k] = like
    for q in range(count):
        target[columns[q]] = values[q]


@njit(**KERNEL)
def _gather_row(D, source, row, fan_in, like):
    """A row of an array; gives how many of its numbers are not finite."""
    offset, divisor = pointer(D[at.OFFSET], like), pointer(D[at.DIVISOR], like)
    target = shifted(pointer(D[at.INPUTS], like), row * D[at.INPUTS_LD])
    _convert(source, target, fan_in, offset, divisor, pointer(D[at.RECIPROCAL], like))
    if D[at.SPARSE]:
        which = shifted(pointer(D[at.WHICH], np.int32(0)), row * D[at.INPUTS_LD])
        pointer(D[at.COUNTS], np.int64(0))[row] = nonzeros(target, fan_in, which)
    return flaws_among(source, fan_in)


@njit(**KERNEL)
def _fetch_ahead(D, number, fan_in):
    """Have a later sample fetched; in a drawn order it is nowhere near this one."""
    if number >= D[at.SAMPLES] or D[at.X_KIND] > 2:
        return
    if D[at.ORDER] == 0 and D[at.X_KIND] > 0:
        return  # that long rows follow each other, the processor notices by itself
    sample, size = sample_at(D, number), max(1, 4 * D[at.X_KIND])
    row = pointer(D[at.X] + sample * D[at.X_STRIDE] * size, np.uint8(0))
    for place in range(0, fan_in * size, 64):
        prefetch(row, place)
    prefetch(row, fan_in * size - 1)
    prefetch(pointer(D[at.TARGETS], np.int64(0)), sample * D[at.TARGETS_LD])
    prefetch(pointer(D[at.SAMPLE_WEIGHT], np.int64(0)), sample)


@njit(**KERNEL)
def gather(D, first, row_0, row_1, fan_in, like):
    """Rows row_0 … row_1−1 of the slice whose first sample has the number ``first``.

    ``like`` is a zero of the network's type. Gives how many raw numbers of an array are not finite.
    """
    kind, stride, flaws = D[at.X_KIND], D[at.X_STRIDE], 0
    for row in range(row_0, row_1):
        sample = sample_at(D, first + row)
        _fetch_ahead(D, first + row + max(FETCHED_AHEAD, D[at.BATCH_SIZE]), fan_in)
        if kind == 0:
            bytes_ = shifted(pointer(D[at.X], np.uint8(0)), sample * stride)
            _gather_row(D, bytes_, row, fan_in, like)
        elif kind == 1:
            singles = shifted(pointer(D[at.X], np.float32(0)), sample * stride)
            flaws += _gather_row(D, singles, row, fan_in, like)
        elif kind == 2:
            doubles = shifted(pointer(D[at.X], np.float64(0)), sample * stride)
            flaws += _gather_row(D, doubles, row, fan_in, like)
        else:
            _gather_compressed(D, sample, row, fan_in, like)
        if D[at.SHARED]:
            mark(D, row, like)
            if (row + 1 - row_0) % ROWS_TO_GROUP == 0 or row + 1 == row_1:
                list_columns(D, row_0 + (row - row_0) // ROWS_TO_GROUP * ROWS_TO_GROUP, row + 1)
    return flaws
