"""chalknet evaluate: how good a trained model is, on its test set or on other data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from chalknet.data.dataset import Dataset
    from chalknet.evaluation.metrics import Evaluation
    from chalknet.runs.folder import RunFolder

__all__ = ["EXAMPLES", "evaluate"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet evaluate runs/mnist-20260101-120000

chalknet evaluate runs/flowers-20260101-120000 new_flowers.csv --json
"""


def evaluate(
    run: Annotated[Path, typer.Argument(help="The folder of a run.", show_default=False)],
    data: Annotated[
        str | None,
        typer.Argument(help="Other data to evaluate on (the run's test set).", show_default=False),
    ] = None,
    data_dir: Annotated[
        str | None,
        typer.Option(
            help="Folder with mnist/ and fashion-mnist/ (CHALKNET_DATA).", show_default=False
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Loss, accuracy, per-class precision, recall and F1, and what is confused with what."""
    from chalknet.cli.terminal import print_json
    from chalknet.evaluation.metrics import evaluate as evaluate_model
    from chalknet.runs.folder import RunFolder

    folder = RunFolder.open(run)
    model = folder.model()
    dataset = _dataset(folder, data, data_dir)
    evaluation = evaluate_model(model, dataset)
    if json:
        print_json({"data": dataset.name, **evaluation.as_dict()})
    else:
        _print(dataset, evaluation)


def _dataset(folder: RunFolder, data: str | None, data_dir: str | None) -> Dataset:
    from chalknet.cli.terminal import download_bar
    from chalknet.errors import ConfigurationError
    from chalknet.runs.sources import load_like, load_parts

    config = folder.config()
    if data_dir is not None:
        config = config.model_copy(update={"data_dir": data_dir})
    with download_bar() as bar:
        if data is not None:
            return load_like(folder.model(), config, data, bar)
        test = load_parts(config, bar).test
    if test is None:
        raise ConfigurationError(
            f"{folder}: this run held out no test set; name data to evaluate on."
        )
    return test


def _print(dataset: Dataset, evaluation: Evaluation) -> None:
    from rich.table import Table
    from rich.text import Text

    from chalknet.cli.terminal import results

    console = results()
    console.print(f"{dataset.name}: {len(dataset):,} samples", markup=False)
    for name, value in evaluation.headlines():
        console.print(f"{name:<22}{value}", markup=False)
    rows = evaluation.per_class()
    if not rows:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("class")
    for name in ("precision", "recall", "F1", "samples"):
        table.add_column(name, justify="right")
    for row in rows:
        figures = (f"{row.precision:.4f}", f"{row.recall:.4f}", f"{row.f1:.4f}", f"{row.support:,}")
        table.add_row(Text(row.name), *figures)
    console.print()
    console.print(table)
