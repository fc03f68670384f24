"""chalknet evaluate: how good a trained model is, on its test set or on other data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chalknet.cli.options import DataDir, Json, RunOrModel
from chalknet.cli.terminal import (
    announce_compilation,
    decimals,
    doubt_scaling,
    download_bar,
    plain,
    print_json,
    results,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rich.table import Table

    from chalknet.data.dataset import Dataset
    from chalknet.evaluation import Evaluation
    from chalknet.model import Model
    from chalknet.runs.folder import RunFolder

__all__ = ["EXAMPLES", "evaluate"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet evaluate runs/mnist-20260101-120000

chalknet evaluate runs/flowers-20260101-120000 new_flowers.csv --json

chalknet evaluate imported.safetensors new_flowers.csv
"""


def evaluate(
    run: RunOrModel,
    data: Annotated[
        str | None,
        typer.Argument(help="Other data to evaluate on (the run's test set).", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Loss, accuracy, per-class precision, recall and F1, and what is confused with what."""
    from chalknet.evaluation import evaluate as evaluate_model
    from chalknet.model import Model
    from chalknet.runs.folder import RunFolder

    announce_compilation()
    if run.is_file():
        model = Model.load(run)
        dataset = _like(model, run, data, data_dir)
    else:
        folder = RunFolder.open(run)
        model = folder.model()
        dataset = _dataset(folder, data, data_dir)
    doubt_scaling(model, dataset.X, dataset.name)
    evaluation = evaluate_model(model, dataset)
    if json:
        print_json(evaluation.as_dict())
    else:
        _print(evaluation)


def _like(model: Model, file: Path, data: str | None, data_dir: str | None) -> Dataset:
    """Data for a model that stands alone, and so has no test set of its own."""
    from chalknet.errors import ConfigurationError
    from chalknet.runs.config import TrainConfig
    from chalknet.runs.sources import load_like

    if data is None:
        raise ConfigurationError(
            f"{file}: a model alone has no test set; name data to evaluate on."
        )
    config = TrainConfig.make({"data": data, "data_dir": data_dir})
    with download_bar() as bar:
        return load_like(model, config, data, bar)


def _dataset(folder: RunFolder, data: str | None, data_dir: str | None) -> Dataset:
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


def _print(evaluation: Evaluation) -> None:

    console = results()
    console.print(f"{plain(evaluation.data)}: {evaluation.total:,} samples", markup=False)
    for name, value in _headlines(evaluation):
        console.print(f"{name:<24}{plain(value)}", markup=False)
    table = _table(evaluation)
    if table is not None:
        console.print()
        console.print(table)
    pairs = _confused(evaluation)
    if pairs:
        console.print("\nMost confused", style="bold")
        for pair in pairs:
            console.print(pair, markup=False)


def _headlines(evaluation: Evaluation) -> list[tuple[str, str]]:
    """The figures that stand above the tables, name and value."""
    from chalknet.evaluation import ClassEvaluation, MultilabelEvaluation, RegressionEvaluation

    lines = [("loss", decimals(evaluation.loss))]
    if evaluation.correct is not None:
        lines += [
            ("correct", f"{evaluation.correct:,} of {evaluation.total:,}"),
            ("accuracy", f"{evaluation.accuracy:.4f}"),
        ]
    if isinstance(evaluation, ClassEvaluation):
        counts = evaluation.binary
        if counts is not None:
            lines += [
                ("true positives", f"{counts.true_positive:,} (positive: {counts.positive})"),
                ("true negatives", f"{counts.true_negative:,} (negative: {counts.negative})"),
                ("false positives", f"{counts.false_positive:,}"),
                ("false negatives", f"{counts.false_negative:,}"),
            ]
        if evaluation.calibration is not None:
            lines.append(("calibration error", f"{evaluation.calibration.expected_error:.4f}"))
    elif isinstance(evaluation, MultilabelEvaluation):
        lines.append(("wrong marks", f"{evaluation.hamming_loss:.4f}"))
    elif isinstance(evaluation, RegressionEvaluation):
        lines += [
            ("root mean square error", f"{evaluation.root_mean_squared_error:.6g}"),
            ("mean absolute error", f"{evaluation.mean_absolute_error:.6g}"),
            ("R²", "none" if evaluation.r2 is None else decimals(evaluation.r2)),
        ]
    return lines


def _table(evaluation: Evaluation) -> Table | None:
    """Precision, recall and F1 of every class or label."""
    from rich.table import Table
    from rich.text import Text

    from chalknet.evaluation import ClassEvaluation, MultilabelEvaluation

    if isinstance(evaluation, ClassEvaluation):
        rows = evaluation.per_class
    elif isinstance(evaluation, MultilabelEvaluation):
        rows = evaluation.per_label
    else:
        return None
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("class")
    for name in ("precision", "recall", "F1", "samples"):
        table.add_column(name, justify="right")
    for row in rows:
        figures = (f"{row.precision:.4f}", f"{row.recall:.4f}", f"{row.f1:.4f}", f"{row.support:,}")
        table.add_row(Text(plain(row.name)), *figures)
    return table


def _confused(evaluation: Evaluation, limit: int = 5) -> list[str]:
    from chalknet.evaluation import ClassEvaluation

    if not isinstance(evaluation, ClassEvaluation):
        return []
    names = evaluation.names
    return [
        f"{pair.count:>6,} × {plain(names[pair.label])} taken for {plain(names[pair.prediction])} "
        f"({pair.share:.1%} of them)"
        for pair in evaluation.confused_pairs[:limit]
    ]
