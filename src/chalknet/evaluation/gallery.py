"""Which samples to look at: right and wrong ones of every class, bold mistakes, random ones.

Everything here chooses row numbers of the evaluated data set; nothing is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.evaluation.predictions import Predictions

__all__ = [
    "ClassGallery",
    "Outcome",
    "confident_mistakes",
    "galleries_by_class",
    "galleries_by_outcome",
    "random_rows",
]

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ClassGallery:
    """Rows of one class: some that the model gets right and some that it takes for another."""

    label: int
    right: Rows
    wrong: Rows


@dataclass(frozen=True, eq=False)
class Outcome:
    """Rows of one of the four outcomes for two classes, and how many there are in all."""

    label: int
    prediction: int
    total: int
    rows: Rows

    @property
    def name(self) -> str:
        """``true positive`` and so on; the second class is the positive one."""
        kind = "positive" if self.prediction == 1 else "negative"
        return f"{'true' if self.label == self.prediction else 'false'} {kind}"


def galleries_by_class(
    predictions: Predictions, n_classes: int, count: int, rng: np.random.Generator
) -> list[ClassGallery]:
    """Up to ``count`` random rows that are right and ``count`` that are wrong, for every class."""
    right = predictions.right
    return [
        ClassGallery(
            label,
            _some((predictions.truth == label) & right, count, rng),
            _some((predictions.truth == label) & ~right, count, rng),
        )
        for label in range(n_classes)
    ]


def galleries_by_outcome(
    predictions: Predictions, count: int, rng: np.random.Generator
) -> list[Outcome]:
    """Up to ``count`` random true positives, true negatives, false positives, false negatives."""
    outcomes = []
    for label, decided in ((1, 1), (0, 0), (0, 1), (1, 0)):
        where = (predictions.truth == label) & (predictions.decided == decided)
        rows = _some(where, count, rng)
        outcomes.append(Outcome(label, decided, int(np.count_nonzero(where)), rows))
    return outcomes


def confident_mistakes(predictions: Predictions, count: int) -> Rows:
    """The rows that are wrong with the greatest confidence, the surest first."""
    wrong = np.flatnonzero(~predictions.right)
    order = np.argsort(-predictions.confidence[wrong], kind="stable")
    return wrong[order[:count]]


def random_rows(n: int, count: int, rng: np.random.Generator) -> Rows:
    """Up to ``count`` of n rows, none twice, in random order."""
    return rng.permutation(n)[:count]


def _some(where: npt.NDArray[Any], count: int, rng: np.random.Generator) -> Rows:
    rows = np.flatnonzero(where)
    chosen: Rows = np.sort(rng.permutation(rows)[:count])
    return chosen
