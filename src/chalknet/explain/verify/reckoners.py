"""Arithmetic by other means than NumPy's: term by term, rounded once, or in fractions.

A reckoner turns arrays of a solution into numbers of its own, computes with them, and says how far
a value is from what it found, relative to the size of the terms that went into it.
"""

from __future__ import annotations

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

import numpy as np

from chalknet.explain.exact import Exact, many_digits
from chalknet.explain.numerals import Array

__all__ = ["ExactReckoner", "FloatReckoner", "Reckoner"]

# With more products than this, terms are added up by NumPy in extended precision.
MOST_PRODUCTS = 200_000


class Reckoner(ABC):
    """What the two have in common."""

    functions: Any  # elementary functions of its numbers
    sum_method: str  # how it adds up, in words

    @abstractmethod
    def alike(self, *values: Any, rational: bool = True) -> list[Any]:
        """Values of a solution as arrays of numbers of one kind; ``rational`` if fractions may."""

    def numbers(self, values: Any, *, rational: bool = True) -> Any:
        """One value as an array of numbers."""
        return self.alike(values, rational=rational)[0]

    @abstractmethod
    def wide(self, *values: Any, rational: bool = True) -> list[Any]:
        """As ``alike``, with more digits than the values have where they are rounded."""

    @abstractmethod
    def root(self, values: Any) -> Any:
        """√, entry by entry."""

    @abstractmethod
    def total(self, terms: Iterable[Any]) -> Any:
        """The sum."""

    @abstractmethod
    def product(self, A: Any, B: Any) -> tuple[Any, Any]:
        """AB (n, m), and |A||B|, from values of a solution (n, k) and (k, m)."""

    @abstractmethod
    def tolerance(self, terms: int = 1) -> float:
        """How far a sum of so many terms may be off, relative to their size."""

    def each(self, formula: Callable[..., Any], *arrays: Any) -> Array:
        """The formula, number by number."""
        result: Array = np.frompyfunc(formula, len(arrays), 1)(*arrays)
        return np.asarray(result, dtype=object)

    def error(self, value: Any, again: Any, scale: Any) -> float:
        """The largest |value − again| / scale; where the scale is 0 both must be equal."""
        worst = 0.0
        for one, other, size in zip(
            np.asarray(self.numbers(value)).ravel().tolist(),
            np.broadcast_to(np.asarray(again), np.shape(value)).ravel().tolist(),
            np.broadcast_to(np.asarray(scale), np.shape(value)).ravel().tolist(),
            strict=True,
        ):
            worst = max(worst, self._relative(one, other, size))
        return worst

    def _relative(self, one: Any, other: Any, size: Any) -> float:
        difference = abs(self.difference(one, other))
        if not difference:
            return 0.0
        relative = float(difference / size) if size else math.inf
        return math.inf if math.isnan(relative) else relative

    def difference(self, one: Any, other: Any) -> Any:
        """One less the other."""
        return one - other


