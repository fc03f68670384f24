"""The seam between training and whatever executes its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from chalknet.data.preprocessing import Preprocessing
from chalknet.errors import DataFormatError
from chalknet.network import Network
from chalknet.operations.affine import Matrix, Vector
from chalknet.operations.losses import Loss
from chalknet.training.optimizers import Optimizer, OptimizerState

__all__ = ["Engine", "Plan", "Request", "StepRange", "Totals", "not_finite"]


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything about a step that stays the same throughout training.

    Attributes
    ----------
    X : array (n, features)
        Raw data, never copied whole; ``preprocessing`` makes inputs of the rows of a batch.
    targets : array (n,) or (n, K)
        As ``loss`` takes them.
    optimizer, state
        How the parameters move; the state is advanced in place.
    sample_weight : array (n,) or None
    l2 : float
        λ of the penalty ½ λ Σ W².
    dropout : tuple of float
        The rate of each hidden layer.
    sums_penalty : bool
        Whether totals shall have the penalty as well, which takes a look at every weight a step.
    """

    network: Network
    loss: Loss
    optimizer: Optimizer
    state: OptimizerState
    preprocessing: Preprocessing
    X: npt.NDArray[Any]
    targets: npt.NDArray[Any]
    sample_weight: Vector | None
    l2: float
    dropout: tuple[float, ...]
    sums_penalty: bool = False


@dataclass(frozen=True, eq=False)
class StepRange:
    """Consecutive steps of one epoch.

    Attributes
    ----------
    order : array (n,) or None
        The order of the samples in this epoch; None is the order of the data.
    batch_size : int
        Step s takes the samples ``order[s · batch_size : (s + 1) · batch_size]``.
    first, last : int
        The steps to take, first included, last not.
    learning_rates : array (steps of the epoch,)
    dropout_key : int
        The key from which this epoch's dropout masks follow.
    l2 : array (steps of the epoch,) or None
        λ of each step, where it is not the plan's (which must not be 0 then) for all of them.
    """

    order: npt.NDArray[np.int64] | None
    batch_size: int
    first: int
    last: int
    learning_rates: Vector
    dropout_key: int
    l2: Vector | None = None


@dataclass
class Totals:
    """Running sums over the samples seen, each taken before the update its batch caused.

    ``diverged_at`` is the step (from 0) that made a number that is not finite, if one did; that
    step was not taken. ``penalty_terms`` add up to the sum over the samples of ½ λ Σ W², where the
    plan asks for it; in how many parts is the engine's affair.
    """

    loss: float = 0.0
    weight: float = 0.0
    correct: int = 0
    samples: int = 0
    diverged_at: int | None = None
    penalty_terms: Vector | None = None

    @property
    def penalty(self) -> float:
        """The sum over the samples of the penalty in their step."""
        return 0.0 if self.penalty_terms is None else float(self.penalty_terms.sum())


@dataclass(frozen=True, eq=False)
class Request:
    """Steps that an engine is to take for a plan, adding to ``totals``."""

    plan: Plan
    steps: StepRange
    totals: Totals


def not_finite() -> DataFormatError:
    """What ``Engine.predict`` raises."""
    return DataFormatError("X has a NaN or an infinity: every value must be a finite number.")


class Engine(Protocol):
    """Executes steps. Every engine passes the same contract tests."""

    name: str

    def ready(self, plan: Plan) -> None:
        """Make what the plan needs, so that ``run`` takes no longer the first time."""

    def run(self, plan: Plan, steps: StepRange, totals: Totals) -> None:
        """Take the steps, adding to ``totals``; stop at the first that is not finite."""

    def run_together(self, requests: Sequence[Request]) -> None:
        """Do the same for each request, with the same results.

        Requests with the same steps in the same order, of the same data, may share what they can.
        """

    def output(self, network: Network, inputs: Matrix) -> Matrix:
        """The network's output (n, K) for preprocessed inputs (n, fan_in)."""

    def predict(
        self,
        network: Network,
        preprocessing: Preprocessing,
        X: npt.NDArray[Any],
        loss: Loss | None = None,
    ) -> Matrix:
        """The network's output (n, K) for raw rows (n, features), taken as they are stored.

        With a loss, what ``loss.predict`` makes of that output.

        Raises
        ------
        DataFormatError
            ``X`` holds a NaN or an infinity.
        """

    def with_threads(self, threads: int) -> Engine:
        """The same engine on that many threads at most."""

    def seconds_a_call(self, plan: Plan) -> float:
        """How long one ``run`` may take, so that Ctrl-C, progress and checkpoints stay responsive.

        Longer where every call costs something by itself.
        """
