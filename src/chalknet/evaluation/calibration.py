"""Calibration: whether a model that is 80 % sure is right 80 times in 100."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Calibration", "ReliabilityBin", "calibration_of"]

BINS = 10


@dataclass(frozen=True)
class ReliabilityBin:
    """The cases whose confidence lies in (``low``, ``high``]; the first bin has 0 as well.

    ``confidence`` is their mean confidence, ``frequency`` the share in which it came true; both are
    None in an empty bin.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    frequency: float | None


@dataclass(frozen=True)
class Calibration:
    """Bins of equal width, and the expected calibration error.

    ECE = Σ (count / n) |frequency − confidence|, over the bins.

    Source: Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
    binning", 2015.
    """

    bins: tuple[ReliabilityBin, ...]
    expected_error: float


def calibration_of(
    confidence: npt.NDArray[Any], happened: npt.NDArray[Any], *, bins: int = BINS
) -> Calibration:
    """Group cases by confidence and compare it with how often each group came true.

    Parameters
    ----------
    confidence : array (n,)
        Probabilities in [0, 1].
    happened : array (n,) of bool or 0/1
        Whether what was predicted came true.
    bins : int
        How many bins of equal width.

    >>> calibration_of(np.array([0.9, 0.9, 0.6, 0.6]), np.array([1, 1, 1, 0]), bins=2).bins[1]
    ReliabilityBin(low=0.5, high=1.0, count=4, confidence=0.75, frequency=0.75)
    """
    p = np.asarray(confidence, dtype=np.float64)
    edges = np.arange(bins + 1) / bins
    # side="left" puts an edge into the bin below it; 0 itself belongs to the first.
    which = np.clip(np.searchsorted(edges, p, side="left") - 1, 0, bins - 1)
    counts = np.bincount(which, minlength=bins)
    sure = np.bincount(which, weights=p, minlength=bins)
    true = np.bincount(which, weights=np.asarray(happened, dtype=np.float64), minlength=bins)
    groups = tuple(
        ReliabilityBin(
            float(edges[b]),
            float(edges[b + 1]),
            int(counts[b]),
            float(sure[b] / counts[b]) if counts[b] else None,
            float(true[b] / counts[b]) if counts[b] else None,
        )
        for b in range(bins)
    )
    return Calibration(groups, float(np.abs(true - sure).sum() / len(p)))
