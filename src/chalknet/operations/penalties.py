"""The L2 penalty (weight decay, ridge, Tikhonov): ½ λ Σ W², on weights and never on biases."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from chalknet.operations.affine import Matrix
from chalknet.operations.precision import as_float64, scalar

__all__ = ["l2_penalty", "l2_penalty_backward"]


def l2_penalty(weights: Iterable[Matrix], l2: float) -> float:
    """½ λ Σₗ Σᵢⱼ W²ᵢⱼ over the weights of every layer, accumulated in float64.

    >>> l2_penalty([np.array([[1.0, 2.0]]), np.array([[3.0]])], l2=0.1)
    0.7000000000000001
    """
    penalty: float = 0.5 * l2 * sum(scalar(np.square(as_float64(W)).sum()) for W in weights)
    return penalty


def l2_penalty_backward(W: Matrix, l2: float) -> Matrix:
    """∂(½ λ Σ W²)/∂W = λ W."""
    return W * W.dtype.type(l2)
