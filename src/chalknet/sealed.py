"""Sealed files: arrays and metadata in one ``.safetensors`` file, guarded by a hash over both.

The hash covers the metadata and every tensor's name, type, shape and bytes, so that a changed bit
anywhere is an error and never a wrong number.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import DataNotFoundError, ModelFileError
from chalknet.files import write_atomically

__all__ = ["Tensors", "read_sealed", "write_sealed"]

Tensors = dict[str, npt.NDArray[Any]]


def write_sealed(
    path: str | os.PathLike[str], kind: str, tensors: Tensors, metadata: dict[str, Any]
) -> Path:
    """Write tensors and metadata as one ``.safetensors`` file with a hash over both."""
    from safetensors.numpy import save as to_bytes

    # Not ascontiguousarray, which would make one-element rows of single numbers.
    arrays = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    text = json.dumps({"format": kind, **metadata}, sort_keys=True)
    seal = json.dumps({"sha256": _hash(arrays, text), "content": text})
    return write_atomically(path, to_bytes(arrays, metadata={"chalknet": seal}))


def read_sealed(path: str | os.PathLike[str], kind: str) -> tuple[Tensors, dict[str, Any]]:
    """The tensors and metadata that ``write_sealed`` wrote, checked against the hash.

    Raises
    ------
    DataNotFoundError
        There is no such file.
    ModelFileError
        It is not such a file, or not one bit of it may be trusted.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise DataNotFoundError(f"{path}: there is no such file.")
    try:
        with safe_open(path, framework="np") as file:
            outer = (file.metadata() or {}).get("chalknet")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelFileError(f"{path}: this is no readable .safetensors file ({error}).") from None
    try:
        seal = json.loads(outer or "")
        text, digest = seal["content"], seal["sha256"]
        metadata = json.loads(text)
        found = metadata.pop("format")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ModelFileError(f"{path}: this file was not written by chalknet.") from None
    if digest != _hash(tensors, text):
        raise ModelFileError(
            f"{path}: the content does not match its hash: the file is damaged or was altered. "
            "Take an older copy or train again."
        )
    if found != kind:
        raise ModelFileError(f"{path}: expected a file of kind {kind}, but this is {found}.")
    return tensors, metadata


def _hash(tensors: Tensors, text: str) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f"\0{name}\0{array.dtype.str}\0{array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
