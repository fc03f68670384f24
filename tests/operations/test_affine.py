"""The affine map against exact rational arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from chalknet.operations.affine import affine, affine_backward
from oracles.floats import FLOATS

Float = type[np.floating[Any]]
SIZES = [(1, 1, 1), (1, 7, 3), (5, 1, 4), (6, 40, 9), (33, 5, 1)]
exactly = np.vectorize(lambda x: Fraction(float(x)), otypes=[object])


def problem(n: int, fan_in: int, fan_out: int, dtype: Float) -> list[npt.NDArray[Any]]:
    """X, W, b and dZ with values of very different sizes."""
    rng = np.random.default_rng(fan_in)
    shapes = [(n, fan_in), (fan_in, fan_out), (fan_out,), (n, fan_out)]
    return [(rng.normal(size=s) * 10 ** rng.uniform(-6, 6, s)).astype(dtype) for s in shapes]


def rounding(length: int, dtype: Float) -> Fraction:
    """γ: how far a sum of ``length`` products may be off, in units of Σ |products|.

    For any order of summation: Higham, "Accuracy and stability of numerical algorithms", 3.1.
    """
    u = Fraction(float(np.finfo(dtype).eps)) / 2
    return length * u / (1 - length * u)


def assert_within_rounding(
    computed: npt.NDArray[Any], true: npt.NDArray[Any], size: npt.NDArray[Any], length: int
) -> None:
    assert computed.shape == true.shape
    bound = size * rounding(length, computed.dtype.type)
    assert (np.abs(exactly(computed) - true) <= bound).all()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("size", SIZES)
def test_forward(size: tuple[int, int, int], dtype: Float) -> None:
    X, W, b, _ = problem(*size, dtype)
    Z = affine(X, W, b)
    assert Z.dtype == dtype
    true = exactly(X) @ exactly(W) + exactly(b)
    terms = np.abs(exactly(X)) @ np.abs(exactly(W)) + np.abs(exactly(b))
    assert_within_rounding(Z, true, terms, size[1] + 1)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("size", SIZES)
def test_backward(size: tuple[int, int, int], dtype: Float) -> None:
    X, W, _, dZ = problem(*size, dtype)
    n, _, fan_out = size
    dX, dW, db = affine_backward(dZ, X, W)
    assert dX.dtype == dW.dtype == db.dtype == dtype
    eX, eW, eZ = exactly(X), exactly(W), exactly(dZ)
    assert_within_rounding(dX, eZ @ eW.T, np.abs(eZ) @ np.abs(eW.T), fan_out)
    assert_within_rounding(dW, eX.T @ eZ, np.abs(eX.T) @ np.abs(eZ), n)
    assert_within_rounding(db, eZ.sum(axis=0), np.abs(eZ).sum(axis=0), n)


def test_whole_numbers_are_exact() -> None:
    rng = np.random.default_rng(0)
    X, W, b, dZ = (rng.integers(-99, 99, s).astype(float) for s in ((4, 6), (6, 3), (3,), (4, 3)))
    assert np.array_equal(affine(X, W, b), np.einsum("ni,io->no", X, W) + b[None, :])
    dX, dW, db = affine_backward(dZ, X, W)
    assert np.array_equal(dX, np.einsum("no,io->ni", dZ, W))
    assert np.array_equal(dW, np.einsum("ni,no->io", X, dZ))
    assert np.array_equal(db, np.einsum("no->o", dZ))


def test_backward_is_the_adjoint_of_forward() -> None:
    """⟨dZ, δX W + X δW + δb⟩ = ⟨dX, δX⟩ + ⟨dW, δW⟩ + ⟨db, δb⟩ for every direction, exactly."""
    rng = np.random.default_rng(1)
    X, W, dZ = (rng.integers(-9, 9, s).astype(float) for s in ((4, 6), (6, 3), (4, 3)))
    dX, dW, db = affine_backward(dZ, X, W)
    for _ in range(20):
        X_, W_, b_ = (rng.integers(-9, 9, s).astype(float) for s in ((4, 6), (6, 3), (3,)))
        forward = np.sum(dZ * (X_ @ W + X @ W_ + b_))
        assert forward == np.sum(dX * X_) + np.sum(dW * W_) + np.sum(db * b_)
