"""What all parts of all studies share while they run: the data, the cores, and runs made once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chalknet.data.catalogue import load_dataset
from chalknet.data.dataset import Dataset
from chalknet.errors import ConfigurationError

__all__ = ["Pair", "Setting"]

Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Pair:
    """Training and test images."""

    train: Dataset
    test: Dataset


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where the data are, how many seeds and cores to take, and what has been made already.

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
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    def on_all_cores(
        self, work: Callable[[Item], Made], items: Iterable[Item], what: str
    ) -> list[Made]:
        """``work`` done for every item, as many at a time as there are cores."""
        items = list(items)
        done = 0

        def counted(item: Item) -> Made:
            nonlocal done
            made = work(item)
            done += 1
            self.progress(f"{what}: {done} of {len(items)}")
            return made

        self.progress(f"{what}: 0 of {len(items)}")
        with ThreadPoolExecutor(max_workers=self.cores) as pool:
            return list(pool.map(counted, items))
