"""chalknet sweep: many trainings over a grid or a search, ranked on validation, tested once."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.options import Json
from chalknet.cli.sweep_display import heard_on, print_outcome
from chalknet.cli.sweep_folder import address, begun, existing, new_folder, opened
from chalknet.cli.terminal import announce_compilation, download_bar, messages, print_json
from chalknet.cli.training_options import (
    DATA_OPTIONS,
    LEARNING_OPTIONS,
    NETWORK_OPTIONS,
    with_training_options,
)

if TYPE_CHECKING:
    from types import FrameType

    from chalknet.runs.sources import Parts
    from chalknet.sweeps.board import Board
    from chalknet.sweeps.plan import SweepPlan
    from chalknet.sweeps.sweep import Best

__all__ = ["EXAMPLES", "sweep"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet sweep mnist --grid activation=relu,tanh --grid learning_rate=1e-4,1e-3 --seeds 5

chalknet sweep digits --range learning_rate=1e-5:1e-1:log --trials 40 --engine tpe --prune

chalknet sweep --resume sweeps/digits-20260101-120000

chalknet sweep --join postgresql+psycopg://user@host/sweeps --name digits
"""
OPTIONS = (*DATA_OPTIONS, *NETWORK_OPTIONS, *LEARNING_OPTIONS)


@with_training_options(
    *OPTIONS, "learning_rate", "schedule", "epochs", "patience", usual={"validation": "0.1"}
)
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
        typer.Option(
            help="An option and its bounds: learning_rate=1e-5:1e-1:log.", show_default=False
        ),
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
        int | None,
        typer.Option(
            help="How many points to train at a time, small ones by the group (as many as cores).",
            min=1,
        ),
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
        Path | None, typer.Option(help="Folder for the sweep (sweeps/DATA-TIME).")
    ] = None,
    json: Json = False,
    **options: Any,
) -> int:
    """Train every combination with the same data and seeds; rank them; test the winner once."""
    from chalknet.report.plots.canvas import load_ahead

    announce_compilation()
    given = {"DATA": data, "--grid": grid, "--range": range, "--engine": engine, "--output": output}
    given.update({f"--{key.replace('_', '-')}": value for key, value in options.items()})
    with _Ending(json) as ending:
        try:
            if join is not None:
                _require_alone("--join", {**given, "--resume": resume})
                return _join(join, name, options, workers, json)
            if resume is not None:
                _require_alone("--resume", {**given, "--storage": storage})
                ending.folder = existing(resume)
                board = opened(*address(resume))
                parts = _loaded(board.plan, options)
            else:
                plan = _plan(data, grid, range, engine, trials, random, seeds, prune, options)
                parts = _loaded(plan, {})
                _rehearse(plan, parts)
                folder = new_folder(output, plan.base["data"])
                board = begun(folder, storage, name, plan)
                ending.folder = folder
            ending.board = board
            load_ahead()  # beside the training; the report is drawn with it
            seen = _work(board, parts, workers, json)
            _finish(board, parts, ending.folder, seen, json)
        except KeyboardInterrupt:
            return ending.told()
    return 0


