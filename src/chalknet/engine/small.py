"""Which networks are quicker together: see "Small networks together" in ``docs/sweeps.md``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["MOST_TOGETHER", "is_small"]

MOST_TOGETHER = 4  # more gain nothing
# A row of the first layer, in bytes, for batches of so many samples at least: beyond that, to take
# a batch in is little compared to what becomes of it.
MOST_BYTES = {64: 512, 32: 128, 8: 64}
MOST_WEIGHTS = 80_000  # networks of more, with Adam's slots, drive each other out of the cache


def is_small(widths: Sequence[int], dtype: np.dtype[Any], batch_size: int) -> bool:
    """Whether a network is at least some 5 % quicker when others see the same batches beside it.

    >>> is_small([784, 16, 10], np.dtype("float32"), 32)
    True
    >>> is_small([784, 256, 10], np.dtype("float32"), 32)
    False
    """
    row = widths[1] * dtype.itemsize
    narrow = any(batch_size >= least and row <= most for least, most in MOST_BYTES.items())
    weights = sum(fan_in * fan_out for fan_in, fan_out in itertools.pairwise(widths))
    return narrow and weights <= MOST_WEIGHTS
