"""chalknet export: write a trained model for another program."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.options import DataDir, Json, RunOrModel
from chalknet.cli.terminal import plain, print_json, results

if TYPE_CHECKING:
    from chalknet.model import Model

__all__ = ["EXAMPLES", "export"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet export runs/mnist-20260101-120000 --to onnx

chalknet export runs/mnist-20260101-120000 --to c --output digits.h

chalknet export runs/flowers-20260101-120000 --to excel --sample 3
"""


class Target(enum.StrEnum):
    """A format to write."""

    ONNX = "onnx"
    TORCH = "torch"
    PYTHON = "python"
    PURE_PYTHON = "pure-python"
    C = "c"
    SAFETENSORS = "safetensors"
    NPZ = "npz"
    EXCEL = "excel"


class Rows(enum.StrEnum):
    """A type of raw rows."""

    UINT8 = "uint8"
    FLOAT32 = "float32"
    FLOAT64 = "float64"


def export(
    run: RunOrModel,
    to: Annotated[
        Target,
        typer.Option(
            help="onnx; torch (definition and state_dict); python (needs NumPy); pure-python "
            "(needs nothing); c (C99 header); safetensors; npz (weights, as Keras takes them); "
            "excel (one sample as a live workbook).",
            metavar="FORMAT",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None, typer.Option(help="The file to write (beside the model).", show_default=False)
    ] = None,
    input_type: Annotated[
        Rows | None,
        typer.Option(help="What raw rows are, for onnx and c (as the model had them)."),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=0, help="Which test sample, for excel, counted from 0 (0).")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write a trained model for another program; preprocessing and labels go with it."""
    from chalknet.errors import ConfigurationError

    for option, value, formats in (
        ("--input-type", input_type, (Target.ONNX, Target.C)),
        ("--sample", sample, (Target.EXCEL,)),
        ("--data-dir", data_dir, (Target.EXCEL,)),
    ):
        if value is not None and to not in formats:
            raise ConfigurationError(f"{option} is for {' and '.join(formats)}: leave it out.")
    path = output or _beside(run, to)
    if to is Target.EXCEL:
        from chalknet.cli.explain import Split, problem_of_run
        from chalknet.explain.render.excel import write_workbook

        problem, _ = problem_of_run(run, sample or 0, Split.TEST, data_dir)
        _tell(to, [write_workbook(path, problem)], None, json)
        return
    from chalknet.export.exporting import export_model

    model = _model(run)
    options: dict[str, Any] = {} if input_type is None else {"input_type": input_type.value}
    files = export_model(model, path, to.value, **options)
    _tell(to, files, _ports(model, options) if to is Target.ONNX else None, json)


def _model(run: Path) -> Model:
    from chalknet.model import Model
    from chalknet.runs.folder import RunFolder

    return Model.load(run) if run.is_file() else RunFolder.open(run).model()


def _beside(run: Path, to: Target) -> Path:
    """Where a file goes that nobody has named."""
    from chalknet.errors import ConfigurationError
    from chalknet.export.exporting import default_name

    if to is Target.SAFETENSORS:
        raise ConfigurationError(
            "safetensors is what the model is in already: name the copy with --output."
        )
    name = "model.xlsx" if to is Target.EXCEL else default_name(to.value)
    return (run.parent if run.is_file() else run) / name


def _ports(model: Model, options: dict[str, Any]) -> tuple[str, list[str]]:
    from chalknet.export.onnx import onnx_signature

    X, outputs = onnx_signature(model, **options)
    return str(X), [str(port) for port in outputs]


def _tell(to: Target, files: list[Path], ports: tuple[str, list[str]] | None, json: bool) -> None:
    sizes = {str(path): path.stat().st_size for path in files}
    if json:
        about = {} if ports is None else {"input": ports[0], "outputs": ports[1]}
        print_json({"to": to.value, "files": list(sizes), "bytes": list(sizes.values()), **about})
        return
    console = results()
    for path, size in sizes.items():
        console.print(f"{plain(path)}  {size:,} bytes", markup=False, soft_wrap=True)
    if ports is not None:
        console.print(f"{ports[0]} → {', '.join(ports[1])}", markup=False, soft_wrap=True)
