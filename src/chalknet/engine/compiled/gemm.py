"""The three matrix products of a dense layer, all with one register tile.

    Z = X W + b        ``multiply``: rows of X, panels of W; each sum begins at b
    dA = dZ Wᵀ         ``multiply``: rows of dZ, panels of Wᵀ; begins at 0
    dW = Xᵀ dZ         ``multiply_transposed``: columns of X, two vectors of dZ; begins at 0

B's panel is taken in blocks of ``DEPTH`` rows, which stay in the first-level cache while all rows
of A pass by. Interrupting a sum at a block's end changes nothing: it goes on where it was.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from chalknet.engine.compiled.compilation import KERNEL
from chalknet.engine.compiled.instructions import lanes_of, shifted
from chalknet.engine.compiled.processor import vectors
from chalknet.engine.compiled.tile import make_sparse_tile, make_tile, make_transpose

__all__ = [
    "HEIGHT",
    "lanes",
    "multiply",
    "multiply_transposed",
    "sparse_eight",
    "sparse_four",
    "sparse_most",
    "sparse_one",
    "sparse_two",
    "transpose_block",
]

UNIT = vectors()
HEIGHT = UNIT.rows
DEPTH = 256

lanes = lanes_of(UNIT)


def _make_product(columns: int, transposed: bool) -> Any:
    tall = make_tile(HEIGHT, columns, transposed, UNIT)
    four = make_tile(4, columns, transposed, UNIT)
    two = make_tile(2, columns, transposed, UNIT)
    one = make_tile(1, columns, transposed, UNIT)

    @njit(**KERNEL)
    def product(rows, K, A, lda, B, ldb, start, lds, C, ldc):
        """C = start + A B, ``columns`` vectors wide, in tiles and what remains below them."""
        down = 1 if transposed else lda
        i = 0
        while i + HEIGHT <= rows:
            tall(
                shifted(A, i * down),
                lda,
                B,
                ldb,
                shifted(start, i * lds),
                lds,
                shifted(C, i * ldc),
                ldc,
                K,
            )
            i += HEIGHT
        if i + 4 <= rows:
            four(
                shifted(A, i * down),
                lda,
                B,
                ldb,
                shifted(start, i * lds),
                lds,
                shifted(C, i * ldc),
                ldc,
                K,
            )
            i += 4
        if i + 2 <= rows:
            two(
                shifted(A, i * down),
                lda,
                B,
                ldb,
                shifted(start, i * lds),
                lds,
                shifted(C, i * ldc),
                ldc,
                K,
            )
            i += 2
        if i < rows:
            one(
                shifted(A, i * down),
                lda,
                B,
                ldb,
                shifted(start, i * lds),
                lds,
                shifted(C, i * ldc),
                ldc,
                K,
            )

    return product


_wide, _narrow = _make_product(2, False), _make_product(1, False)
_wide_transposed, _narrow_transposed = _make_product(2, True), _make_product(1, True)
MOST = 16 if UNIT.rows == 8 else 8  # vectors of accumulators that fit into the registers
sparse_one, sparse_two, sparse_four, sparse_eight, sparse_most = (
    make_sparse_tile(columns, UNIT) for columns in (1, 2, 4, 8, MOST)
)
_transpose_square = make_transpose(UNIT)


@njit(**KERNEL)
def multiply(rows, K, A, lda, B, width, start, lds, C, ldc):
    """C = start + A B for A (rows, K) and a panel B (K, width); ``lds`` = 0 if start is one row."""
    for k in range(0, K, DEPTH):
        depth = min(DEPTH, K - k)
        begin, step = (start, lds) if k == 0 else (C, ldc)
        if width > lanes(A[0]):
            _wide(
                rows, depth, shifted(A, k), lda, shifted(B, k * width), width, begin, step, C, ldc
            )
        else:
            _narrow(
                rows, depth, shifted(A, k), lda, shifted(B, k * width), width, begin, step, C, ldc
            )


@njit(**KERNEL)
def multiply_transposed(rows, K, A, lda, B, ldb, width, start, lds, C):
    """C = start + Aᵀ B for A (K, rows) and ``width`` columns of B (K, …); C is a panel."""
    if width > lanes(A[0]):
        _wide_transposed(rows, K, A, lda, B, ldb, start, lds, C, width)
    else:
        _narrow_transposed(rows, K, A, lda, B, ldb, start, lds, C, width)


@njit(**KERNEL)
def transpose_block(source, rows, width, target, target_width):
    """Bᵀ = A for whole vectors of rows and columns: (rows, width) of a panel into another."""
    n = lanes(source[0])
    for i in range(0, rows, n):
        for j in range(0, width, n):
            _transpose_square(
                shifted(source, i * width + j),
                width,
                shifted(target, j * target_width + i),
                target_width,
            )
