"""Which threads run a kernel: plain Python threads, kept for the next call.

A kernel call releases Python's lock, so the threads of a team run side by side. Results do not
depend on how many there are, so a team may be smaller than asked for: when other teams are busy in
this process, and when the system grants no more threads. After a fork the child starts anew.
"""

from __future__ import annotations

import ctypes
import operator
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalknet.engine.compiled.places import Places
from chalknet.engine.compiled.processor import usable_cores

__all__ = ["run_team", "team_size"]

Task = Callable[[int], object]


@dataclass
class _Shared:
    """What a team's threads share: the task, where they run, and what became of it.

    Each thread that is done adds to ``outcomes`` first and rings then. So a ring that an interrupt
    swallows is not missed.
    """

    task: Task
    places: Places
    outcomes: list[BaseException | None] = field(default_factory=list)
    rings: queue.SimpleQueue[None] = field(default_factory=queue.SimpleQueue)


class _Worker:
    """A thread that waits for tasks."""

    def __init__(self) -> None:
        self.tasks: queue.SimpleQueue[tuple[_Shared, int]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="chalknet", daemon=True).start()

    def _work(self) -> None:
        while True:
            shared, number = self.tasks.get()
            error: BaseException | None = None
            try:
                shared.places.take()
                shared.task(number)
            except BaseException as raised:  # noqa: BLE001 - handed to the thread that waits
                error = raised
            shared.outcomes.append(error)
            shared.rings.put(None)


class _Pool:
    """Idle workers, and how many threads are at work in this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.idle: list[_Worker] = []
        self.busy = 0

    def take(self, count: int) -> list[_Worker]:
        with self.lock:
            taken = [self.idle.pop() for _ in range(min(count, len(self.idle)))]
        while len(taken) < count:
            try:
                taken.append(_Worker())
            except RuntimeError:  # the system starts no more threads
                break
        return taken

    def give_back(self, workers: list[_Worker]) -> None:
        with self.lock:
            self.idle += workers


_pool = _Pool()


def _start_anew() -> None:
    global _pool  # noqa: PLW0603 - threads and locks of the parent do not exist in the child
    _pool = _Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


@contextmanager
def team_size(useful: int, at_most: int | None, exactly: int | None) -> Iterator[int]:
    """How many threads a call should use: those useful, allowed and free, unless told exactly."""
    pool = _pool
    with pool.lock:
        free = usable_cores() - pool.busy
        allowed = free if at_most is None else min(free, at_most)
        size = exactly if exactly is not None else max(1, min(useful, allowed))
        pool.busy += size
    try:
        yield size
    finally:
        with pool.lock:
            pool.busy -= size


def run_team(size: int, prepare: Callable[[int], tuple[Task, Any]], *, long: bool = False) -> None:
    """Run a task once on each of ``size`` threads, this one being number 0.

    ``prepare`` is told how many threads there really are, and gives the task and the address of a
    word that makes the others give up waiting at a barrier. During a ``long`` task this thread only
    waits, so that it hears Ctrl-C, and another has its number; a kernel looks at that word often.
    """
    pool = _pool
    workers = pool.take(size if long else size - 1)
    # The system may not grant a single thread more.
    waits = long and bool(workers)
    task, abort = prepare(len(workers) + (not waits))
    shared, handed_out = _Shared(task, Places()), list[bool]()
    errors: list[BaseException | None] = []
    try:
        if not waits:
            shared.places.take()
        calls: list[Callable[[Any], None]] = [worker.tasks.put for worker in workers]
        numbers = range(not waits, len(workers) + (not waits))
        messages = [(shared, number) for number in numbers]
        # In one call, within which no interrupt is heard: either all of them have it or none.
        deque(map(operator.call, [*calls, handed_out.append], [*messages, True]), maxlen=0)
        if not waits:
            task(0)
    except BaseException:
        ctypes.c_int64.from_address(abort).value = 1
        raise
    finally:
        # The arrays must outlive every thread that works on them, whatever happens meanwhile.
        while handed_out and len(shared.outcomes) < len(workers):
            try:
                shared.rings.get()
            except KeyboardInterrupt as interrupt:
                ctypes.c_int64.from_address(abort).value = 1
                errors.append(interrupt)
        pool.give_back(workers)
    for error in [*errors, *shared.outcomes]:
        if error is not None:
            raise error
