"""chalknet sweep: many trainings over a grid or a search, ranked on validation, tested once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.options import Json
from chalknet.cli.terminal import announce_compilation, messages, plain, print_json, results
from chalknet.cli.training_options import (
    DATA_OPTIONS,
    LEARNING_OPTIONS,
    NETWORK_OPTIONS,
    with_training_options,
)

if TYPE_CHECKING:
    from chalknet.sweeps.board import Board
    from chalknet.sweeps.sweep import Ranked

__all__ = ["EXAMPLES", "sweep"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet sweep mnist --grid activation=relu,tanh --grid learning_rate=1e-4,1e-3 --seeds 5

chalknet sweep digits --range learning_rate=1e-5:1e-1:log --trials 40 --engine tpe --prune

chalknet sweep --resume sweeps/digits-20260101-120000

chalknet sweep --join postgresql+psycopg://user@host/sweeps --name digits
"""
SHOWN = 10
OPTIONS = (*DATA_OPTIONS, *NETWORK_OPTIONS, *LEARNING_OPTIONS)


@with_training_options(*OPTIONS, "learning_rate", "schedule", "epochs", "patience")
def sweep(
    data: Annotated[
        str | None,
        typer.Argument(help="What to train on, as for chalknet train.", show_default=False),
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(help="An option and its values: activation=relu,tanh.", show_default=False),
    ] = None,
    range: Annotated[  # noqa: A002 - the option's name
        list[str] | None,
        typer.Option(help="An option and its bounds: learning_rate=1e-5:1e-1:log."),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="How to search: grid (all), random or tpe; by default as it fits."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(help="Points to run, for random and tpe.", min=1)
    ] = None,
    random: Annotated[
        int | None, typer.Option(help="Short for --engine random --trials N.", min=1)
    ] = None,
    seeds: Annotated[int, typer.Option(help="Runs of each point.", min=1)] = 1,
    prune: Annotated[
        bool, typer.Option("--prune", help="Give up points that are worse than most.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Points at a time (as many as cores).", min=1)
    ] = None,
    storage: Annotated[
        str | None, typer.Option(help="A database that others can join: its URL.")
    ] = None,
    name: Annotated[str, typer.Option(help="The sweep's name in the database.")] = "sweep",
    join: Annotated[
        str | None, typer.Option(help="Work on a sweep in this database until it is done.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with the sweep in this folder.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The folder of the sweep (sweeps/DATA-TIME).")
    ] = None,
    json: Json = False,
    **options: Any,
) -> None:
    """Train every combination with the same data and seeds; rank them; test the winner once."""
    from chalknet.sweeps.board import Board

    announce_compilation()
    if join is not None:
        _work(Board(join, name), workers, json)
        if json:
            print_json({"event": "done", "joined": name})
        return
    if resume is not None:
        folder = _existing(resume)
        board = Board(*_address(folder))
    else:
        asked = _plan(data, grid, range, engine, trials or random, random, seeds, prune, options)
        folder = _new_folder(output, asked.base["data"])
        url = storage or _sqlite(folder)
        board = Board(url, name, asked)
        _remember(folder, url, name)
    parts = _work(board, workers, json)
    _finish(board, parts, folder, json)


def _plan(
    data: str | None,
    grid: list[str] | None,
    ranges: list[str] | None,
    engine: str | None,
    trials: int | None,
    random: int | None,
    seeds: int,
    prune: bool,
    options: dict[str, Any],
) -> Any:
    from chalknet.cli.values import parsed
    from chalknet.errors import ConfigurationError, unknown_name
    from chalknet.sweeps.plan import SweepPlan
    from chalknet.sweeps.space import Space, parse_choices, parse_range

    if data is None:
        raise ConfigurationError(
            "name what to train on: digits, mnist, fashion-mnist, or a path of your own."
        )
    if engine not in (None, "grid", "random", "tpe"):
        raise unknown_name("engine", engine, ("grid", "random", "tpe"))
    axes = [parse_choices(text) for text in grid or []] + [parse_range(t) for t in ranges or []]
    names = [name for name, _ in axes]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"{name} is varied twice: give all its values in one --grid.")
    chosen: Any = engine or ("random" if random is not None else None)
    return SweepPlan.make(
        {**parsed(options), "data": data},
        Space(dict(axes)),
        engine=chosen,
        trials=trials,
        seeds=seeds,
        prune=prune,
    )


# The folder of a sweep ---------------------------------------------------------------------------


