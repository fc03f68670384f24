"""A model as one C99 header with its weights inside; ``templates/`` shows what it looks like."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chalknet.export.code import render
from chalknet.export.head import head_of
from chalknet.export.rows import computed_in, row_type
from chalknet.export.source import plain_classes
from chalknet.files import write_atomically
from chalknet.model import Model

__all__ = ["write_c"]

_RAW = {"uint8": "unsigned char", "float32": "float", "float64": "double"}


def write_c(
    model: Model, path: str | os.PathLike[str], *, input_type: npt.DTypeLike | None = None
) -> Path:
    """Write ``model`` as one C99 header, which needs ``<math.h>`` and nothing else.

    Every name in it begins with that of the file. ``input_type`` is as for ``write_onnx``.

    Raises
    ------
    ConfigurationError
        An activation or the loss is the user's own, or a label cannot be written in C.
    """
    rows = row_type(model, input_type)
    real, head = computed_in(model, rows), head_of(model)
    classes = [] if model.classes is None else plain_classes(model)
    text = render(
        "model.h.jinja",
        model,
        Path(path),
        raw=_RAW[rows.name],
        real=_RAW[real.name],
        real_type=real,
        columns=2 if head.complement else model.network.widths[-1],
        classes_type=_type_of(classes),
    )
    return write_atomically(path, text)


def _type_of(classes: list[object]) -> str:
    if any(isinstance(label, float) for label in classes):
        return "double"
    beyond = any(isinstance(label, int) and label > np.iinfo(np.int64).max for label in classes)
    return "unsigned long long" if beyond else "long long"
