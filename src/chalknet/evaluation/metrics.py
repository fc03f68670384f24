"""Evaluation: how well a model does on a data set, in numbers."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset, Task
from chalknet.evaluation.calibration import Calibration, calibration_of
from chalknet.evaluation.confusion import (
    BinaryCounts,
    ConfusedPair,
    Counts,
    confusion_of,
    most_confused,
)
from chalknet.evaluation.predictions import Predictions, predictions_of
from chalknet.evaluation.scores import (
    Average,
    ClassScore,
    Residual,
    TargetScore,
    average_of,
    largest_residuals,
    scores_of_classes,
    scores_of_targets,
)
from chalknet.model import Model

__all__ = [
    "ClassEvaluation",
    "Evaluation",
    "MultilabelEvaluation",
    "RegressionEvaluation",
    "TopLoss",
    "evaluate",
    "wilson_interval",
]

LISTED = 16


@dataclass(frozen=True)
class TopLoss:
    """A sample with a large loss: its row, the names of truth and prediction, its probability.

    ``probability`` is the model's for its prediction; None where the loss gives none, and for
    multilabel, where it would be one a label.
    """

    index: int
    loss: float
    label: str
    prediction: str
    probability: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """What every evaluation has, whatever the task.

    Attributes
    ----------
    data, task : str
        What was evaluated on, and the kind of its targets.
    total : int
        Samples.
    loss : float
        Mean over samples.
    correct, accuracy : int, float, or None
        Samples decided rightly (multilabel: in all their labels), and their share.
    names : tuple of str
        The classes or labels; empty for regression.
    top_losses : tuple of TopLoss
        The samples with the largest loss, largest first.
    predictions : Predictions
        Everything sample by sample; not part of ``as_dict``.
    """

    data: str
    task: Task
    total: int
    loss: float
    correct: int | None
    accuracy: float | None
    names: tuple[str, ...]
    top_losses: tuple[TopLoss, ...]
    predictions: Predictions = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dictionaries, ready for JSON; None where not finite."""
        return {
            item.name: _plain(getattr(self, item.name))
            for item in dataclasses.fields(self)
            if item.name != "predictions"
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassEvaluation(Evaluation):
    """One of K classes: scores by class, confusions, calibration.

    ``binary`` is there for two classes, ``calibration`` where the loss gives probabilities: it then
    compares the probability of the predicted class with how often the prediction is right.
    """

    per_class: tuple[ClassScore, ...]
    macro: Average
    weighted: Average
    confusion: Counts = field(repr=False)
    confused_pairs: tuple[ConfusedPair, ...]
    calibration: Calibration | None
    binary: BinaryCounts | None


@dataclass(frozen=True, kw_only=True, eq=False)
class MultilabelEvaluation(Evaluation):
    """Any of K labels. ``accuracy`` is subset accuracy; ``hamming_loss`` that of wrong marks."""

    hamming_loss: float
    per_label: tuple[ClassScore, ...]
    macro: Average
    weighted: Average
    calibration: Calibration | None


@dataclass(frozen=True, kw_only=True, eq=False)
class RegressionEvaluation(Evaluation):
    """Numbers. Errors are means over samples and targets; ``r2`` the mean over targets."""

    mean_squared_error: float
    root_mean_squared_error: float
    mean_absolute_error: float
    r2: float | None
    per_target: tuple[TargetScore, ...]
    largest_residuals: tuple[Residual, ...]


def evaluate(model: Model, data: Dataset) -> Evaluation:
    """Measure ``model`` on ``data``.

    Returns
    -------
    Evaluation
        A ``ClassEvaluation``, ``MultilabelEvaluation`` or ``RegressionEvaluation``.

    Raises
    ------
    ShapeError, TargetError
        The data does not fit the model, or has labels that the model does not know.

    Examples
    --------
    >>> from chalknet import Dataset, Dense, Model, Network
    >>> model = Model(Network([Dense([[-1.0, 1.0]], [0.0, 0.0])]), "softmax_cross_entropy",
    ...               classes=np.array(["cold", "warm"]))
    >>> labels = ["cold", "cold", "cold", "warm"]
    >>> days = Dataset([[-3.0], [-1.0], [0.5], [2.0]], labels, name="days")
    >>> result = evaluate(model, days)
    >>> result.accuracy, result.confusion.tolist(), result.binary.false_positive
    (0.75, [[2, 1], [0, 1]], 1)
    """
    predictions = predictions_of(model, data)
    if predictions.task == "classification":
        return _evaluate_classes(model, data, predictions)
    if predictions.task == "multilabel":
        return _evaluate_labels(model, data, predictions)
    return _evaluate_numbers(data, predictions)


def wilson_interval(correct: int, total: int) -> tuple[float, float]:
    """The range of true accuracies that 95 % of such counts are consistent with.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", 1927.

    >>> low, high = wilson_interval(90, 100)
    >>> f"{low:.4f} {high:.4f}"
    '0.8256 0.9448'
    """
    z = 1.959963984540054
    p, spread = correct / total, z * z / total
    middle = p + spread / 2
    half = z * math.sqrt(p * (1 - p) / total + spread / (4 * total))
    # At the ends the formula is exact but its rounding is not.
    low = 0.0 if correct == 0 else (middle - half) / (1 + spread)
    high = 1.0 if correct == total else (middle + half) / (1 + spread)
    return low, high


def _evaluate_classes(model: Model, data: Dataset, found: Predictions) -> ClassEvaluation:
    names, right = model.names, found.right
    matrix = confusion_of(found.truth, found.decided, len(names))
    sure = found.confidence
    return ClassEvaluation(
        **_common(data, found, names),
        top_losses=tuple(
            TopLoss(
                int(row),
                float(found.losses[row]),
                names[found.truth[row]],
                names[found.decided[row]],
                float(sure[row]) if found.probabilistic else None,
            )
            for row in _largest(found.losses)
        ),
        per_class=scores_of_classes(found.truth, found.decided, names),
        macro=average_of(found.truth, found.decided, len(names), "macro"),
        weighted=average_of(found.truth, found.decided, len(names), "weighted"),
        confusion=matrix,
        confused_pairs=most_confused(matrix),
        calibration=calibration_of(sure, right) if found.probabilistic else None,
        binary=BinaryCounts.of(matrix, names) if len(names) == 2 else None,
    )


def _evaluate_labels(model: Model, data: Dataset, found: Predictions) -> MultilabelEvaluation:
    names = model.names
    return MultilabelEvaluation(
        **_common(data, found, names),
        top_losses=tuple(
            TopLoss(
                int(row),
                float(found.losses[row]),
                _set_of(found.truth[row], names),
                _set_of(found.decided[row], names),
                None,
            )
            for row in _largest(found.losses)
        ),
        hamming_loss=float((found.truth != found.decided).mean()),
        per_label=scores_of_classes(found.truth, found.decided, names),
        macro=average_of(found.truth, found.decided, len(names), "macro"),
        weighted=average_of(found.truth, found.decided, len(names), "weighted"),
        calibration=(
            calibration_of(found.scores.ravel(), found.truth.ravel())
            if found.probabilistic
            else None
        ),
    )


def _evaluate_numbers(data: Dataset, found: Predictions) -> RegressionEvaluation:
    truth, predicted = found.truth, found.decided.astype(np.float64)
    per_target = scores_of_targets(truth, predicted)
    r2 = [score.r2 for score in per_target if score.r2 is not None]
    squared = sum(score.mean_squared_error for score in per_target) / len(per_target)
    return RegressionEvaluation(
        **_common(data, found, ()),
        top_losses=tuple(
            TopLoss(
                int(row),
                float(found.losses[row]),
                _numbers(truth[row]),
                _numbers(predicted[row]),
                None,
            )
            for row in _largest(found.losses)
        ),
        mean_squared_error=squared,
        root_mean_squared_error=math.sqrt(squared),
        mean_absolute_error=sum(s.mean_absolute_error for s in per_target) / len(per_target),
        r2=sum(r2) / len(r2) if r2 else None,
        per_target=per_target,
        largest_residuals=largest_residuals(truth, predicted, LISTED),
    )


def _common(data: Dataset, found: Predictions, names: tuple[str, ...]) -> dict[str, Any]:
    correct = None if found.task == "regression" else int(np.count_nonzero(found.right))
    return {
        "data": data.name,
        "task": found.task,
        "total": len(found),
        "loss": float(found.losses.mean()),
        "correct": correct,
        "accuracy": None if correct is None else correct / len(found),
        "names": names,
        "predictions": found,
    }


def _largest(losses: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    # NaN sorts last, but is the worst loss there is.
    return np.argsort(-np.nan_to_num(losses, nan=np.inf), kind="stable")[:LISTED]


def _set_of(marks: npt.NDArray[Any], names: tuple[str, ...]) -> str:
    return ", ".join(name for name, mark in zip(names, marks, strict=True) if mark) or "none"


def _numbers(values: npt.NDArray[Any]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
