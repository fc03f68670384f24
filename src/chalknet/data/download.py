"""Downloading a file once: mirrors in order, resumed where it broke off, kept only if unaltered."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from chalknet.errors import DownloadError

__all__ = ["Progress", "download", "one_at_a_time"]

# Called with the file's name, the bytes that are here, and their total where it is known.
Progress = Callable[[str, int, int | None], None]

BLOCK = 2**16
# The largest file of the catalogue has 26 MB; a server that never ends is cut off.
LARGEST = 128 * 2**20
ATTEMPTS_A_MIRROR = 4


class _RefusedError(Exception):
    """What a mirror answered instead of the file."""


class _BrokenOffError(Exception):
    """The connection ended before the file did; what came is kept."""


def download(
    path: Path,
    mirrors: Sequence[str],
    *,
    md5: str,
    progress: Progress | None = None,
    timeout: float = 30.0,
) -> None:
    """Bring the file named like ``path`` from the first of ``mirrors`` that serves it.

    The bytes gather in ``<path>.part``, which stays when the connection breaks, and is taken up
    again by the next attempt, the next mirror or the next run. ``path`` appears only when the
    checksum is right.

    Parameters
    ----------
    mirrors : sequence of str
        Addresses that, followed by the file's name, give the file.
    md5 : str
        The published checksum.
    timeout : float
        Seconds to wait for a connection, and for every next piece.

    Raises
    ------
    DownloadError
        No mirror served the file; the message says what each answered.
    """
    answers = []
    for mirror in mirrors:
        try:
            answer = _from_mirror(path, mirror + path.name, md5, progress, timeout)
        except OSError as error:
            raise DownloadError(
                f"{path.name} could not be kept in {path.parent}: {error.strerror or error}."
            ) from None
        if answer is None:
            return
        answers.append(f"{mirror} {answer}")
    raise DownloadError(
        f"{path.name} could not be downloaded: {'; '.join(answers)}. Check the connection and run "
        "the same again, which goes on where it stopped; or put the files in a folder and name it "
        "with --data-dir or CHALKNET_DATA."
    )


def _from_mirror(
    path: Path, url: str, md5: str, progress: Progress | None, timeout: float
) -> str | None:
    """Download from one mirror. Returns None on success, otherwise what it answered."""
    import pooch
    import requests

    part = path.with_name(path.name + ".part")
    fetch = _Fetch(part, path.name, progress, timeout)
    answer = ""
    for _ in range(ATTEMPTS_A_MIRROR):
        had = _size(part)
        try:
            with _quiet(pooch.get_logger()):
                pooch.retrieve(url, f"md5:{md5}", path.name, path.parent, downloader=fetch)
        except _RefusedError as error:
            return str(error)
        except _BrokenOffError as error:
            answer = str(error)
            # Going on makes sense after something came, or after a stale part was dropped.
            if 0 < _size(part) <= had or had == _size(part) == 0:
                return answer
        except requests.RequestException as error:
            return f"could not be reached ({_reason(error)})"
        except ValueError:
            # Pooch has found another checksum, and has removed the file.
            answer = "served other bytes than the published file"
            if had == 0:
                return answer
        else:
            return None
    return answer


class _Fetch:
    """A downloader as Pooch calls it, which goes on where the last attempt broke off."""

    def __init__(self, part: Path, name: str, progress: Progress | None, timeout: float) -> None:
        self._part = part
        self._name = name
        self._progress = progress
        self._timeout = timeout

    def __call__(self, url: str, output_file: str | IO[bytes], _: object) -> None:
        import requests

        headers = {"Accept-Encoding": "identity"}
        had = _size(self._part)
        if had:
            headers["Range"] = f"bytes={had}-"
        with requests.get(url, headers=headers, stream=True, timeout=self._timeout) as response:
            if response.status_code == 416:
                # The part is as long as the file, or longer: it cannot be a part of it.
                self._part.unlink()
                raise _BrokenOffError("could not go on where the last attempt stopped")
            self._require_file(response)
            resumed = response.status_code == 206 and self._begins_at(response, had)
            with self._part.open("ab" if resumed else "wb") as stream:
                self._pour(response, stream, had if resumed else 0)
        self._part.replace(str(output_file))

    def _require_file(self, response: Any) -> None:
        if response.status_code not in (200, 206):
            raise _RefusedError(f"answered {response.status_code} {response.reason}".rstrip())
        if "html" in response.headers.get("Content-Type", "").lower():
            raise _RefusedError("answered with a web page instead of the file")

    @staticmethod
    def _begins_at(response: Any, had: int) -> bool:
        begins = response.headers.get("Content-Range", "").startswith(f"bytes {had}-")
        if not begins:
            raise _RefusedError("answered with another part of the file than was asked for")
        return True

    def _pour(self, response: Any, stream: IO[bytes], done: int) -> None:
        length = response.headers.get("Content-Length", "")
        total = done + int(length) if length.isdigit() else None
        while block := self._next_block(response, done):
            stream.write(block)
            done += len(block)
            if done > LARGEST:
                stream.truncate(0)
                raise _RefusedError(f"sent more than {LARGEST:,} bytes")
            if self._progress is not None:
                self._progress(self._name, done, total)
        if total is not None and done < total:
            raise _BrokenOffError(f"broke off after {done:,} of {total:,} bytes")

    @staticmethod
    def _next_block(response: Any, done: int) -> bytes:
        from urllib3.exceptions import HTTPError

        try:
            return bytes(response.raw.read(BLOCK, decode_content=False))
        except (HTTPError, OSError) as error:
            raise _BrokenOffError(f"broke off after {done:,} bytes ({_reason(error)})") from None


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Make ``folder`` and let one process at a time download into it; others wait their turn."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise DownloadError(f"{folder} cannot be written ({error.strerror}).") from None
    with lock:
        # Without such locks (on some systems and network disks) two processes may do the same
        # work twice; the checksum still keeps a mixed file out.
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: BaseException) -> str:
    """The innermost cause: the outer layers only repeat the address."""
    inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    if isinstance(inner, BaseException) and inner is not error:
        return _reason(inner)
    return str(error).strip() or type(error).__name__


@contextlib.contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep Pooch from writing to stderr; progress is told to the caller."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
