"""What a foreign format cannot say of a model, as plain values that go into its metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.preprocessing import Preprocessing
from chalknet.errors import ChalknetError
from chalknet.model import Model
from chalknet.operations.activations import Activation, as_activation
from chalknet.operations.losses import Loss, as_loss

__all__ = ["Description", "describe", "read_description"]

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Description:
    """All of a model but its weights."""

    activations: list[Activation]
    loss: Loss
    classes: Array | None
    class_names: tuple[str, ...] | None
    feature_names: tuple[str, ...] | None
    image_shape: tuple[int, ...] | None
    multilabel: bool
    preprocessing: Preprocessing
    name: str


def describe(model: Model) -> dict[str, Any]:
    """The description as JSON has it."""
    classes, preprocessing = model.classes, model.preprocessing
    return {
        "activations": [layer.activation.spec for layer in model.network.layers],
        "loss": model.loss.spec,
        "classes": None if classes is None else classes.tolist(),
        "classes_dtype": None if classes is None else classes.dtype.str,
        "class_names": model.class_names,
        "feature_names": model.feature_names,
        "image_shape": model.image_shape,
        "multilabel": model.multilabel,
        "offset": np.asarray(preprocessing.offset, np.float64).tolist(),
        "divisor": np.asarray(preprocessing.divisor, np.float64).tolist(),
        "name": model.name,
    }


def read_description(values: Any) -> Description:
    """Read back what ``describe`` gave, from a file that may be anybody's.

    Raises
    ------
    ValueError
        Something is missing, or is not of the kind it should be.
    """
    try:
        return Description(
            activations=[as_activation(name) for name in _list(values["activations"], str)],
            loss=as_loss(_one(values["loss"], str)),
            classes=_classes(values["classes"], values["classes_dtype"]),
            class_names=_maybe_tuple(values["class_names"], str),
            feature_names=_maybe_tuple(values["feature_names"], str),
            image_shape=_maybe_tuple(values["image_shape"], int),
            multilabel=_one(values["multilabel"], bool),
            preprocessing=Preprocessing(_numbers(values["offset"]), _numbers(values["divisor"])),
            name=_one(values["name"], str),
        )
    except (KeyError, TypeError, OverflowError, ChalknetError) as error:
        raise ValueError(f"the metadata do not fit together: {error}") from None


def _one(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise ValueError(f"expected {kind.__name__} in the metadata, but found {value!r:.60}")
    return value


def _list(values: Any, kind: type) -> list[Any]:
    return [_one(value, kind) for value in _one(values, list)]


def _maybe_tuple(values: Any, kind: type) -> tuple[Any, ...] | None:
    return None if values is None else tuple(_list(values, kind))


def _numbers(value: Any) -> float | Array:
    if isinstance(value, list):
        return np.array(_list(value, float), np.float64)
    return float(_one(value, float))


def _classes(values: Any, dtype: Any) -> Array | None:
    if values is None:
        return None
    kind = np.dtype(_one(dtype, str))
    of = {"U": str, "b": bool, "i": int, "u": int, "f": float}.get(kind.kind)
    if of is None:
        raise ValueError(f"classes of type {kind} in the metadata")
    classes = np.array(_list(values, of))
    # Text keeps the length it has; a type in the metadata could cut it off, or blow it up.
    if of is str:
        return classes
    converted = classes.astype(kind)
    if converted.tolist() != values:
        raise ValueError(f"classes in the metadata that are no list of {kind}")
    return converted
