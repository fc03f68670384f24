"""Which networks are quicker together: see "Small networks together" in ``docs/sweeps.md``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

__all__ = ["MOST_TOGETHER", "is_small"]

MOST_TOGETHER = 4  # more gain nothing, and drive each other out of the second-level cache
# Beyond this, to take a batch in is little compared to what becomes of it.
MOST_NEURONS, MOST_WEIGHTS = 32, 100_000


def is_small(widths: Sequence[int]) -> bool:
    """Whether a network is quicker when others train on the same batches beside it.

    >>> is_small([784, 16, 10]), is_small([784, 256, 10])
    (True, False)
    """
    weights = sum(fan_in * fan_out for fan_in, fan_out in itertools.pairwise(widths))
    return widths[1] <= MOST_NEURONS and weights <= MOST_WEIGHTS