class _Ending:
    """Turns SIGTERM into what Ctrl-C is; tells, at the end, how to go on."""

    def __init__(self, json: bool) -> None:
        self.json = json
        self.folder: Path | None = None
        self.board: Board | None = None
        self.signal = signal.SIGINT

    def __enter__(self) -> _Ending:
        self._before = {
            number: signal.signal(number, self._heard) for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        raise KeyboardInterrupt

    def told(self) -> int:
        """Say that all is kept, and return the exit status."""
        if self.folder is None or self.board is None:
            raise KeyboardInterrupt
        points = self.board.points()
        done = sum(point.ended for point in points)
        sys.stderr.write(
            f"\nstopped: {done} of {len(points)} points are done, and kept.\n"
            f"Go on with: chalknet sweep --resume {self.folder}\n"
        )
        if self.json:
            print_json(
                {
                    "event": "interrupted",
                    "folder": str(self.folder),
                    "ended": done,
                    "points": len(points),
                }
            )
        return 128 + self.signal

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


# What is asked for -------------------------------------------------------------------------------


def _require_alone(option: str, given: dict[str, Any]) -> None:
    from chalknet.errors import ConfigurationError

    for name, value in given.items():
        if value not in (None, [], ()) and name != "--data-dir":
            raise ConfigurationError(
                f"with {option} the sweep's own plan holds, so {name} cannot be given; only "
                "--workers, --data-dir and --json can."
            )


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
) -> SweepPlan:
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
    if random is not None and (trials is not None or engine not in (None, "random")):
        raise ConfigurationError(
            "--random N stands for --engine random --trials N: give one or the other."
        )
    axes = [parse_choices(text) for text in grid or []] + [parse_range(t) for t in ranges or []]
    names = [name for name, _ in axes]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"{name} is varied twice: give all its values in one --grid.")
        if name in options:
            raise ConfigurationError(
                f"{name} is varied, so --{name.replace('_', '-')} has no say: leave it out."
            )
    chosen: Any = engine or ("random" if random is not None else None)
    # Whoever goes on with the sweep from another folder must find the same file.
    place = str(Path(data).resolve()) if Path(data).exists() else data
    return SweepPlan.make(
        {**parsed(options), "data": place},
        Space(dict(axes)),
        engine=chosen,
        trials=trials or random,
        seeds=seeds,
        prune=prune,
    )


def _loaded(plan: SweepPlan, options: dict[str, Any]) -> Parts:
    """The data, read once for all workers; another machine may keep it in another folder."""
    from chalknet.runs.sources import load_parts

    config = plan.config({})
    if "data_dir" in options:
        config = config.model_copy(update={"data_dir": options["data_dir"]})
    with download_bar() as bar:
        return load_parts(config, bar)


def _rehearse(plan: SweepPlan, parts: Parts) -> None:
    from chalknet.sweeps.sweep import rehearse

    rehearse(plan, parts)


# Working, and what came of it --------------------------------------------------------------------


def _join(url: str, name: str, options: dict[str, Any], workers: int | None, json: bool) -> int:
    """Work on a sweep that was begun elsewhere; its winner is tested there."""
    from chalknet.sweeps.board import as_url

    board = opened(as_url(url), name)
    _work(board, _loaded(board.plan, options), workers, json)
    if json:
        print_json({"event": "done", "joined": name, **_counts(board)})
    else:
        messages().print(
            f"{name} is done; its ranking is with whoever began it.", markup=False, soft_wrap=True
        )
    return 0


def _work(board: Board, parts: Parts, workers: int | None, json: bool) -> Best:
    """Take points until none is left, telling of each."""
    from chalknet.sweeps.sweep import work

    done = sum(point.ended for point in board.points())
    with heard_on(board.plan.trials, done, as_json=json) as heard:
        return work(board, parts=parts, workers=workers, heard=heard)[1]


def _counts(board: Board) -> dict[str, int]:
    states = [point.state for point in board.points()]
    known = ("complete", "diverged", "pruned", "running", "waiting")
    return {state: states.count(state) for state in known}


def _finish(board: Board, parts: Parts, folder: Path, seen: Best, json: bool) -> None:
    from chalknet.sweeps.page import write_sweep_report
    from chalknet.sweeps.sweep import crown, ranking

    points = board.points()
    ranked = ranking(points)
    found = crown(board, parts, folder / "winner", seen)
    winner = None if found is None else found[0]
    page = write_sweep_report(folder / "report.html", board.plan, points, ranked, winner)
    counts = _counts(board)
    if json:
        top = [
            {"place": one.place, "values": one.point.values, "mean": one.mean, "spread": one.spread}
            for one in ranked
        ]
        print_json({"event": "done", **counts, "ranking": top, "winner": winner, "page": str(page)})
        return
    print_outcome(ranked, winner, counts, folder)
