"""Scores of one class, one label or one regression target, and their averages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "Average",
    "ClassScore",
    "Residual",
    "TargetScore",
    "average_of",
    "largest_residuals",
    "scores_of_classes",
    "scores_of_targets",
]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class ClassScore:
    """One class (or label): precision TP/(TP+FP), recall TP/(TP+FN), their harmonic mean, support.

    A ratio 0/0 counts as 0, as scikit-learn has it.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Average:
    """Precision, recall and F1 averaged over the classes that occur, true or predicted."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class TargetScore:
    """One target of a regression; ``r2`` is None where the true values do not vary."""

    name: str
    mean_squared_error: float
    root_mean_squared_error: float
    mean_absolute_error: float
    r2: float | None


@dataclass(frozen=True)
class Residual:
    """A large error of a regression: ``residual`` is prediction − truth, ``target`` its column."""

    index: int
    target: int
    truth: float
    prediction: float
    residual: float


def scores_of_classes(
    truth: Array, decided: Array, names: tuple[str, ...]
) -> tuple[ClassScore, ...]:
    """Precision, recall, F1 and support of every class or label, in the order of ``names``.

    ``truth`` and ``decided`` are class indices (n,), or marks 0 and 1 of every label (n, K).
    """
    both, found, there = _counts(truth, decided, len(names))
    columns = (*_ratios(both, found, there), there)
    return tuple(
        ClassScore(name, float(precision), float(recall), float(f1), int(support))
        for name, precision, recall, f1, support in zip(names, *columns, strict=True)
    )


def average_of(
    truth: Array, decided: Array, n_classes: int, how: Literal["macro", "weighted"]
) -> Average:
    """The ``macro`` (each class counts the same) or ``weighted`` (by support) average."""
    both, found, there = _counts(truth, decided, n_classes)
    weights = there if how == "weighted" else ((found + there > 0) | (truth.ndim == 2))
    total = max(1, weights.sum())
    return Average(*(float(ratio @ weights / total) for ratio in _ratios(both, found, there)))


def _counts(truth: Array, decided: Array, n_classes: int) -> tuple[Array, Array, Array]:
    """How often each class was decided for rightly, how often at all, and how often it was true."""
    if truth.ndim == 2:
        marks = truth.astype(np.int64), decided.astype(np.int64)
        return (marks[0] * marks[1]).sum(axis=0), marks[1].sum(axis=0), marks[0].sum(axis=0)
    both, found, there = (
        np.bincount(classes.astype(np.int64), minlength=n_classes)
        for classes in (truth[truth == decided], decided, truth)
    )
    return both, found, there


def _ratios(both: Array, found: Array, there: Array) -> tuple[Array, Array, Array]:
    """Precision, recall and F1."""
    precision, recall = both / np.maximum(found, 1), both / np.maximum(there, 1)
    return precision, recall, 2 * both / np.maximum(found + there, 1)


def scores_of_targets(truth: Array, predicted: Array) -> tuple[TargetScore, ...]:
    """Errors and R² of every column of (n, K) predictions."""
    return tuple(_target_score(truth, predicted, column) for column in range(truth.shape[1]))


def _target_score(truth: Array, predicted: Array, column: int) -> TargetScore:
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    t, p = truth[:, column], predicted[:, column]
    name = "target" if truth.shape[1] == 1 else f"target {column + 1}"
    if not np.isfinite(p).all():
        # A rate eᵒ may overflow; scikit-learn refuses such numbers, a reader wants to see them.
        return TargetScore(name, math.inf, math.inf, math.inf, None)
    squared = float(mean_squared_error(t, p))
    return TargetScore(
        name,
        squared,
        math.sqrt(squared),
        float(mean_absolute_error(t, p)),
        float(r2_score(t, p)) if np.ptp(t) > 0 else None,
    )


def largest_residuals(truth: Array, predicted: Array, limit: int) -> tuple[Residual, ...]:
    """The largest errors over all samples and targets of (n, K) predictions, largest first."""
    residuals = predicted - truth
    with np.errstate(over="ignore", invalid="ignore"):
        # Targets may have different units: each is measured against its own typical error.
        typical = np.sqrt(np.mean(residuals**2, axis=0))
        typical[typical == 0] = 1.0
        size = np.nan_to_num(np.abs(residuals / typical), nan=np.inf)
    order = np.argsort(-size, axis=None, kind="stable")[:limit]
    return tuple(
        Residual(int(i), int(k), float(truth[i, k]), float(predicted[i, k]), float(residuals[i, k]))
        for i, k in zip(*np.unravel_index(order, residuals.shape), strict=True)
    )
