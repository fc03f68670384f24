"""What commands print: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import Console

    from chalknet.model import Model

__all__ = [
    "announce_compilation",
    "decimals",
    "doubt_scaling",
    "download_bar",
    "messages",
    "plain",
    "print_json",
    "results",
]


def messages() -> Console:
    """The console for progress and messages: standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def results() -> Console:
    """The console for what a person asked to see: standard output."""
    from rich.console import Console

    return Console(highlight=False)


def doubt_scaling(model: Model, X: NDArray[Any], source: object) -> None:
    """Say on standard error that inputs look as if they had been scaled before."""
    if model.preprocessing.seems_applied_to(X):
        messages().print(
            f"note: {source} holds numbers from 0 to 1, but this model was trained on bytes and "
            "divides by 255: give it the bytes.",
            markup=False,
            soft_wrap=True,
        )


def announce_compilation(say: Callable[[str], object] | None = None) -> None:
    """Have it said, in time, when kernels must be compiled before the first number comes."""
    from chalknet.engine import on_first_compile

    def speak() -> None:
        (say or messages().print)("compiling (first run on this machine)…")

    on_first_compile[:] = [speak]


def plain(text: str) -> str:
    r"""Text with its control characters written out, so that a name cannot steer the terminal.

    >>> plain("\x1b[31mred\n")
    '\\x1b[31mred\\n'
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def decimals(value: float) -> str:
    """Four places after the point, or four digits of what is too large to have them read.

    >>> [decimals(value) for value in (0.98765, 31415.92653, 7.3e70)]
    ['0.9877', '31415.9265', '7.300e+70']
    """
    return f"{value:.4f}" if abs(value) < 1e6 else f"{value:.3e}"


def print_json(values: Mapping[str, Any]) -> None:
    """One compact object on a line of standard output, flushed at once."""
    sys.stdout.write(json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


class download_bar:  # noqa: N801 - reads as a function where it is used
    """A context that draws downloads as bars on a terminal, and nothing elsewhere.

    The context's value takes (file name, bytes done, bytes in all or 0).
    """

    def __init__(self) -> None:
        self._console = messages()
        self._progress: Any = None
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> download_bar:
        return self

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Draw how far the file ``name`` is."""
        if not self._console.is_terminal:
            return
        if self._progress is None:
            from rich.progress import (
                BarColumn,
                DownloadColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
                TransferSpeedColumn,
            )

            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=self._console,
            )
            self._progress.start()
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total or None)
        self._progress.update(self._tasks[name], completed=done, total=total or None)

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()
