"""Who is told of an epoch: functions of your own, and scikit-learn's callbacks where there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chalknet.errors import ConfigurationError
from chalknet.training.records import EpochRecord

__all__ = ["Functions", "Listener", "Report", "SklearnCallbacks", "as_functions"]

Callback = Callable[[EpochRecord], object]


@dataclass(frozen=True)
class Report:
    """An epoch (or an iteration of L-BFGS) that has ended.

    Attributes
    ----------
    record : EpochRecord
    objective : float
        Loss and penalty.
    score : float or None
        On the held-out rows, where there are any.
    """

    record: EpochRecord
    objective: float
    score: float | None


class Listener:
    """What a listener may hear of; by itself one that hears and does nothing."""

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def epoch_begins(self) -> None:
        """An epoch begins."""

    def progressed(self, samples: int) -> None:
        """So many samples of the epoch are done."""

    def epoch_ended(self, report: Report) -> bool:  # noqa: ARG002
        """An epoch has ended; True asks to stop training."""
        return False

    def say(self, message: str) -> None:
        """Something worth a line has happened."""


class Functions(Listener):
    """Plain functions, called with each epoch's record; one that returns True ends training."""

    def __init__(self, functions: Sequence[Callback]) -> None:
        self._functions = functions

    def epoch_ended(self, report: Report) -> bool:
        """Call them all, also when one has asked to stop."""
        answers = [function(report.record) for function in self._functions]
        return any(isinstance(answer, bool | np.bool_) and bool(answer) for answer in answers)


def as_functions(callbacks: Callback | Sequence[Callback] | None) -> Functions:
    """The listener that calls ``callbacks``: none, one or several functions.

    Raises
    ------
    ConfigurationError
        One of them cannot be called.
    """
    given: Any = [] if callbacks is None else callbacks
    if not isinstance(given, list | tuple):
        given = [given]
    for callback in given:
        if not callable(callback):
            raise ConfigurationError(
                "callbacks must be functions that take an epoch's record, not "
                f"{callback!r}; scikit-learn's own callbacks go to set_callbacks."
            )
    return Functions(list(given))


class SklearnCallbacks(Listener):
    """scikit-learn's protocol (from its version 1.9): a task for the fit, one in it an epoch.

    Parameters
    ----------
    estimator : estimator with scikit-learn's ``CallbackSupportMixin``
    X, y : as given to ``fit``
    metadata : mapping
        What else was given to it.
    epochs : int
        At most so many tasks.
    fitted : function
        Gives the attributes that make a copy of the estimator ready to predict.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        metadata: Mapping[str, Any],
        epochs: int,
        fitted: Callable[[], dict[str, Any]],
    ) -> None:
        given = {name: value for name, value in metadata.items() if value is not None}
        self._told = {"estimator": estimator, "X": X, "y": y, "metadata": given or None}
        self._fitted = fitted
        self._root = estimator._init_callback_context(max_subtasks=epochs)  # noqa: SLF001
        self._task: Any = None

    def __enter__(self) -> SklearnCallbacks:
        self._root.call_on_fit_task_begin(**self._told)
        return self

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            self._root.call_on_fit_task_end(**self._told, reconstruction_attributes=self._fitted)

    def epoch_begins(self) -> None:
        """Begin a task."""
        self._task = self._root.subcontext(task_name="epoch")
        self._task.call_on_fit_task_begin(**self._told, reconstruction_attributes=self._fitted)

    def epoch_ended(self, report: Report) -> bool:  # noqa: ARG002
        """End the task."""
        return bool(
            self._task.call_on_fit_task_end(**self._told, reconstruction_attributes=self._fitted)
        )
