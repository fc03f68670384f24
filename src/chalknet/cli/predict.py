"""chalknet predict: classes with probabilities, or numbers, for images, arrays and tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.options import Json
from chalknet.cli.terminal import (
    announce_compilation,
    doubt_scaling,
    messages,
    plain,
    print_json,
    results,
)

if TYPE_CHECKING:
    from chalknet.model import Model

__all__ = ["EXAMPLES", "predict"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet predict runs/mnist-20260101-120000 seven.png three.jpg

chalknet predict runs/flowers-20260101-120000 new_flowers.csv --output predicted.csv
"""

ROWS_SHOWN = 20
LEAST_SHOWN = 0.00005  # what four digits would show as 0.0000


def predict(
    run: Annotated[
        Path,
        typer.Argument(help="The folder of a run, or a model.safetensors.", show_default=False),
    ],
    inputs: Annotated[
        list[Path],
        typer.Argument(
            help="Images (PNG, JPEG, …), arrays (NPY, NPZ, IDX, HDF5) or tables (CSV, Parquet).",
            show_default=False,
        ),
    ],
    array: Annotated[
        str | None,
        typer.Option(help="Which array of an NPZ or HDF5 file to take.", show_default=False),
    ] = None,
    resize: Annotated[
        bool, typer.Option("--resize", help="Bring images to the model's size.")
    ] = False,
    top: Annotated[int, typer.Option(help="How many classes to show for each sample.", min=1)] = 3,
    output: Annotated[
        Path | None,
        typer.Option(help="Write all predictions to this CSV file.", show_default=False),
    ] = None,
    json: Json = False,
) -> None:
    """Predict what a trained model makes of new inputs."""
    from chalknet.model import Model
    from chalknet.runs.folder import RunFolder

    announce_compilation()
    model = Model.load(run) if run.is_file() else RunFolder.open(run).model()
    rows = [row for path in inputs for row in _predictions(model, path, array, resize)]
    if output is not None:
        _write_csv(output, rows)
    if json:
        print_json({"model": str(run), "predictions": rows})
    else:
        _print(rows, top, output)


def _predictions(
    model: Model, path: Path, array: str | None, resize: bool
) -> Iterator[dict[str, Any]]:
    """One plain object a sample, with its probabilities where the model has any."""
    from chalknet.data import read_inputs

    X = read_inputs(
        path,
        image_shape=model.image_shape,
        feature_names=model.feature_names,
        inputs=array,
        resize=resize,
    )
    doubt_scaling(model, X, path)
    predicted = model.predict(X).tolist()
    if not (model.loss.classifies and model.classes is not None):
        yield from (
            {"input": str(path), "row": row, "prediction": value}
            for row, value in enumerate(predicted)
        )
        return
    names = model.names
    for row, (label, p) in enumerate(zip(predicted, model.predict_proba(X).tolist(), strict=True)):
        yield {
            "input": str(path),
            "row": row,
            "prediction": label,
            "probabilities": dict(zip(names, p, strict=True)),
        }


def _print(rows: list[dict[str, Any]], top: int, output: Path | None) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    several = len({row["input"] for row in rows}) < len(rows)
    table.add_column("input", overflow="fold")
    if several:
        table.add_column("row", justify="right")
    table.add_column("prediction")
    if "probabilities" in rows[0]:
        table.add_column("probabilities")
    for row in rows[:ROWS_SHOWN]:
        cells = [Text(plain(row["input"]))] + ([Text(str(row["row"]))] if several else [])
        cells.append(Text(plain(_in_words(row)), style="bold"))
        if "probabilities" in row:
            ranked = sorted(row["probabilities"].items(), key=lambda item: -item[1])[:top]
            shown = [(name, p) for name, p in ranked if p >= LEAST_SHOWN] or ranked[:1]
            cells.append(Text("  ".join(f"{plain(name)} {p:.4f}" for name, p in shown)))
        table.add_row(*cells)
    results().print(table)
    if len(rows) > ROWS_SHOWN and output is None:
        messages().print(
            f"… {len(rows) - ROWS_SHOWN:,} more: see them all with --output or --json."
        )
    if output is not None:
        messages().print(f"{len(rows):,} predictions written to {output}", markup=False)


def _in_words(row: dict[str, Any]) -> str:
    """A prediction as people read it: a class, the labels that apply, or numbers."""
    value = row["prediction"]
    if isinstance(value, list) and "probabilities" in row:
        marked = [name for name, mark in zip(row["probabilities"], value, strict=True) if mark]
        return ", ".join(marked) or "none"
    values = value if isinstance(value, list) else [value]
    return "  ".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in values)


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    import csv
    import io

    from chalknet.files import write_atomically

    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    names = list(rows[0].get("probabilities", {}))
    first = rows[0]["prediction"]
    # Several labels or targets are a column each.
    outputs = (names or range(1, len(first) + 1)) if isinstance(first, list) else None
    predicted = ["prediction"] if outputs is None else [f"prediction({name})" for name in outputs]
    writer.writerow(["input", "row", *predicted, *(f"p({name})" for name in names)])
    for row in rows:
        value, p = row["prediction"], row.get("probabilities", {}).values()
        values = value if isinstance(value, list) else [value]
        writer.writerow([row["input"], row["row"], *values, *p])
    write_atomically(path, buffer.getvalue())
