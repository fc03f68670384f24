"""A value and its slopes together: interval arithmetic that differentiates as it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chalknet.construct.interval_functions import ELEMENTARY, real_power, whole_power
from chalknet.construct.intervals import Interval

__all__ = ["Jet", "elementary"]


@dataclass(frozen=True, eq=False)
class Jet:
    """A value and its partial derivatives, all as intervals."""

    value: Interval
    slopes: tuple[Interval, ...]

    def chain(self, value: Interval, derivative: Interval) -> Jet:
        """A function of this one: f(u), f′(u) u′."""
        return Jet(value, tuple(derivative * slope for slope in self.slopes))

    def __add__(self, other: Jet) -> Jet:
        return Jet(self.value + other.value, _each(Interval.__add__, self, other))

    def __neg__(self) -> Jet:
        return Jet(-self.value, tuple(-slope for slope in self.slopes))

    def __sub__(self, other: Jet) -> Jet:
        return self + (-other)

    def __mul__(self, other: Jet) -> Jet:
        left = tuple(slope * other.value for slope in self.slopes)
        right = tuple(slope * self.value for slope in other.slopes)
        slopes = tuple(a + b for a, b in zip(left, right, strict=True))
        return Jet(self.value * other.value, slopes)

    def __truediv__(self, other: Jet) -> Jet:
        r = other.value.reciprocal()
        return self * other.chain(r, -(r * r))

    def minimum(self, other: Jet) -> Jet:
        """The smaller; its slope is that of either where either may be the smaller."""
        a, b = self.value, other.value
        value = Interval(np.minimum(a.low, b.low), np.minimum(a.high, b.high))
        first, second = a.high < b.low, b.high < a.low
        slopes = _each(lambda p, q: p.where(first, q.where(second, p.hull(q))), self, other)
        return Jet(value, slopes)

    def power(self, exponent: Jet) -> Jet:
        """x ^ y: by multiplication for whole constants, else by exp(y log x), x ≥ 0."""
        constant = _constant(exponent)
        if constant is None:
            return elementary("exp", exponent * elementary("log", self))
        if constant.is_integer() and abs(constant) <= 2**20:
            value = whole_power(self.value, int(constant))
            below = whole_power(self.value, int(constant) - 1)
        else:
            value = real_power(self.value, constant)
            below = real_power(self.value, constant - 1)
        return self.chain(value, Interval.of(constant, below) * below)


def elementary(name: str, u: Jet) -> Jet:
    """The named function of one value; numbers outside its domain give no bounds (NaN)."""
    value, derivative = ELEMENTARY[name](u.value)
    return u.chain(value, derivative)


def _each(
    combine: Callable[[Interval, Interval], Interval], a: Jet, b: Jet
) -> tuple[Interval, ...]:
    return tuple(combine(p, q) for p, q in zip(a.slopes, b.slopes, strict=True))


def _constant(u: Jet) -> float | None:
    """The number that u is everywhere, or None."""
    first = float(u.value.low.flat[0])
    fixed = (u.value.low == first).all() and (u.value.high == first).all()
    return first if fixed else None
