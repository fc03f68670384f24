"""Asking the process that runs libhdf5 (``hdf5_child.py``), and outliving its death."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Self

from chalknet.data.formats.bounded import file_size
from chalknet.data.formats.contents import FilePath
from chalknet.errors import DataFormatError, MissingLibraryError

__all__ = ["Session"]

CHILD = Path(__file__).with_name("hdf5_child.py")


class Session:
    """A process that reads HDF5 files for this one; started when first asked, ended on exit.

    Parameters
    ----------
    patience : float
        Seconds to wait for the next piece of an answer before the process is given up.
    """

    def __init__(self, patience: float = 20.0) -> None:
        if importlib.util.find_spec("h5py") is None:
            raise MissingLibraryError(
                'reading HDF5 needs h5py: install it with  pip install "chalknet[hdf5]"'
            )
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = 0.0
        self._gave_up = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def ask(self, path: FilePath, **request: object) -> Generator[tuple[bytes, bytes], None, None]:
        """Send one request about ``path`` and yield the frames of the answer as they come.

        An error told by the process, its silence and its death become DataFormatError. A caller
        that stops before the last frame ends the process, as the rest of the answer is of no use.
        """
        headroom = 64 * 2**20 + 4 * file_size(path)
        line = json.dumps({"path": os.fspath(path), "headroom": headroom, **request})
        process = self._running()
        assert process.stdin is not None  # noqa: S101 (opened as a pipe; for the type checker)
        with contextlib.suppress(OSError):
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
        done = threading.Event()
        self._heard, self._gave_up = time.monotonic(), False
        watcher = threading.Thread(target=self._watch, args=(process, done), daemon=True)
        watcher.start()
        whole = False
        try:
            while not whole:
                kind, payload = self._frame(process, path)
                self._heard = time.monotonic()
                whole = kind in (b"E", b".")
                if kind == b"E":
                    reason = payload.decode("utf-8", "replace")
                    raise DataFormatError(f"{path}: the HDF5 file cannot be read: {reason}.")
                if not whole:
                    yield kind, payload
        finally:
            done.set()
            watcher.join()
            if not whole:
                self._end()

    def _frame(self, process: subprocess.Popen[bytes], path: FilePath) -> tuple[bytes, bytes]:
        assert process.stdout is not None  # noqa: S101
        head = process.stdout.read(9)
        kind, length = struct.unpack("<cQ", head) if len(head) == 9 else (b"", 0)
        payload = process.stdout.read(length)
        if not kind or len(payload) < length:
            status = self._end()
            how = (
                f"gave no answer for {self._patience:g} seconds"
                if self._gave_up
                else f"crashed (status {status})"
            )
            raise DataFormatError(
                f"{path}: the HDF5 library {how} on this file: it is damaged; fetch or write it "
                "again."
            )
        return kind, payload

    def _watch(self, process: subprocess.Popen[bytes], done: threading.Event) -> None:
        while not done.wait(min(0.5, self._patience / 4)):
            if time.monotonic() - self._heard > self._patience:
                self._gave_up = True
                process.kill()
                return

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            environment = dict(
                os.environ,
                PYTHONPATH=os.pathsep.join(filter(None, sys.path)),
                PYTHONWARNINGS="ignore",
                OPENBLAS_NUM_THREADS="1",
            )
            self._process = subprocess.Popen(  # noqa: S603 (this interpreter, our own program)
                [sys.executable, "-P", str(CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
            )
        return self._process

    def _end(self) -> int | None:
        process, self._process = self._process, None
        if process is None:
            return None
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            return process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
