"""Mean loss and accuracy over a whole data set, in slices so that memory stays bounded."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.preprocessing import Preprocessing
from chalknet.engine import Engine
from chalknet.network import Network
from chalknet.operations.losses import Loss

__all__ = ["mean_loss_and_accuracy", "slices"]

ROWS_A_SLICE = 4096


def slices(n: int) -> list[slice]:
    """Consecutive slices that cover n rows, some thousands at a time."""
    return [slice(start, start + ROWS_A_SLICE) for start in range(0, n, ROWS_A_SLICE)]


def mean_loss_and_accuracy(
    engine: Engine,
    network: Network,
    loss: Loss,
    preprocessing: Preprocessing,
    X: npt.NDArray[Any],
    targets: npt.NDArray[Any],
) -> tuple[float, float | None]:
    """Mean loss over all samples, and accuracy where there are classes (else None).

    ``targets`` are as ``encode_targets`` gives them.
    """
    total, correct, classifies = 0.0, 0, loss.classifies
    for rows in slices(len(X)):
        output = engine.output(network, preprocessing.apply(X[rows], network.dtype))
        with np.errstate(over="ignore", invalid="ignore"):
            terms, _ = loss.terms(output, targets[rows])
        total += float(terms.sum())
        right = loss.correct(output, targets[rows])
        correct += 0 if right is None else int(np.count_nonzero(right))
    return total / len(X), (correct / len(X) if classifies else None)
