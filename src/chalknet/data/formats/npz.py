"""NPZ and NPY, NumPy's own files: a zip of arrays, each a short text header and the raw values.

Pickled arrays are refused: to unpickle is to run what the file says. The header is matched against
a pattern, never evaluated.

Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays" (2007).
"""

from __future__ import annotations

import contextlib
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chalknet.data.dataset import Task, stored_type
from chalknet.data.formats.array_names import pick, pick_inputs
from chalknet.data.formats.bounded import Allowance, file_size, in_words, open_bytes, read_array
from chalknet.data.formats.contents import Array, Contents, FilePath
from chalknet.data.formats.labels import as_labels
from chalknet.errors import DataFormatError

__all__ = ["npz_members", "read_npy", "read_npz", "read_npz_inputs"]

MAX_HEADER = 4096
WORKBOOK = frozenset(("[Content_Types].xml", "content.xml"))  # members that say so
MAX_DIRECTORY = 2**20
MAX_AXES = 4
_ITEM = r"'(descr|fortran_order|shape)' *: *('[^'\n]*'|True|False|\([0-9, ]*\)) *"
_HEADER = re.compile(rf" *\{{ *(?:{_ITEM},? ?)+\}}\s*")
_SHAPE = re.compile(r"\( *(?:[0-9]{1,18} *, *)*(?:[0-9]{1,18})? *\)")
_TYPE = re.compile(r"[<>|=]?[buifSU][0-9]{1,9}|[<>|=]?\?")


class _Layout(NamedTuple):
    element: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool
    header_bytes: int

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.element.itemsize


def read_npz(
    path: FilePath,
    *,
    inputs: str | None = None,
    target: str | None = None,
    part: str = "",
    task: Task | None = None,
    max_bytes: int | None = None,
) -> Contents:
    """Read inputs and labels from an NPZ file.

    ``inputs`` and ``target`` name the arrays; without them the usual names are found (X and y,
    data and target, x_train and y_train …). ``part="test"`` looks for x_test and y_test instead.
    """
    with _opened(path) as archive:
        names = _names(archive)
        x_name, y_name = pick(names, inputs, target, part, str(path))
        allowance = Allowance(path, file_size(path), max_bytes)
        X = _member(archive, x_name, path, allowance, inputs=True)
        y = _member(archive, y_name, path, allowance, inputs=False)
    return Contents(X=X, y=as_labels(y, task, f"{path}: array {y_name!r}"))


def read_npz_inputs(
    path: FilePath, *, inputs: str | None = None, max_bytes: int | None = None
) -> Array:
    """Read the array of inputs alone: the one named, or found by name, or the only one."""
    with _opened(path) as archive:
        name = pick_inputs(_names(archive), inputs, str(path))
        allowance = Allowance(path, file_size(path), max_bytes)
        return _member(archive, name, path, allowance, inputs=True)


def npz_members(path: FilePath) -> list[str]:
    """The names of the arrays in an NPZ file."""
    with _opened(path) as archive:
        return _names(archive)


def read_npy(path: FilePath, *, inputs: bool = True) -> Array:
    """The array in one ``.npy`` file, stored as inputs are, or with ``inputs=False`` as it is."""
    with open_bytes(path) as source:
        if source.compressed:
            raise DataFormatError(f"{path} is gzipped: decompress it first.")
        layout = _layout(source.read, str(path))
        if layout.header_bytes + layout.nbytes != source.file_bytes:
            raise _size_error(str(path), layout, source.file_bytes)
        return _values(source.read, layout, str(path), inputs=inputs)


@contextlib.contextmanager
def _opened(path: FilePath) -> Iterator[zipfile.ZipFile]:
    size = file_size(path)
    try:
        with Path(path).open("rb") as stream:
            _require_small_directory(stream, size, path)
            with zipfile.ZipFile(stream) as archive:
                if WORKBOOK.intersection(archive.namelist()):
                    raise DataFormatError(
                        f"{path} is a workbook of a spreadsheet program: save the sheet with the "
                        "data as CSV, and name that file."
                    )
                yield archive
    except DataFormatError:
        raise
    # What the zip reader raises on damaged files: an open list, from struct.error to RuntimeError.
    except (
        OSError, ValueError, EOFError, RuntimeError, LookupError, OverflowError,
        zipfile.BadZipFile, zlib.error, struct.error,
    ) as error:  # fmt: skip
        raise DataFormatError(
            f"{path}: the NPZ (zip) archive is damaged: {str(error)[:120] or type(error).__name__}."
        ) from None


