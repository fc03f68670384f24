"""A range on the command line: ``-2,3`` from −2 to 3, or ``2`` from −2 to 2."""

from __future__ import annotations

import math

from chalknet.errors import ConfigurationError

__all__ = ["interval"]


def interval(option: str, text: str) -> tuple[float, float]:
    """The two ends.

    >>> interval("--range", "-2,3"), interval("--range", "0.5")
    ((-2.0, 3.0), (-0.5, 0.5))
    """
    try:
        ends = [float(part) for part in text.split(",")]
    except ValueError:
        ends = []
    low, high = (-ends[0], ends[0]) if len(ends) == 1 else ends if len(ends) == 2 else (0.0, 0.0)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ConfigurationError(
            f"{option} takes two ends with a comma between, as in -2,3, or one number B for "
            f"-B,B, not {text!r}."
        )
    return low, high
