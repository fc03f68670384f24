"""Steps are taken in calls whose length is learnt, and every step exactly once."""

from __future__ import annotations

import numpy as np
import pytest

from chalknet.engine import StepRange, Totals
from chalknet.training import calls
from chalknet.training.calls import Calls


class Recording:
    """An engine of the tests: a step takes ``seconds`` of a clock of its own."""

    def __init__(self, seconds, diverges_at=None):
        self.seconds, self.diverges_at = seconds, diverges_at
        self.now, self.taken = 0.0, []

    def perf_counter(self):
        return self.now

    def seconds_a_call(self, plan):
        return 0.05

    def run(self, plan, steps, totals):
        self.now += self.seconds * (steps.last - steps.first)
        self.taken.append((steps.first, steps.last))
        if self.diverges_at is not None and steps.first <= self.diverges_at < steps.last:
            totals.diverged_at = self.diverges_at


def epoch(first=0, last=100):
    return StepRange(None, 10, first, last, np.full(100, 0.1), 0)


@pytest.fixture
def engine(monkeypatch):
    engine = Recording(0.01)
    monkeypatch.setattr(calls, "time", engine)
    return engine


def test_the_first_call_is_one_step_and_the_others_last_a_twentieth_of_a_second(engine):
    taker = Calls(engine, None)
    reached = list(taker.take(epoch(last=14), Totals()))
    assert engine.taken == [(0, 1), (1, 6), (6, 11), (11, 14)]
    assert reached == [1, 6, 11, 14]
    engine.taken.clear()
    list(taker.take(epoch(last=7), Totals()))  # what one epoch has taught, the next knows
    assert engine.taken == [(0, 5), (5, 7)]


def test_a_step_that_takes_long_has_a_call_of_its_own(engine):
    engine.seconds = 3.0
    assert list(Calls(engine, None).take(epoch(first=97), Totals())) == [98, 99, 100]
    assert engine.taken == [(97, 98), (98, 99), (99, 100)]


def test_it_ends_with_the_call_in_which_a_step_diverges(engine):
    engine.diverges_at = 3
    totals = Totals()
    assert list(Calls(engine, None).take(epoch(), totals)) == [1]
    assert engine.taken == [(0, 1), (1, 6)]
    assert totals.diverged_at == 3


def test_no_steps_are_no_call(engine):
    assert list(Calls(engine, None).take(epoch(first=5, last=5), Totals())) == []
    assert engine.taken == []
