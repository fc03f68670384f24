"""Steps taken in engine calls that are short enough to stay responsive, and no shorter."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from chalknet.engine import Engine, Plan, StepRange, Totals

__all__ = ["Calls", "Pace"]


class Pace:
    """How many steps make a good call, learnt from those before."""

    def __init__(self) -> None:
        self._seconds_a_step: float | None = None  # nothing is known yet

    def last(self, steps: StepRange, seconds: float) -> int:
        """The step to stop before, so that a call takes about so long."""
        count = 1 if self._seconds_a_step is None else int(seconds / self._seconds_a_step)
        return min(steps.first + max(1, count), steps.last)

    def learn(self, steps: int, seconds: float) -> None:
        """Remember how long steps took."""
        self._seconds_a_step = max(seconds / steps, 1e-9)


class Calls:
    """Takes the steps of one plan, a good number a call.

    Parameters
    ----------
    engine : Engine
    plan : Plan
    """

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self.engine = engine
        self.plan = plan
        self._seconds_a_call = engine.seconds_a_call(plan)
        self._pace = Pace()

    def take(self, steps: StepRange, totals: Totals) -> Iterator[int]:
        """Take the steps, adding to ``totals``; give the first step not yet taken after each call.

        Ends early where a step diverged, which ``totals`` tells.
        """
        while steps.first < steps.last:
            began = time.perf_counter()
            last = self._pace.last(steps, self._seconds_a_call)
            self.engine.run(self.plan, replace(steps, last=last), totals)
            if totals.diverged_at is not None:
                return
            self._pace.learn(last - steps.first, time.perf_counter() - began)
            steps = replace(steps, first=last)
            yield last
