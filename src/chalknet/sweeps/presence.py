"""Who works on a point, and whether they are still there."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

__all__ = ["GRACE", "HEARTBEAT", "beating", "is_dead", "own_name"]

HEARTBEAT, GRACE = 15, 300  # seconds: a worker elsewhere that is silent for longer is gone


@contextlib.contextmanager
def beating(storage: Any, running: Collection[int]) -> Iterator[None]:
    """Say every few seconds that the running points are being worked on."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(HEARTBEAT):
            for trial in tuple(running):
                with contextlib.suppress(Exception):  # a beat that is missed is no failure
                    storage.record_heartbeat(trial)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def own_name() -> str:
    """Our process, as others on this machine can tell whether it is still there."""
    return f"{socket.gethostname()} {os.getpid()} {_started(os.getpid())}"


def is_dead(worker: str) -> bool:
    """Whether a worker of this machine is gone; of another machine nothing is known."""
    host, _, rest = worker.partition(" ")
    pid, _, started = rest.partition(" ")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return bool(started) and _started(int(pid)) != started


def _started(pid: int) -> str:
    """When a process began, as the system counts; empty where it does not say."""
    with contextlib.suppress(OSError, IndexError):
        # The name of the program, in brackets, may hold spaces.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "dead" if fields[0] == "Z" else fields[19]
    return ""
