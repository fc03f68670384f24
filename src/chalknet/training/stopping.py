"""Early stopping: end when the loss has not improved for a while, and keep the best weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

from chalknet.errors import ConfigurationError
from chalknet.operations.affine import Vector

__all__ = ["BestSoFar", "EarlyStopping"]


@dataclass(frozen=True, kw_only=True)
class EarlyStopping:
    """Stop after ``patience`` epochs in a row without an improvement of more than ``min_delta``.

    The loss watched is the validation loss, or the training loss where nothing is held out. At the
    end the parameters of the best epoch are restored.
    """

    patience: int
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        if self.patience < 1:
            raise ConfigurationError(f"patience must be at least 1 epoch, not {self.patience}.")
        if not self.min_delta >= 0:
            raise ConfigurationError(f"min_delta must be at least 0, not {self.min_delta}.")


@dataclass
class BestSoFar:
    """The best epoch (0 before the first), its loss and parameters, and the epochs since."""

    epoch: int = 0
    loss: float = math.inf
    waited: int = 0
    parameters: Vector | None = None

    def observe(self, epoch: int, loss: float, parameters: Vector, min_delta: float) -> None:
        """Take note of an epoch that ended with this loss and these parameters (copied)."""
        if loss < self.loss - min_delta:
            self.epoch, self.loss, self.waited = epoch, loss, 0
            self.parameters = parameters.copy()
        else:
            self.waited += 1
