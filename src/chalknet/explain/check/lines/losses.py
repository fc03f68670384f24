"""The lines of the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from chalknet.explain.check.lines.line import Ingredients, Line
from chalknet.explain.check.precision import Floats
from chalknet.operations.losses import ElementwiseLoss, Loss

__all__ = ["MeanLoss", "Objective", "Penalty", "SampleLosses"]


@dataclass(frozen=True, kw_only=True)
class SampleLosses(Line):
    """Each sample's own loss (n,): from P as on paper, −log p say, or from the output O."""

    loss: Loss

    linear: ClassVar[bool] = False

    def combine(self, of: Ingredients) -> Floats:
        """Σₖ ℓ."""
        t = of["t"]
        terms = self._terms_of_output(of["O"], t) if "O" in of else self._terms(of["P"], t)
        return np.asarray(terms.sum(axis=-1))

    def _terms(self, P: Floats, t: Floats) -> Floats:
        if self.loss.name == "poisson":
            return P - _times_log(t, P)
        if self.loss.name == "sigmoid_cross_entropy":
            return -_times_log(t, P) - _times_log(1.0 - t, 1.0 - P)
        return -_times_log(t, P)

    def _terms_of_output(self, O: Floats, t: Floats) -> Floats:  # noqa: E741 - the output's letter
        if isinstance(self.loss, ElementwiseLoss):
            return np.asarray(type(self.loss).formula(O, t, *self.loss.parameters))
        top = O.max(axis=-1, keepdims=True)
        log_p = O - top - np.log(np.exp(O - top).sum(axis=-1, keepdims=True))
        return np.asarray(-t * log_p)


def _times_log(t: Floats, p: Floats) -> Floats:
    """t log p, and 0 where t is 0."""
    return np.where(t == 0, 0.0, t * np.log(np.where(t == 0, 1.0, p)))


@dataclass(frozen=True, kw_only=True)
class MeanLoss(Line):
    """The loss: each sample's own with its share, 1/n or wₙ/Σw."""

    loss: Loss

    def combine(self, of: Ingredients) -> Floats:
        """Σₙ shareₙ lossₙ."""
        return np.asarray((of["losses"] * of["share"]).sum(axis=-1))


@dataclass(frozen=True, kw_only=True)
class Penalty(Line):
    """½ λ Σ W², over the weights of every layer."""

    l2: float

    def combine(self, of: Ingredients) -> Floats:
        """½ λ Σ W²."""
        squares = [(W * W).sum(axis=(-2, -1)) for W in of.values()]
        return np.asarray(0.5 * self.l2 * np.sum(squares, axis=0))


@dataclass(frozen=True, kw_only=True)
class Objective(Line):
    """Loss + penalty."""

    def combine(self, of: Ingredients) -> Floats:
        """Their sum."""
        return np.asarray(of["loss"] + of["penalty"])