class FloatReckoner(Reckoner):
    """Floats, added up with a single rounding by ``math.fsum``."""

    functions = math
    sum_method = "each product added up anew with math.fsum"

    def alike(self, *values: Any, rational: bool = True) -> list[Any]:  # noqa: ARG002
        """float64."""
        return [np.asarray(value, dtype=np.float64) for value in values]

    def wide(self, *values: Any, rational: bool = True) -> list[Any]:  # noqa: ARG002
        """Extended precision, where the machine has it."""
        return [np.asarray(value, dtype=np.longdouble) for value in values]

    def root(self, values: Any) -> Any:
        """In the precision that the values have."""
        return np.sqrt(values)

    def total(self, terms: Iterable[Any]) -> float:
        """Correctly rounded."""
        return math.fsum(terms)

    def product(self, A: Any, B: Any) -> tuple[Any, Any]:
        """Row by column, term by term; very large ones in extended precision."""
        scale = np.abs(A) @ np.abs(B)
        if A.size * B.shape[1] > MOST_PRODUCTS:
            return A.astype(np.longdouble) @ B.astype(np.longdouble), scale
        rows, columns = A.tolist(), B.T.tolist()
        again = [[math.fsum(map(operator.mul, row, column)) for column in columns] for row in rows]
        return np.array(again), scale

    def tolerance(self, terms: int = 1) -> float:
        """A rounding error for every term and a few more."""
        return (terms + 8) * 2.0**-52

    def error(self, value: Any, again: Any, scale: Any) -> float:
        """In one go; numbers below the normal ones have no digits to compare."""
        value = np.asarray(value, dtype=np.longdouble)
        with np.errstate(all="ignore"):
            difference = np.abs(value - np.asarray(again, dtype=np.longdouble))
            relative = difference / np.maximum(np.asarray(scale, dtype=np.longdouble), 1e-290)
        worst = float(np.max(relative, initial=0.0))
        return math.inf if math.isnan(worst) else worst


class ExactReckoner(Reckoner):
    """Fractions; where a value is none, 120 digits."""

    sum_method = "each product added up anew in fractions"

    @property
    def functions(self) -> Any:
        """Of mpmath, with 120 digits."""
        return many_digits()

    def alike(self, *values: Any, rational: bool = True) -> list[Any]:
        """Fractions if all are, otherwise all numbers of 120 digits."""
        arrays = [np.asarray(value, dtype=object) for value in values]
        plain = [[Exact(number).value for number in array.flat] for array in arrays]
        if not (rational and all(isinstance(x, Fraction) for numbers in plain for x in numbers)):
            plain = [[_many_digits(number) for number in numbers] for numbers in plain]
        for place, (array, numbers) in enumerate(zip(arrays, plain, strict=True)):
            arrays[place] = np.empty(array.size, object)
            arrays[place][:] = numbers
            arrays[place] = arrays[place].reshape(array.shape)
        return arrays

    def wide(self, *values: Any, rational: bool = True) -> list[Any]:
        """As they are."""
        return self.alike(*values, rational=rational)

    def root(self, values: Any) -> Any:
        """With 120 digits."""
        return self.each(lambda x: many_digits().sqrt(_many_digits(x)), values)

    def total(self, terms: Iterable[Any]) -> Any:
        """One after the other."""
        listed = list(terms)
        if all(isinstance(term, Fraction | int) for term in listed):
            return sum(listed, Fraction(0))
        return many_digits().fsum([_many_digits(term) for term in listed])

    def product(self, A: Any, B: Any) -> tuple[Any, Any]:
        """Row by column, term by term."""
        left, right = self.alike(A, np.transpose(B))
        shape = (len(left), len(right))
        again, scale = np.empty(shape, object), np.empty(shape, object)
        for i, row in enumerate(left):
            for j, column in enumerate(right):
                terms = [a * b for a, b in zip(row, column, strict=True)]
                again[i, j] = self.total(terms)
                scale[i, j] = self.total(map(abs, terms))
        return again, scale

    def tolerance(self, terms: int = 1) -> float:
        """Of 120 digits, 30 may be lost; fractions agree exactly, which is less."""
        return terms * 1e-90

    def difference(self, one: Any, other: Any) -> Any:
        """Of two fractions exactly, otherwise in 120 digits."""
        if isinstance(one, Fraction) and isinstance(other, Fraction | int):
            return one - other
        return _many_digits(one) - _many_digits(other)

    def _relative(self, one: Any, other: Any, size: Any) -> float:
        difference = abs(self.difference(one, other))
        if not difference:
            return 0.0
        return float(_many_digits(difference) / _many_digits(size)) if size else math.inf


def _many_digits(value: Any) -> Any:
    mp = many_digits()
    if isinstance(value, Fraction):
        return mp.mpf(value.numerator) / value.denominator
    return mp.mpf(value)
