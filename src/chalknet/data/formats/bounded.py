"""Reading no more than a file can honestly hold: its size, its gzip wrapping, its memory."""

from __future__ import annotations

import contextlib
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from chalknet.data.formats.contents import Array, FilePath
from chalknet.errors import ChalknetError, DataFormatError, DataNotFoundError

__all__ = ["Allowance", "ByteSource", "file_size", "in_words", "open_bytes", "read_array"]

BLOCK = 2**20
# With the blocks in flight and what a Dataset checks, this stays below 64 MB + 4 × the file.
FREE = 40 * 2**20
# Repeated empty gzip members cost time and yield nothing.
EMPTY_MEMBERS = 100


class Allowance:
    """How much memory the data of one file may take: 40 MiB + 4 × the file, or ``max_bytes``.

    Every array is charged before it is made, so that a small compressed file cannot unfold into
    a large one unasked. ``otherwise`` is what its owner can do instead of raising the limit.
    """

    def __init__(
        self,
        path: FilePath,
        file_bytes: int,
        max_bytes: int | None = None,
        *,
        otherwise: str = "store it uncompressed",
    ) -> None:
        self.path = path
        self.file_bytes = file_bytes
        self.limit = FREE + 4 * file_bytes if max_bytes is None else max_bytes
        self._otherwise = otherwise
        self._charged = 0

    def charge(self, nbytes: int, what: str) -> None:
        """Count ``nbytes`` for ``what``; raise DataFormatError if that is more than is allowed."""
        self._charged += nbytes
        if self._charged > self.limit:
            raise DataFormatError(
                f"{self.path}: {what} would take {in_words(self._charged)} of memory, but from a "
                f"file of {in_words(self.file_bytes)} only {in_words(self.limit)} are expected; "
                f"if you trust the file, raise max_bytes (--max-bytes), or {self._otherwise}."
            )


class ByteSource(Protocol):
    """Bytes to be read once, from the start."""

    file_bytes: int
    compressed: bool

    def read(self, count: int) -> bytes:
        """The next ``count`` bytes; fewer only at the end."""


class _Plain:
    compressed = False

    def __init__(self, stream: BinaryIO) -> None:
        self.file_bytes = os.fstat(stream.fileno()).st_size
        self.read = stream.read


class _Gunzipped:
    compressed = True

    def __init__(self, stream: BinaryIO, path: FilePath) -> None:
        self.file_bytes = os.fstat(stream.fileno()).st_size
        self._stream = stream
        self._path = path
        self._member = zlib.decompressobj(wbits=31)
        self._raw = b""
        self._given = 0
        self._member_began_at = 0
        self._empty_members = 0

    def read(self, count: int) -> bytes:
        parts: list[bytes] = []
        while count > 0:
            if self._member.eof and not self._begin_next_member():
                break
            raw = self._raw or self._stream.read(BLOCK // 4)
            try:
                part = self._member.decompress(raw, count)
            except zlib.error as error:
                raise self._damaged(f"is damaged ({error})") from None
            self._raw = self._member.unconsumed_tail
            if not raw and not part and not self._member.eof:
                raise self._damaged("breaks off: the file is truncated")
            parts.append(part)
            self._given += len(part)
            count -= len(part)
        return b"".join(parts)

    def _begin_next_member(self) -> bool:
        """Go on to the gzip member that follows, if one does; zeros may pad the end of a file."""
        rest = self._member.unused_data.lstrip(b"\0")
        while not rest:
            block = self._stream.read(BLOCK // 4)
            if not block:
                return False
            rest = block.lstrip(b"\0")
        empty = self._given == self._member_began_at
        self._empty_members = self._empty_members + 1 if empty else 0
        if self._empty_members > EMPTY_MEMBERS or not rest.startswith(b"\x1f"):
            raise self._damaged("ends and is followed by foreign bytes")
        self._raw, self._member_began_at = rest, self._given
        self._member = zlib.decompressobj(wbits=31)
        return True

    def _damaged(self, how: str) -> DataFormatError:
        return DataFormatError(
            f"{self._path}: the gzip stream {how}, after {self._given:,} decompressed bytes; "
            "fetch the file again."
        )


@contextlib.contextmanager
def open_bytes(path: FilePath) -> Iterator[ByteSource]:
    """Open ``path``, unfolding gzip (known by its first two bytes, not by its name)."""
    file_size(path)
    try:
        with Path(path).open("rb") as stream:
            gzipped = stream.read(2) == b"\x1f\x8b"
            stream.seek(0)
            yield _Gunzipped(stream, path) if gzipped else _Plain(stream)
    except OSError as error:
        if isinstance(error, ChalknetError):
            raise
        raise DataFormatError(f"{path} cannot be read: {error.strerror or error}.") from error


def file_size(path: FilePath) -> int:
    """The size of the ordinary file at ``path`` in bytes.

    Raises
    ------
    DataNotFoundError
        There is nothing at ``path``.
    DataFormatError
        It is a folder, a device or a pipe.
    """
    try:
        status = Path(path).stat()
    except (OSError, ValueError) as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else str(error)
        raise DataNotFoundError(f"{path} cannot be read: {reason}.") from None
    if not stat.S_ISREG(status.st_mode):
        raise DataFormatError(f"{path} must be a file, but is a folder or a device.")
    return status.st_size


def read_array(
    read: Callable[[int], bytes], source: np.dtype[Any], count: int, stored: np.dtype[Any]
) -> Array:
    """Read ``count`` elements of type ``source`` block by block into a flat array of ``stored``.

    The caller has compared the size with the bytes present. When ``read`` runs dry all the same,
    EOFError gives the number of bytes that came.
    """
    values = np.empty(count, stored)
    block = max(1, BLOCK // source.itemsize)
    for start in range(0, count, block):
        wanted = min(block, count - start)
        raw = read(wanted * source.itemsize)
        if len(raw) < wanted * source.itemsize:
            raise EOFError(start * source.itemsize + len(raw))
        values[start : start + wanted] = np.frombuffer(raw, source)
    return values


def in_words(nbytes: int) -> str:
    """A number of bytes as people say it.

    >>> in_words(999), in_words(47_040_016), in_words(2**40)
    ('999 bytes', '47.0 MB', '1,099.5 GB')
    """
    if nbytes < 1_000_000:
        return f"{nbytes:,} bytes"
    if nbytes < 1_000_000_000:
        return f"{nbytes / 1e6:.1f} MB"
    return f"{nbytes / 1e9:,.1f} GB"
