"""Weights as plain arrays: NPZ, which Keras and scikit-learn take and give, and Keras's HDF5.

Both keep weights as chalknet does, (fan_in, fan_out), each followed by its bias.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.formats.hdf5 import hdf5_members, read_hdf5_inputs
from chalknet.data.formats.hdf5_session import Session
from chalknet.data.formats.npz import npz_members, read_npz_inputs
from chalknet.errors import DataFormatError, ModelFileError
from chalknet.export.head import checked_layers
from chalknet.export.incoming import Incoming
from chalknet.export.order import in_order
from chalknet.files import write_atomically
from chalknet.model import Model

__all__ = ["read_hdf5_weights", "read_npz_weights", "write_npz"]

Array = npt.NDArray[Any]


def write_npz(model: Model, path: str | os.PathLike[str]) -> Path:
    """Write the weights alone as an NPZ file of ``W1 b1 W2 b2 …``, in this order.

    A Keras network of the same widths takes them as they are, and says what else there is:
    ``network.set_weights(list(np.load(path).values()))``.
    """
    arrays: dict[str, Array] = {}
    for number, (W, b, _) in enumerate(checked_layers(model), start=1):
        arrays[f"W{number}"], arrays[f"b{number}"] = W, b
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    return write_atomically(path, stream.getvalue())


def read_npz_weights(path: Path) -> Incoming:
    """The layers in an NPZ file: ``W1 b1 W2 b2 …``, or unnamed arrays in that order.

    The second is what ``np.savez(path, *network.get_weights())`` makes.

    Raises
    ------
    ModelFileError
        The file is damaged, or its arrays are none of these.
    """
    try:
        names = npz_members(path)
        expected = _expected(len(names))
        if sorted(names) not in [sorted(one) for one in expected]:
            raise ModelFileError(
                f"{path}: expected the arrays W1, b1, W2, b2 and so on, or unnamed ones in this "
                f"order (np.savez(path, *network.get_weights())), but found "
                f"{', '.join(sorted(names)) or 'none':.200}."
            )
        [order] = [one for one in expected if sorted(one) == sorted(names)]
        arrays = [read_npz_inputs(path, inputs=name) for name in order]
    except DataFormatError as error:
        raise ModelFileError(str(error)) from None
    return Incoming(place=str(path), layers=list(zip(arrays[::2], arrays[1::2], strict=True)))


def read_hdf5_weights(path: Path) -> Incoming:
    """The dense layers in a ``.weights.h5`` file of Keras 3: ``layers/dense/vars/0`` and so on.

    Raises
    ------
    ModelFileError
        The file is damaged, or holds other layers too.
    MissingLibraryError
        ``h5py`` is not installed.
    """
    layers: dict[str, dict[str, Array]] = {}
    try:
        with Session() as session:
            for name in hdf5_members(path, session=session):
                match = re.fullmatch(r"(?:.*/)?layers/([^/]+)/vars/([01])", name)
                if name.startswith("optimizer/"):
                    continue
                if match is None:
                    raise ModelFileError(
                        f"{path}: found {name!r:.80}, but expected only dense layers as Keras's "
                        "save_weights writes them, layers/dense/vars/0 (weights) and /1 (bias)."
                    )
                values = read_hdf5_inputs(path, inputs=name, session=session)
                layers.setdefault(_numbered(match[1]), {})[match[2]] = values
    except DataFormatError as error:
        raise ModelFileError(str(error)) from None
    for layer, parts in layers.items():
        if parts.keys() != {"0", "1"} or parts["0"].ndim != 2:
            raise ModelFileError(
                f"{path}: layer {layer!r:.80} is no dense layer with weights and bias."
            )
    order = in_order({layer: parts["0"].shape for layer, parts in layers.items()}, str(path))
    pairs = [(layers[layer]["0"], layers[layer]["1"]) for layer in order]
    return Incoming(place=str(path), layers=pairs)


def _expected(count: int) -> list[list[str]]:
    """The names that as many arrays may have, in the order of the layers."""
    if count == 0 or count % 2:
        return []
    named = [f"{kind}{number}" for number in range(1, count // 2 + 1) for kind in "Wb"]
    return [named, [f"arr_{place}" for place in range(count)]]


def _numbered(layer: str) -> str:
    """Keras calls them dense, dense_1, dense_2 and so on."""
    return layer if re.search(r"_\d+$", layer) else f"{layer}_0"
