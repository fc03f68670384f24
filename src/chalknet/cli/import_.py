"""chalknet import: make a model of another program's file."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chalknet.cli.options import DataDir, Json
from chalknet.cli.terminal import download_bar, plain, print_json, results
from chalknet.cli.values import names, parsed

if TYPE_CHECKING:
    from chalknet.model import Model
    from chalknet.runs.config import TrainConfig

__all__ = ["EXAMPLES", "import_"]

EXAMPLES = """
[bold]Examples[/bold]

chalknet import theirs.onnx --output model.safetensors

chalknet import state_dict.safetensors --activation relu --loss softmax_cross_entropy --classes numbers --divisor 255 --output model.safetensors

chalknet import flowers.onnx --data flowers.csv --output runs/theirs
"""  # noqa: E501


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="ONNX, a PyTorch state_dict in .safetensors, NPZ, or Keras's .weights.h5.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            help="The model to write (NAME.safetensors), or the folder of a run (with --data).",
            show_default=False,
        ),
    ],
    loss: Annotated[
        str | None,
        typer.Option(help="What the outputs mean, as in train --loss.", show_default=False),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="The labels in the order of the outputs, as in no,yes; or numbers for 0, 1, 2 …",
            show_default=False,
        ),
    ] = None,
    multilabel: Annotated[
        bool, typer.Option("--multilabel", help="Each output is a label of its own.")
    ] = False,
    activation: Annotated[
        str | None,
        typer.Option(
            help="For files of weights: one activation, or one a hidden layer.", show_default=False
        ),
    ] = None,
    output_activation: Annotated[
        str | None,
        typer.Option(help="For files of weights: of the last layer.", show_default=False),
    ] = None,
    offset: Annotated[
        float | None, typer.Option(help="Rows are scaled: (raw − offset) / divisor.")
    ] = None,
    divisor: Annotated[float | None, typer.Option(help="255 for a network of pixels.")] = None,
    image_size: Annotated[
        str | None, typer.Option(help="Rows are images, as in 28x28.", show_default=False)
    ] = None,
    features: Annotated[
        str | None, typer.Option(help="The names of the columns, in order.", show_default=False)
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(help="A state_dict's layers, first to last.", show_default=False),
    ] = None,
    no_bias: Annotated[
        bool, typer.Option("--no-bias", help="Some layers of a state_dict have no bias.")
    ] = False,
    name: Annotated[str | None, typer.Option(help="What to call the model.")] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Data it is for: gives classes, columns and images; makes a run.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Column or array of --data to predict.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Make a model of another program's file, for predict and evaluate. Nothing in it is run."""
    from chalknet.export.importing import import_model

    _require_place(output, data)
    config = _config(data, target, data_dir)
    told: dict[str, Any] = {
        "loss": loss,
        "classes": None if classes is None else _labels(classes),
        "multilabel": multilabel,
        "activation": None if activation is None else names(activation),
        "output_activation": output_activation,
        "preprocessing": _scaling(offset, divisor),
        "image_shape": parsed({"image_size": image_size})["image_size"] if image_size else None,
        "feature_names": None if features is None else _fields(features),
        "layers": None if layers is None else _fields(layers),
        "bias": not no_bias,
        "name": name,
    }
    if config is not None:
        from chalknet.runs.sources import load_split

        with download_bar() as bar:
            told["like"] = load_split(config, bar).train
    model = import_model(file, **told)
    written = _write(model, output, config)
    if json:
        print_json({"model": str(written), **_facts(model)})
    else:
        _print(model, output)


def _require_place(output: Path, data: str | None) -> None:
    from chalknet.errors import ConfigurationError

    if output.suffix != ".safetensors" and data is None:
        raise ConfigurationError(
            f"--output {output}: a model's file is called NAME.safetensors; for the folder of a "
            "run, say with --data what data the run is about."
        )
    if output.suffix != ".safetensors" and output.exists():
        raise ConfigurationError(f"--output {output}: there is something already: name another.")


def _config(data: str | None, target: str | None, data_dir: str | None) -> TrainConfig | None:
    from chalknet.errors import ConfigurationError
    from chalknet.runs.config import TrainConfig

    if data is None:
        for option, value in (("--target", target), ("--data-dir", data_dir)):
            if value is not None:
                raise ConfigurationError(f"{option} says how to read --data: add it.")
        return None
    return TrainConfig.make({"data": data, "target": target, "data_dir": data_dir})


def _scaling(offset: float | None, divisor: float | None) -> Any:
    from chalknet.data.preprocessing import Preprocessing

    if offset is None and divisor is None:
        return None
    return Preprocessing(offset or 0.0, 1.0 if divisor is None else divisor)


def _fields(text: str) -> list[str]:
    """Between commas; a comma within quotes is none.

    >>> _fields('no, "well, yes"')
    ['no', 'well, yes']
    """
    return next(csv.reader([text], skipinitialspace=True), [])


def _labels(text: str) -> Any:
    """Whole numbers where all are such, else text; ``numbers`` stands for itself.

    >>> _labels("3,1,2"), _labels("no,1")
    ([3, 1, 2], ['no', '1'])
    """
    if text.strip() == "numbers":
        return "numbers"
    fields = _fields(text)
    try:
        return [int(field) for field in fields]
    except ValueError:
        return fields


def _write(model: Model, output: Path, config: TrainConfig | None) -> Path:
    """A model's file, or the folder of a run that was not trained here."""
    if output.suffix == ".safetensors" or config is None:
        return model.save(output)
    from chalknet.runs.folder import RunFolder

    layers = model.network.layers
    described = config.model_copy(
        update={
            "hidden": model.network.widths[1:-1],
            "activation": [layer.activation.spec for layer in layers[:-1]] or ["relu"],
            "loss": model.loss.spec,
            "dtype": model.network.dtype.name,
        }
    )
    folder = RunFolder.create(described, output)
    return model.save(folder.model_path)


def _facts(model: Model) -> dict[str, Any]:
    return {
        "widths": model.network.widths,
        "activations": [layer.activation.spec for layer in model.network.layers],
        "dtype": model.network.dtype.name,
        "loss": model.loss.spec,
        "preprocessing": repr(model.preprocessing),
        "classes": None if model.classes is None else model.classes.tolist(),
        "multilabel": model.multilabel,
    }


def _print(model: Model, output: Path) -> None:
    console = results()
    console.print(model.network.summary(), markup=False)
    shown = ", ".join(plain(name) for name in model.names[:10])
    more = "" if len(model.names) <= 10 else f" and {len(model.names) - 10} more"
    console.print(f"\n{'loss':<14}{model.loss}", markup=False)
    console.print(f"{'rows':<14}{model.preprocessing!r}", markup=False)
    if shown:
        what = "labels" if model.multilabel else "classes"
        console.print(f"{what:<14}{shown}{more}", markup=False, soft_wrap=True)
    console.print(f"{'model':<14}{plain(str(output))}", markup=False, soft_wrap=True)
