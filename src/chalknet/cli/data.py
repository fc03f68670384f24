"""chalknet data: what data sets there are, and what is in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.options import DataDir, Json
from chalknet.cli.terminal import download_bar, plain, print_json, results

if TYPE_CHECKING:
    from chalknet.data.dataset import Dataset, Split

__all__ = ["EXAMPLES", "data"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet data

chalknet data fashion-mnist

chalknet data flowers.csv --target species
"""


NAMED = {
    "digits": "1,797 handwritten digits of 8×8 pixels; always there",
    "mnist": "70,000 handwritten digits of 28×28 pixels; 11 MB to download",
    "fashion-mnist": "70,000 pictures of clothing, 28×28 pixels; 30 MB to download",
}


def data(
    source: Annotated[
        str | None,
        typer.Argument(help="A named data set, or a path of your own.", show_default=False),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(
            help="Column (CSV, Parquet) or array (NPZ, HDF5) to predict.", show_default=False
        ),
    ] = None,
    inputs: Annotated[
        str | None, typer.Option(help="Array of inputs (NPZ, HDF5).", show_default=False)
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="classification, multilabel or regression (found out).", show_default=False
        ),
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """List the named data sets, or describe one (downloading it if need be)."""
    from chalknet.runs.config import TrainConfig
    from chalknet.runs.sources import load_split

    if source is None:
        _list_named(json)
        return
    config = TrainConfig.make(
        {"data": source, "target": target, "inputs": inputs, "task": task, "data_dir": data_dir}
    )
    with download_bar() as bar:
        split = load_split(config, bar)
    if json:
        print_json({"name": source, **{part: _facts(d) for part, d in _parts(split).items()}})
    else:
        _describe(split)


def _list_named(json: bool) -> None:

    if json:
        print_json({"datasets": NAMED})
        return
    console = results()
    for name, text in NAMED.items():
        console.print(f"[bold]{name:<15}[/bold] {text}")
    console.print("\nOr give a path: IDX, NPZ, HDF5, CSV, Parquet, or a folder of images by class.")


def _parts(split: Split) -> dict[str, Dataset]:
    return {"train": split.train} | ({} if split.test is None else {"test": split.test})


def _facts(data: Dataset) -> dict[str, Any]:
    """What is in a data set, as plain values."""
    import numpy as np

    facts: dict[str, Any] = {
        "samples": len(data),
        "features": data.n_features,
        "image_shape": data.image_shape,
        "dtype": str(data.X.dtype),
        "smallest": float(data.X.min()),
        "largest": float(data.X.max()),
        "task": data.task,
        "outputs": data.n_outputs,
    }
    if data.task == "classification":
        counts = np.bincount(data.targets, minlength=data.n_outputs).tolist()
        facts["classes"] = dict(zip(_names(data), counts, strict=True))
    return facts


def _names(data: Dataset) -> list[str]:
    labels = [] if data.classes is None else [str(label) for label in data.classes]
    return list(data.class_names or labels)


def _describe(split: Split) -> None:
    from rich.table import Table
    from rich.text import Text

    console, parts = results(), _parts(split)
    facts = {part: _facts(data) for part, data in parts.items()}
    for part, data in parts.items():
        f = facts[part]
        console.print(f"{part:<6} {data!r}"[:200], markup=False, soft_wrap=True)
        console.print(
            f"       {f['dtype']} values from {f['smallest']:g} to {f['largest']:g}", markup=False
        )
    if split.train.task != "classification":
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("class")
    for part in parts:
        table.add_column(part, justify="right")
    for name in _names(split.train):
        counts = [f"{f['classes'].get(name, 0):,}" for f in facts.values()]
        table.add_row(Text(plain(name)), *counts)
    console.print()
    console.print(table)
