"""Downloads against a real server on 127.0.0.1 that misbehaves on purpose."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from chalknet.data import catalogue
from chalknet.data.catalogue import load_dataset
from chalknet.data.download import download
from chalknet.errors import DownloadError

CONTENT = np.random.default_rng(0).bytes(500_000)
MD5 = hashlib.md5(CONTENT).hexdigest()
NAME = "train-images-idx3-ubyte.gz"


@dataclass
class Mirror:
    """A server whose answers are scripted: one behaviour a request, the last one for the rest."""

    behaviours: list[str]
    content: dict[str, bytes] = field(default_factory=lambda: {NAME: CONTENT})
    ranges: list[str | None] = field(default_factory=list)
    served: list[int] = field(default_factory=list)
    address: str = ""

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range")
        self.ranges.append(asked)
        behaviour = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
        body = self.content.get(handler.path.rpartition("/")[2], b"")
        self.served.append(0)
        getattr(self, behaviour)(handler, body, asked)

    def send(
        self,
        handler: http.server.BaseHTTPRequestHandler,
        body: bytes,
        status: int = 200,
        **headers: str,
    ) -> None:
        handler.send_response(status)
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        for key, value in ({"Content-Length": str(len(body))} | named).items():
            handler.send_header(key, value)
        handler.end_headers()
        # Counted first: the client may be done before this thread runs again.
        self.served[-1] += len(body)
        handler.wfile.write(body)

    def good(self, handler, body: bytes, asked: str | None) -> None:
        if asked is None:
            self.send(handler, body)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(body):
            self.send(handler, b"", 416)
            return
        span = f"bytes {start}-{len(body) - 1}/{len(body)}"
        self.send(handler, body[start:], 206, Content_Range=span)

    def drops(self, handler, body: bytes, asked: str | None) -> None:
        """Goes on from where it is asked to, and drops the connection 100,000 bytes later."""
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        rest = body[start:]
        headers = {"Content_Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if asked else {}
        self.send(
            handler, rest[:100_000], 206 if asked else 200, Content_Length=str(len(rest)), **headers
        )

    def truncates(self, handler, body: bytes, asked: str | None) -> None:
        """Says that half of the file is all of it."""
        self.send(handler, body[: len(body) // 2])

    def overstates(self, handler, body: bytes, asked: str | None) -> None:
        """Promises more than the file has."""
        self.send(handler, body, Content_Length=str(len(body) + 1000))

    def other_content(self, handler, body: bytes, asked: str | None) -> None:
        self.send(handler, bytes(len(body)))

    def ignores_range(self, handler, body: bytes, asked: str | None) -> None:
        self.send(handler, body)

    def other_range(self, handler, body: bytes, asked: str | None) -> None:
        self.send(handler, body[10:], 206, Content_Range=f"bytes 10-{len(body) - 1}/{len(body)}")

    def not_found(self, handler, body: bytes, asked: str | None) -> None:
        self.send(handler, b"no such thing", 404)

    def fails(self, handler, body: bytes, asked: str | None) -> None:
        self.send(handler, b"out of order", 500)

    def html(self, handler, body: bytes, asked: str | None) -> None:
        self.send(handler, b"<html>Log in to the Wi-Fi</html>", Content_Type="text/html")

    def hangs(self, handler, body: bytes, asked: str | None) -> None:
        time.sleep(1.5)

    def hangs_midway(self, handler, body: bytes, asked: str | None) -> None:
        self.send(handler, body[:200_000], Content_Length=str(len(body)))
        handler.wfile.flush()
        time.sleep(1.5)


Serve = Callable[..., Mirror]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers = []

    def start(*behaviours: str, **options: dict[str, bytes]) -> Mirror:
        mirror = Mirror(list(behaviours), **options)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                """A client that hangs up is part of the test."""

        server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        mirror.address = f"http://127.0.0.1:{server.server_port}/"
        return mirror

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def fetch(path: Path, *mirrors: Mirror, **options: object) -> None:
    options = {"md5": MD5, "timeout": 0.5} | options
    download(path, [mirror.address for mirror in mirrors], **options)


def only_file(folder: Path) -> str:
    (file,) = [file.name for file in folder.iterdir()]
    return file


def test_a_good_mirror(serve: Serve, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    told: list[tuple[str, int, int | None]] = []
    fetch(tmp_path / NAME, serve("good"), progress=lambda *news: told.append(news))
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert only_file(tmp_path) == NAME
    counts = [done for _, done, _ in told]
    assert counts == sorted(counts)
    assert told[-1] == (NAME, len(CONTENT), len(CONTENT))
    assert capfd.readouterr() == ("", "")


def test_a_file_that_is_here_is_not_fetched_again(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(CONTENT)
    mirror = serve("good")
    fetch(tmp_path / NAME, mirror)
    assert mirror.ranges == []


BAD = {
    "truncates": "served other bytes",
    "other_content": "served other bytes",
    "not_found": "answered 404 Not Found",
    "fails": "answered 500 Internal Server Error",
    "html": "answered with a web page",
    "hangs": "could not be reached (.*timed out",
}


@pytest.mark.parametrize("behaviour", BAD)
def test_a_bad_file_is_never_kept_and_the_next_run_recovers(
    behaviour: str, serve: Serve, tmp_path: Path
) -> None:
    bad = serve(behaviour)
    with pytest.raises(DownloadError, match=BAD[behaviour].replace("(", r"\(")) as caught:
        fetch(tmp_path / NAME, bad)
    assert bad.address in str(caught.value)
    assert "CHALKNET_DATA" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    fetch(tmp_path / NAME, serve("good"))
    assert (tmp_path / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("behaviour", BAD)
def test_the_next_mirror_helps_out(behaviour: str, serve: Serve, tmp_path: Path) -> None:
    good = serve("good")
    fetch(tmp_path / NAME, serve(behaviour), good)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert good.ranges == [None]


def test_a_dropped_connection_is_taken_up_at_once(serve: Serve, tmp_path: Path) -> None:
    mirror = serve("drops", "drops", "good")
    fetch(tmp_path / NAME, mirror)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert mirror.ranges == [None, "bytes=100000-", "bytes=200000-"]
    assert mirror.served == [100_000, 100_000, 300_000]


def test_a_broken_download_is_resumed_by_the_next_run(serve: Serve, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="answered 500"):
        fetch(tmp_path / NAME, serve("drops", "fails"))
    assert (tmp_path / f"{NAME}.part").read_bytes() == CONTENT[:100_000]
    mirror = serve("good")
    told: list[int] = []
    fetch(tmp_path / NAME, mirror, progress=lambda _, done, total: told.extend((done, total)))
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert mirror.ranges == ["bytes=100000-"]
    assert mirror.served == [400_000]
    assert told[0] > 100_000
    assert set(told[1::2]) == {len(CONTENT)}
    assert only_file(tmp_path) == NAME


def test_another_mirror_resumes_what_the_first_began(serve: Serve, tmp_path: Path) -> None:
    second = serve("good")
    fetch(tmp_path / NAME, serve("drops", "fails"), second)
    assert second.served == [400_000]
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_a_server_that_hangs_midway_is_left_and_resumed(serve: Serve, tmp_path: Path) -> None:
    mirror = serve("hangs_midway", "good")
    fetch(tmp_path / NAME, mirror)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert mirror.ranges[1] in {f"bytes={had}-" for had in range(131_072, 200_001)}


def test_a_server_that_ignores_range_sends_it_all(serve: Serve, tmp_path: Path) -> None:
    mirror = serve("drops", "ignores_range")
    fetch(tmp_path / NAME, mirror)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert mirror.served == [100_000, 500_000]


def test_another_part_than_asked_for_is_refused(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(CONTENT[:1000])
    with pytest.raises(DownloadError, match="another part"):
        fetch(tmp_path / NAME, serve("other_range"))
    assert not (tmp_path / NAME).exists()


def test_a_length_that_promises_too_much(serve: Serve, tmp_path: Path) -> None:
    mirror = serve("overstates", "good")
    fetch(tmp_path / NAME, mirror)
    assert (tmp_path / NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("stale", [bytes(1000), bytes(len(CONTENT)), bytes(len(CONTENT) + 5)])
def test_a_part_of_something_else_is_given_up(stale: bytes, serve: Serve, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.part").write_bytes(stale)
    mirror = serve("good")
    fetch(tmp_path / NAME, mirror)
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert mirror.ranges == [f"bytes={len(stale)}-", None]


def test_a_damaged_file_in_place_is_replaced(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"damaged")
    fetch(tmp_path / NAME, serve("good"))
    assert (tmp_path / NAME).read_bytes() == CONTENT


def test_offline(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(DownloadError) as caught:
        download(tmp_path / NAME, [f"http://127.0.0.1:{port}/"], md5=MD5)
    assert "could not be reached" in str(caught.value)
    assert "--data-dir or CHALKNET_DATA" in str(caught.value)
    assert isinstance(caught.value, OSError)


def test_a_cache_that_cannot_be_written(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(DownloadError, match="could not be kept in"):
        fetch(tmp_path / "cache" / NAME, serve("good"))


# The whole way of load_dataset, with four small files in the place of the published ones.


def small_set(monkeypatch: pytest.MonkeyPatch, *mirrors: Mirror) -> dict[str, bytes]:
    files, checksums = {}, {}
    for stem in catalogue.MNIST.files:
        n = 20 if stem.startswith("train") else 10
        shape = (n, 28, 28) if "images" in stem else (n,)
        values = np.arange(np.prod(shape)) % (256 if "images" in stem else 10)
        raw = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
        raw += values.astype(np.uint8).tobytes()
        files[f"{stem}.gz"] = gzip.compress(raw, mtime=0)
        checksums[stem] = catalogue._Checksums(
            hashlib.sha256(raw).hexdigest(), hashlib.md5(files[f"{stem}.gz"]).hexdigest()
        )
    addresses = tuple(mirror.address for mirror in mirrors)
    small = catalogue._ImageSet("mnist", addresses, checksums, tuple("0123456789"))
    monkeypatch.setitem(catalogue.IMAGE_SETS, "mnist", small)
    for mirror in mirrors:
        mirror.content = files
    return files


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("CHALKNET_DATA", raising=False)
    monkeypatch.setattr(catalogue, "_cache_folder", lambda: tmp_path)
    return tmp_path / "mnist"


def test_load_dataset_downloads_once(
    serve: Serve, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = serve("html"), serve("good")
    files = small_set(monkeypatch, first, second)
    told: set[str] = set()
    train, test = load_dataset("mnist", progress=lambda name, *_: told.add(name))
    assert (len(train), len(test or ())) == (20, 10)
    assert told == set(files)
    assert sorted(file.name for file in cache.iterdir()) == sorted([*files, ".lock"])
    load_dataset("mnist")
    assert len(second.ranges) == 4


def test_load_dataset_replaces_what_was_damaged_in_the_cache(
    serve: Serve, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = serve("good")
    files = small_set(monkeypatch, mirror)
    load_dataset("mnist")
    damaged = cache / "t10k-labels-idx1-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:-3])
    load_dataset("mnist")
    assert damaged.read_bytes() == files[damaged.name]
    assert len(mirror.ranges) == 5


def test_load_dataset_offline(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_set(monkeypatch, Mirror(["good"], address="http://127.0.0.1:9/"))
    with pytest.raises(DownloadError, match="could not be reached"):
        load_dataset("mnist")


TWO_AT_ONCE = """
import sys
from pathlib import Path
from chalknet.data.download import download, one_at_a_time

folder = Path(sys.argv[1])
with one_at_a_time(folder):
    download(folder / sys.argv[3], [sys.argv[2]], md5=sys.argv[4])
"""


def test_processes_at_once_do_not_harm_each_other(serve: Serve, tmp_path: Path) -> None:
    mirror = serve("drops", "drops", "good")
    command = [sys.executable, "-c", TWO_AT_ONCE, tmp_path, mirror.address, NAME, MD5]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert sum(mirror.served) == len(CONTENT)
    assert sorted(file.name for file in tmp_path.iterdir()) == [".lock", NAME]


def test_processes_without_a_lock_cannot_spoil_the_file(serve: Serve, tmp_path: Path) -> None:
    """As on systems that have no such locks: whatever happens, a file kept is the right one."""
    mirror = serve("good")
    program = TWO_AT_ONCE.replace("with one_at_a_time(folder):", "if True:")
    command = [sys.executable, "-c", program, tmp_path, mirror.address, NAME, MD5]
    processes = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(3)]
    for process in processes:
        process.wait(timeout=60)
    kept = tmp_path / NAME
    assert not kept.exists() or kept.read_bytes() == CONTENT
    fetch(kept, serve("good"))
    assert kept.read_bytes() == CONTENT
