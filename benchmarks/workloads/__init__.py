"""The workloads, one a file; each has ``cases``, which reads its data only when it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.problems import Case
from benchmarks.workloads import w1, w2, w3, w4, w5, w6

WORKLOADS: dict[str, Callable[[], Iterator[Case]]] = {
    "W1": w1.cases,
    "W2": w2.cases,
    "W3": w3.cases,
    "W4": w4.cases,
    "W5": w5.cases,
    "W6": w6.cases,
}
