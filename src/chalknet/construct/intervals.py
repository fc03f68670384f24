"""Interval arithmetic with slopes: bounds that hold for every number in an interval.

A value is an interval that certainly holds it, lower and upper end in arrays; every operation
rounds outward, by a unit in the last place where float64 rounds correctly, by four for the
functions of the mathematical library, which are that good. Beside it go intervals that hold all
difference quotients along each input: forward differentiation in the same arithmetic.

Source: R. E. Moore, R. B. Kearfott and M. J. Cloud, "Introduction to Interval Analysis" (2009).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chalknet.construct.double_double import two_product, two_sum

__all__ = ["Array", "Interval", "outward"]

Array = npt.NDArray[np.float64]
_TINY = 1e-290  # below it products lose digits that nothing tells of


@dataclass(frozen=True, eq=False)
class Interval:
    """All numbers from ``low`` to ``high``, element by element; ends may be infinite."""

    low: Array
    high: Array

    @classmethod
    def of(cls, value: float, like: Interval) -> Interval:
        """One number, in the shape of another interval."""
        full = np.full(like.low.shape, value)
        return cls(full, full)

    def __add__(self, other: Interval) -> Interval:
        low, low_rest = two_sum(self.low, other.low)
        high, high_rest = two_sum(self.high, other.high)
        return Interval(_down(low, low_rest), _up(high, high_rest))

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __sub__(self, other: Interval) -> Interval:
        return self + (-other)

    def __mul__(self, other: Interval) -> Interval:
        pairs = [(a, b) for a in (self.low, self.high) for b in (other.low, other.high)]
        products = [_product(a, b) for a, b in pairs]
        low = np.min([_down(*product) for product in products], axis=0)
        high = np.max([_up(*product) for product in products], axis=0)
        # Zero times an unbounded end may be anything.
        unknown = np.isnan(low) | np.isnan(high)
        return Interval(np.where(unknown, -np.inf, low), np.where(unknown, np.inf, high))

    def reciprocal(self) -> Interval:
        """1 / x; everything where x may be zero."""
        low, high = 1.0 / self.high, 1.0 / self.low
        zero = (self.low <= 0) & (self.high >= 0)
        return outward(np.where(zero, -np.inf, low), np.where(zero, np.inf, high))

    def hull(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        return Interval(np.minimum(self.low, other.low), np.maximum(self.high, other.high))

    def within(self, other: Interval) -> Interval:
        """What both hold, where both certainly hold the value."""
        return Interval(np.maximum(self.low, other.low), np.minimum(self.high, other.high))

    def where(self, condition: npt.NDArray[np.bool_], other: Interval) -> Interval:
        """Itself where the condition holds, the other elsewhere."""
        return Interval(
            np.where(condition, self.low, other.low), np.where(condition, self.high, other.high)
        )


def _product(a: Array, b: Array) -> tuple[Array, Array]:
    product, rest = two_product(a, b)
    lost = (product == 0) & (a != 0) & (b != 0)
    return product, np.where(lost, np.nan, rest)


def _down(value: Array, rest: Array) -> Array:
    """A float at or below value + rest, where value is that sum rounded.

    Where the rest is unknown, for lack of room in the range of floats, it is the next one.
    """
    exact = (rest >= 0) & ((np.abs(value) > _TINY) | (value == 0))
    return np.where(exact | np.isinf(value), value, np.nextafter(value, -np.inf))


def _up(value: Array, rest: Array) -> Array:
    exact = (rest <= 0) & ((np.abs(value) > _TINY) | (value == 0))
    return np.where(exact | np.isinf(value), value, np.nextafter(value, np.inf))


def outward(low: Array, high: Array, units: float = 1.0) -> Interval:
    """An interval wider by so many units in the last place, at both ends."""
    if units == 1.0:
        return Interval(np.nextafter(low, -np.inf), np.nextafter(high, np.inf))
    finite_low, finite_high = np.isfinite(low), np.isfinite(high)
    down = units * np.spacing(np.abs(np.where(finite_low, low, 0.0)))
    up = units * np.spacing(np.abs(np.where(finite_high, high, 0.0)))
    return Interval(low - np.where(finite_low, down, 0.0), high + np.where(finite_high, up, 0.0))
