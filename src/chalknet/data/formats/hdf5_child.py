"""The process that runs libhdf5, so that a damaged file can take down nothing but this process.

A few in ten thousand randomly damaged files make libhdf5 crash or loop for ever. This program is
run by path, imports nothing of chalknet, and answers requests (one JSON object a line on stdin)
with frames on stdout: a kind (``J`` JSON, ``D`` data, ``E`` error, ``.`` the end), a length
(u64), the payload. An error ends an answer, too.
"""

from __future__ import annotations

import contextlib
import json
import struct
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np

BLOCK = 2**20
MAX_OBJECTS = 1000
MAX_DEPTH = 4
MAX_TEXT = 4000
TEXTS_AT_ONCE = 256


class RefusedError(Exception):
    """What stands in the way of reading the file, in words for a person."""


def main() -> None:
    """Answer requests until stdin ends."""
    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            _limit(request["headroom"])
            with h5py.File(request["path"], "r", locking=False) as file:
                if request["do"] == "list":
                    _send(b"J", json.dumps(_listed(file)).encode())
                else:
                    _send_values(file[request["name"]])
            _send(b".", b"")
        except RefusedError as error:
            _send(b"E", str(error).encode())
        # Whatever h5py raises on a damaged file is one answer: the file cannot be read.
        except Exception as error:  # noqa: BLE001
            _send(b"E", (str(error) or type(error).__name__).encode("utf-8", "replace"))


def _limit(headroom: int) -> None:
    """Let this process grow by ``headroom`` bytes, spin for an hour at most, and dump no core."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + headroom, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (3600, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _send(kind: bytes, payload: Any) -> None:
    view = memoryview(payload).cast("B") if len(payload) else b""
    sys.stdout.buffer.write(kind + struct.pack("<Q", len(view)))
    sys.stdout.buffer.write(view)
    sys.stdout.buffer.flush()


def _listed(group: Any, prefix: str = "", depth: int = 1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for key in group:
        if len(found) >= MAX_OBJECTS:
            break
        # Links to other places, in this file or another, are not followed.
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            continue
        thing = group[key]
        if isinstance(thing, h5py.Dataset):
            found.append(_described(thing, prefix + key))
        elif isinstance(thing, h5py.Group) and depth < MAX_DEPTH:
            found += _listed(thing, f"{prefix}{key}/", depth + 1)
    return found


def _described(dataset: Any, name: str) -> dict[str, Any]:
    text = h5py.check_string_dtype(dataset.dtype)
    kind = dataset.dtype
    creation = dataset.id.get_create_plist()
    return {
        "name": name,
        "shape": None if dataset.shape is None else list(dataset.shape),
        "type": "text" if text is not None and text.length is None else kind.str,
        "itemsize": kind.itemsize,
        "kind": kind.kind,
        "stored": dataset.id.get_storage_size(),
        "chunks": list(dataset.chunks) if dataset.chunks else None,
        "elsewhere": bool(creation.get_external_count()) or bool(dataset.is_virtual),
    }


def _send_values(dataset: Any) -> None:
    text = h5py.check_string_dtype(dataset.dtype)
    if text is not None and text.length is None:
        _send_texts(dataset)
        return
    rows = dataset.shape[0]
    row_bytes = max(1, dataset.dtype.itemsize * (dataset.size // rows))
    step = max(1, BLOCK // row_bytes)
    if dataset.chunks:
        # Whole chunks at a time: a chunk larger than the cache is unpacked again for every slab.
        step = -(-step // dataset.chunks[0]) * dataset.chunks[0]
    for start in range(0, rows, step):
        slab = np.ascontiguousarray(dataset[start : start + step])
        _send(b"D", slab.reshape(-1).view(np.uint8))


def _send_texts(dataset: Any) -> None:
    for start in range(0, len(dataset), TEXTS_AT_ONCE):
        texts = dataset[start : start + TEXTS_AT_ONCE]
        if any(len(text) > MAX_TEXT for text in texts):
            raise RefusedError(f"a text is longer than {MAX_TEXT:,} bytes")
        _send(b"J", json.dumps([text.decode("utf-8") for text in texts]).encode())


if __name__ == "__main__":
    main()
