"""How good a model is: metrics, confusions and galleries."""

from __future__ import annotations

from chalknet.evaluation.metrics import (
    ClassEvaluation,
    Evaluation,
    MultilabelEvaluation,
    RegressionEvaluation,
    evaluate,
)

__all__ = [
    "ClassEvaluation",
    "Evaluation",
    "MultilabelEvaluation",
    "RegressionEvaluation",
    "evaluate",
]
