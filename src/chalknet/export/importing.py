"""From a file of another program to a model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy.typing as npt

from chalknet.data.dataset import Dataset
from chalknet.data.formats.bounded import file_size
from chalknet.data.preprocessing import Preprocessing
from chalknet.errors import ConfigurationError, DataFormatError, ModelFileError
from chalknet.export.incoming import Answers, Incoming, assemble
from chalknet.model import Model
from chalknet.model_file import FORMAT
from chalknet.operations.activations import Activation
from chalknet.operations.losses import Loss

__all__ = ["import_model"]


def import_model(
    path: str | os.PathLike[str],
    *,
    loss: str | Loss | None = None,
    classes: npt.ArrayLike | None = None,
    activation: str | Activation | Sequence[str | Activation] | None = None,
    output_activation: str | Activation | None = None,
    multilabel: bool = False,
    preprocessing: Preprocessing | None = None,
    class_names: Sequence[str] | None = None,
    feature_names: Sequence[str] | None = None,
    image_shape: tuple[int, ...] | None = None,
    name: str | None = None,
    layers: Sequence[str] | None = None,
    bias: bool = True,
    like: Dataset | None = None,
) -> Model:
    """Read a multilayer perceptron that another program wrote. Nothing in the file is executed.

    Parameters
    ----------
    path : path
        ``.onnx``; ``.safetensors``: chalknet's own, or a PyTorch ``state_dict`` of linear layers;
        ``.npz`` with W1, b1, W2 … or with ``network.get_weights()`` of Keras; ``.weights.h5`` of
        Keras 3.
    loss : str or Loss, optional
        What the outputs mean, where the file does not say: ``"softmax_cross_entropy"`` if they are
        logits of classes, ``"mean_squared_error"`` if they are numbers, …
    classes : array (K,) or "numbers", optional
        The labels, in the order of the outputs; ``"numbers"`` for 0, 1, 2 and so on.
    activation, output_activation : optional
        What stands between the layers (one for all, or one a hidden layer) and after the last, for
        files of weights alone.
    multilabel : bool
        Whether each output is a label of its own.
    preprocessing : Preprocessing, optional
        From raw rows to what the network takes; without it, rows are taken as they are.
    class_names, feature_names, image_shape, name : optional
        As in ``Model``.
    layers : sequence of str, optional
        The names of the layers of a ``state_dict``, first to last, where they do not say it.
    bias : bool
        Whether every layer of a ``state_dict`` has a bias.
    like : Dataset, optional
        Data that the network is for: what neither the file nor an option says of classes (in the
        order of the data's own), columns and images is taken from it.

    Raises
    ------
    DataNotFoundError
        There is no such file.
    ModelFileError
        The file is damaged or hostile, or is no multilayer perceptron of chalknet's activations.
    ConfigurationError
        The file does not say something, and neither do the options.
    """
    answers = Answers(
        loss=loss,
        classes=classes,
        activation=activation,
        output_activation=output_activation,
        multilabel=multilabel,
        preprocessing=preprocessing,
        class_names=class_names,
        feature_names=feature_names,
        image_shape=image_shape,
        name=name,
        layers=layers,
        bias=bias,
        like=like,
    )
    found = _read(Path(path), answers)
    if isinstance(found, Model):
        if replace(answers, like=None) != Answers():
            raise ConfigurationError(
                f"{path}: this is a model of chalknet's own, which says everything itself: leave "
                "the options out."
            )
        return found
    return assemble(found, answers)


def _read(path: Path, answers: Answers) -> Incoming | Model:
    try:
        file_size(path)
    except DataFormatError as error:
        raise ModelFileError(str(error)) from None
    with path.open("rb") as stream:
        start = stream.read(200)
    kind = _kind(path, start)
    if kind == "safetensors":
        return _read_safetensors(path, answers)
    if answers.layers is not None or not answers.bias:
        raise ConfigurationError(
            f"{path}: layers and bias say how to read a state_dict, which this is not: leave them "
            "out."
        )
    if kind == "npz":
        from chalknet.export.arrays import read_npz_weights

        return read_npz_weights(path)
    if kind == "hdf5":
        from chalknet.export.arrays import read_hdf5_weights

        return read_hdf5_weights(path)
    from chalknet.export.onnx import read_onnx

    return read_onnx(path)


def _read_safetensors(path: Path, answers: Answers) -> Incoming | Model:
    from chalknet.export.tensors import read_tensors, sealed_kind
    from chalknet.export.torch import from_state_dict, read_own_state_dict

    kind = sealed_kind(path)
    if kind == FORMAT:
        return Model.load(path)
    if kind is not None:
        return read_own_state_dict(path)
    tensors = read_tensors(path)
    return from_state_dict(tensors, str(path), order=answers.layers, bias=answers.bias)


def _kind(path: Path, start: bytes) -> str:
    """What the file is, by its name or by how it begins; what could run a program is refused."""
    name = path.name.lower()
    if name.endswith(".onnx"):
        return "onnx"
    if name.endswith(".safetensors") or start[8:9] == b"{":
        return "safetensors"
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return "hdf5"
    if start.startswith(b"\x80") or b"data.pkl" in start:
        raise ModelFileError(
            f"{path}: this is a pickle, which can run any program when it is read: it is refused. "
            "Save the weights with safetensors.torch.save_file(network.state_dict(), path)."
        )
    if name.endswith(".keras"):
        raise ModelFileError(
            f"{path}: Keras's own archives are not read: save the weights alone, with "
            "network.save_weights('network.weights.h5')."
        )
    if start.startswith(b"PK"):
        return "npz"
    if start.startswith(b"\x08"):
        return "onnx"
    raise ModelFileError(
        f"{path}: this is no file of a network that chalknet knows: it reads .onnx, .safetensors, "
        ".npz and Keras's .weights.h5."
    )
