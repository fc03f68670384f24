"""Mean loss and accuracy over a whole data set, in slices so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.operations.affine import Matrix
from chalknet.operations.losses import Loss

__all__ = ["mean_loss_and_accuracy", "slices"]

ROWS_A_SLICE = 4096


def slices(n: int) -> list[slice]:
    """Consecutive slices that cover n rows, some thousands at a time."""
    return [slice(start, start + ROWS_A_SLICE) for start in range(0, n, ROWS_A_SLICE)]


def mean_loss_and_accuracy(
    output_of: Callable[[npt.NDArray[Any]], Matrix],
    loss: Loss,
    X: npt.NDArray[Any],
    targets: npt.NDArray[Any],
) -> tuple[float, float | None]:
    """Mean loss over all samples, and accuracy where there are classes (else None).

    ``output_of`` gives the network's output for raw rows of ``X``; ``targets`` are as
    ``encode_targets`` gives them.
    """
    total, correct = 0.0, 0
    n = X.shape[0]
    for rows in slices(n):
        output = output_of(X[rows])
        with np.errstate(over="ignore", invalid="ignore"):
            total += float(loss.losses(output, targets[rows]).sum())
        right = loss.correct(output, targets[rows])
        correct += 0 if right is None else int(np.count_nonzero(right))
    return total / n, (correct / n if loss.classifies else None)
