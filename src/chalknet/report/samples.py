"""Samples to look at: galleries of images, rows of tables, each with what the model said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.evaluation.gallery import (
    confident_mistakes,
    galleries_by_class,
    galleries_by_outcome,
    random_rows,
)
from chalknet.evaluation.metrics import ClassEvaluation, Evaluation, RegressionEvaluation
from chalknet.model import Model
from chalknet.pages import clean, isolated
from chalknet.report.images import Pictures
from chalknet.report.overview import Shown
from chalknet.report.wording import count, figure, percent

__all__ = ["Samples"]

Array = npt.NDArray[Any]
MISTAKES, RANDOM, COLUMNS, BARS = 12, 12, 7, 12
GALLERY_CLASSES = 100


@dataclass(frozen=True)
class Bar:
    """A class and its probability; ``true`` and ``chosen`` mark what is so and what was said."""

    name: str
    text: str
    share: str
    true: bool
    chosen: bool


@dataclass(frozen=True)
class Sample:
    """One sample as shown: a picture or values by column, and words."""

    number: str
    picture: str | None
    alt: str
    label: str
    prediction: str
    probability: str
    wrong: bool
    cells: tuple[str, ...]
    bars: tuple[Bar, ...] = field(default=())


@dataclass(frozen=True)
class Samples:
    """Makes the sections that show samples of one evaluated data set."""

    model: Model
    shown: Shown
    evaluation: Evaluation
    pictures: Pictures | None

    @property
    def columns(self) -> list[int]:
        """Which columns of a table are shown: those with the largest first-layer weights."""
        if self.pictures is not None:
            return []
        weight = np.linalg.norm(self.model.network.layers[0].W.astype(np.float64), axis=1)
        return sorted(np.argsort(-weight, kind="stable")[:COLUMNS].tolist())

    @property
    def column_names(self) -> list[str]:
        """The names of these columns."""
        names = self.shown.data.feature_names or self.model.feature_names
        return [clean(names[c]) if names else f"column {c + 1}" for c in self.columns]

    def by_class(self, rng: np.random.Generator) -> dict[str, Any] | None:
        """Right and wrong images of every class, or by the four outcomes where there are two."""
        evaluation = self.evaluation
        if not isinstance(evaluation, ClassEvaluation) or self.pictures is None:
            return None
        names, found = [clean(name) for name in evaluation.names], evaluation.predictions
        if len(names) == 2:
            outcomes = galleries_by_outcome(found, 16, rng)
            groups = [
                {
                    "title": outcome.name,
                    "wrong": outcome.label != outcome.prediction,
                    "label": names[outcome.label],
                    "prediction": names[outcome.prediction],
                    "total": count(outcome.total),
                    "samples": [self.sample(row) for row in outcome.rows],
                }
                for outcome in outcomes
            ]
            return {"outcomes": groups, "positive": names[1]}
        K = len(names)
        each = 8 if K <= 12 else 6 if K <= 26 else 4 if K <= 50 else 3
        galleries = galleries_by_class(found, K, each, rng)
        hits = evaluation.confusion.diagonal()
        totals = evaluation.confusion.sum(axis=1)
        kept = np.sort(np.argsort(-(totals - hits), kind="stable")[:GALLERY_CLASSES])
        rows = [
            {
                "name": names[k],
                "hits": count(int(hits[k])),
                "total": count(int(totals[k])),
                "misses": count(int(totals[k] - hits[k])),
                "share": percent(hits[k] / totals[k]) if totals[k] else "–",
                "right": [self.sample(row) for row in galleries[k].right],
                "wrong": [self.sample(row) for row in galleries[k].wrong],
            }
            for k in kept
        ]
        return {"classes": rows, "each": each, "compact": K > 26, "left_out": K - len(kept)}

    def worst(self) -> dict[str, Any] | None:
        """The most confident mistakes, the largest residuals, or the largest losses."""
        evaluation = self.evaluation
        if isinstance(evaluation, RegressionEvaluation):
            rows = [residual.index for residual in evaluation.largest_residuals[:MISTAKES]]
            targets = [residual.target for residual in evaluation.largest_residuals[:MISTAKES]]
            samples = [self.residual(row, k) for row, k in zip(rows, targets, strict=True)]
            title = "Largest residuals"
        elif isinstance(evaluation, ClassEvaluation):
            mistakes = confident_mistakes(evaluation.predictions, MISTAKES)
            samples = [self.sample(row) for row in mistakes]
            title = "Most confident mistakes"
        else:
            samples = [self.marked(top.index) for top in evaluation.top_losses[:MISTAKES]]
            title = "Largest losses"
        return {"title": title, "samples": samples, "kind": evaluation.task}

    def random(self, rng: np.random.Generator) -> dict[str, Any] | None:
        """Random samples, each with the probabilities of its classes."""
        if isinstance(self.evaluation, RegressionEvaluation):
            return None
        rows = random_rows(len(self.shown.data), RANDOM, rng)
        marked = not isinstance(self.evaluation, ClassEvaluation)
        return {
            "samples": [
                self.marked(row) if marked else self.sample(row, bars=True) for row in rows
            ],
            "all": len(self.evaluation.names) <= BARS,
            # Room for the longest name and its mark; ½ em a letter is a fair guess.
            "who": round(1.6 + 0.52 * min(12, max(map(len, self.evaluation.names))), 2),
        }

    def sample(self, row: int, *, bars: bool = False) -> Sample:
        """A sample of one class."""
        found, names = self.evaluation.predictions, self.evaluation.names
        truth, decided = int(found.truth[row]), int(found.decided[row])
        label, prediction = clean(names[truth]), clean(names[decided])
        sure = _score(float(found.scores[row, decided]), probabilistic=found.probabilistic)
        said = "recognised" if truth == decided else f"taken for {isolated(prediction)}"
        return Sample(
            count(int(row) + 1), self._picture(row), f"{isolated(label)}, {said} ({sure})", label,
            prediction, sure, truth != decided, self._cells(row),
            self._bars(row, {truth}, {decided}) if bars else (),
        )  # fmt: skip

    def marked(self, row: int) -> Sample:
        """A sample of any labels, each with its own probability."""
        found, names = self.evaluation.predictions, self.evaluation.names
        truth = set(np.flatnonzero(found.truth[row]).tolist())
        decided = set(np.flatnonzero(found.decided[row]).tolist())
        label, prediction = (_set_of(names, marks) for marks in (truth, decided))
        loss = figure(float(found.losses[row]), 3)
        return Sample(
            count(int(row) + 1), self._picture(row), f"{label}; model: {prediction}", label,
            prediction, loss, truth != decided, self._cells(row),
            self._bars(row, truth, decided),
        )  # fmt: skip

    def residual(self, row: int, target: int) -> Sample:
        """A sample of a regression."""
        found = self.evaluation.predictions
        truth, predicted = float(found.truth[row, target]), float(found.decided[row, target])
        which = f" (target {target + 1})" if found.truth.shape[1] > 1 else ""
        off = f"{'+' if predicted > truth else ''}{figure(predicted - truth)}"
        return Sample(
            count(int(row) + 1), self._picture(row),
            f"true {figure(truth)}, predicted {figure(predicted)}",
            figure(truth) + which, figure(predicted), off, True, self._cells(row),
        )  # fmt: skip

    def _picture(self, row: int) -> str | None:
        return None if self.pictures is None else self.pictures.uri(self.shown.data.X[row])

    def _cells(self, row: int) -> tuple[str, ...]:
        return tuple(figure(float(self.shown.data.X[row, c])) for c in self.columns)

    def _bars(self, row: int, truth: set[int], decided: set[int]) -> tuple[Bar, ...]:
        found, names = self.evaluation.predictions, self.evaluation.names
        scores = found.scores[row].astype(np.float64)
        chosen = list(range(len(names)))
        if len(names) > BARS:
            ranked = np.argsort(-scores, kind="stable").tolist()
            wanted = [k for k in ranked if k in truth][: BARS // 2]
            others = [k for k in ranked if k not in wanted][: BARS // 2 - min(len(wanted), 2)]
            chosen = sorted({*wanted, *others}, key=ranked.index)
        return tuple(
            Bar(
                clean(names[k]),
                _score(float(scores[k]), probabilistic=found.probabilistic),
                f"{min(max(float(scores[k]), 0.0), 1.0):.4f}",
                k in truth,
                k in decided,
            )
            for k in chosen
        )


def _score(score: float, *, probabilistic: bool) -> str:
    if not math.isfinite(score):
        return "–"
    return percent(score) if probabilistic else figure(score, 3)


def _set_of(names: Sequence[str], marks: set[int]) -> str:
    return ", ".join(isolated(names[k]) for k in sorted(marks)) or "none"
