"""HDF5: arrays by name. libhdf5 runs in a process of its own (see ``hdf5_child.py``)."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from chalknet.data.dataset import Task, stored_type
from chalknet.data.formats.array_names import pick, pick_inputs
from chalknet.data.formats.bounded import Allowance, file_size, in_words, read_array
from chalknet.data.formats.contents import Array, Contents, FilePath
from chalknet.data.formats.hdf5_session import Session
from chalknet.data.formats.labels import as_labels, string_array
from chalknet.errors import DataFormatError

__all__ = ["hdf5_members", "read_hdf5", "read_hdf5_inputs"]

MAX_AXES = 4
# A slab beyond this is charged: it is in memory twice while it passes from process to process.
LARGE_SLAB = 4 * 2**20
# A text in HDF5 is at least a reference of 16 bytes.
TEXT_REFERENCE = 16


def read_hdf5(
    path: FilePath,
    *,
    inputs: str | None = None,
    target: str | None = None,
    part: str = "",
    task: Task | None = None,
    max_bytes: int | None = None,
    session: Session | None = None,
) -> Contents:
    """Read inputs and labels from an HDF5 file.

    ``inputs`` and ``target`` name the datasets (``group/dataset`` for one in a group); without them
    the usual names are found (``xdata`` and ``ydata``, ``X`` and ``y`` …). ``part="test"`` looks
    for the test set's. ``session`` is a process to use; without it, one is started and ended.
    """
    with _asking(session) as asked:
        members = _members(asked, path)
        x_name, y_name = pick(list(members), inputs, target, part, str(path))
        allowance = Allowance(path, file_size(path), max_bytes)
        X = _values(asked, members[x_name], path, allowance, inputs=True)
        y = _values(asked, members[y_name], path, allowance, inputs=False)
    return Contents(X=X, y=as_labels(y, task, f"{path}: dataset {y_name!r}"))


def read_hdf5_inputs(
    path: FilePath,
    *,
    inputs: str | None = None,
    max_bytes: int | None = None,
    session: Session | None = None,
) -> Array:
    """Read the dataset of inputs alone: the one named, or found by name, or the only one."""
    with _asking(session) as asked:
        members = _members(asked, path)
        name = pick_inputs(list(members), inputs, str(path))
        allowance = Allowance(path, file_size(path), max_bytes)
        return _values(asked, members[name], path, allowance, inputs=True)


def hdf5_members(path: FilePath, *, session: Session | None = None) -> list[str]:
    """The names of the datasets in an HDF5 file."""
    with _asking(session) as asked:
        return list(_members(asked, path))


def _asking(session: Session | None) -> contextlib.AbstractContextManager[Session]:
    return Session() if session is None else contextlib.nullcontext(session)


def _members(session: Session, path: FilePath) -> dict[str, dict[str, Any]]:
    file_size(path)
    ((_, listed),) = session.ask(path, do="list")
    return {member["name"]: member for member in json.loads(listed)}


def _values(
    session: Session, member: dict[str, Any], path: FilePath, allowance: Allowance, *, inputs: bool
) -> Array:
    place = f"{path}: dataset {member['name']!r}"
    shape = _checked_shape(member, allowance, place)
    if inputs and member["kind"] not in "buif":
        raise DataFormatError(f"{place}: inputs must be numbers, but these are {member['type']}.")
    answer = session.ask(path, do="read", name=member["name"])
    with contextlib.closing(answer) as frames:
        if member["type"] == "text":
            return _texts(frames, shape, allowance, place)
        element = np.dtype(member["type"])
        stored = stored_type(element) if inputs else element.newbyteorder("=")
        if math.prod(shape) * element.itemsize > member["stored"]:
            allowance.charge(math.prod(shape) * stored.itemsize, place)
        reader = _FrameReader(frames)
        try:
            values = read_array(reader.read, element, math.prod(shape), stored)
        except EOFError as error:
            raise DataFormatError(f"{place}: the data ends at byte {error.args[0]:,}.") from None
        reader.finish()
    return values.reshape(shape)


def _checked_shape(member: dict[str, Any], allowance: Allowance, place: str) -> tuple[int, ...]:
    """The shape, once type, size and place of the values have been found possible."""
    shape = tuple(member["shape"] or ())
    if not 1 <= len(shape) <= MAX_AXES or 0 in shape:
        raise DataFormatError(
            f"{place}: expected 1 to {MAX_AXES} axes with at least one value, but its shape is "
            f"{shape}."
        )
    if member["type"] != "text" and (member["kind"] not in "buifS" or member["itemsize"] > 2**16):
        raise DataFormatError(
            f"{place}: expected numbers or text, but its elements are of type {member['type']}."
        )
    if member["elsewhere"]:
        raise DataFormatError(
            f"{place}: its values lie in other files (external or virtual storage), which are not "
            "followed; copy them into this file."
        )
    nbytes = math.prod(shape) * member["itemsize"]
    if member["stored"] > allowance.file_bytes or (
        not member["chunks"] and nbytes > allowance.file_bytes
    ):
        raise DataFormatError(
            f"{place}: shape {shape} makes {in_words(nbytes)}, stored in "
            f"{in_words(member['stored'])}, but the file has {in_words(allowance.file_bytes)}: "
            "it is damaged."
        )
    if member["type"] == "text" and (
        len(shape) != 1 or shape[0] * TEXT_REFERENCE > allowance.file_bytes
    ):
        raise DataFormatError(
            f"{place}: text labels must have shape (n,) and fit the file, but have {shape}."
        )
    if member["chunks"]:
        row = nbytes // shape[0]
        chunk = math.prod(member["chunks"]) * member["itemsize"]
        slab = max(chunk, min(member["chunks"][0], shape[0]) * row)
        if slab > LARGE_SLAB:
            allowance.charge(2 * slab, f"{place}: a chunk")
    return shape


def _texts(
    frames: Iterator[tuple[bytes, bytes]], shape: tuple[int, ...], allowance: Allowance, place: str
) -> Array:
    texts = [text for _, block in frames for text in json.loads(block)]
    if len(texts) != shape[0]:
        raise DataFormatError(f"{place}: {len(texts):,} of {shape[0]:,} labels could be read.")
    return string_array(texts, allowance, place)


class _FrameReader:
    """The payloads of data frames as one stream of bytes."""

    def __init__(self, frames: Iterator[tuple[bytes, bytes]]) -> None:
        self._frames = frames
        self._held = b""

    def read(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count > 0:
            if not self._held:
                self._held = next(self._frames, (b".", b""))[1]
                if not self._held:
                    break
            parts.append(self._held[:count])
            self._held = self._held[count:]
            count -= len(parts[-1])
        return b"".join(parts)

    def finish(self) -> None:
        """Take the frame that ends the answer, so that the process can be asked again."""
        for _ in self._frames:
            pass
