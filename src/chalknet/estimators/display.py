"""What ``verbose`` shows: a bar where someone is looking, scikit-learn's lines where nobody is."""

from __future__ import annotations

import sys
from typing import Any

from chalknet.estimators.callbacks import Listener, Report

__all__ = ["display"]


def display(verbose: bool | int, epochs: int, samples: int) -> Listener:
    """The listener for a level of ``verbose``.

    Parameters
    ----------
    verbose : int or bool
        0: nothing. 1: a bar on a terminal or in a notebook, else a line an epoch. 2 and more: a
        line an epoch.
    epochs, samples : int
        How much there is to do at most, and in each epoch.
    """
    if not verbose:
        return Listener()
    if verbose == 1 and _is_watched():
        return _Bar(epochs, samples)
    return _Lines()


def _is_watched() -> bool:
    from rich.console import Console

    console = Console(stderr=True)
    return console.is_terminal or console.is_jupyter


class _Lines(Listener):
    """A line an epoch on standard output."""

    def __init__(self) -> None:
        self._iteration = 0

    def epoch_ended(self, report: Report) -> bool:
        """Print the objective, and the score on held-out rows."""
        self._iteration += 1
        print(f"Iteration {self._iteration}, loss = {report.objective:.8f}")
        if report.score is not None:
            print(f"Validation score: {report.score:f}")
        return False

    def say(self, message: str) -> None:
        """Print it."""
        print(message)
        sys.stdout.flush()


class _Bar(Listener):
    """A bar over all epochs on standard error, with the last losses beside it."""

    def __init__(self, epochs: int, samples: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._epochs, self._samples, self._done = epochs, samples, 0
        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True, highlight=False),
        )
        self._fields: dict[str, Any] = {"epoch": 1, "epochs": epochs, "figures": ""}

    def __enter__(self) -> _Bar:
        self._task = self._bar.add_task("", total=self._epochs, **self._fields)
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def progressed(self, samples: int) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=self._done + samples / self._samples)

    def epoch_ended(self, report: Report) -> bool:
        """Show the epoch's figures."""
        self._done += 1
        figures = [f"loss {report.objective:.4f}"]
        if report.record.validation_loss is not None:
            figures.append(f"valid. loss {report.record.validation_loss:.4f}")
        if report.score is not None:
            figures.append(f"score {report.score:.4f}")
        self._bar.update(
            self._task, completed=self._done, epoch=self._done, figures="  ".join(figures)
        )
        return False

    def say(self, message: str) -> None:
        """Print it above the bar."""
        self._bar.console.print(message, markup=False)
