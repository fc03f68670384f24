"""What a solver is given: a network, what it is to learn, and how that is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.preprocessing import Preprocessing
from chalknet.engine import Engine, Plan
from chalknet.network import Network
from chalknet.operations.affine import Vector
from chalknet.operations.losses import Loss, Poisson
from chalknet.operations.penalties import l2_penalty
from chalknet.training.optimizers import Optimizer, OptimizerState

__all__ = ["UNCHANGED", "Problem", "poisson_constant", "sum_of_squares"]

UNCHANGED = Preprocessing()  # one for all: engines keep what they prepared by its identity


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows, targets and the objective: the loss plus ½ α Σ W² / Σ w over a batch.

    Attributes
    ----------
    X : array (n, features) or SciPy's compressed rows
    targets : array
        As ``loss`` takes them.
    sample_weight : array (n,) or None
    alpha : float
        Strength of the penalty, which scikit-learn divides by the weight of the batch.
    dropout : tuple of float
        One rate a hidden layer.
    constant : float
        To be added to the loss for scikit-learn's value of it.
    """

    network: Network
    loss: Loss
    X: Any
    targets: npt.NDArray[Any]
    sample_weight: Vector | None
    alpha: float
    dropout: tuple[float, ...]
    engine: Engine
    constant: float

    def plan(self, network: Network, optimizer: Optimizer, state: OptimizerState) -> Plan:
        """What the engine needs to take steps with ``network``."""
        return Plan(
            network=network,
            loss=self.loss,
            optimizer=optimizer,
            state=state,
            preprocessing=UNCHANGED,
            X=self.X,
            targets=self.targets,
            sample_weight=self.sample_weight,
            l2=self.alpha,
            dropout=self.dropout,
            sums_penalty=bool(self.alpha),
        )

    def weight_of_batches(self, order: npt.NDArray[Any] | None, batch_size: int) -> Vector:
        """Σ w of each batch; the number of its samples where no weights are given."""
        n = self.X.shape[0]
        starts = np.arange(0, n, batch_size)
        if self.sample_weight is None:
            counts: Vector = np.minimum(batch_size, n - starts).astype(np.float64)
            return counts
        weights = self.sample_weight if order is None else self.sample_weight[order]
        sums: Vector = np.add.reduceat(weights, starts)
        return sums


def sum_of_squares(network: Network) -> float:
    """Σ W² over all layers."""
    return 2.0 * l2_penalty((layer.W for layer in network.layers), 1.0)


def poisson_constant(loss: Loss, targets: Vector, sample_weight: Vector | None) -> float:
    """The mean of t log t − t, which half the Poisson deviance has and our loss leaves out.

    >>> from chalknet import Poisson
    >>> float(poisson_constant(Poisson(), np.array([[0.0], [1.0]]), None))
    -0.5
    """
    if not isinstance(loss, Poisson):
        return 0.0
    logarithms = np.log(np.where(targets > 0, targets, 1.0))
    terms = (targets * logarithms - targets).sum(axis=1)
    return float(np.average(terms, weights=sample_weight))
