"""What all parts of all studies share while they run: the data, the cores, and runs made once."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Generic, TypeVar

from chalknet.data.catalogue import load_dataset
from chalknet.data.dataset import Dataset
from chalknet.errors import ConfigurationError

__all__ = ["Pair", "Runs", "Setting"]

Item = TypeVar("Item")
Made = TypeVar("Made")

# Seconds that a training waits for its turn, between two calls of the engine, while a derivation
# is worked out beside it. Python's usual 5 ms, some times an epoch, would leave cores idle.
PATIENCE = 0.0005


@dataclass(frozen=True)
class Pair:
    """Training and test images."""

    train: Dataset
    test: Dataset


@dataclass(frozen=True)
class Runs(Generic[Item, Made]):
    """Trainings that a study compares with each other, each on one thread.

    Attributes
    ----------
    name : str
        What they are, for the progress: "Fashion-MNIST, 25 epochs".
    make : function
        (setting, item) → what is kept of one of them.
    items : function
        Setting → the items.
    seconds : float
        About how long one of them takes. The longest begin first, so that the short ones fill the
        cores to the end.
    """

    name: str
    make: Callable[[Setting, Item], Made]
    items: Callable[[Setting], Sequence[Item]]
    seconds: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where the data are, how many seeds and cores to take, and what has been made already.

    It is a context: on leaving it, runs that have not begun never do, and the others stop after
    their epoch.

    Attributes
    ----------
    data_dir : str or None
    seeds : int
        How many runs of a protocol that was published without a seed.
    cores : int
        How many runs at a time, each on one thread.
    progress : function
        Hears a sentence when something long begins or moves on.
    """

    data_dir: str | None = None
    seeds: int = 10
    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    progress: Callable[[str], None] = lambda _: None
    _made: dict[str, Any] = field(default_factory=dict)
    _begun: dict[str, list[Future[Any]]] = field(default_factory=dict)
    _pool: list[ThreadPoolExecutor] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _left: threading.Event = field(default_factory=threading.Event)
    _patience: list[float] = field(default_factory=list)

    def __enter__(self) -> Setting:
        self._patience.append(sys.getswitchinterval())
        sys.setswitchinterval(PATIENCE)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        sys.setswitchinterval(self._patience.pop())
        self._left.set()
        for pool in self._pool:
            pool.shutdown(cancel_futures=True)

    def data(self, name: str) -> Pair:
        """A named data set, loaded once."""

        def load() -> Pair:
            train, test = load_dataset(name, self.data_dir)
            if test is None:
                raise ConfigurationError(f"{name} has no test set, and the studies need one.")
            return Pair(train, test)

        return self.once(f"data {name}", load)

    def once(self, key: str, make: Callable[[], Made]) -> Made:
        """What ``make`` makes, made once for all studies."""
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            made: Made = self._made[key]
        return made

    def begin(self, groups: Sequence[Runs[Any, Any]]) -> None:
        """Have the cores work on these, as far as they do not already, the longest first."""
        if not self._pool:
            self._pool.append(ThreadPoolExecutor(max_workers=self.cores))
        waiting = {group.name: group for group in groups if group.name not in self._begun}
        for group in sorted(waiting.values(), key=lambda group: -group.seconds):
            items = group.items(self)
            self._begun[group.name] = [self._submitted(group, item, len(items)) for item in items]

    def made(self, runs: Runs[Item, Made]) -> list[Made]:
        """What these runs gave, in the order of their items; waits for it."""
        self.begin([runs])
        return [future.result() for future in self._begun[runs.name]]

    def go_on(self) -> None:
        """Raise ``CancelledError`` if nobody waits for runs any longer."""
        if self._left.is_set():
            raise CancelledError

    def _submitted(self, runs: Runs[Any, Any], item: Any, count: int) -> Future[Any]:
        future = self._pool[0].submit(runs.make, self, item)
        future.add_done_callback(lambda _: self._tell(runs.name, count))
        return future

    def _tell(self, name: str, count: int) -> None:
        done = sum(future.done() for future in self._begun.get(name, []))
        self.progress(f"{name}: {done} of {count}")
