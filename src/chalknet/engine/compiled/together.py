"""Networks that train on the same samples share what is done to take these in.

Their descriptors form a chain. The first network of it has its inputs gathered, converted and
searched for zeros, step by step; the others read them where they are. Each goes through its own
stages, with its own loss, optimizer, rates and watch for numbers that are not finite, so the bits
are those that it would have by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalknet.engine.compiled.attempt import Attempt
from chalknet.engine.compiled.session import Session
from chalknet.engine.small import MOST_TOGETHER, is_small

__all__ = ["chained", "groups"]


def groups(attempts: Sequence[Attempt]) -> list[list[Attempt]]:
    """Those that are small and take the same samples in the same batches, together."""
    found: list[list[Attempt]] = []
    for attempt in attempts:
        fitting = [group for group in found if _may_join(attempt, group[0])]
        if fitting:
            fitting[0].append(attempt)
        else:
            found.append([attempt])
    return found


def _may_join(attempt: Attempt, first: Attempt) -> bool:
    return _is_small(attempt) and _is_small(first) and first.fits(attempt)


def _is_small(attempt: Attempt) -> bool:
    session = attempt.session
    return is_small(session.widths, session.dtype, attempt.request.steps.batch_size)


def chained(attempts: Sequence[Attempt]) -> list[int]:
    """Prepare a group for one thread; gives the addresses that its kernel is to be called with."""
    parts = -(-len(attempts) // MOST_TOGETHER)
    return [head for part in range(parts) for head in _chains(attempts[part::parts])]


def _chains(attempts: Sequence[Attempt]) -> list[int]:
    """One chain, but where networks differ so much that they work on slices of other lengths."""
    widths = [attempt.session.whole_width for attempt in attempts]
    for attempt, width in zip(attempts, widths, strict=True):
        attempt.prepare(1, sum(widths) - width)
    by_slice: dict[int, list[Session]] = {}
    for attempt in attempts:
        by_slice.setdefault(attempt.session.get("SLICE"), []).append(attempt.session)
    heads = []
    for sessions in by_slice.values():
        # Those whose first layers are taken at once stand at the head.
        first, *others = sorted(sessions, key=Session.is_narrow, reverse=True)
        first.lead(others)
        heads.append(first.address)
    return heads
