"""Rows that are held out: how they are split off, their loss and score after an epoch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.engine import Engine
from chalknet.errors import ConfigurationError
from chalknet.estimators.problem import UNCHANGED
from chalknet.network import Network
from chalknet.operations.affine import Matrix, Vector
from chalknet.operations.losses import Loss

__all__ = ["Validation", "Verdict", "accuracy", "r2", "split_off"]

Score = Callable[[Matrix, npt.NDArray[Any], Vector | None], float]


@dataclass(frozen=True)
class Verdict:
    """Mean loss without penalty, and the score: accuracy or R²; NaN if an output is not finite."""

    loss: float
    score: float


@dataclass(frozen=True, eq=False)
class Validation:
    """Held-out rows with targets as the loss takes them.

    ``score`` is a function of the output (n, K), the targets and the weights.
    """

    X: Any
    targets: npt.NDArray[Any]
    sample_weight: Vector | None
    loss: Loss
    constant: float
    score: Score

    def verdict(self, network: Network, engine: Engine) -> Verdict:
        """How the network does now."""
        output = engine.predict(network, UNCHANGED, self.X)
        if not np.isfinite(output).all():
            return Verdict(math.nan, math.nan)
        with np.errstate(over="ignore", invalid="ignore"):
            terms, _ = self.loss.terms(output, self.targets)
            loss = float(np.average(terms, weights=self.sample_weight)) + self.constant
            return Verdict(loss, self.score(output, self.targets, self.sample_weight))


def accuracy(link: str) -> Score:
    """The share of rows decided rightly, all labels of a row counting as one decision.

    Targets are class indices (n,) or marks 0 and 1 (n, K).
    """

    def score(output: Matrix, targets: npt.NDArray[Any], sample_weight: Vector | None) -> float:
        if link == "softmax":
            wanted = targets if targets.ndim == 1 else targets.argmax(axis=1)
            right = output.argmax(axis=1) == wanted
        else:
            right = ((output > 0) == (targets > 0.5)).all(axis=1)
        return float(np.average(right, weights=sample_weight))

    return score


def r2(loss: Loss) -> Score:
    """R², averaged over the outputs, of what ``loss`` makes of the network's output."""
    from sklearn.metrics import r2_score

    def score(output: Matrix, targets: npt.NDArray[Any], sample_weight: Vector | None) -> float:
        predictions = loss.predict(output)
        if not np.isfinite(predictions).all():
            return math.nan
        return float(r2_score(targets, predictions, sample_weight=sample_weight))

    return score


def split_off(
    n: int, fraction: float, random_state: np.random.RandomState, stratify: npt.NDArray[Any] | None
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Rows to train on and rows to hold out, drawn as scikit-learn's perceptrons draw them.

    Raises
    ------
    ConfigurationError
        Fewer than two rows would be held out.
    ValueError
        ``stratify`` has a class with too few members.
    """
    from sklearn.model_selection import train_test_split

    training, held_out = train_test_split(
        np.arange(n), test_size=fraction, random_state=random_state, stratify=stratify
    )
    if len(held_out) < 2:
        raise ConfigurationError(
            "The validation set is too small. Increase 'validation_fraction' "
            "or the size of your dataset."
        )
    return training, held_out
