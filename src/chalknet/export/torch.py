"""PyTorch: a ``state_dict`` in a safetensors file and a definition to load it into; and back.

PyTorch's ``nn.Linear`` keeps weights as (fan_out, fan_in), the transpose of chalknet's. Nothing is
ever pickled or unpickled: a ``.pt`` file can run any program when it is read.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError, ModelFileError
from chalknet.export.code import render
from chalknet.export.description import describe, read_description
from chalknet.export.head import checked_layers
from chalknet.export.incoming import Incoming
from chalknet.export.order import in_order
from chalknet.files import write_atomically
from chalknet.model import Model
from chalknet.operations.activations import Activation
from chalknet.sealed import Tensors, read_sealed, write_sealed

__all__ = ["FORMAT", "from_state_dict", "read_own_state_dict", "write_torch"]

Array = npt.NDArray[Any]
FORMAT = "chalknet.torch.1"


def write_torch(model: Model, path: str | os.PathLike[str]) -> tuple[Path, Path]:
    """Write ``path`` (.py), which builds the network, and its weights beside it (.safetensors).

    The weights are a ``state_dict`` of the ``nn.Sequential`` that ``build()`` makes: ``0.weight``,
    ``0.bias``, ``2.weight`` …

    Raises
    ------
    ConfigurationError
        An activation or the loss is the user's own.
    """
    path = Path(path)
    if path.suffix != ".py":
        raise ConfigurationError(f"{path}: the definition is Python, so its name must end in .py.")
    weights = path.with_suffix(".safetensors")
    modules: list[str] = []
    tensors: Tensors = {}
    for W, b, activation in checked_layers(model):
        tensors[f"{len(modules)}.weight"], tensors[f"{len(modules)}.bias"] = W.T, b
        modules.append(f"nn.Linear({W.shape[0]}, {W.shape[1]})")
        if activation.name != "identity":
            modules.append(_module(activation))
    text = render("torch.py.jinja", model, path, modules=modules, weights=weights.name)
    write_sealed(weights, FORMAT, tensors, describe(model))
    return write_atomically(path, text), weights


def read_own_state_dict(path: Path) -> Incoming:
    """The weights and description that ``write_torch`` wrote.

    Raises
    ------
    ModelFileError
        The file is damaged or was altered.
    """
    tensors, metadata = read_sealed(path, FORMAT)
    try:
        told = read_description(metadata)
    except ValueError as error:
        raise ModelFileError(f"{path}: {error}.") from None
    found = from_state_dict(tensors, str(path))
    return Incoming(
        place=str(path),
        layers=found.layers,
        activations=told.activations,
        loss=told.loss,
        classes=told.classes,
        marks=told.multilabel,
        preprocessing=told.preprocessing,
        class_names=told.class_names,
        feature_names=told.feature_names,
        image_shape=told.image_shape,
        name=told.name,
    )


def from_state_dict(
    tensors: Tensors,
    place: str,
    *,
    order: Sequence[str] | None = None,
    bias: bool = True,
) -> Incoming:
    """The layers in a ``state_dict``: pairs of NAME.weight (fan_out, fan_in) and NAME.bias.

    Parameters
    ----------
    tensors : dict
    place : str
        The file, for messages.
    order : list of str, optional
        The names of the layers, first to last, where they do not say their order.
    bias : bool
        Whether every layer has a bias; with False, one that has none gets zeros.

    Raises
    ------
    ModelFileError
        There is something else than the parameters of linear layers, or a parameter is missing.
    ConfigurationError
        The order of the layers cannot be found out.
    """
    layers: dict[str, dict[str, Array]] = {}
    for name, values in tensors.items():
        layer, _, what = name.rpartition(".")
        axes = {"weight": 2, "bias": 1}.get(what)
        if axes is None or values.ndim != axes:
            raise ModelFileError(
                f"{place}: {name!r:.80} has shape {values.shape}: expected only the weights and "
                "biases of linear layers, NAME.weight (fan_out, fan_in) and NAME.bias (fan_out,)."
            )
        layers.setdefault(layer, {})[what] = values
    for layer, parts in layers.items():
        if "weight" not in parts:
            raise ModelFileError(f"{place}: layer {layer!r:.80} has a bias but no weight.")
        if "bias" not in parts and bias:
            raise ModelFileError(
                f"{place}: layer {layer!r:.80} has a weight but no bias; if it was made without, "
                "say so with bias=False (--no-bias)."
            )
    shapes = {layer: parts["weight"].shape[::-1] for layer, parts in layers.items()}
    return Incoming(
        place=place,
        layers=[_pair(layers[layer]) for layer in in_order(shapes, place, order)],
    )


def _pair(parts: dict[str, Array]) -> tuple[Array, Array]:
    W = parts["weight"].T
    return W, parts.get("bias", np.zeros(W.shape[1], W.dtype))


def _module(activation: Activation) -> str:
    """PyTorch's module for an activation."""
    [value] = activation.parameters or (0.0,)
    return {
        "relu": "nn.ReLU()",
        "leaky_relu": f"nn.LeakyReLU({float(value)!r})",
        "elu": f"nn.ELU({float(value)!r})",
        "selu": "nn.SELU()",
        "gelu": "nn.GELU()",
        "silu": "nn.SiLU()",
        # Without its usual threshold, above which PyTorch takes softplus for the identity.
        "softplus": "nn.Softplus(threshold=100.0)",
        "sigmoid": "nn.Sigmoid()",
        "tanh": "nn.Tanh()",
        "step": "Step()",
    }[activation.name]
