"""Stochastic gradient descent, epoch by epoch, with scikit-learn's order, rates and penalty."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from chalknet.engine import StepRange, Totals
from chalknet.errors import DivergenceError
from chalknet.estimators.patience import Patience
from chalknet.estimators.problem import Problem
from chalknet.estimators.rates import Pace, Rate
from chalknet.operations.affine import Vector
from chalknet.training.batches import steps_per_epoch
from chalknet.training.calls import Calls
from chalknet.training.optimizers import Optimizer, OptimizerState

__all__ = ["DIVERGED", "Descent", "DivergedError", "Epoch", "State"]

DIVERGED = (  # scikit-learn's sentence: code that looks for it finds it
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


class DivergedError(DivergenceError, ValueError):
    """Training produced a number that is not finite; a ``ValueError``, as in scikit-learn."""


@dataclass
class State:
    """What one call of ``partial_fit`` leaves for the next."""

    optimizer: Optimizer
    slots: OptimizerState
    pace: Pace = field(default_factory=Pace)
    patience: Patience = field(default_factory=Patience)
    order: npt.NDArray[np.int64] | None = None  # of the samples in the epoch before

    @classmethod
    def begun(cls, optimizer: Optimizer, parameters: Vector, pace: Pace | None = None) -> State:
        """The state before the first step."""
        return cls(optimizer, optimizer.init(parameters), pace or Pace())

    def goes_on_with(self, optimizer: Optimizer, parameters: Vector) -> None:
        """Take the optimizer's present settings; begin anew if it is another kind."""
        same = isinstance(optimizer, type(self.optimizer)) or isinstance(
            self.optimizer, type(optimizer)
        )
        if not same or any(slot.shape != parameters.shape for slot in self.slots.slots):
            self.slots = optimizer.init(parameters)
        self.optimizer = optimizer


@dataclass(frozen=True)
class Epoch:
    """What an epoch came to.

    Attributes
    ----------
    objective : float
        Loss and penalty, each batch seen before its update: scikit-learn's ``loss_``.
    loss, accuracy : float
        The loss alone, and the share decided rightly (None for regression).
    learning_rate : float
        Of the last step.
    seconds : float
    """

    objective: float
    loss: float
    accuracy: float | None
    learning_rate: float
    seconds: float


class Descent:
    """Epochs of one call of ``fit`` or ``partial_fit``.

    Parameters
    ----------
    problem : Problem
    state : State
        Advanced in place.
    rate : Rate
    batch_size : int
    shuffle : bool
        Whether the order of the samples is drawn anew, from the order before, in each epoch.
    random_state : numpy.random.RandomState
    epochs : int
        How many are planned, for schedules that look ahead.
    """

    def __init__(
        self,
        problem: Problem,
        state: State,
        rate: Rate,
        *,
        batch_size: int,
        shuffle: bool,
        random_state: np.random.RandomState,
        epochs: int,
    ) -> None:
        self.problem, self.state, self.rate = problem, state, rate
        self.batch_size, self.shuffle = batch_size, shuffle
        self.random_state, self.epochs = random_state, epochs
        self.plan = problem.plan(problem.network, state.optimizer, state.slots)
        self._calls = Calls(problem.engine, self.plan)

    def epoch(self, progressed: Callable[[int], None]) -> Epoch:
        """Take the steps of one epoch; ``progressed`` hears of the samples done so far.

        Raises
        ------
        DivergedError
            A number was not finite: the network is as before that step.
        """
        began = time.perf_counter()
        steps, totals = self._steps(), Totals()
        for _ in self._calls.take(steps, totals):
            progressed(totals.samples)
        if totals.diverged_at is not None:
            raise self._diverged(totals.diverged_at, steps)
        pace, n = self.state.pace, self.problem.X.shape[0]
        pace.epochs += 1
        pace.samples += n
        loss = totals.loss / totals.weight if totals.weight else 0.0
        loss += self.problem.constant
        return Epoch(
            objective=loss + totals.penalty / n,
            loss=loss,
            accuracy=totals.correct / n if self.problem.loss.classifies else None,
            learning_rate=float(steps.learning_rates[-1]),
            seconds=time.perf_counter() - began,
        )

    def _steps(self) -> StepRange:
        problem, n = self.problem, self.problem.X.shape[0]
        order = self._new_order(n) if self.shuffle else None
        key = int(self.random_state.randint(2**31)) if any(problem.dropout) else 0
        count = steps_per_epoch(n, self.batch_size)
        rates = self.rate.of_steps(
            self.state.optimizer.learning_rate, self.state.pace, self.epochs, count
        )
        l2 = None
        if problem.alpha:
            weights = problem.weight_of_batches(order, self.batch_size)
            l2 = np.divide(problem.alpha, weights, out=np.zeros(count), where=weights > 0)
        return StepRange(order, self.batch_size, 0, count, rates, key, l2)

    def _new_order(self, n: int) -> npt.NDArray[np.int64]:
        """The order of the epoch before, permuted: scikit-learn's shuffle of the indices."""
        permutation = np.arange(n)
        self.random_state.shuffle(permutation)
        before = self.state.order
        order = permutation if before is None or len(before) != n else before[permutation]
        self.state.order = order
        return order

    def _diverged(self, step: int, steps: StepRange) -> DivergedError:
        rate = float(steps.learning_rates[step])
        epoch = self.state.pace.epochs + 1
        return DivergedError(
            f"{DIVERGED} It happened in epoch {epoch}, step {step + 1}, at learning rate {rate:g}: "
            "scale the inputs, or take a smaller learning_rate_init.",
            epoch=epoch,
            step=step + 1,
            learning_rate=rate,
        )
