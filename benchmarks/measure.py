"""Timings of one case: every library in turn, again and again (A B C A B C …)."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

from benchmarks import fairness
from benchmarks.fairness import Score
from benchmarks.peers import Job, Peer
from benchmarks.problems import Case, Settings, TrainingProblem

# Threads of the library before may spin for some 30 ms before they go to sleep.
SECONDS_TO_SETTLE = 0.1

Say = Callable[[str], None]


@dataclass
class Row:
    """What became of one library. With an ``objection`` its seconds do not count."""

    peer: str
    title: str
    seconds: list[float] = field(default_factory=list)
    deviation: float | None = None
    score: Score | None = None
    objection: str | None = None

    @property
    def counts(self) -> bool:
        return bool(self.seconds) and self.objection is None

    @property
    def median(self) -> float:
        return median(self.seconds)


@dataclass(frozen=True)
class Result:
    """A case and what became of each library."""

    name: str
    title: str
    dtype: str
    flop: int
    rows: list[Row]

    def row(self, peer: str) -> Row | None:
        return next((row for row in self.rows if row.peer == peer and row.counts), None)

    def ratio(self, row: Row) -> float | None:
        """How many times as long as chalknet it took."""
        chalknet = self.row("chalknet")
        return row.median / chalknet.median if chalknet and row.counts else None


def measure(
    case: Case, peers: Iterable[Peer], settings: Settings, repeats: int, say: Say
) -> Result:
    """Check, warm up, then time every library that can do the case."""
    rows, jobs = [], {}
    for peer in peers:
        if not peer.takes(case):
            continue
        row = Row(peer.name, peer.title)
        rows.append(row)
        say(f"{case.name}  {peer.title}: checking and warming up")
        job = _prepared(case, peer, settings, row)
        if job is not None:
            jobs[peer.name] = job
    _interleave(case, jobs, {row.peer: row for row in rows}, repeats, say)
    if isinstance(case.problem, TrainingProblem):
        _compare(case, case.problem, jobs, rows)
    dtype = str(case.problem.inputs.dtype)
    return Result(case.name, case.title, dtype, case.problem.flop, rows)


def _prepared(case: Case, peer: Peer, settings: Settings, row: Row) -> Job | None:
    if peer.missing:
        row.objection = f"absent: {', '.join(peer.missing)} not installed"
        return None
    # Whatever a library raises is told in its row; the others are measured all the same.
    try:
        row.deviation = fairness.deviation(peer, case.problem, settings)
        if not row.deviation <= fairness.tolerance(case.problem):
            row.objection = f"invalid: computes something else (deviation {row.deviation:.1e})"
        job = peer.job(case.problem, settings)
        job.reset()
        job.work()
    except Exception as error:  # noqa: BLE001
        first_line = next(iter(str(error).splitlines()), "")
        row.objection = f"failed: {type(error).__name__}: {first_line}"
        return None
    return job


def _interleave(
    case: Case, jobs: dict[str, Job], rows: dict[str, Row], repeats: int, say: Say
) -> None:
    for repeat in range(1, repeats + 1):
        for name, job in jobs.items():
            job.reset()
            gc.collect()
            time.sleep(SECONDS_TO_SETTLE)
            began = time.perf_counter()
            for _ in range(case.calls):
                job.work()
            seconds = (time.perf_counter() - began) / case.calls
            rows[name].seconds.append(seconds)
            say(f"{case.name}  {rows[name].title}: {seconds:.3g} s ({repeat}/{repeats})")


def _compare(case: Case, problem: TrainingProblem, jobs: dict[str, Job], rows: list[Row]) -> None:
    """Score the models that the last timed work made."""
    for row in rows:
        if row.peer in jobs:
            row.score = fairness.score(problem, jobs[row.peer].result())
    scores = {row.peer: row.score for row in rows if row.score and not row.objection}
    for name, objection in fairness.objections(case, scores).items():
        next(row for row in rows if row.peer == name).objection = f"invalid: {objection}"
