"""Results in tables and plots: confusions, scores by class, calibration, residuals."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.evaluation.calibration import Calibration
from chalknet.evaluation.confusion import shares
from chalknet.evaluation.metrics import (
    ClassEvaluation,
    Evaluation,
    MultilabelEvaluation,
    RegressionEvaluation,
)
from chalknet.evaluation.scores import Average, ClassScore
from chalknet.pages import clean
from chalknet.report.plots import calibration_plot, confusion_map, histogram, scatter
from chalknet.report.wording import count, figure, percent

__all__ = ["calibration_section", "classes_section", "regression_section"]

TABLE_CLASSES = 26  # a table of more columns is no longer read but looked at
POINTS = 1500
TARGETS = 4


def classes_section(evaluation: Evaluation) -> dict[str, Any] | None:
    """Confusion matrix, most confused pairs and the scores of every class or label."""
    if isinstance(evaluation, MultilabelEvaluation):
        return {
            "noun": "label",
            "scores": _halves(_score_rows(evaluation.per_label)),
            "averages": _average_rows(evaluation.macro, evaluation.weighted),
        }
    if not isinstance(evaluation, ClassEvaluation):
        return None
    names = [clean(name) for name in evaluation.names]
    return {
        "noun": "class",
        "confusion": _confusion(evaluation, names),
        "pairs": [
            {
                "label": names[pair.label],
                "prediction": names[pair.prediction],
                "count": count(pair.count),
                "share": percent(pair.share),
                "bar": pair.share,
            }
            for pair in evaluation.confused_pairs
        ],
        "scores": _halves(_score_rows(evaluation.per_class)),
        "averages": _average_rows(evaluation.macro, evaluation.weighted),
        "binary": _binary(evaluation),
    }


def _confusion(evaluation: ClassEvaluation, names: list[str]) -> dict[str, Any]:
    share = shares(evaluation.confusion)
    if len(names) > TABLE_CLASSES:
        return {"names": names, "map": confusion_map("confusion", share, names)}
    # The square root lets a confusion of one in a hundred still show.
    shade = 0.97 * np.sqrt(share)
    outcomes = [["true negative", "false positive"], ["false negative", "true positive"]]
    rows = [
        [
            {
                "count": int(evaluation.confusion[i, j]),
                "share": percent(float(share[i, j])),
                "shade": f"{shade[i, j]:.3f}",
                "depth": _depth(float(shade[i, j]), right=i == j),
                "right": i == j,
                "outcome": outcomes[i][j] if len(names) == 2 else "",
            }
            for j in range(len(names))
        ]
        for i in range(len(names))
    ]
    size = "few" if len(names) <= 4 else "some" if len(names) <= 12 else "many"
    upright = max(len(name) for name in names) <= 3 or len(names) <= 4
    return {
        "names": names, "rows": list(zip(names, rows, strict=True)), "size": size,
        "upright": upright,
    }  # fmt: skip


def _depth(shade: float, *, right: bool) -> str:
    """Which ink is readable on a square of this opacity; the style sheet has the colours.

    ``deep`` takes white on a light page, ``deep`` and ``mid`` take black on a dark one: there the
    two contrasts cross, at 4.5 to 1.
    """
    deep, mid = (0.832, 0.613) if right else (0.969, 0.605)
    return "deep" if shade >= deep else "mid" if shade >= mid else ""


def _score_rows(scores: tuple[ClassScore, ...]) -> list[dict[str, Any]]:
    return [
        {
            "name": clean(score.name),
            "support": count(score.support),
            "values": _values(score.precision, score.recall, score.f1),
        }
        for score in scores
    ]


def _halves(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """One list, or two to stand side by side where one would be very long."""
    middle = (len(rows) + 1) // 2
    return [rows[:middle], rows[middle:]] if len(rows) > TABLE_CLASSES else [rows]


def _average_rows(macro: Average, weighted: Average) -> list[dict[str, Any]]:
    return [
        {"name": name, "values": _values(average.precision, average.recall, average.f1)}
        for name, average in (("Macro average", macro), ("Weighted average", weighted))
    ]


def _values(*shares_: float) -> list[tuple[str, str]]:
    return [(percent(share), f"{share:.4f}") for share in shares_]


def _binary(evaluation: ClassEvaluation) -> dict[str, Any] | None:
    binary = evaluation.binary
    if binary is None:
        return None
    score = evaluation.per_class[1]
    specificity = binary.specificity
    return {
        "positive": clean(binary.positive),
        "negative": clean(binary.negative),
        "rows": [
            ("Precision", percent(score.precision), "of those taken for positive, positive"),
            ("Recall (sensitivity)", percent(score.recall), "of the positive, recognised"),
            (
                "Specificity",
                "–" if specificity is None else percent(specificity),
                "of the negative, recognised",
            ),
            ("F1", percent(score.f1), "harmonic mean of precision and recall"),
        ],
    }


def calibration_section(evaluation: Evaluation) -> dict[str, Any] | None:
    """Whether probabilities mean what they say; None where there are none."""
    if not isinstance(evaluation, ClassEvaluation | MultilabelEvaluation):
        return None
    calibration = evaluation.calibration
    if calibration is None:
        return None
    return {
        "plot": calibration_plot("calibration", calibration),
        "error": percent(calibration.expected_error),
        "multilabel": isinstance(evaluation, MultilabelEvaluation),
        "verdict": _verdict(calibration, multilabel=isinstance(evaluation, MultilabelEvaluation)),
        "bins": [
            {
                "range": f"{100 * group.low:.0f}–{100 * group.high:.0f} %",
                "count": count(group.count),
                "confidence": percent(group.confidence or 0.0),
                "frequency": percent(group.frequency or 0.0),
            }
            for group in calibration.bins
            if group.count
        ],
    }


def _verdict(calibration: Calibration, *, multilabel: bool) -> str:
    filled = [group for group in calibration.bins if group.count]
    total = sum(group.count for group in filled)
    sure = sum(group.count * (group.confidence or 0.0) for group in filled) / total
    true = sum(group.count * (group.frequency or 0.0) for group in filled) / total
    trusted = calibration.expected_error < 0.02
    if multilabel:
        start = f"On average a label is given {percent(sure)}, and {percent(true)} of them hold"
        doubt = "yet single probabilities are off by more"
    else:
        start = f"On average it is {percent(sure)} sure, and right {percent(true)} of the time"
        doubt = "it is surer than it should be" if sure > true else "it could be surer than it is"
    return f"{start}: {'its probabilities can be taken at their word' if trusted else doubt}."


def regression_section(evaluation: Evaluation, rng: np.random.Generator) -> dict[str, Any] | None:
    """Predicted against true values, residuals and the errors of every target."""
    if not isinstance(evaluation, RegressionEvaluation):
        return None
    found = evaluation.predictions
    truth, predicted = found.truth, found.decided.astype(np.float64)
    some = np.sort(rng.permutation(len(truth))[:POINTS])
    plots = []
    for k, score in enumerate(evaluation.per_target[:TARGETS]):
        residuals = predicted[:, k] - truth[:, k]
        if np.isfinite(residuals).all():
            drawn = scatter(f"scatter{k}", truth[some, k], predicted[some, k], name=score.name)
            plots += [drawn, histogram(f"residuals{k}", residuals, name=score.name)]
    return {
        "plots": plots,
        "drawn": count(len(some)),
        "total": count(len(truth)),
        "sampled": len(some) < len(truth),
        "left_out": max(0, len(evaluation.per_target) - TARGETS),
        "targets": [
            {
                "name": score.name,
                "values": [
                    figure(value)
                    for value in (
                        score.mean_squared_error,
                        score.root_mean_squared_error,
                        score.mean_absolute_error,
                        score.r2,
                    )
                ],
            }
            for score in evaluation.per_target
        ],
    }
