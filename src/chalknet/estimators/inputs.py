"""Rows as people pass them, checked by scikit-learn; a short way for those that need no check."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ShapeError, TargetError
from chalknet.operations.affine import Vector

__all__ = ["are_plain_rows", "checked_rows", "checked_rows_and_targets", "checked_weights"]

FLOATS = (np.float64, np.float32)
SINGLE = {"float32", "Float32", "float[pyarrow]"}  # by NumPy, Polars and pandas, and pyarrow


def _floats_of(X: Any) -> Any:
    """The types that rows may keep.

    scikit-learn sees no type in a frame of Polars or of pandas's own types (nullable, pyarrow), and
    would take the first, float64.
    """
    kinds = {str(kind) for kind in X.dtypes} if hasattr(X, "columns") else set()
    return np.float32 if kinds and kinds <= SINGLE else FLOATS


def are_plain_rows(X: Any, features: int) -> bool:
    """Whether X is an array of floats (n, features), or compressed rows, to be used as it stands.

    scikit-learn's own check of a single row takes several times as long as its prediction. Whether
    every number is finite the engine sees as it reads them.
    """
    if type(X) is not np.ndarray and getattr(X, "format", None) != "csr":
        return False
    return X.ndim == 2 and X.dtype.char in "df" and X.shape[1] == features and X.shape[0] > 0


def checked_rows(estimator: Any, X: Any) -> Any:
    """Rows to predict from: floats (n, features), dense or SciPy's compressed rows."""
    from sklearn.utils.validation import validate_data

    return validate_data(estimator, X, accept_sparse="csr", dtype=_floats_of(X), reset=False)


def checked_rows_and_targets(
    estimator: Any, X: Any, y: Any, *, numbers: bool, reset: bool
) -> tuple[Any, npt.NDArray[Any]]:
    """Rows and targets to learn from; targets (n,) or (n, K), as floats if they are ``numbers``.

    ``reset`` says whether the estimator takes the number and names of its features from X.
    """
    from sklearn.utils.validation import column_or_1d, validate_data

    X, y = validate_data(
        estimator,
        X,
        y,
        accept_sparse="csr",
        dtype=_floats_of(X),
        multi_output=True,
        y_numeric=numbers,
        reset=reset,
    )
    y = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    return X, y.astype(np.float64) if numbers else y


def checked_weights(sample_weight: Any, n: int, name: str = "sample_weight") -> Vector | None:
    """One float64 weight a sample; None stays None.

    Raises
    ------
    ShapeError, TargetError
        They are not n finite numbers ≥ 0, not all zero.
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, int | float):
        weights = np.full(n, float(sample_weight))
    else:
        weights = np.array(sample_weight, dtype=np.float64)
    if weights.shape != (n,):
        raise ShapeError(f"{name} must have shape ({n},), but has shape {weights.shape}.")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise TargetError(f"{name} must hold finite numbers ≥ 0.")
    if not weights.any():
        raise TargetError(f"{name} is zero for every sample: some must count.")
    return weights
