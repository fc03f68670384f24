"""Which points a worker takes together: small networks that see the same batches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from chalknet.sweeps.space import Value

__all__ = ["ALONE", "Crew", "Sharing"]


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Points of equal ``kind`` had better be taken together, so many at ``most``.

    Attributes
    ----------
    kind : function of a point's values
        None for a point that is best taken by itself.
    most : int
    """

    kind: Callable[[Mapping[str, Value]], Hashable] = lambda _: None
    most: int = 1


ALONE = Sharing()


class Crew:
    """The workers of a process, among whom points are shared out."""

    def __init__(self, workers: int, sharing: Sharing) -> None:
        self.sharing = sharing
        self._workers = workers
        self._begun = 0
        self._lock = threading.Lock()

    def begin(self) -> int:
        """Say that a worker takes points; gives how many are there to share the rest with it.

        At first those who have none yet; later all, since any of them may be the next.
        """
        with self._lock:
            there = max(self._workers - self._begun, 1)
            self._begun += 1
            return there if self._begun <= self._workers else self._workers

    def share(self, waiting: int, there: int) -> int:
        """How many of the points that wait one may take without another going short.

        >>> crew = Crew(2, Sharing(most=8))
        >>> [crew.share(waiting, 2) for waiting in (100, 12, 6, 3, 1)]
        [8, 6, 3, 2, 1]
        """
        return min(self.sharing.most, -(-waiting // there))
