"""Which core a thread runs on: no two of a team should share one while another is free.

Threads that meet at a barrier many times a millisecond are lost if they share a core: each spins
while the other waits to run. Some systems put a thread that wakes up where the one runs that woke
it, and leave it there, because both give way to each other so politely.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

__all__ = ["Places"]

_CORE = ctypes.CDLL(None).sched_getcpu if sys.platform == "linux" else None


class Places:
    """The cores that the threads of one team began on.

    Where the system does not tell on which core a thread runs, nothing is done.
    """

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def take(self) -> None:
        """Note this thread's core, and have it moved first if another of the team is there."""
        if _CORE is None:
            return
        if _CORE() in self._taken:
            self._move()
        self._taken.add(_CORE())

    def _move(self) -> None:
        allowed = os.sched_getaffinity(0)
        others = allowed - self._taken
        if others:
            # To be forbidden a core is to leave it at once; then all are allowed again.
            with contextlib.suppress(OSError):
                os.sched_setaffinity(0, others)
                os.sched_setaffinity(0, allowed)
