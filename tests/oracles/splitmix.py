"""Dropout masks from the definition of splitmix64, in unbounded integers taken modulo 2⁶⁴."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

WORD = 2**64
STEP = 0x9E3779B97F4A7C15


def splitmix64(seed: int, count: int) -> list[int]:
    """The generator of Steele, Lea and Flood, "Fast splittable pseudorandom numbers" (2014)."""
    numbers = []
    for _ in range(count):
        seed = (seed + STEP) % WORD
        z = seed
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % WORD
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WORD
        numbers.append(z ^ (z >> 31))
    return numbers


def uniform(key: int, count: int) -> list[float]:
    """Numbers in [0, 1) from the upper 53 bits."""
    return [(number >> 11) / 2**53 for number in splitmix64(key, count)]


def key_of(epoch_key: int, step: int, layer: int) -> int:
    """The key of one mask: number ``step`` of a stream seeds a stream, number ``layer`` of that."""
    key = splitmix64((epoch_key + STEP * step) % WORD, 1)[0]
    return splitmix64((key + STEP * layer) % WORD, 1)[0]


def mask(key: int, shape: tuple[int, int], rate: float) -> npt.NDArray[np.float64]:
    """Inverted dropout: 0 with probability ``rate``, otherwise 1 / (1 − rate)."""
    numbers = uniform(key, shape[0] * shape[1])
    kept = [0.0 if number < rate else 1.0 / (1.0 - rate) for number in numbers]
    return np.array(kept).reshape(shape)