def _require_small_directory(stream: Any, size: int, path: FilePath) -> None:
    """Refuse a directory of members so long that reading it alone would fill the memory."""
    stream.seek(max(0, size - 2**16 - 64))
    tail = stream.read()
    stream.seek(0)
    end, end64 = tail.rfind(b"PK\5\6"), tail.rfind(b"PK\6\6")
    length = 0
    if end >= 0 and len(tail) >= end + 16:
        length = struct.unpack("<I", tail[end + 12 : end + 16])[0]
    if end64 >= 0 and len(tail) >= end64 + 48:
        length = max(length, struct.unpack("<Q", tail[end64 + 40 : end64 + 48])[0])
    if length > MAX_DIRECTORY:
        raise DataFormatError(
            f"{path}: the directory of the archive claims {in_words(length)}; an NPZ file of a "
            f"data set needs less than {in_words(MAX_DIRECTORY)}."
        )


def _names(archive: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]


def _member(
    archive: zipfile.ZipFile, name: str, path: FilePath, allowance: Allowance, *, inputs: bool
) -> Array:
    info = archive.getinfo(name + ".npy")
    place = f"{path}: array {name!r}"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataFormatError(f"{place} uses a zip compression that NumPy does not write.")
    if info.compress_size > allowance.file_bytes or (
        info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size
    ):
        raise DataFormatError(
            f"{place} claims {in_words(info.compress_size)} in the archive and "
            f"{in_words(info.file_size)} unpacked, which a file of "
            f"{in_words(allowance.file_bytes)} cannot hold."
        )
    with archive.open(info) as member:
        layout = _layout(member.read, place)
        if layout.header_bytes + layout.nbytes != info.file_size:
            raise _size_error(place, layout, info.file_size)
        if info.compress_type != zipfile.ZIP_STORED:
            stored = stored_type(layout.element) if inputs else layout.element
            allowance.charge(math.prod(layout.shape) * stored.itemsize, f"array {name!r}")
        values = _values(member.read, layout, place, inputs=inputs)
        member.read(1)  # The end of the member is where zipfile compares the checksum.
    return values


def _layout(read: Callable[[int], bytes], place: str) -> _Layout:
    start = read(8)
    if len(start) < 8 or start[:6] != b"\x93NUMPY" or start[6] not in (1, 2):
        raise DataFormatError(
            f"{place}: byte 0: expected the signature of a .npy array of version 1 or 2, but found "
            f"{start.hex(' ') or 'nothing'}."
        )
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(read(width), "little")
    if not 0 < length <= MAX_HEADER:
        raise DataFormatError(
            f"{place}: byte 8: the header claims {length:,} bytes; at most {MAX_HEADER:,} make "
            "sense for a plain array."
        )
    text = read(length).decode("latin-1")
    items = dict(re.findall(_ITEM, text)) if _HEADER.fullmatch(text) else {}
    shape_text, type_text = items.get("shape", ""), items.get("descr", "")[1:-1]
    if re.fullmatch(r"[<>|=]?O8?", type_text):
        raise DataFormatError(
            f"{place} holds pickled Python objects, which could run any program when read: it is "
            "refused. Save numbers or text (array.astype(float), array.astype(str)) instead."
        )
    order = items.get("fortran_order")
    if not (_SHAPE.fullmatch(shape_text) and _TYPE.fullmatch(type_text)) or order is None:
        raise DataFormatError(
            f"{place}: byte {8 + width}: expected the header of a plain array of numbers or text, "
            f"but found {text.strip()[:80]!r}."
        )
    shape = tuple(int(side) for side in re.findall("[0-9]+", shape_text))
    try:
        element = np.dtype(type_text)
    except TypeError:
        raise DataFormatError(f"{place}: there is no element type {type_text!r}.") from None
    if len(shape) > MAX_AXES or not shape or 0 in shape or element.itemsize == 0:
        raise DataFormatError(
            f"{place}: expected 1 to {MAX_AXES} axes with at least one value, but the header says "
            f"shape {shape} of {type_text!r}."
        )
    return _Layout(element, shape, order == "True", 8 + width + length)


def _values(read: Callable[[int], bytes], layout: _Layout, place: str, *, inputs: bool) -> Array:
    element = layout.element
    numeric = element.kind in "buif"
    if inputs and not numeric:
        raise DataFormatError(f"{place}: inputs must be numbers, but these are of type {element}.")
    stored = stored_type(element) if inputs else element.newbyteorder("=")
    try:
        flat = read_array(read, element, math.prod(layout.shape), stored)
    except EOFError as error:
        at = layout.header_bytes + error.args[0]
        raise DataFormatError(f"{place}: the data ends at byte {at:,}: truncated.") from None
    if layout.fortran_order:
        return np.ascontiguousarray(flat.reshape(layout.shape[::-1]).T)
    return flat.reshape(layout.shape)


def _size_error(place: str, layout: _Layout, present: int) -> DataFormatError:
    return DataFormatError(
        f"{place}: the header says shape {layout.shape} of {layout.element}, which makes "
        f"{in_words(layout.header_bytes + layout.nbytes)} with the header, but there are "
        f"{in_words(present)}: the header or the file is damaged."
    )
