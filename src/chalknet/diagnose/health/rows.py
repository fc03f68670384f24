"""Rows of a data set as a network takes them, some thousands at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.preprocessing import Preprocessing
from chalknet.training.validation import slices

__all__ = ["dense", "fingerprints", "input_slices"]

Array = npt.NDArray[Any]


def dense(rows: Any) -> Array:
    """Rows as an array, also when they are SciPy's sparse ones."""
    array: Array = rows.toarray() if hasattr(rows, "toarray") else rows
    return array


def input_slices(
    X: Any, preprocessing: Preprocessing, dtype: npt.DTypeLike
) -> Iterator[tuple[slice, Array]]:
    """Which rows, and their inputs, preprocessed."""
    for some in slices(X.shape[0]):
        yield some, preprocessing.apply(dense(X[some]), dtype)


def fingerprints(X: Any) -> list[bytes]:
    """One for each row; equal rows have equal ones."""
    return [
        hashlib.blake2b(np.ascontiguousarray(row).tobytes(), digest_size=16).digest()
        for some in slices(X.shape[0])
        for row in dense(X[some])
    ]
