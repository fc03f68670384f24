"""The compiled engine, as training and prediction see it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from chalknet.data.preprocessing import Preprocessing
from chalknet.engine.compiled.attempt import Attempt
from chalknet.engine.compiled.formulas import UntraceableError
from chalknet.engine.compiled.kernels import network_kernel
from chalknet.engine.compiled.predictor import Predictor
from chalknet.engine.compiled.session import Session
from chalknet.engine.compiled.threads import run_team, team_size
from chalknet.engine.compiled.together import chained, groups
from chalknet.engine.compiled.workspace import address_of
from chalknet.engine.plan import Plan, Request, StepRange, Totals
from chalknet.engine.reference import ReferenceEngine
from chalknet.network import Network
from chalknet.operations.affine import Matrix
from chalknet.operations.losses import Loss

__all__ = ["CompiledEngine"]

UNCHANGED = Preprocessing()
MOST_KINDS = 16  # of predictors that are kept for one network
MANY_NUMBERS = 2_000_000
OPERATIONS_A_THREAD = 4_000_000  # below that, meeting another thread costs more than it does
OPERATIONS_A_CALL = 30_000_000_000  # some tenths of a second
ROWS_A_PART = 1024  # at least, when threads predict from rows of their own


class CompiledEngine:
    """Runs steps in kernels made for this processor, on several threads.

    Parameters
    ----------
    at_most : int, optional
        How many threads at most; by default the cores this process may use that are not already at
        work for it. Small steps use fewer.
    exactly : int, optional
        How many threads, whatever is useful or free. Results never depend on it.

    What no kernel can be made for, such as an activation of your own that branches on its argument,
    runs on the reference engine.
    """

    name = "compiled"

    def __init__(self, at_most: int | None = None, *, exactly: int | None = None) -> None:
        self.at_most = at_most
        self.exactly = exactly
        self._sessions: weakref.WeakKeyDictionary[Plan, Session | None] = (
            weakref.WeakKeyDictionary()
        )
        self._predictors: weakref.WeakKeyDictionary[
            Network, dict[tuple[str, str, int, int], list[Predictor]]
        ] = weakref.WeakKeyDictionary()
        self._reference = ReferenceEngine()
        self._others: dict[int, CompiledEngine] = {}

    def ready(self, plan: Plan) -> None:
        """Compile what the plan needs, if this machine does not have it yet."""
        session = self._session(plan)
        if session is not None:
            network_kernel(session.dtype)

    def run(self, plan: Plan, steps: StepRange, totals: Totals) -> None:
        """Take the steps, adding to ``totals``; stop at the first that is not finite."""
        self.run_together([Request(plan, steps, totals)])

    def run_together(self, requests: Sequence[Request]) -> None:
        """Take the steps of each request.

        Those that take the same samples in the same batches share what they can, if they are small
        enough to be quicker for it.
        """
        attempts = []
        for request in requests:
            session = self._session(request.plan)
            if session is None:
                self._reference.run(request.plan, request.steps, request.totals)
            elif request.steps.first < request.steps.last:
                attempts.append(Attempt(session, request))
        for group in groups(attempts):
            if len(group) == 1:
                self._take(group[0])
            else:
                self._take_together(group)
            for attempt in group:
                if not attempt.counts():
                    self._take_singly(attempt)

    def output(self, network: Network, inputs: Matrix) -> Matrix:
        """The network's output (n, K) for preprocessed inputs (n, fan_in)."""
        return self.predict(network, UNCHANGED, inputs)

    def predict(
        self,
        network: Network,
        preprocessing: Preprocessing,
        X: Any,
        loss: Loss | None = None,
    ) -> Matrix:
        """The output (n, K), or the loss's response, for an array (n, features) or sparse rows.

        float64 rows compute in float64, whatever the network's type.

        Raises
        ------
        DataFormatError
            ``X`` holds a NaN or an infinity.
        """
        n, size = X.shape[0], len(network.parameters)
        if 2 * n * size <= OPERATIONS_A_CALL:
            return self._predict_rows(network, preprocessing, X, loss, range(n))
        # Several calls, between which Ctrl-C is heard.
        few = max(ROWS_A_PART, OPERATIONS_A_CALL // (2 * size))
        return np.concatenate(
            [
                self._predict_rows(network, preprocessing, X, loss, range(k, min(n, k + few)))
                for k in range(0, n, few)
            ]
        )

    def _predict_rows(
        self,
        network: Network,
        preprocessing: Preprocessing,
        X: Any,
        loss: Loss | None,
        rows: range,
    ) -> Matrix:
        """The same for some of the rows."""
        n, size = len(rows), len(network.parameters)
        if n < 2 * ROWS_A_PART or size > MANY_NUMBERS:
            part = None if n == X.shape[0] else rows
            return self._predict(network, preprocessing, X, loss, self._team, part)
        # Many rows, and weights that several can afford to have in panels of their own: then each
        # thread takes rows from end to end, and there is nobody to wait for.
        useful = min(n // ROWS_A_PART, 1 + 2 * n * size // OPERATIONS_A_THREAD)
        parts: list[Matrix] = []

        def prepare(threads: int) -> tuple[Callable[[int], None], int]:
            parts[:] = [np.empty(0)] * threads

            def task(number: int) -> None:
                part = rows[n * number // threads : n * (number + 1) // threads]
                parts[number] = self._predict(network, preprocessing, X, loss, _alone, part)

            return task, address_of(nobody_waits)

        nobody_waits = np.zeros(1, np.int64)
        with self._team(useful) as team:
            run_team(team, prepare)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _predict(
        self,
        network: Network,
        preprocessing: Preprocessing,
        X: Any,
        loss: Loss | None,
        team: Callable[[int], AbstractContextManager[int]],
        part: range | None = None,
    ) -> Matrix:
        """The same by one predictor, of all rows or a part of them."""
        key = (X.dtype.char, network.parameters.dtype.char, id(preprocessing), id(loss))
        by_key = self._predictors.get(network)
        if by_key is None:
            by_key = self._predictors.setdefault(network, {})
        idle = by_key.get(key)
        if idle is None:
            idle = by_key.setdefault(key, [])
        # Taking from a list and adding to it are indivisible, so threads never share a predictor.
        try:
            predictor = idle.pop()
        except IndexError:
            if len(by_key) > MOST_KINDS:
                by_key.clear()
            try:
                predictor = Predictor(network, preprocessing, X.dtype, loss)
            except UntraceableError:
                rows = X if part is None else X[part.start : part.stop]
                return self._reference.predict(network, preprocessing, rows, loss)
        predicted = predictor(network, X, team, part)
        idle.append(predictor)
        return predicted

    def seconds_a_call(self, plan: Plan) -> float:
        """A twentieth of a second, or five of them where copying the network in takes long."""
        numbers = len(plan.network.parameters) * (1 + len(plan.state.slots))
        return 0.05 if numbers < MANY_NUMBERS else 0.25

    def with_threads(self, threads: int) -> CompiledEngine:
        """The same engine on that many threads at most."""
        if threads == self.at_most:
            return self
        # One for all who ask, so that those who train together meet in it.
        return self._others.setdefault(threads, CompiledEngine(threads))

    def _team(self, useful: int) -> AbstractContextManager[int]:
        return team_size(useful, self.at_most, self.exactly)

    def _session(self, plan: Plan) -> Session | None:
        if plan not in self._sessions:
            try:
                self._sessions[plan] = Session(plan)
            except UntraceableError:
                self._sessions[plan] = None
        return self._sessions[plan]

    def _take(self, attempt: Attempt) -> None:
        """Take the steps, all threads of a team working on each."""
        session = attempt.session
        kernel = network_kernel(session.dtype)
        operations = session.operations(attempt.request.steps.batch_size)
        useful = 1 + operations // OPERATIONS_A_THREAD

        def prepare(threads: int) -> tuple[Callable[[int], None], int]:
            attempt.prepare(threads)
            address = session.address
            return (lambda thread: kernel(address, thread)), session.abort_address

        with self._team(useful) as size:
            run_team(size, prepare, long=operations > OPERATIONS_A_CALL)

    def _take_together(self, attempts: Sequence[Attempt]) -> None:
        """Take the steps of networks that see the same samples; each thread has some of them."""
        kernel = network_kernel(attempts[0].session.dtype)

        def prepare(threads: int) -> tuple[Callable[[int], None], int]:
            shares = [chained(attempts[number::threads]) for number in range(threads)]

            def task(number: int) -> None:
                for address in shares[number]:
                    kernel(address, 0)

            return task, address_of(nobody_waits)

        nobody_waits = np.zeros(1, np.int64)
        with self._team(len(attempts)) as size:
            run_team(min(size, len(attempts)), prepare)

    def _take_singly(self, attempt: Attempt) -> None:
        """The same steps one by one, up to the one that fails."""
        for single in attempt.singly():
            self._take(single)
            if not single.counts():
                attempt.request.totals.diverged_at = single.request.steps.first
                return


def _alone(useful: int) -> AbstractContextManager[int]:  # noqa: ARG001
    """A team of one, whatever would be useful."""
    return nullcontext(1)
