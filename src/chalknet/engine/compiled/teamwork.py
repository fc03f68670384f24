"""How threads inside a kernel divide the work and wait for each other."""

from __future__ import annotations

import numpy as np
from numba import njit

from chalknet.engine.compiled import layout as at
from chalknet.engine.compiled.compilation import INLINED, KERNEL
from chalknet.engine.compiled.instructions import (
    add_atomically,
    load_atomically,
    pointer,
    shifted,
    yield_processor,
)

__all__ = ["barrier", "scratch_of", "share"]

SPINS = 4000  # some microseconds; then the core is given to whoever is late


@njit(**INLINED)
def scratch_of(D, thread):
    """A thread's own scratch, as words."""
    return pointer(D[at.SCRATCH] + thread * D[at.SCRATCH_BYTES], np.int64(0))


@njit(**KERNEL)
def barrier(D, thread):
    """Wait until every thread has come to this meeting.

    If another thread never will, ``threads.py`` raises the abort flag and nobody waits any more.
    """
    n = D[at.THREADS]
    if n == 1:
        return
    meetings = shifted(scratch_of(D, thread), at.MEETINGS)
    meetings[0] += 1
    wanted = n * meetings[0]
    words = pointer(D[at.BARRIER], np.int64(0))
    add_atomically(shifted(words, at.ARRIVED), 1)
    spins = 0
    while load_atomically(shifted(words, at.ARRIVED)) < wanted:
        spins += 1
        if spins > SPINS:
            if load_atomically(shifted(words, at.ABORTED)) != 0:
                break
            yield_processor()


@njit(**INLINED)
def share(n, unit, part, parts):
    """Part number ``part`` of n things that are divided among ``parts`` in whole units."""
    if parts == 1:  # divisions take longer than a small layer does
        return 0, n
    units = (n + unit - 1) // unit
    return min(n, units * part // parts * unit), min(n, units * (part + 1) // parts * unit)
