"""How training looks: a table of epochs with a live bar for people, JSON lines for programs."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalknet.cli.terminal import decimals, messages, print_json, results
from chalknet.runs.job import Listener

if TYPE_CHECKING:
    from chalknet.errors import DivergenceError
    from chalknet.model import Score
    from chalknet.runs.folder import RunFolder
    from chalknet.runs.job import Outcome, TrainingJob
    from chalknet.training.loop import Progress
    from chalknet.training.records import EpochRecord

__all__ = ["Display", "display"]


class Display(Listener):
    """What both displays share: a context around training, and what is said at its end."""

    folder: RunFolder

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def say(self, line: str) -> None:
        """Print a message on standard error."""
        messages().print(line, markup=False, soft_wrap=True)

    def interrupted(self, folder: RunFolder) -> None:
        """Say that training was stopped and how to go on."""
        messages().print(f"Stopped. Go on with: chalknet train --resume {folder}", markup=False)

    def writing_report(self) -> AbstractContextManager[Any]:
        """A context in which the report is written, which takes a moment."""
        return nullcontext()

    def finished(self, outcome: Outcome, folder: RunFolder, *, with_report: bool) -> None:
        """Say what came of it."""


def display(json: bool) -> Display:
    """The display for programs or for people."""
    return JsonLines() if json else EpochTable()


class JsonLines(Display):
    """One object a line: ``start``, ``epoch``, ``checkpoint``, ``done``."""

    def started(self, job: TrainingJob) -> None:
        """Print the network and the sizes of the data."""
        network, parts = job.training.network, job.parts
        print_json(
            {
                "event": "start",
                "run_dir": str(self.folder),
                "data": parts.train.name,
                "widths": network.widths,
                "parameters": len(network.parameters),
                "train": len(parts.train),
                "validation": 0 if parts.validation is None else len(parts.validation),
                "test": 0 if parts.test is None else len(parts.test),
                "epochs_done": job.training.position.epoch,
            }
        )

    def epoch_ended(self, record: EpochRecord, test: Score | None) -> None:
        """Print the record."""
        print_json({"event": "epoch", **record.as_dict(), **_test_figures(test)})

    def checkpoint_saved(self, path: Path) -> None:
        """Print where it is."""
        print_json({"event": "checkpoint", "path": str(path)})

    def diverged(self, error: DivergenceError, path: Path) -> None:
        """Print where and at which rate."""
        print_json(
            {
                "event": "diverged",
                "run_dir": str(self.folder),
                "epoch": error.epoch,
                "step": error.step,
                "learning_rate": error.learning_rate,
                "checkpoint": str(path),
            }
        )

    def interrupted(self, folder: RunFolder) -> None:
        """Print it, on both streams."""
        super().interrupted(folder)
        print_json({"event": "interrupted", "run_dir": str(folder)})

    def finished(self, outcome: Outcome, folder: RunFolder, *, with_report: bool) -> None:
        """Print the last line, complete in itself."""
        last = outcome.history[-1] if len(outcome.history) else None
        print_json(
            {
                "event": "done",
                "run_dir": str(folder),
                "epochs": len(outcome.history),
                "best_epoch": outcome.history.best_epoch,
                "train_loss": None if last is None else last.train_loss,
                "train_accuracy": None if last is None else last.train_accuracy,
                "validation_loss": None if last is None else last.validation_loss,
                "validation_accuracy": None if last is None else last.validation_accuracy,
                **_test_figures(outcome.test, always=True),
                "seconds": outcome.seconds,
                "model": str(folder.model_path),
                "report": str(folder.report_path) if with_report else None,
            }
        )


class EpochTable(Display):
    """A line an epoch on standard error, and under it, on a terminal, a bar for the epoch."""

    def __init__(self) -> None:
        self._console = messages()
        self._bar: Any = None
        self._task: Any = None
        self._columns: list[str] = []

    def started(self, job: TrainingJob) -> None:
        """Print what will be trained, and the head of the table."""
        training, parts = job.training, job.parts
        sizes = [f"{len(parts.train):,} to train on"]
        if parts.validation is not None:
            sizes.append(f"{len(parts.validation):,} to validate")
        if parts.test is not None:
            sizes.append(f"{len(parts.test):,} to test")
        network, plan = training.network, training.plan
        self.say(f"{parts.train.name}: {', '.join(sizes)}")
        activations = " ".join(
            dict.fromkeys(layer.activation.spec for layer in network.layers[:-1])
        )
        self.say(
            f"{'-'.join(map(str, network.widths))} {activations}, "
            f"{len(network.parameters):,} parameters"
        )
        self.say(
            f"{plan.loss.spec}, {plan.optimizer.name} {plan.optimizer.learning_rate:g}, "
            f"batches of {training.batch_size}, {training.engine.name} engine"
        )
        if training.position.epoch or training.position.step:
            self.say(f"going on after epoch {training.position.epoch}")
        self.say("")
        self._head(plan.loss.classifies, parts.validation is not None, job)
        self._begin_bar(training.epochs)

    def _head(self, classifies: bool, validates: bool, job: TrainingJob) -> None:
        columns = ["epoch", "train loss"]
        columns += ["accuracy"] if classifies else []
        columns += ["valid. loss"] if validates else []
        columns += ["accuracy"] if validates and classifies else []
        if job.config.evaluate_test_each_epoch and job.parts.test is not None:
            columns += ["test loss"] if job.model.classes is None else ["test correct"]
        columns += ["samples/s", "seconds", "left"]
        self._columns, self._samples, self._epochs = (
            columns,
            len(job.parts.train),
            job.config.epochs,
        )
        self.say("  ".join(f"{name:>{_width(name)}}" for name in columns), style="bold")

    def _begin_bar(self, epochs: int) -> None:
        if not self._console.is_terminal:
            return
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            TextColumn("loss {task.fields[loss]:.4f}   {task.fields[rate]:,.0f} samples/s"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=1, epoch=1, epochs=epochs, loss=0.0, rate=0.0)
        self._bar.start()

    def progressed(self, progress: Progress) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(
                self._task,
                completed=progress.samples,
                total=progress.samples_total,
                epoch=progress.epoch,
                loss=progress.loss,
                rate=progress.samples / max(progress.seconds, 1e-9),
            )

    def epoch_ended(self, record: EpochRecord, test: Score | None) -> None:
        """Print the epoch's line."""
        values: list[str] = [str(record.epoch), decimals(record.train_loss)]
        for value in (record.train_accuracy, record.validation_loss, record.validation_accuracy):
            values += [] if value is None else [decimals(value)]
        if test is not None:
            values.append(decimals(test.loss) if test.correct is None else f"{test.correct:,}")
        left = (self._epochs - record.epoch) * record.seconds
        rate = self._samples / max(record.seconds, 1e-9)
        values += [f"{rate:,.0f}", f"{record.seconds:.3f}", _clock(left)]
        cells = zip(values, self._columns, strict=True)
        self.say("  ".join(f"{value:>{_width(name)}}" for value, name in cells))

    def writing_report(self) -> AbstractContextManager[Any]:
        """On a terminal, a sign of life that is gone afterwards."""
        if not self._console.is_terminal:
            return nullcontext()
        return self._console.status("writing the report…")

    def finished(self, outcome: Outcome, folder: RunFolder, *, with_report: bool) -> None:
        """Print the figures on the test set and where everything is."""
        console, best = results(), outcome.history.best_epoch
        self.say("")
        if best is not None:
            console.print(f"best epoch    {best} (its weights are kept)")
        test = outcome.test
        if test is not None and test.accuracy is not None:
            console.print(
                f"test          {test.correct:,} of {test.total:,} correct "
                f"(accuracy {test.accuracy:.4f}), loss {decimals(test.loss)}"
            )
        elif test is not None:
            console.print(f"test          loss {decimals(test.loss)} on {test.total:,} samples")
        console.print(f"trained in    {_duration(outcome.seconds)}")
        console.print(f"run           {folder}", markup=False, soft_wrap=True)
        if with_report:
            console.print(f"report        {folder.report_path}", markup=False, soft_wrap=True)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def say(self, line: str, style: str | None = None) -> None:
        """Print a line above the bar."""
        self._console.print(line, style=style, markup=False, soft_wrap=True)


def _test_figures(test: Score | None, *, always: bool = False) -> dict[str, Any]:
    if test is None and not always:
        return {}
    return {
        "test_loss": None if test is None else test.loss,
        "test_accuracy": None if test is None else test.accuracy,
        "test_correct": None if test is None else test.correct,
        "test_total": None if test is None else test.total,
    }


def _width(name: str) -> int:
    # With validation, the table that make run prints, this fills 79 columns of a terminal's 80.
    return max(len(name), {"epoch": 5, "samples/s": 9, "seconds": 7, "left": 7}.get(name, 8))


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
