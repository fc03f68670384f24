"""Fixed-point numbers of any length in arrays: digits of 24 bits, added and multiplied exactly.

A number is Σₖ dₖ 2^(24 k − places), with whole numbers dₖ ≥ 0 or < 0 kept as float64, the lowest
first. Below 2⁵³ in size they are added without rounding, so that sums of a million numbers lose
nothing however much cancels, and all at the speed of arrays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["BITS", "as_floats", "carried", "digits_of", "digits_up_to", "multiplied"]

Array = npt.NDArray[Any]

BITS = 24
_BASE = 2.0**BITS


def digits_up_to(most: float, places: int) -> int:
    """How many digits numbers below ``most`` in size take; the highest is then below 2²³ in size.

    >>> digits_up_to(1.0, 0), digits_up_to(2.0**24, 0), digits_up_to(1.0, 48)
    (1, 2, 3)
    """
    return max(1, -(-(math.frexp(most)[1] + places + 2) // BITS))


def digits_of(values: Array, places: int, count: int) -> Array:
    """The digits (count, n) of floats (n,), rounded to a whole number of 2^−places.

    >>> digits_of(np.array([3.0, -0.75]), 24, 2).tolist()
    [[0.0, 4194304.0], [3.0, -1.0]]
    """
    left = values.astype(np.float64)
    digits = np.empty((count, len(left)))
    for k in reversed(range(count)):
        np.rint(_shifted(left, places - BITS * k), out=digits[k])
        left -= _shifted(digits[k], BITS * k - places)
    return digits


def carried(digits: Array) -> Array:
    """The same numbers with digits of at most 2²³ in size but for the highest; in place.

    >>> carried(np.array([[2.0**30 + 5], [1.0]])).tolist()
    [[5.0], [65.0]]
    """
    for k in range(len(digits) - 1):
        carry = np.rint(digits[k] / _BASE)
        digits[k] -= carry * _BASE
        digits[k + 1] += carry
    return digits


def multiplied(a: Array, b: Array, dropped: int) -> Array:
    """The digits of a b, carried, without the lowest ``dropped`` ones.

    For carried factors of at most 64 digits whose highest are of at most 2²³ in size as well. What
    is dropped is less than one in the lowest digit that is kept.
    """
    kept = max(0, dropped - 2)  # two digits more, from which something may be carried
    product = np.zeros((max(dropped + 1, len(a) + len(b)) - kept, a.shape[1]))
    for i, digit in enumerate(a):
        j = min(max(0, kept - i), len(b))
        product[max(0, i + j - kept) :][: len(b) - j] += digit * b[j:]
    carried(product)
    return product[dropped - kept :]


def as_floats(digits: Array, places: int) -> Array:
    """The floats (n,) nearest to the numbers, to a unit or two in the last place; in place carried.

    >>> as_floats(np.array([[1.0], [-3.0]]), 0) == 1 - 3 * 2**24
    array([ True])
    """
    total = np.zeros(digits.shape[1])
    for k, digit in enumerate(carried(digits)):
        total += _shifted(digit, BITS * k - places)
    return total


def _shifted(values: Array, places: int) -> Array:
    """Values · 2^places: by a product, which is quicker, where that power is a float."""
    shifted: Array = values * 2.0**places if abs(places) < 1000 else np.ldexp(values, places)
    return shifted
