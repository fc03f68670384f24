"""An attempt at some steps: it counts if every number that comes of it is finite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from chalknet.engine.compiled.session import Session
from chalknet.engine.plan import Request, StepRange

__all__ = ["Attempt"]


class Attempt:
    """What a kernel adds to while it takes the steps of a request, and what becomes of it.

    Parameters
    ----------
    session : Session
        The session of the request's plan.
    request : Request
    """

    def __init__(self, session: Session, request: Request) -> None:
        self.session, self.request = session, request
        plan, totals = request.plan, request.totals
        sums = (totals.loss, totals.weight, totals.correct, totals.samples)
        self._sums = np.array(sums, np.float64)
        self._penalty = None
        if plan.sums_penalty and plan.l2:
            before = totals.penalty_terms
            self._penalty = np.zeros(session.penalty_size) if before is None else before.copy()

    def prepare(self, threads: int, beside: int = 0) -> None:
        """Have the session's descriptor point to this attempt; see ``Session.prepare``."""
        plan, steps = self.request.plan, self.request.steps
        self.session.prepare(plan, steps, self._sums, self._penalty, threads, beside)

    def counts(self) -> bool:
        """Whether all went well; the request's totals and state have advanced then."""
        if self.session.flawed or not np.isfinite(self._sums[0]):
            return False
        plan, steps, totals = self.request.plan, self.request.steps, self.request.totals
        totals.loss, totals.weight = float(self._sums[0]), float(self._sums[1])
        totals.correct, totals.samples = int(self._sums[2]), int(self._sums[3])
        totals.penalty_terms = self._penalty
        plan.state.t += steps.last - steps.first
        return True

    def singly(self) -> Iterator[Attempt]:
        """The same steps as attempts of one each."""
        steps = self.request.steps
        for step in range(steps.first, steps.last):
            one = replace(steps, first=step, last=step + 1)
            yield Attempt(self.session, replace(self.request, steps=one))

    def fits(self, other: Attempt) -> bool:
        """Whether both take the same samples in the same batches."""
        a, b = self.request.steps, other.request.steps
        if (a.batch_size, a.first, a.last) != (b.batch_size, b.first, b.last):
            return False
        return _same_samples(a, b) and self.session.sees_what(other.session)


def _same_samples(a: StepRange, b: StepRange) -> bool:
    if a.order is None or b.order is None:
        return a.order is b.order
    part = slice(a.first * a.batch_size, a.last * a.batch_size)
    return a.order is b.order or np.array_equal(a.order[part], b.order[part])
