"""The affine map of a layer: Z = XW + b."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Matrix", "Vector", "affine", "affine_backward"]

Matrix = npt.NDArray[np.floating[Any]]
Vector = npt.NDArray[np.floating[Any]]


def affine(X: Matrix, W: Matrix, b: Vector) -> Matrix:
    """Z = XW + b.   X (n, fan_in), W (fan_in, fan_out), b (fan_out,) → Z (n, fan_out).

    >>> affine(np.array([[1.0, -1.0]]), np.array([[2.0, 0.0], [3.0, 1.0]]), np.array([0.5, 0.0]))
    array([[-0.5, -1. ]])
    """
    return X @ W + b


def affine_backward(dZ: Matrix, X: Matrix, W: Matrix) -> tuple[Matrix, Matrix, Vector]:
    """DX = dZ Wᵀ,   dW = Xᵀ dZ,   db = Σₙ dZ.   dZ (n, fan_out) → shapes of X, W and b.

    The sums run over the n samples: the 1/n of a mean is already inside dZ, put there by the loss.
    """
    return dZ @ W.T, X.T @ dZ, dZ.sum(axis=0)
