"""IDX, the format of MNIST: two zero bytes, a type, the number of axes, big-endian sizes, values.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits" (1998).
"""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chalknet.data.dataset import Task, stored_type
from chalknet.data.formats.bounded import (
    Allowance,
    ByteSource,
    in_words,
    open_bytes,
    read_array,
)
from chalknet.data.formats.contents import Array, Contents, FilePath
from chalknet.data.formats.labels import as_labels
from chalknet.errors import DataFormatError, DataNotFoundError

if TYPE_CHECKING:
    import hashlib

__all__ = ["find_labels", "read_idx", "read_idx_array"]

ELEMENT_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(np.uint8),
    0x09: np.dtype(np.int8),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
MAX_AXES = 4
# No deflate stream unfolds further than this: 258 bytes from two bits.
DEFLATE_RATIO = 1032


def read_idx(
    path: FilePath,
    *,
    labels: FilePath | None = None,
    task: Task | None = None,
    max_bytes: int | None = None,
) -> Contents:
    """Read images (or rows) from ``path`` and their labels from the file that belongs to it.

    ``labels`` names the labels file; without it, the usual names beside ``path`` are tried.
    """
    X = read_idx_array(path, max_bytes=max_bytes)
    labels = find_labels(path) if labels is None else labels
    y = read_idx_array(labels, max_bytes=max_bytes, inputs=False)
    if len(X) != len(y):
        raise DataFormatError(
            f"{path} has {len(X):,} samples, but {labels} has {len(y):,} labels: they must be as "
            "many; are these two files of the same set?"
        )
    return Contents(X=X, y=as_labels(y, task, str(labels)))


def read_idx_array(
    path: FilePath,
    *,
    inputs: bool = True,
    max_bytes: int | None = None,
    digest: hashlib._Hash | None = None,
) -> Array:
    """The array in one IDX file, gzipped or not.

    Parameters
    ----------
    inputs : bool
        Store the numbers as inputs are stored (uint8, float32 or float64, exactly); otherwise keep
        their own type.
    max_bytes : int, optional
        How much memory a gzipped file may unfold to; by default 40 MiB + 4 × its size.
    digest : hashlib object, optional
        Is fed every decompressed byte.

    Raises
    ------
    DataNotFoundError
        There is no such file.
    DataFormatError
        The file is not IDX, is longer or shorter than its header says, or is damaged.
    """
    with open_bytes(path) as source:

        def read(count: int) -> bytes:
            raw = source.read(count)
            if digest is not None:
                digest.update(raw)
            return raw

        element, shape, header_bytes = _header(read, path)
        count = math.prod(shape)
        _require_present(source, header_bytes + count * element.itemsize, shape, path)
        stored = stored_type(element) if inputs else element.newbyteorder("=")
        allowance = Allowance(path, source.file_bytes, max_bytes)
        if source.compressed:
            what = "×".join(map(str, shape)) + " values"
            allowance.charge(count * stored.itemsize, what)
        try:
            values = read_array(read, element, count, stored)
        except EOFError as error:
            raise DataFormatError(
                f"{path}: the data ends at byte {header_bytes + error.args[0]:,}, but the header "
                f"promises {header_bytes + count * element.itemsize:,}: the file is truncated."
            ) from None
        if read(1):
            raise DataFormatError(
                f"{path}: the header promises {header_bytes + count * element.itemsize:,} bytes, "
                "but more follow: the header or the file is damaged."
            )
    return values.reshape(shape)


def _header(read: Any, path: FilePath) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    start = read(4)
    if len(start) < 4:
        raise DataFormatError(
            f"{path}: the file ends at byte {len(start)}, inside the 4 bytes IDX begins with."
        )
    zeros, code, axes = struct.unpack(">HBB", start)
    if zeros != 0 or code not in ELEMENT_TYPES or not 1 <= axes <= MAX_AXES:
        raise DataFormatError(
            f"{path}: an IDX file begins with 00 00, a type (08, 09, 0b, 0c, 0d or 0e) and 1 to "
            f"{MAX_AXES} axes, but this one begins with {start.hex(' ')}."
        )
    sizes = read(4 * axes)
    if len(sizes) < 4 * axes:
        raise DataFormatError(
            f"{path}: the file ends at byte {4 + len(sizes)}, inside the sizes of its {axes} axes."
        )
    shape = struct.unpack(f">{axes}I", sizes)
    if 0 in shape:
        raise DataFormatError(f"{path}: the header says {'×'.join(map(str, shape))}: no values.")
    return ELEMENT_TYPES[code], shape, 4 + 4 * axes


def _require_present(
    source: ByteSource, promised: int, shape: tuple[int, ...], path: FilePath
) -> None:
    present = source.file_bytes
    possible = present * DEFLATE_RATIO if source.compressed else present
    if promised > possible or (not source.compressed and promised != present):
        what = "can hold at most" if source.compressed else "has"
        raise DataFormatError(
            f"{path}: the header says {'×'.join(map(str, shape))}, which makes "
            f"{in_words(promised)}, but the file {what} {in_words(possible)}: "
            "the header or the file is damaged."
        )


def find_labels(path: FilePath) -> Path:
    """The labels file that belongs to an images file, by the names that are usual.

    ``train-images-idx3-ubyte.gz`` goes with ``train-labels-idx1-ubyte``, with or without ``.gz``.
    """
    path = Path(path)
    stem = path.name.removesuffix(".gz")
    named = re.sub(r"idx\d", "idx1", re.sub(r"images?|data|inputs", "labels", stem))
    candidates = [named, named.replace("labels", "label")]
    tried = [path.with_name(name + gz) for name in candidates for gz in ("", ".gz")]
    for candidate in tried:
        if named != stem and candidate.is_file():
            return candidate
    expected = (
        f"tried {', '.join(sorted({file.name for file in tried}))}"
        if named != stem
        else ("its name has no 'images' to put 'labels' for")
    )
    raise DataNotFoundError(
        f"{path}: found no labels file beside it ({expected}); name it with labels=."
    )
