"""The first layer's products without those that are zero in four rows at once.

Most pixels at the margin of an image are zero, and so they are in the images beside it. Where a
column is zero in four rows of X, it adds nothing to four rows of Z; where a row is zero in four
columns of X, it adds nothing to four rows of dW. Such terms are left out: lists say which remain,
and a register tile four rows high and two panels wide follows them.

    gather         marks each row's numbers that are not zero, groups rows, lists their columns
    Z = X W + b    ``multiply_shared``: four rows of X and the columns listed for them
    list_samples   lists rows for every four columns
    dW = Xᵀ dZ     ``gradient_shared``: four columns of X and the rows listed for them
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.compilation import INLINED, KERNEL
from chalknet.engine.compiled.gemm import MOST, UNIT, lanes
from chalknet.engine.compiled.grid import width_of
from chalknet.engine.compiled.instructions import bits_set, pointer, shifted
from chalknet.engine.compiled.marking import marks_of, places_of, rows_marked
from chalknet.engine.compiled.teamwork import share
from chalknet.engine.compiled.tile import make_listed_tile

__all__ = ["gradient_shared", "list_columns", "list_samples", "mark", "multiply_shared", "together"]

PARTS = at.MARKED // at.TOGETHER


@njit(**KERNEL)
def mark(D, row, like):
    """Mark which numbers of a row of the inputs are not zero, by the sixteen.

    The row's key says how far they are spread out, in steps of 64, and then how many they are.
    """
    ld = D[at.INPUTS_LD]
    inputs = shifted(pointer(D[at.INPUTS], like), row * ld)
    marks = pointer(D[at.MARKS] + row * (ld // 8), np.uint16(0))
    for unit in range(ld // at.MARKED):
        marks[unit] = marks_of(inputs, unit * at.MARKED)
    words = pointer(D[at.MARKS] + row * (ld // 8), np.int64(0))
    first, last, count = ld // 64, 0, 0
    for word in range(ld // 64):
        first = word if words[word] != 0 and word < first else first
        last = word if words[word] != 0 else last
        count += bits_set(words[word])
    pointer(D[at.ROW_KEYS], np.int64(0))[row] = (last - first) * ld + count


@njit(**KERNEL)
def _sort(keys, rows, first, last):
    """The rows first … last−1 in the order of their keys."""
    for row in range(first, last):
        keys[row] = keys[row] << 16 | row - first
    for row in range(first, last):
        # Counting those below, of which there are not many, needs no branch.
        below = first
        for other in range(first, last):
            below += 1 if keys[other] < keys[row] else 0
        rows[below] = row


@njit(**INLINED)
def _marks_of_row(D, row):
    return pointer(D[at.MARKS] + row * (D[at.INPUTS_LD] // 8), np.uint16(0))


@njit(**KERNEL)
def list_columns(D, first, last):
    """Group the rows first … last−1 by four and list the columns that are not zero in each group.

    ``first`` is a multiple of four. Rows that are zero in the same columns come together; if the
    last are fewer than four, one of them counts several times.
    """
    rows, ld = pointer(D[at.ROW_LISTS], np.int32(0)), D[at.INPUTS_LD]
    _sort(pointer(D[at.ROW_KEYS], np.int64(0)), rows, first, last)
    blocks = (ld + at.COLUMNS_A_BLOCK - 1) // at.COLUMNS_A_BLOCK
    for place in range(first, last, at.TOGETHER):
        for missing in range(last, place + at.TOGETHER):
            rows[missing] = rows[last - 1]
        a, b = _marks_of_row(D, rows[place]), _marks_of_row(D, rows[place + 1])
        c, d = _marks_of_row(D, rows[place + 2]), _marks_of_row(D, rows[place + 3])
        group = place // at.TOGETHER
        which = shifted(pointer(D[at.COLUMN_LISTS], np.int32(0)), group * ld)
        ends = shifted(pointer(D[at.COLUMN_ENDS], np.int64(0)), group * (blocks + 1))
        found, ends[0] = 0, 0
        for block in range(blocks):
            begin = block * at.COLUMNS_A_BLOCK
            for k in range(begin, min(ld, begin + at.COLUMNS_A_BLOCK), at.MARKED):
                unit = k // at.MARKED
                either = np.int64(a[unit] | b[unit] | c[unit] | d[unit])
                found += places_of(either, k, shifted(which, found))
            ends[block + 1] = found


@njit(**KERNEL)
def list_samples(D, thread, n):
    """List, for the thread's share of the columns, the rows that are not zero in four of them."""
    units, ld = D[at.INPUTS_LD] // at.MARKED, D[at.SAMPLE_LISTS_LD]
    first, last = share(units, 1, thread, D[at.THREADS])
    for unit in range(first, last):
        marks = shifted(pointer(D[at.MARKS], np.uint16(0)), unit)
        which = shifted(pointer(D[at.SAMPLE_LISTS], np.int32(0)), unit * PARTS * ld)
        counts = shifted(pointer(D[at.SAMPLE_COUNTS], np.int64(0)), unit * PARTS)
        for part in range(PARTS):
            counts[part] = 0
        for row in range(0, n, at.MARKED):
            present = (1 << min(at.MARKED, n - row)) - 1
            masks = rows_marked(shifted(marks, row * units), units)
            for part in range(PARTS):
                mask = (masks >> at.MARKED * part) & present
                counts[part] += places_of(mask, row, shifted(which, part * ld + counts[part]))


