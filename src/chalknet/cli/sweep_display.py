"""What ``chalknet sweep`` shows: a bar over its points, and what came of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalknet.cli.terminal import decimals, messages, plain, print_json, results

if TYPE_CHECKING:
    from chalknet.sweeps.course import Run
    from chalknet.sweeps.space import Value
    from chalknet.sweeps.sweep import Ranked

__all__ = ["heard_on", "print_outcome"]

SHOWN = 10
Heard = Callable[[dict[str, "Value"], list["Run"]], None]


@contextlib.contextmanager
def heard_on(total: int, done: int, *, as_json: bool) -> Iterator[Heard]:
    """A listener to points that end: a line of JSON each, and a bar where there is a terminal."""
    with _bar(total, done) as advance:

        def heard(values: dict[str, Value], runs: list[Run]) -> None:
            if as_json:
                print_json(_event(values, runs))
            advance(runs)

        yield heard


def _event(values: dict[str, Value], runs: list[Run]) -> dict[str, Any]:
    scores = [run.score for run in runs if run.score is not None]
    ended = "complete" if len(scores) == len(runs) else "pruned"
    return {
        "event": "point",
        "values": values,
        "state": "diverged" if any(run.diverged for run in runs) else ended,
        "validation_accuracy": [score.accuracy for score in scores],
        "validation_loss": [score.loss for score in scores],
        "seconds": sum(run.seconds for run in runs),
    }


@contextlib.contextmanager
def _bar(total: int, done: int) -> Iterator[Callable[[list[Run]], None]]:
    console = messages()
    if not console.is_terminal:
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    with Progress(
        TextColumn("sweeping"), BarColumn(), MofNCompleteColumn(), Remaining(),
        TextColumn("{task.description}"), console=console,
    ) as progress:  # fmt: skip
        task = progress.add_task("", total=total, completed=done)
        best: list[float] = []

        def advance(runs: list[Run]) -> None:
            scores = [run.score for run in runs if run.score is not None]
            if scores:
                best.append(sum(score.value for score in scores) / len(scores))
            told = f"best {decimals(abs(max(best)))}" if best else ""
            progress.update(task, advance=1, description=told)

        yield advance


def print_outcome(
    ranked: list[Ranked], winner: dict[str, Any] | None, counts: dict[str, int], folder: Path
) -> None:
    """The best points, how many did not come to their end, the winner's test, and the page."""
    from chalknet.sweeps.space import described

    console = results()
    if ranked:
        _print_ranking(ranked)
    if len(ranked) > SHOWN:
        console.print(f"… and {len(ranked) - SHOWN} more", style="dim")
    for state in ("diverged", "pruned", "running", "waiting"):
        if counts[state]:
            console.print(f"{counts[state]} {state}")
    if not ranked:
        console.print("no point has come to its end, so there is no winner", style="yellow")
    if winner is not None:
        _print_winner(winner, described(winner["values"]))
    console.print(f"report: {folder / 'report.html'}", markup=False, soft_wrap=True)


def _print_ranking(ranked: list[Ranked]) -> None:
    from rich.table import Table

    by_accuracy = ranked[0].by_accuracy
    several = any(len(one.point.runs) > 1 for one in ranked)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("", justify="right")
    table.add_column("accuracy" if by_accuracy else "loss", justify="right")
    if several:
        table.add_column("spread", justify="right")
    for name in ranked[0].point.values:
        table.add_column(plain(name), overflow="fold")
    for one in ranked[:SHOWN]:
        mean = decimals(one.mean if by_accuracy else -one.mean)
        values = [
            f"{value:.3g}" if isinstance(value, float) else plain(str(value))
            for value in one.point.values.values()
        ]
        spread = [f"± {decimals(one.spread)}"] if several else []
        table.add_row(str(one.place), mean, *spread, *values)
    results().print(table)


def _print_winner(winner: dict[str, Any], values: str) -> None:
    console = results()
    if winner["test_accuracy"] is not None:
        told = (
            f"accuracy {winner['test_accuracy']:.4f} "
            f"({winner['test_correct']} of {winner['test_total']})"
        )
    elif winner["test_loss"] is not None:
        told = f"loss {winner['test_loss']:.4g}"
    else:
        return
    console.print(f"winner: {values}", markup=False, soft_wrap=True)
    console.print(f"tested once: {told}", markup=False)
