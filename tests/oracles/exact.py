"""True values to 60 digits, with mpmath, and how far a computed float is from them.

A true value is kept as the sum of two float64, so that errors far below one rounding can be
measured with plain array arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

mp = mpmath.MPContext()
mp.dps = 60

Exact = Any  # an mpmath number
Float64 = npt.NDArray[np.float64]


def exact(x: Any) -> Exact:
    """The number that a float is, exactly."""
    return mp.mpf(float(x))


@dataclass(frozen=True)
class Truth:
    """True values ``high + low``, and the ``scale`` that errors are relative to."""

    high: Float64
    low: Float64
    scale: Float64

    @classmethod
    def of(cls, values: Iterable[Exact], scale: Iterable[Exact] | None = None) -> Truth:
        """From exact numbers; errors are relative to their magnitude unless a scale is given."""
        values = list(values)
        high = np.array([float(value) for value in values])
        low = np.array(
            [
                float(value - exact(rounded)) if np.isfinite(rounded) else 0.0
                for value, rounded in zip(values, high, strict=True)
            ]
        )
        sizes = high if scale is None else np.array([float(size) for size in scale])
        return cls(high, low, np.abs(sizes))

    @classmethod
    def of_sums(cls, sums: Iterable[Sequence[Exact]], factor: Exact = 1) -> Truth:
        """From the terms that each value is the sum of, times a factor.

        Errors are relative to the magnitude of the sum; but where its terms cancel by more than a
        factor of ten, as eᵒ − t does around o = log t, relative to the sum of their magnitudes: no
        formula on floats can do better there.
        """
        values, scale = [], []
        for terms in sums:
            value = mp.fsum(terms)
            size = mp.fsum(abs(term) for term in terms)
            values.append(value * factor)
            scale.append((size if 10 * abs(value) < size else value) * factor)
        return cls.of(values, scale)

    def errors(self, computed: npt.NDArray[Any]) -> Float64:
        """|computed − true| / max(scale, smallest normal number of the computed type).

        Where the true value is too large for the type, infinity of its sign is the right answer
        (error 0). A NaN or an infinity anywhere else gives NaN or infinity, which pass no bound.
        """
        info = np.finfo(computed.dtype)
        wide = computed.astype(np.float64).ravel()
        with np.errstate(invalid="ignore", over="ignore"):
            difference = np.abs((wide - self.high) - self.low)
            relative = difference / np.maximum(self.scale, float(info.tiny))
        too_large = np.abs(self.high) > float(info.max)
        right = np.isinf(wide) & (np.sign(wide) == np.sign(self.high))
        return np.where(too_large, np.where(right, 0.0, np.nan), relative)


def worst(errors: Float64) -> float:
    """The largest error; NaN if one is NaN."""
    return float(np.max(errors)) if errors.size else 0.0
