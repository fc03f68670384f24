"""chalknet explain: the worked solution of a small network, or of one sample of a trained one."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.explanations import Format, show
from chalknet.cli.options import DataDir, Json
from chalknet.cli.terminal import download_bar, messages, plain

if TYPE_CHECKING:
    from chalknet.data.dataset import Dataset
    from chalknet.explain.notation import Notation
    from chalknet.explain.problem import Problem

__all__ = ["EXAMPLES", "Split", "explain", "problem_of_run"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet explain homework.toml

chalknet explain homework.toml --exact --names s,delta --output homework.html

chalknet explain runs/mnist-20260101-120000 --sample 17
"""


class Split(enum.StrEnum):
    """A part of a run's data."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


def explain(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="NETWORK.toml | RUN",
            help="A network on paper, or the folder of a run.",
            show_default=False,
        ),
    ],
    sample: Annotated[
        int | None,
        typer.Option(min=0, help="Which sample of the run's data, counted from 0 (0)."),
    ] = None,
    split: Annotated[
        Split | None, typer.Option(help="Which part of the run's data (test).")
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="In fractions, and 30 digits where none will do.")
    ] = False,
    steps: Annotated[int, typer.Option(min=1, help="How many updates to make.")] = 1,
    row: Annotated[
        bool, typer.Option("--row", help="Samples as rows, XW + b, not as columns, Wx + b.")
    ] = False,
    names: Annotated[
        str, typer.Option(help="s or z for pre-activations, delta or dz for their gradients.")
    ] = "z,dz",
    digits: Annotated[
        int | None, typer.Option(min=1, max=17, help="Significant digits shown (5; --exact: 30).")
    ] = None,
    decimal_comma: Annotated[
        bool, typer.Option("--decimal-comma", help="Write 1,5 for 1.5.")
    ] = False,
    format: Annotated[  # noqa: A002 - the option's name
        Format | None, typer.Option(help="What to write (by the file's name, or text).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Write it to this file.", show_default=False)
    ] = None,
    excel: Annotated[
        Path | None, typer.Option(help="Write a live workbook to this file.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Show the work: every line of the forward pass, loss, gradients and update, verified."""
    notation = _notation(row, names, digits, decimal_comma)
    problem, notes = _problem(source, sample, split, data_dir)
    if excel is not None:
        _write_workbook(excel, problem, steps)
    if excel is not None and output is None and format is None and not json:
        return
    from chalknet.explain.walkthrough import explain as explained

    explanation = explained(
        problem, exact=exact, steps=steps, notation=notation, digits=digits, notes=notes
    )
    show(explanation, format=format, output=output, json=json)


def _notation(row: bool, names: str, digits: int | None, decimal_comma: bool) -> Notation:
    from chalknet.errors import ConfigurationError, unknown_name
    from chalknet.explain.notation import Notation

    chosen: dict[str, Any] = {}
    meanings: dict[str, tuple[str, Any]] = {
        "z": ("pre_activation", "z"),
        "s": ("pre_activation", "s"),
        "dz": ("delta", False),
        "ds": ("delta", False),
        "delta": ("delta", True),
        "δ": ("delta", True),
    }
    for name in filter(None, (part.strip() for part in names.split(","))):
        if name not in meanings:
            raise ConfigurationError(f"--names: {unknown_name('name', name, meanings)}")
        option, value = meanings[name]
        chosen[option] = value
    return Notation(
        orientation="row" if row else "column",
        decimal_comma=decimal_comma,
        digits=5 if digits is None else digits,
        **chosen,
    )


# where the problem comes from ----------------------------------------------------------------


def _problem(
    source: Path, sample: int | None, split: Split | None, data_dir: str | None
) -> tuple[Problem, tuple[str, ...]]:
    """The problem, and what must be said of it."""
    from chalknet.errors import ConfigurationError
    from chalknet.explain.problem import read_problem

    if source.is_dir():
        return problem_of_run(source, sample or 0, split or Split.TEST, data_dir)
    for option, value in (("--sample", sample), ("--split", split), ("--data-dir", data_dir)):
        if value is not None:
            raise ConfigurationError(f"{option} belongs to a run's data, but {source} is no run.")
    return read_problem(source), ()


def problem_of_run(
    source: Path, sample: int, split: Split, data_dir: str | None
) -> tuple[Problem, tuple[str, ...]]:
    """One sample of a run's data, put to its network, and what must be said of it."""
    from chalknet.errors import ConfigurationError
    from chalknet.explain.problem import Problem
    from chalknet.runs.folder import RunFolder
    from chalknet.runs.sources import load_parts

    folder = RunFolder.open(source)
    model, config = folder.model(), folder.config()
    if data_dir is not None:
        config = config.model_copy(update={"data_dir": data_dir})
    with download_bar() as bar:
        parts = load_parts(config, bar)
    data: Dataset | None = getattr(parts, split.value)
    if data is None:
        raise ConfigurationError(
            f"{source}: this run has no {split.value} data; try --split train."
        )
    if sample >= len(data):
        raise ConfigurationError(
            f"--sample {sample}: the {split.value} data of {data.name} has {len(data):,} samples, "
            f"counted from 0 to {len(data) - 1}."
        )
    rows: Any = data.X[sample : sample + 1]
    x = (rows.toarray() if hasattr(rows, "toarray") else rows)[0]
    problem = Problem.of_model(
        model,
        x,
        data.y[sample],
        config.make_optimizer(),
        l2=config.l2,
        title=f"{data.name}, {split.value} sample {sample}",
    )
    return problem, tuple(_remarks(config))


def _remarks(config: Any) -> list[str]:
    remarks = ["The update is the one that this sample alone would cause."]
    if config.optimizer != "sgd":
        remarks[0] += " The optimizer's running quantities begin at 0, as in a first step."
    if any(config.dropout):
        remarks.append("Dropout is for training only: nothing is dropped here.")
    return remarks


def _write_workbook(path: Path, problem: Problem, steps: int) -> None:
    """The workbook; what does not stand up to verification is never written."""
    from chalknet.explain.render.excel import write_workbook
    from chalknet.explain.solution import solve
    from chalknet.explain.verify import verify

    verify(solve(problem, steps=steps))
    write_workbook(path, problem, steps=steps)
    messages().print(f"workbook written to {plain(str(path))}", markup=False)
