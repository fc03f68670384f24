"""Confusions: which class is taken for which, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["BinaryCounts", "ConfusedPair", "confusion_of", "most_confused", "shares"]

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ConfusedPair:
    """``count`` samples of class ``label`` were taken for ``prediction``: ``share`` of that class.

    ``label`` and ``prediction`` are class indices.
    """

    label: int
    prediction: int
    count: int
    share: float


@dataclass(frozen=True)
class BinaryCounts:
    """The four outcomes for two classes; ``positive`` names the second class, the yes."""

    positive: str
    negative: str
    true_positive: int
    true_negative: int
    false_positive: int
    false_negative: int

    @classmethod
    def of(cls, matrix: Counts, names: Sequence[str]) -> BinaryCounts:
        """The outcomes in a confusion matrix of two classes."""
        (tn, fp), (fn, tp) = matrix.tolist()
        return cls(names[1], names[0], tp, tn, fp, fn)

    @property
    def specificity(self) -> float | None:
        """The share of the negative samples that are recognised: TN / (TN + FP)."""
        negatives = self.true_negative + self.false_positive
        return self.true_negative / negatives if negatives else None


def confusion_of(truth: npt.NDArray[Any], decided: npt.NDArray[Any], n_classes: int) -> Counts:
    """The confusion matrix (K, K): entry (i, j) counts samples of class i taken for class j.

    >>> confusion_of(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    pairs = truth.astype(np.int64) * n_classes + decided
    return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)


def shares(matrix: Counts) -> npt.NDArray[np.float64]:
    """Each row of a confusion matrix divided by its sum; the row of an absent class is zero."""
    share: npt.NDArray[np.float64] = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    return share


def most_confused(matrix: Counts, limit: int = 10) -> tuple[ConfusedPair, ...]:
    """The pairs off the diagonal with the most samples, the larger share first among equals.

    >>> most_confused(np.array([[8, 2], [1, 3]]), 1)
    (ConfusedPair(label=0, prediction=1, count=2, share=0.2),)
    """
    mistakes = matrix.copy()
    np.fill_diagonal(mistakes, 0)
    share = shares(matrix)
    rows, columns = np.nonzero(mistakes)
    order = np.lexsort((columns, rows, -share[rows, columns], -mistakes[rows, columns]))[:limit]
    return tuple(
        ConfusedPair(int(i), int(j), int(mistakes[i, j]), float(share[i, j]))
        for i, j in zip(rows[order], columns[order], strict=True)
    )
