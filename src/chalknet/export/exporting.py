"""From a model to files of other programs: one entry for all formats."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy.typing as npt

from chalknet.errors import ConfigurationError, unknown_name
from chalknet.model import Model

__all__ = ["FORMATS", "default_name", "export_model"]


def _onnx(model: Model, path: Path, **options: Any) -> list[Path]:
    from chalknet.export.onnx import write_onnx

    return [write_onnx(model, path, **options)]


def _torch(model: Model, path: Path) -> list[Path]:
    from chalknet.export.torch import write_torch

    return list(write_torch(model, path))


def _numpy(model: Model, path: Path) -> list[Path]:
    from chalknet.export.standalone import write_numpy

    return [write_numpy(model, path)]


def _pure_python(model: Model, path: Path) -> list[Path]:
    from chalknet.export.standalone import write_python

    return [write_python(model, path)]


def _c(model: Model, path: Path, **options: Any) -> list[Path]:
    from chalknet.export.c import write_c

    return [write_c(model, path, **options)]


def _safetensors(model: Model, path: Path) -> list[Path]:
    return [model.save(path)]


def _npz(model: Model, path: Path) -> list[Path]:
    from chalknet.export.arrays import write_npz

    return [write_npz(model, path)]


# By name: what writes it, the usual suffix, and whether it asks for the type of the rows.
_WRITERS: dict[str, tuple[Callable[..., list[Path]], str, bool]] = {
    "onnx": (_onnx, ".onnx", True),
    "torch": (_torch, "_torch.py", False),
    "python": (_numpy, ".py", False),
    "pure-python": (_pure_python, "_pure.py", False),
    "c": (_c, ".h", True),
    "safetensors": (_safetensors, ".safetensors", False),
    "npz": (_npz, ".npz", False),
}
FORMATS = tuple(_WRITERS)


def export_model(
    model: Model,
    path: str | os.PathLike[str],
    to: str,
    *,
    input_type: npt.DTypeLike | None = None,
) -> list[Path]:
    """Write ``model`` for another program and return the files written, the chief one first.

    Parameters
    ----------
    model : Model
    path : path
    to : str
        ``"onnx"``; ``"torch"``: a definition (.py) and a ``state_dict`` (.safetensors);
        ``"python"``, which needs NumPy, and ``"pure-python"``, which needs nothing; ``"c"``, a C99
        header; ``"safetensors"``: chalknet's own file; ``"npz"``: the weights alone, as Keras
        takes them.
    input_type : "uint8", "float32" or "float64", optional
        For ONNX and C: what the raw rows are. By default bytes where the model divides bytes by
        255, and the float type of its parameters otherwise.

    Raises
    ------
    ConfigurationError
        The format is unknown, or the model has something of the user's own that only its own code
        can do.
    OSError
        The file cannot be written; an older one is then untouched.
    """
    if to not in _WRITERS:
        raise unknown_name("format", to, _WRITERS)
    write, _, typed = _WRITERS[to]
    if input_type is not None and not typed:
        raise ConfigurationError(
            f"input_type is for onnx and c; {to} takes rows of any type: leave it out."
        )
    return write(model, Path(path), **({"input_type": input_type} if typed else {}))


def default_name(to: str) -> str:
    """What a file of this format is called where nobody names it.

    >>> default_name("onnx"), default_name("pure-python")
    ('model.onnx', 'model_pure.py')
    """
    if to not in _WRITERS:
        raise unknown_name("format", to, _WRITERS)
    return f"model{_WRITERS[to][1]}"
