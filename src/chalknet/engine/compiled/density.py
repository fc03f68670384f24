"""How the first layer should deal with the zeros of its inputs, going by some hundred rows."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from chalknet.engine.compiled import layout as at

__all__ = ["Zeros", "best_way_with_zeros"]

# Nothing; rows are kept as their nonzeros (sparse_rows.py); or products are left out that are zero
# in four rows at once (shared_zeros.py).
Zeros = Literal["dense", "sparse", "shared"]

ROWS_LOOKED_AT = 512
# Sparse rows are slower with more nonzeros than this; with batches of one, and with larger ones,
# where it is divided by the length of a vector.
DENSE_ENOUGH_FOR_ONE, DENSE_ENOUGH = 0.7, 2.0
ROWS_TO_SHARE = 8  # in fewer, groups of four would not be full
COLUMNS_TO_SAVE = 16  # to list what is not zero takes as long as the products of so many columns


def best_way_with_zeros(X: Any, batch_size: int, width: int, lanes: int) -> Zeros:
    """The fastest way for batches of that size and a first layer of that width.

    Parameters
    ----------
    X : array or SciPy's sparse array (n, features)
    lanes : int
        How many numbers a vector holds.
    """
    some = X[:: max(1, X.shape[0] // ROWS_LOOKED_AT)]
    few = batch_size < ROWS_TO_SHARE
    if few or hasattr(some, "tocsr"):
        enough = DENSE_ENOUGH_FOR_ONE if batch_size == 1 else DENSE_ENOUGH / lanes
        if _density(some) < enough:
            return "sparse"
        if few:
            return "dense"
    return "shared" if (1 - _shared_density(some)) * width > COLUMNS_TO_SAVE else "dense"


def _density(X: Any) -> float:
    """Which part of the numbers is not zero."""
    present = X.nnz if hasattr(X, "tocsr") else np.count_nonzero(X)
    return float(present / max(1, X.shape[0] * X.shape[1]))


def _shared_density(X: Any) -> float:
    """Which part of the products is not zero in four rows of X, or four columns, at once."""
    present = (X.toarray() if hasattr(X, "tocsr") else X) != 0
    n, fan_in = (size // at.TOGETHER * at.TOGETHER for size in present.shape)
    if not n or not fan_in:
        return 1.0
    # Rows that are far apart here, as they are in a drawn order.
    four_rows = present[:n].reshape(at.TOGETHER, -1, present.shape[1]).any(axis=0)
    four_columns = present[:, :fan_in].reshape(len(present), -1, at.TOGETHER).any(axis=2)
    return float(np.mean([four_rows.mean(), four_columns.mean()]))
