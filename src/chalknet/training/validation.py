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
OUTPUTS_A_SLICE = 10_000  # so few that what the loss makes of them stays in a processor's cache


def slices(n: int, most: int | None = None) -> list[slice]:
    """Consecutive slices that cover n rows, at most so many at a time, or else some thousands."""
    rows = most or ROWS_A_SLICE
    return [slice(start, min(start + rows, n)) for start in range(0, n, rows)]


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
        output, wanted = output_of(X[rows]), targets[rows]
        for part in slices(len(output), max(1, OUTPUTS_A_SLICE // output.shape[1])):
            with np.errstate(over="ignore", invalid="ignore"):
                total += float(loss.losses(output[part], wanted[part]).sum())
            right = loss.correct(output[part], wanted[part])
            correct += 0 if right is None else int(np.count_nonzero(right))
    return total / n, (correct / n if loss.classifies else None)
