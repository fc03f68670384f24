"""What a model's file holds, and what makes a model of it again.

The tensors ``W1 b1 W2 b2 …`` in (fan_in, fan_out) layout, ``preprocessing.offset`` and
``preprocessing.divisor``; all else is in one JSON string of metadata.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.preprocessing import Preprocessing
from chalknet.errors import ChalknetError, ModelFileError
from chalknet.model import Model
from chalknet.network import Dense, Network
from chalknet.operations.activations import as_activation
from chalknet.operations.losses import as_loss
from chalknet.sealed import Tensors, read_sealed, write_sealed

__all__ = ["FORMAT", "read_model", "write_model"]

FORMAT = "chalknet.model.1"
WIDEST_LABEL = 2**20  # bytes; a type in a file could claim any number


def write_model(model: Model, path: str | os.PathLike[str]) -> Path:
    """What ``Model.save`` does."""
    if not np.isfinite(model.network.parameters).all():
        raise ModelFileError("a parameter of the network is not finite: no such model is saved.")
    tensors: Tensors = {
        "preprocessing.offset": np.asarray(model.preprocessing.offset, np.float64),
        "preprocessing.divisor": np.asarray(model.preprocessing.divisor, np.float64),
    }
    for number, layer in enumerate(model.network.layers, start=1):
        tensors[f"W{number}"], tensors[f"b{number}"] = layer.W, layer.b
    classes = model.classes
    metadata = {
        "activations": [_named(as_activation, layer.activation) for layer in model.network.layers],
        "loss": _named(as_loss, model.loss),
        "classes": None if classes is None else classes.tolist(),
        "classes_dtype": None if classes is None else classes.dtype.str,
        "class_names": model.class_names,
        "feature_names": model.feature_names,
        "image_shape": model.image_shape,
        "multilabel": model.multilabel,
        "name": model.name,
    }
    return write_sealed(path, FORMAT, tensors, metadata)


def read_model(path: str | os.PathLike[str]) -> Model:
    """What ``Model.load`` does."""
    tensors, metadata = read_sealed(path, FORMAT)
    try:
        return _from_file(tensors, metadata)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"{path}: the model in the file does not fit together: {error}"
        ) from None


def _from_file(tensors: Tensors, metadata: dict[str, Any]) -> Model:
    for name, array in tensors.items():
        if array.dtype not in (np.float32, np.float64) or not np.isfinite(array).all():
            raise ValueError(f"{name} must hold finite numbers of type float32 or float64")
    layers = [
        Dense(tensors.pop(f"W{number}"), tensors.pop(f"b{number}"), activation)
        for number, activation in enumerate(metadata["activations"], start=1)
    ]
    offset, divisor = tensors.pop("preprocessing.offset"), tensors.pop("preprocessing.divisor")
    if tensors:
        raise ValueError(f"surplus tensors {', '.join(tensors)}")
    model = Model(
        Network(layers),
        as_loss(metadata["loss"]),
        Preprocessing(_number_or_array(offset), _number_or_array(divisor)),
        _classes(metadata["classes"], metadata["classes_dtype"]),
        class_names=_tuple(metadata["class_names"], str),
        feature_names=_tuple(metadata["feature_names"], str),
        image_shape=_tuple(metadata["image_shape"], int),
        multilabel=bool(metadata["multilabel"]),
        name=str(metadata["name"]),
    )
    _require_fitting(model)
    return model


def _require_fitting(model: Model) -> None:
    """Whether what a file says of columns and classes is as many as the network has."""
    features, classes = model.network.widths[0], model.classes
    for name, size, wanted in (
        ("offset", np.size(model.preprocessing.offset), (1, features)),
        ("divisor", np.size(model.preprocessing.divisor), (1, features)),
        ("feature_names", len(model.feature_names or ()), (0, features)),
        ("class_names", len(model.class_names or ()), (0, 0 if classes is None else len(classes))),
        ("image_shape", _pixels(model.image_shape or (features,)), (features,)),
    ):
        if size not in wanted:
            raise ValueError(f"{name} has {size} values where {wanted[-1]} are expected")


def _pixels(shape: tuple[int, ...]) -> int:
    return math.prod(shape) if min(shape) > 0 else 0


def _named(resolver: Any, thing: Any) -> str:
    """The text by which ``thing`` is found again, or an error if it has none."""
    spec: str = thing.spec
    try:
        known = resolver(spec) == thing
    except ChalknetError:
        known = False
    if not known:
        raise ModelFileError(
            f"{spec!r} is not one of chalknet's own, so a file cannot name it: "
            "save the network's parameters yourself, or use a built-in one."
        )
    return spec


def _number_or_array(value: npt.NDArray[Any]) -> Any:
    return float(value) if value.ndim == 0 else value


def _tuple(values: list[Any] | None, kind: type) -> tuple[Any, ...] | None:
    if values is None:
        return None
    if type(values) is not list or not all(type(value) is kind for value in values):
        raise ValueError(f"expected a list of {kind.__name__}, not {values!r:.60}")
    return tuple(values)


def _classes(values: list[Any] | None, dtype: str | None) -> npt.NDArray[Any] | None:
    if values is None:
        return None
    kind = np.dtype(str(dtype))
    if kind.kind not in "Ubiuf" or kind.itemsize > WIDEST_LABEL:
        raise ValueError(f"classes of type {kind}")
    classes = np.array(values, dtype=kind)
    if classes.ndim != 1 or classes.tolist() != values:
        raise ValueError(f"classes that are no list of {kind}")
    return classes
