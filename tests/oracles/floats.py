"""Floating-point numbers worth trying: extremes, subnormals, and grids where formulas turn over."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

FLOATS = (np.float64, np.float32)
# What is promised: relative to max(|true value|, smallest normal number).
TOLERANCE = {np.float64: 1e-14, np.float32: 1e-6}
# Where e⁻ˣ, and e^(−x²/2), leave the normal numbers and then vanish, by type.
VANISHING = {
    np.float64: ((700.0, 760.0), (350.0, 375.0), (36.5, 39.5)),
    np.float32: ((85.0, 106.0), (42.0, 53.0), (12.5, 15.0)),
}


@functools.cache
def grid(dtype: type[np.floating[Any]]) -> Floats:
    """About 3,500 numbers of the type, of both signs."""
    info = np.finfo(dtype)
    rng = np.random.default_rng(20240229)
    lowest, highest = np.log10(float(info.smallest_subnormal)), np.log10(float(info.max))
    magnitudes = [
        10.0 ** np.linspace(lowest, highest - 1e-6, 300),
        rng.uniform(0.0, 4.0, 500),
        rng.uniform(0.0, 45.0, 500),
        *(rng.uniform(low, high, 150) for low, high in VANISHING[dtype]),
        np.array([0.5, 1.0, 2.0, 3.0, 8.0, 1e30, 1e30 * 1.25]),
    ]
    positive = np.concatenate(magnitudes).astype(dtype)
    special = np.array(
        [
            info.smallest_subnormal,
            3 * info.smallest_subnormal,
            np.nextafter(info.tiny, dtype(0)),
            info.tiny,
            info.eps,
            np.nextafter(dtype(1), dtype(0)),
            np.nextafter(dtype(1), dtype(2)),
            np.nextafter(info.max, dtype(0)),
            info.max,
        ],
        dtype=dtype,
    )
    zero = np.array([0.0, -0.0], dtype=dtype)
    return np.concatenate([zero, special, -special, positive, -positive])