def _tiles(transposed: bool) -> Any:
    """``tile(vectors, …)`` for as many vectors as registers allow."""
    one = make_listed_tile(1, True, transposed, UNIT)
    two = make_listed_tile(2, False, transposed, UNIT)
    three = make_listed_tile(3, True, transposed, UNIT)
    four = make_listed_tile(4, False, transposed, UNIT)

    @njit(**INLINED)
    def tile(vectors, count, which, rows, A, lda, B, ldb, S, lds, s_panel, C, ldc, panel):
        if MOST >= 16 and vectors == 4:
            four(count, which, rows, A, lda, B, ldb, S, lds, s_panel, C, ldc, panel)
        elif MOST >= 16 and vectors == 3:
            three(count, which, rows, A, lda, B, ldb, S, lds, s_panel, C, ldc, panel)
        elif vectors == 2:
            two(count, which, rows, A, lda, B, ldb, S, lds, s_panel, C, ldc, panel)
        else:
            one(count, which, rows, A, lda, B, ldb, S, lds, s_panel, C, ldc, panel)

    return tile


_tile, _tile_transposed = _tiles(False), _tiles(True)


@njit(**INLINED)
def together(layer, panel, last, like):
    """How many vectors to work on at once from this panel on: two panels' if registers allow."""
    n = lanes(like)
    vectors = width_of(layer[at.PANELS], panel, layer[at.FAN_OUT], like) // n
    if MOST >= 16 and panel + 1 < last:
        vectors += width_of(layer[at.PANELS], panel + 1, layer[at.FAN_OUT], like) // n
    return vectors


@njit(**KERNEL)
def multiply_shared(D, layer, row_0, row_1, panel_0, panel_1, like):
    """Z = X W + b of the first layer: rows row_0 … row_1−1, row_0 being a multiple of four."""
    lda, ldc, width = D[at.INPUTS_LD], layer[at.LD], 2 * lanes(like)
    size = layer[at.ROWS] * width
    blocks = (lda + at.COLUMNS_A_BLOCK - 1) // at.COLUMNS_A_BLOCK
    X, Z = pointer(D[at.INPUTS], like), pointer(layer[at.Z], like)
    rows = pointer(D[at.ROW_LISTS], np.int32(0))
    lists = pointer(D[at.COLUMN_LISTS], np.int32(0))
    all_ends = pointer(D[at.COLUMN_ENDS], np.int64(0))
    panel = panel_0
    while panel < panel_1:
        vectors = together(layer, panel, panel_1, like)
        W = shifted(pointer(layer[at.WEIGHTS], like), panel * size)
        b = shifted(pointer(layer[at.BIAS], like), panel * width)
        C = shifted(Z, panel * width)
        for block in range(blocks):
            for row in range(row_0, row_1, at.TOGETHER):
                group = row // at.TOGETHER
                ends = shifted(all_ends, group * (blocks + 1) + block)
                begin, step = (b, 0) if block == 0 else (C, ldc)
                which = shifted(lists, group * lda + ends[0])
                _tile(
                    *(vectors, ends[1] - ends[0], which, shifted(rows, row), X, lda, W, width),
                    *(begin, step, 0, C, ldc, size),
                )
        panel += (vectors + 1) // 2


@njit(**KERNEL)
def gradient_shared(D, layer, k, rows, dZ, vectors, zeros, add, C, distance, like):
    """``rows`` rows of dW = Xᵀ dZ from row k on, some vectors wide, to C or added to what is there.

    C is a panel; a second one is ``distance`` numbers further on.
    """
    lda, n = D[at.INPUTS_LD], lanes(like)
    counts = pointer(D[at.SAMPLE_COUNTS], np.int64(0))
    lists = pointer(D[at.SAMPLE_LISTS], np.int32(0))
    X = pointer(D[at.INPUTS], like)
    width = n if vectors == 1 else 2 * n
    for row in range(0, rows, at.TOGETHER):
        four = (k + row) // at.TOGETHER
        which = shifted(lists, four * D[at.SAMPLE_LISTS_LD])
        place = shifted(C, row * width)
        # A second panel that is narrow has rows half as long.
        between = distance - row * n if vectors == 3 else distance
        begin, step, begins = (place, 2 * n, between) if add else (zeros, 0, 0)
        _tile_transposed(
            *(vectors, counts[four], which, which, shifted(X, k + row), lda, dZ, layer[at.LD]),
            *(begin, step, begins, place, 2 * n, between),
        )
