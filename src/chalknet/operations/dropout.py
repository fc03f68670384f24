"""Inverted dropout: A ∘ M, with M zero with probability ``rate`` and 1 / (1 − rate) elsewhere.

The expectation of A ∘ M is A, so prediction needs no correction. Source: Srivastava, Hinton,
Krizhevsky, Sutskever and Salakhutdinov, "Dropout", JMLR 15 (2014).

Whether an element is dropped is a pure function of (key, element number), not the next number of
a stream: whoever computes an element, in whatever order, on however many threads, drops the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.operations.affine import Matrix

__all__ = ["dropout", "dropout_backward", "dropout_key", "dropout_mask", "scramble"]

# Odd constants of the splitmix64 generator (Steele, Lea and Flood, OOPSLA 2014).
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
SHIFT_30, SHIFT_27, SHIFT_31, SHIFT_11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)

Words = npt.NDArray[np.uint64]


def scramble(words: Words) -> Words:
    """The output function of splitmix64: 64 bits in, 64 well mixed bits out, one to one."""
    words = (words ^ (words >> SHIFT_30)) * MIX_1
    words = (words ^ (words >> SHIFT_27)) * MIX_2
    return words ^ (words >> SHIFT_31)


def dropout_key(epoch_key: int, step: int, layer: int) -> int:
    """The key of the mask of layer ``layer`` in step ``step`` of the epoch with this key."""
    key = np.array([epoch_key], dtype=np.uint64)
    for part in (step, layer):
        key = scramble(key + GOLDEN * np.array([part + 1], dtype=np.uint64))
    return int(key[0])


def dropout_mask(
    key: int, shape: tuple[int, int], rate: float, dtype: npt.DTypeLike = np.float64
) -> npt.NDArray[np.floating[Any]]:
    """M (n, width): element i is dropped when its 53-bit uniform number from (key, i) is < rate.

    >>> dropout_mask(1, (2, 4), 0.5)
    array([[2., 2., 2., 0.],
           [0., 2., 2., 2.]])
    """
    counter = np.arange(shape[0] * shape[1], dtype=np.uint64).reshape(shape)
    words = scramble(np.array([key], dtype=np.uint64) + GOLDEN * (counter + np.uint64(1)))
    uniform = (words >> SHIFT_11).astype(np.float64) * 2.0**-53
    return np.where(uniform < rate, 0.0, 1.0 / (1.0 - rate)).astype(dtype)


def dropout(A: Matrix, M: Matrix) -> Matrix:
    """A ∘ M, both (n, width)."""
    return A * M


def dropout_backward(dA_dropped: Matrix, M: Matrix) -> Matrix:
    """DA = d(A ∘ M) ∘ M."""
    return dA_dropped * M
