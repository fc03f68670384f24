"""``.safetensors`` files from anybody: tensors by name, and a header that is checked.

The ``safetensors`` library refuses overlaps, holes, sizes that do not fit and headers that are too
long or no UTF-8; names given twice, which it passes over, are refused here.
Source: the format's description in the README of ``safetensors``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from chalknet.errors import ModelFileError
from chalknet.sealed import Tensors

__all__ = ["read_tensors", "sealed_kind"]


def sealed_kind(path: Path) -> str | None:
    """What kind of file chalknet says it wrote here; None where chalknet did not write it.

    Raises
    ------
    ModelFileError
        It is no ``.safetensors`` file, or chalknet's own metadata are damaged.
    """
    metadata = _header(path).get("__metadata__", {})
    seal = metadata.get("chalknet")
    kind = None if seal is None else _kind_of(seal)
    # Under another name a seal stands only where that name was damaged.
    if (seal is not None and kind is None) or any(
        _kind_of(value) for name, value in metadata.items() if name != "chalknet"
    ):
        raise ModelFileError(
            f"{path}: the metadata that chalknet wrote are damaged: take an older copy."
        )
    return kind


def _kind_of(seal: Any) -> str | None:
    """The format that a seal names; None if it is no seal."""
    try:
        return str(json.loads(json.loads(seal)["content"])["format"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def read_tensors(path: Path) -> Tensors:
    """All tensors of a file.

    Raises
    ------
    ModelFileError
        The file is damaged, or a tensor is of a type that parameters do not have.
    """
    from safetensors import SafetensorError, safe_open

    for name, entry in _header(path).items():
        kind = entry.get("dtype", "none")
        if name != "__metadata__" and kind not in ("F32", "F64"):
            raise ModelFileError(
                f"{path}: tensor {name!r:.80} is of type {kind!r:.20}, but parameters must be F32 "
                "or F64: convert them with .float() before saving."
            )
    try:
        with safe_open(path, framework="np") as file:
            return {name: np.array(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError, KeyError) as error:
        raise _unreadable(path, error) from None


def _header(path: Path) -> dict[str, dict[str, Any]]:
    """The header's own words, once the library has found them sound."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np"):
            pass
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            text = stream.read(length)
        header = json.loads(text, object_pairs_hook=_each_once)
    except (SafetensorError, OSError, ValueError, TypeError, RecursionError) as error:
        raise _unreadable(path, error) from None
    if not all(isinstance(entry, dict) for entry in header.values()):
        raise _unreadable(path, ValueError("an entry is no object"))
    checked: dict[str, dict[str, Any]] = header
    return checked


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is given twice")
    return found


def _unreadable(path: Path, error: Exception) -> ModelFileError:
    return ModelFileError(f"{path}: this is no readable .safetensors file ({error!s:.200}).")