def _new_folder(output: Path | None, data: str) -> Path:
    import time

    from chalknet.errors import RunFolderError

    stamp = time.strftime("%Y%m%d-%H%M%S")
    folder = output or Path("sweeps") / f"{Path(data).stem or 'data'}-{stamp}"
    if folder.exists() and any(folder.iterdir()):
        raise RunFolderError(
            f"{folder}: the folder is not empty. Name another with --output, or go on with the "
            "sweep in it with --resume."
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _sqlite(folder: Path) -> str:
    from chalknet.sweeps.board import as_url

    return as_url(folder / "study.db")


def _remember(folder: Path, url: str, name: str) -> None:
    import json

    from chalknet.files import write_atomically

    address = {"url": None if url.startswith("sqlite") else url, "name": name}
    write_atomically(folder / "sweep.json", json.dumps(address) + "\n")


def _existing(folder: Path) -> Path:
    from chalknet.errors import RunFolderError

    if not (folder / "sweep.json").is_file():
        raise RunFolderError(
            f"{folder}: this folder is no sweep (it has no sweep.json); name one that chalknet "
            "sweep has made."
        )
    return folder


def _address(folder: Path) -> tuple[str, str]:
    import json

    from chalknet.errors import RunFolderError

    try:
        stored = json.loads((folder / "sweep.json").read_text())
        return stored["url"] or _sqlite(folder), str(stored["name"])
    except (ValueError, KeyError, TypeError):
        raise RunFolderError(f"{folder}/sweep.json is damaged: it must name the study.") from None


# Working, and what came of it --------------------------------------------------------------------


def _work(board: Board, workers: int | None, json: bool) -> Any:
    """Take points until none is left, telling of each."""
    from chalknet.sweeps.space import described
    from chalknet.sweeps.sweep import work

    total = board.plan.trials
    console = messages()
    done = sum(point.state in ("complete", "diverged", "pruned") for point in board.points())
    with _bar(console, total, done) as advance:

        def heard(values: dict[str, Any], runs: list[Any]) -> None:
            scores = [run.score for run in runs if run.score is not None]
            diverged = any(run.diverged for run in runs)
            if json:
                print_json(
                    {
                        "event": "point",
                        "values": values,
                        "state": "diverged"
                        if diverged
                        else ("complete" if len(scores) == len(runs) else "pruned"),
                        "validation_accuracy": [score.accuracy for score in scores],
                        "validation_loss": [score.loss for score in scores],
                    }
                )
            advance(described(values), scores, diverged)

        return work(board, workers=workers, heard=heard)


def _bar(console: Any, total: int, done: int) -> Any:
    """A bar over the points on a terminal; a context whose value is told of each."""
    import contextlib

    @contextlib.contextmanager
    def bar() -> Any:
        if not console.is_terminal:
            yield lambda *_: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        with Progress(
            TextColumn("sweeping"), BarColumn(), MofNCompleteColumn(), Remaining(),
            TextColumn("{task.description}"), console=console,
        ) as progress:  # fmt: skip
            task = progress.add_task("", total=total, completed=done)
            best: list[float] = []

            def advance(values: str, scores: list[Any], diverged: bool) -> None:  # noqa: ARG001
                best.extend(score.value for score in scores)
                told = f"best {abs(max(best)):.4f}" if best else ""
                progress.update(task, advance=1, description=told)

            yield advance

    return bar()


def _finish(board: Board, parts: Any, folder: Path, json: bool) -> None:
    from chalknet.sweeps.page import write_sweep_report
    from chalknet.sweeps.sweep import crown, ranking

    points = board.points()
    ranked = ranking(points)
    found = crown(board, parts, folder / "winner") if board.finished else None
    winner = None if found is None else found[0]
    page = write_sweep_report(folder / "report.html", board.plan, points, ranked, winner)
    counts = {
        state: sum(point.state == state for point in points)
        for state in ("complete", "diverged", "pruned", "running", "waiting")
    }
    if json:
        top = [
            {"place": one.place, "values": one.point.values, "mean": one.mean, "spread": one.spread}
            for one in ranked
        ]
        print_json({"event": "done", **counts, "ranking": top, "winner": winner, "page": str(page)})
        return
    _print(ranked, winner, counts, folder)


def _print(
    ranked: list[Ranked], winner: dict[str, Any] | None, counts: dict[str, int], folder: Path
) -> None:
    from rich.table import Table

    from chalknet.sweeps.space import described

    console = results()
    if ranked:
        accuracy = ranked[0].point.runs[0].validation_accuracy[-1:] != [None]
        table = Table(box=None, pad_edge=False)
        for heading in ("", "validation", "spread", "point"):
            table.add_column(heading, justify="left" if heading == "point" else "right")
        for one in ranked[:SHOWN]:
            mean = f"{one.mean if accuracy else -one.mean:.4f}"
            table.add_row(
                str(one.place), mean, f"{one.spread:.4f}", plain(described(one.point.values))
            )
        console.print(table)
        if len(ranked) > SHOWN:
            console.print(f"… and {len(ranked) - SHOWN} more", style="dim")
    for state in ("diverged", "pruned", "running", "waiting"):
        if counts[state]:
            console.print(f"{counts[state]} {state}")
    if winner is not None and winner["test_accuracy"] is not None:
        console.print(
            f"winner tested once: {winner['test_accuracy']:.4f} "
            f"({winner['test_correct']} of {winner['test_total']})"
        )
    elif winner is not None and winner["test_loss"] is not None:
        console.print(f"winner tested once: loss {winner['test_loss']:.4g}")
    console.print(f"report: {folder / 'report.html'}", markup=False, soft_wrap=True)
