"""The training loop: a generator of epoch records over steps that an engine executes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset
from chalknet.data.preprocessing import Preprocessing
from chalknet.engine import Engine, Plan, Request, StepRange, Totals, as_engine
from chalknet.errors import ConfigurationError, DivergenceError, ShapeError
from chalknet.network import Network
from chalknet.operations.losses import Loss, as_loss
from chalknet.training.batches import (
    ClassWeight,
    combined_weights,
    encode_targets,
    steps_per_epoch,
)
from chalknet.training.calls import Calls
from chalknet.training.optimizers import Optimizer, as_optimizer
from chalknet.training.records import EpochRecord, History
from chalknet.training.schedules import Schedule, as_schedule
from chalknet.training.sitting import Sitting, Taken, resumed
from chalknet.training.stopping import BestSoFar, EarlyStopping
from chalknet.training.validation import mean_loss_and_accuracy

__all__ = ["Position", "Progress", "Training"]


@dataclass(frozen=True)
class Progress:
    """How far an epoch has come: ``samples`` of ``samples_total``, in ``seconds``, at this loss."""

    epoch: int
    samples: int
    samples_total: int
    loss: float
    seconds: float


@dataclass
class Position:
    """Where in training we are: all that is not an array, and so all that a resume must restore."""

    epoch: int = 0  # epochs completed
    step: int = 0  # steps taken of the epoch under way
    rng_at_epoch: dict[str, Any] | None = None
    schedule: dict[str, float] | None = None
    totals: Totals | None = None
    seconds: float = 0.0  # spent in the epoch under way, in earlier sittings


class Training:
    """A training under way: configuration, position and everything that moves.

    Iterate over it for one ``EpochRecord`` an epoch; break off whenever you like, and iterate again
    to go on. ``train`` and ``fit`` are the short ways to the same loop.

    Parameters
    ----------
    network : Network
        Trained in place.
    data : Dataset
    loss : Loss or str
    optimizer : Optimizer or str
    epochs, batch_size : int
    rng : numpy.random.Generator
        The one source of randomness: the order of each epoch, then its dropout key.
    shuffle : bool
        Whether each epoch draws a new order; otherwise samples come in the order of the data.
    validation : Dataset, optional
    engine : str or Engine
    threads : int, optional
        At most this many; the reference engine uses one.
    l2 : float
        λ of the penalty ½ λ Σ W², added to the loss.
    dropout : float or sequence of float
        Rate in [0, 1) for all hidden layers, or one a hidden layer.
    sample_weight : array (n,), optional
    class_weight : "balanced" or mapping of labels to weights, optional
    schedule : Schedule or str, optional
    early_stopping : EarlyStopping, optional
    preprocessing : Preprocessing, optional
        By default images of bytes are divided by 255 and floats are taken as they are.

    Raises
    ------
    ConfigurationError, ShapeError, TargetError
        Something does not fit; nothing has been trained then.
    DivergenceError
        While iterating: a loss or a parameter became NaN or infinite. The network keeps the
        parameters from before that step.
    """

    def __init__(
        self,
        network: Network,
        data: Dataset,
        *,
        loss: Loss | str,
        optimizer: Optimizer | str,
        epochs: int,
        batch_size: int,
        rng: np.random.Generator,
        shuffle: bool = True,
        validation: Dataset | None = None,
        engine: Engine | str = "auto",
        threads: int | None = None,
        l2: float = 0.0,
        dropout: float | Sequence[float] = 0.0,
        sample_weight: npt.ArrayLike | None = None,
        class_weight: ClassWeight | None = None,
        schedule: Schedule | str | None = None,
        early_stopping: EarlyStopping | None = None,
        preprocessing: Preprocessing | None = None,
    ) -> None:
        loss, optimizer = as_loss(loss), as_optimizer(optimizer)
        _require_kind("data", data, Dataset, "Dataset(X, y, name=…)")
        _require_kind("rng", rng, np.random.Generator, "numpy.random.default_rng(0)")
        _require_positive("epochs", epochs)
        _require_positive("batch_size", batch_size)
        if threads is not None:
            _require_positive("threads", threads)
        if not (math.isfinite(l2) and l2 >= 0):
            raise ConfigurationError(f"l2 must be a finite number ≥ 0, not {l2}.")
        _require_columns(network, data)
        self.network = network
        self.data = data
        self.epochs = epochs
        self.batch_size = min(batch_size, len(data))
        self.rng = rng
        self.shuffle = shuffle
        self.validation = validation
        self.engine = as_engine(engine, threads)
        self.threads = threads
        self.schedule = as_schedule(schedule)
        self.early_stopping = early_stopping
        self.plan = Plan(
            network=network,
            loss=loss,
            optimizer=optimizer,
            state=optimizer.init(network.parameters),
            preprocessing=preprocessing or Preprocessing.for_data(data.X),
            X=data.X,
            targets=encode_targets(data, loss, network.widths[-1]),
            sample_weight=combined_weights(data, sample_weight, class_weight),
            l2=l2,
            dropout=_rates(dropout, len(network.layers) - 1),
        )
        if validation is not None:
            _require_kind("validation", validation, Dataset, "Dataset(X, y, name=…)")
            _require_columns(network, validation)
            self._validation_targets = encode_targets(
                _in_classes_of(data, validation), loss, network.widths[-1]
            )
        self._calls = Calls(self.engine, self.plan)
        self.history = History()
        self.best = BestSoFar()
        self.position = Position(schedule=self.schedule.init())
        self.on_progress: Callable[[Progress], None] | None = None
        self.stopped = False
        self.divergence: DivergenceError | None = None
        self._stop = False

    # -- the loop -----------------------------------------------------------------------------

    def __iter__(self) -> Iterator[EpochRecord]:
        sitting = self.sitting()
        wanted = resumed(sitting)
        while wanted is not None:
            if isinstance(wanted, EpochRecord):
                yield wanted
                wanted = resumed(sitting)
            else:
                began = time.perf_counter()
                step = next(self._calls.take(wanted.steps, wanted.totals), None)
                wanted = resumed(sitting, Taken(step, time.perf_counter() - began))

    def sitting(self) -> Sitting:
        """The loop itself, for whoever takes its steps: ``__iter__``, or ``train_together``.

        It gives a record after each epoch; before that it asks for steps, and wants to be sent how
        many were taken.
        """
        self.stopped = False
        self.engine.ready(self.plan)  # to compile is no part of the first epoch
        while not self.finished:
            record = None if self._stop else (yield from self._epoch())
            if record is None:
                self.stopped, self._stop = True, False
                return
            self.history.records.append(record)
            yield record
        self._restore_best()

    @property
    def finished(self) -> bool:
        """Whether all epochs are done or early stopping has ended them."""
        stopping = self.early_stopping
        stopped_early = stopping is not None and self.best.waited >= stopping.patience
        return stopped_early or self.position.epoch >= self.epochs

    def stop(self) -> None:
        """End iteration soon, in mid-epoch, some 50 ms away; ``stopped`` tells that it was so."""
        self._stop = True

    def _epoch(self) -> Generator[Request, Taken, EpochRecord | None]:
        """The epoch under way, from wherever it stands, to its end; None if stopped before."""
        position, steps = self.position, self._steps_of_epoch()
        if position.totals is None:
            position.totals = Totals()
        totals = position.totals
        while not self._stop and position.step < steps.last and totals.diverged_at is None:
            taken = yield Request(self.plan, replace(steps, first=position.step), totals)
            position.seconds += taken.seconds
            if taken.step is not None:
                position.step = taken.step
                self._report_progress()
        if totals.diverged_at is not None:
            # What is left is the state before that step, whole, to be looked at or saved.
            position.step, totals.diverged_at = totals.diverged_at, None
            raise self._diverged(position.step, steps)
        if position.step < steps.last:
            return None
        return self._end_epoch(totals, steps)

    def _steps_of_epoch(self) -> StepRange:
        """The epoch under way, its order and keys drawn (again) from the generator as it stood."""
        position, n = self.position, len(self.data)
        if position.rng_at_epoch is None:
            position.rng_at_epoch = dict(self.rng.bit_generator.state)
        else:
            self.rng.bit_generator.state = position.rng_at_epoch
        order = self.rng.permutation(n) if self.shuffle else None
        key = int(self.rng.integers(2**63)) if any(self.plan.dropout) else 0
        count = steps_per_epoch(n, self.batch_size)
        factors = self.schedule.multipliers(
            position.epoch, self.epochs, count, position.schedule or {}
        )
        rates = self.plan.optimizer.learning_rate * factors
        return StepRange(order, self.batch_size, position.step, count, rates, key)

    def _end_epoch(self, totals: Totals, steps: StepRange) -> EpochRecord:
        position, loss, began = self.position, self.plan.loss, time.perf_counter()
        validation_loss, validation_accuracy = self._validate()
        accuracy = totals.correct / totals.samples if loss.classifies else None
        train_loss = totals.loss / totals.weight if totals.weight else 0.0
        watched = train_loss if validation_loss is None else validation_loss
        if not math.isfinite(watched):
            raise self._diverged(steps.last - 1, steps)
        position.schedule = self.schedule.observe(position.schedule or {}, watched)
        if self.early_stopping is not None:
            epoch, delta = position.epoch + 1, self.early_stopping.min_delta
            self.best.observe(epoch, watched, self.network.parameters, delta)
        seconds = position.seconds + time.perf_counter() - began
        position.epoch += 1
        position.step, position.rng_at_epoch, position.totals, position.seconds = 0, None, None, 0.0
        return EpochRecord(
            epoch=position.epoch,
            train_loss=train_loss,
            train_accuracy=accuracy,
            validation_loss=validation_loss,
            validation_accuracy=validation_accuracy,
            learning_rate=float(steps.learning_rates[-1]),
            seconds=seconds,
        )

    def _validate(self) -> tuple[float | None, float | None]:
        if self.validation is None:
            return None, None
        plan, X = self.plan, self.validation.X
        return mean_loss_and_accuracy(
            lambda rows: self.engine.predict(self.network, plan.preprocessing, rows),
            plan.loss,
            X,
            self._validation_targets,
        )

    def _restore_best(self) -> None:
        if self.best.parameters is not None:
            self.network.parameters[...] = self.best.parameters
            self.history.best_epoch = self.best.epoch

    def _report_progress(self) -> None:
        position = self.position
        if self.on_progress is not None and position.totals is not None:
            seen = position.totals
            mean = seen.loss / seen.weight if seen.weight else 0.0
            self.on_progress(
                Progress(position.epoch + 1, seen.samples, len(self.data), mean, position.seconds)
            )

    def _diverged(self, step: int, steps: StepRange) -> DivergenceError:
        epoch, rate = self.position.epoch + 1, float(steps.learning_rates[step])
        better = min(rate / 10, self.plan.optimizer.usual_learning_rate)
        self.divergence = DivergenceError(
            f"training diverged in epoch {epoch}, step {step + 1}, at learning rate {rate:g}: "
            "a loss or a parameter became infinite or not a number. Try a learning rate of "
            f"{better:g}, or scale the inputs; the parameters are those from before that step.",
            epoch=epoch,
            step=step + 1,
            learning_rate=rate,
        )
        return self.divergence


def _rates(dropout: float | Sequence[float], hidden: int) -> tuple[float, ...]:
    rates = [dropout] * hidden if isinstance(dropout, int | float) else list(dropout)
    if len(rates) != hidden:
        raise ConfigurationError(
            f"hidden layers: {hidden}, but dropout rates: {len(rates)}: "
            "give one for all, or one a hidden layer."
        )
    for rate in rates:
        if not 0 <= rate < 1:
            raise ConfigurationError(f"a dropout rate must be at least 0 and below 1, not {rate}.")
    return tuple(float(rate) for rate in rates)


def _require_positive(name: str, value: int) -> None:
    if isinstance(value, bool) or int(value) != value or value < 1:
        raise ConfigurationError(f"{name} must be a positive integer, not {value!r}.")


def _require_kind(name: str, value: object, kind: type, example: str) -> None:
    if not isinstance(value, kind):
        raise ConfigurationError(
            f"{name} must be a {kind.__name__}, as {example} makes one, not {type(value).__name__}."
        )


def _in_classes_of(data: Dataset, other: Dataset) -> Dataset:
    """``other`` with its labels numbered as those of ``data``; it may lack a class."""
    if data.classes is None or np.array_equal(data.classes, np.asarray(other.classes)):
        return other
    return replace(other, classes=data.classes, class_names=data.class_names)


def _require_columns(network: Network, data: Dataset) -> None:
    fan_in = network.widths[0]
    if data.n_features != fan_in:
        raise ShapeError(
            f"{data.name} has {data.n_features} columns but layer 1 has fan_in={fan_in}: "
            f"the network's first width must be {data.n_features}."
        )
