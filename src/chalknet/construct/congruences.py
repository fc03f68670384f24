"""Multiples of a number whose remainders lie in an interval, by Euclid's algorithm.

A product of two floats has 106 bits, and a bias in float64 can take away the upper half of them. So
what is left is the remainder of a multiple of x, and to make it what it should be, to thirty digits
and more, is to find a multiple with a remainder in a given interval.
"""

from __future__ import annotations

__all__ = ["first_multiple"]


def first_multiple(step: int, modulus: int, low: int, high: int) -> int | None:
    """The smallest j ≥ 0 with low ≤ j step mod modulus ≤ high; None where there is none.

    0 ≤ low ≤ high < modulus and 0 ≤ step < modulus. If no multiple of the step itself lies between,
    then j step = modulus i + r with r between, so i modulus mod step lies in an interval, too: the
    same question about the pair that Euclid's algorithm goes on with.

    >>> first_multiple(7, 100, 40, 41), first_multiple(7, 100, 1, 1), first_multiple(4, 100, 1, 3)
    (20, 43, None)
    """
    asked = []
    while True:
        if low <= 0:
            j = 0
            break
        if not step:
            return None
        j = -(-low // step)
        if j * step <= high:
            break
        asked.append((step, modulus, low))
        step, modulus, low, high = modulus % step, step, step - high % step, step - low % step
    for step, modulus, low in reversed(asked):
        j = -(-(low + modulus * j) // step)
    return j
