"""The workers of a process, who take points from a board until all have ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any

from chalknet.sweeps.board import Board
from chalknet.sweeps.course import Interrupted
from chalknet.sweeps.database import alone_on, database_errors, without_warnings
from chalknet.sweeps.sharing import ALONE, Crew, Sharing
from chalknet.sweeps.task import Task, id_of, values_of

__all__ = ["Workers"]

LOOK_AGAIN = 0.5  # seconds between two looks at what others have under way

# Brings tasks to their end, and gives each as soon as it is there.
Objective = Callable[[Sequence[Task]], Iterator[Task]]


class Workers:
    """So many threads, each of which takes a point, or a few, and comes back for more.

    Parameters
    ----------
    board : Board
    count : int
        How many.
    sharing : Sharing
        A worker takes several points together where this says so and no other worker goes short
        of points for it.
    """

    def __init__(self, board: Board, count: int, sharing: Sharing = ALONE) -> None:
        self._board, self._count = board, count
        self._crew = Crew(count, sharing)
        self._running: set[int] = set()
        self._stop = threading.Event()
        self._asking = threading.Lock()
        self._news = threading.Condition()  # that points of ours have ended

    def work(self, objective: Objective, ended: Callable[[Task], None] = lambda _: None) -> None:
        """Until all points have ended: ``objective`` keeps the runs of tasks.

        ``ended`` is told of each once that is written down. Points that others have under way are
        waited for, and taken over if they are dropped. Ctrl-C (and any other exception) stops all
        workers within a call of the engine and puts their points back.

        Raises
        ------
        DataNotFoundError
            The database can no longer be used.
        """
        with (
            database_errors(self._board.url),
            self._board.beating(self._running),
            ThreadPoolExecutor(self._count) as pool,
        ):
            try:
                self._board.find_lost()
                takers = [pool.submit(self._take, objective, ended) for _ in range(self._count)]
                for taker in wait(takers, return_when=FIRST_EXCEPTION).done:
                    taker.result()
            finally:
                self._stop.set()
                self._tell()

    def _take(self, objective: Objective, ended: Callable[[Task], None]) -> None:
        """One worker: point after point, or several at a time."""
        while not self._stop.is_set():
            with self._asking, alone_on(self._board.url), without_warnings():
                tasks = self._next_few()
            if not tasks:
                with self._news:  # so that nothing ends unheard between the look and the wait
                    if self._stop.is_set() or not self._board.trials("WAITING", "RUNNING"):
                        return
                    self._news.wait(LOOK_AGAIN)
                continue
            trials = list(tasks.values())
            try:
                for task in objective(list(tasks)):
                    self._board.end(tasks.pop(task), task.runs)
                    ended(task)
            except BaseException as error:
                for one in tasks.values():
                    self._board.drop(one)
                if not isinstance(error, Interrupted):
                    raise
            finally:
                self._running.difference_update(map(id_of, trials))
                self._tell()

    def _tell(self) -> None:
        with self._news:
            self._news.notify_all()

    def _next_few(self) -> dict[Task, Any]:
        """The next point that waits, now ours, and those that are best taken together with it."""
        board, crew, found = self._board, self._crew, dict[Task, Any]()

        def ours(trial: Any) -> Task:
            self._running.add(id_of(trial))
            task = Task(trial, board.plan.space.suggest(trial), self._stop)
            found[task] = trial
            return task

        trial = board.next_trial()
        if trial is None:
            return found
        there, kind = crew.begin(), crew.sharing.kind(ours(trial).values)
        if kind is None:
            return found
        elsewhere = sum(id_of(one) not in self._running for one in board.trials("RUNNING"))
        waiting = board.trials("WAITING")
        share = crew.share(1 + len(waiting), there + elsewhere)
        alike = [one for one in waiting if crew.sharing.kind(values_of(one)) == kind]
        # Not those that stand together: neighbours in a grid take as long as each other.
        apart = max(1, len(alike) // max(1, share - 1))
        for one in alike[apart - 1 :: apart][: share - 1]:
            claimed = board.claim(one)
            if claimed is not None:
                ours(claimed)
        return found
