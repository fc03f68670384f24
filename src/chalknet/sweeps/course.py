"""What a point of a sweep came to: its runs, one a seed, with their curves."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalknet.data.dataset import Dataset
from chalknet.errors import DivergenceError
from chalknet.model import Model
from chalknet.runs.config import TrainConfig
from chalknet.runs.job import TrainingJob
from chalknet.runs.sources import Parts
from chalknet.training.loop import Progress
from chalknet.training.records import EpochRecord
from chalknet.training.together import train_together

__all__ = ["Interrupted", "Run", "Score", "run_once", "run_together"]


class Interrupted(Exception):  # noqa: N818 - it is no error
    """A run was stopped on its way; nothing of it counts."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """How good a run is on validation data: the loss, and for classes the accuracy."""

    loss: float
    accuracy: float | None

    @property
    def value(self) -> float:
        """What is ranked, the larger the better: the accuracy, or minus the loss."""
        return -self.loss if self.accuracy is None else self.accuracy


@dataclass(kw_only=True)
class Run:
    """One training of a point.

    Attributes
    ----------
    seed : int
    train_loss, validation_loss, validation_accuracy : list
        By epoch.
    score : Score or None
        On validation data at the end; None if it diverged or was given up.
    diverged : str
        What was said when it diverged; empty if it did not.
    """

    seed: int
    train_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float | None] = field(default_factory=list)
    score: Score | None = None
    diverged: str = ""
    seconds: float = 0.0

    def value_at(self, epoch: int) -> float:
        """How good it was after an epoch, the larger the better."""
        loss, accuracy = self.validation_loss[epoch - 1], self.validation_accuracy[epoch - 1]
        return Score(loss=loss, accuracy=accuracy).value

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**vars(self), "score": None if self.score is None else vars(self.score)}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Run:
        """What ``as_dict`` gave."""
        score = None if stored["score"] is None else Score(**stored["score"])
        return cls(**{**stored, "score": score})


class Course:
    """A configuration on its way to a run; nothing is written.

    Parameters
    ----------
    config : TrainConfig
    parts : Parts
    threads : int
        Kernel threads; no result depends on them.
    stop : Event, optional
        Set by another thread, it ends the run within a call of the engine.
    """

    def __init__(
        self,
        config: TrainConfig,
        parts: Parts,
        *,
        threads: int,
        stop: threading.Event | None = None,
    ) -> None:
        self.run = Run(seed=config.seed)
        self.job = TrainingJob(config.model_copy(update={"threads": threads}), parts)
        self.training = self.job.training
        self.training.on_progress = self._look
        self._stop = stop
        self._validation = parts.validation

    def _look(self, _: Progress) -> None:
        if self._stop is not None and self._stop.is_set():
            self.training.stop()

    def hear(self, record: EpochRecord) -> None:
        """Put an epoch down."""
        run = self.run
        run.train_loss.append(record.train_loss)
        run.validation_loss.append(_finite(record.validation_loss))
        run.validation_accuracy.append(record.validation_accuracy)
        run.seconds += record.seconds

    def end(self) -> tuple[Run, TrainingJob]:
        """The run, scored if it has come to its end.

        Raises
        ------
        Interrupted
            It was stopped.
        """
        if self.training.stopped:
            raise Interrupted
        if self.training.divergence is not None:
            self.run.diverged = str(self.training.divergence)
        else:
            self.run.score = _scored(self.job.model, self._validation)
        return self.run, self.job


def run_once(
    config: TrainConfig,
    parts: Parts,
    *,
    threads: int,
    stop: threading.Event | None = None,
    give_up: Callable[[int, float], bool] = lambda *_: False,
) -> tuple[Run, TrainingJob]:
    """Train one configuration and score it on the validation data.

    Parameters are those of ``Course``, and ``give_up``: told after each epoch how good it is, it
    says whether to stop.

    Raises
    ------
    Interrupted
        ``stop`` was set.
    """
    course = Course(config, parts, threads=threads, stop=stop)
    run = course.run
    with contextlib.suppress(DivergenceError):
        for record in course.training:
            course.hear(record)
            if give_up(record.epoch, run.value_at(record.epoch)):
                return run, course.job
    return course.end()


def run_together(
    configs: Sequence[TrainConfig],
    parts: Parts,
    *,
    threads: int,
    stop: threading.Event | None = None,
) -> Iterator[tuple[int, Run, TrainingJob]]:
    """The same for several at once: the number of each, its run and its job.

    Raises
    ------
    Interrupted
        ``stop`` was set; those that had come to their end before are given first.
    """
    courses = [Course(config, parts, threads=threads, stop=stop) for config in configs]
    of = {course.training: course for course in courses}
    with contextlib.suppress(DivergenceError):
        for training, record in train_together(list(of)):
            of[training].hear(record)
    for number, course in enumerate(courses):
        if not course.training.stopped:
            yield number, *course.end()
    if any(course.training.stopped for course in courses):
        raise Interrupted


def _scored(model: Model, validation: Dataset | None) -> Score:
    if validation is None:
        raise ValueError("there is no validation data to score on.")
    score = model.evaluate(validation)
    return Score(loss=score.loss, accuracy=score.accuracy)


def _finite(value: float | None) -> float:
    return math.nan if value is None else value
