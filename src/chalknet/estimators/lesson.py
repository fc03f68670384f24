"""Rows with targets, as a solver takes them; and some of them held out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.engine import Engine
from chalknet.estimators.problem import Problem, poisson_constant
from chalknet.estimators.validation import Score, Validation
from chalknet.network import Network
from chalknet.operations.affine import Vector
from chalknet.operations.losses import Loss

__all__ = ["Lesson"]


@dataclass(frozen=True, eq=False)
class Lesson:
    """What there is to learn from.

    Attributes
    ----------
    X : array (n, features) or SciPy's compressed rows
    targets : array
        As ``loss`` takes them.
    sample_weight, class_weight : array (n,) or None
        Their product counts in training, the first alone where rows are held out.
    score : function
        Of output, targets and weights.
    stratify : array or None
        What a split keeps in proportion.
    """

    X: Any
    targets: npt.NDArray[Any]
    loss: Loss
    score: Score
    sample_weight: Vector | None = None
    class_weight: Vector | None = None
    stratify: npt.NDArray[Any] | None = None

    def __len__(self) -> int:
        """The number of rows."""
        return int(self.X.shape[0])

    def take(self, rows: npt.NDArray[Any]) -> Lesson:
        """Just these rows."""

        def some(values: Any) -> Any:
            return None if values is None else values[rows]

        return replace(
            self,
            X=self.X[rows],
            targets=self.targets[rows],
            sample_weight=some(self.sample_weight),
            class_weight=some(self.class_weight),
            stratify=None,
        )

    def problem(
        self, network: Network, engine: Engine, *, alpha: float, dropout: tuple[float, ...]
    ) -> Problem:
        """The lesson as a problem for ``network``."""
        weights = [w for w in (self.sample_weight, self.class_weight) if w is not None]
        weight = np.prod(weights, axis=0) if weights else None
        return Problem(
            network=network,
            loss=self.loss,
            X=self.X,
            targets=self.targets,
            sample_weight=weight,
            alpha=alpha,
            dropout=dropout,
            engine=engine,
            constant=poisson_constant(self.loss, self.targets, weight),
        )

    def validation(self) -> Validation:
        """The lesson as rows that are held out."""
        return Validation(
            X=self.X,
            targets=self.targets,
            sample_weight=self.sample_weight,
            loss=self.loss,
            constant=poisson_constant(self.loss, self.targets, self.sample_weight),
            score=self.score,
        )
