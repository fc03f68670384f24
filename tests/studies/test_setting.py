"""Runs of studies: each made once, as many at a time as there are cores, stopped on leaving."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import CancelledError

import pytest

from chalknet.studies.setting import Runs, Setting


def made_by(
    calls: list[tuple[str, int]], name: str, items: Sequence[int], seconds: float = 1.0
) -> Runs[int, int]:
    """Squares of the items, with a note of every call."""

    def make(_: Setting, item: int) -> int:
        calls.append((name, item))
        return item * item

    return Runs(name, make, lambda _: items, seconds)


def test_runs_are_made_once_and_given_in_order() -> None:
    calls: list[tuple[str, int]] = []
    squares = made_by(calls, "squares", range(20))
    with Setting(cores=3) as setting:
        setting.begin([squares])
        assert setting.made(squares) == setting.made(squares) == [k * k for k in range(20)]
    assert sorted(calls) == [("squares", k) for k in range(20)]


def test_the_longest_come_first() -> None:
    calls: list[tuple[str, int]] = []
    short, long = made_by(calls, "short", range(5), 0.1), made_by(calls, "long", [7], 9.0)
    with Setting(cores=1) as setting:
        setting.begin([short, long])
        setting.made(short)
    assert calls[0] == ("long", 7)


def test_no_more_at_a_time_than_cores() -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def make(_: Setting, item: int) -> int:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.005)
        with lock:
            busy -= 1
        return item

    with Setting(cores=2) as setting:
        setting.made(Runs("sleepers", make, lambda _: range(12)))
    assert most == 2


def test_leaving_stops_runs_after_their_epoch_and_never_begins_the_others() -> None:
    begun: list[int] = []
    ready = threading.Event()

    def make(setting: Setting, item: int) -> None:
        begun.append(item)
        ready.set()
        for _ in range(10_000):
            setting.go_on()
            time.sleep(0.001)

    endless = Runs("endless", make, lambda _: range(8))
    started = time.perf_counter()
    with Setting(cores=1) as setting:
        setting.begin([endless])
        ready.wait(5)
    assert time.perf_counter() - started < 5
    assert begun == [0]


def test_a_failure_reaches_whoever_waits() -> None:
    def make(_: Setting, item: int) -> int:
        if item == 2:
            raise ZeroDivisionError("item 2")
        return item

    runs = Runs("one fails", make, lambda _: range(4))
    with Setting(cores=2) as setting, pytest.raises(ZeroDivisionError, match="item 2"):
        setting.made(runs)


def test_going_on_is_refused_after_leaving() -> None:
    with Setting() as setting:
        setting.go_on()
    with pytest.raises(CancelledError):
        setting.go_on()
