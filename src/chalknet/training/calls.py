"""Steps taken in engine calls that are short enough to stay responsive, and no shorter."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from chalknet.engine import Engine, Plan, StepRange, Totals

__all__ = ["Calls"]


class Calls:
    """Takes the steps of one plan, a good number a call, learning from each call what is good.

    Parameters
    ----------
    engine : Engine
    plan : Plan
    """

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self.engine = engine
        self.plan = plan
        self._seconds_a_call = engine.seconds_a_call(plan)
        self._steps_a_call = 1  # nothing is known yet

    def take(self, steps: StepRange, totals: Totals) -> Iterator[int]:
        """Take the steps, adding to ``totals``; give the first step not yet taken after each call.

        Ends early where a step diverged, which ``totals`` tells.
        """
        step = steps.first
        while step < steps.last:
            began = time.perf_counter()
            last = min(step + self._steps_a_call, steps.last)
            self.engine.run(self.plan, replace(steps, first=step, last=last), totals)
            if totals.diverged_at is not None:
                return
            seconds_a_step = (time.perf_counter() - began) / (last - step)
            self._steps_a_call = max(1, int(self._seconds_a_call / max(seconds_a_step, 1e-9)))
            step = last
            yield step
