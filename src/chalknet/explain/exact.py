"""Exact numbers: fractions until the first transcendental function, then 120 digits.

``Exact`` knows enough of NumPy's ways that the textbook's formulas, written for floats, can be run
over arrays of it unchanged. A float that meets it is a constant of a formula and means the decimal
that stands there: 0.5 is a half, 0.01 a hundredth.

Of the 120 digits 30 are shown. A difference that cancels more than 80 of them is taken as zero, so
that no digit is ever shown that rounding made.
"""

from __future__ import annotations

import functools
import math
import numbers
import operator
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

import numpy as np

from chalknet.errors import ConfigurationError

__all__ = ["DIGITS", "SHOWN_DIGITS", "Exact", "many_digits"]

DIGITS = 120
SHOWN_DIGITS = 30
CANCELLED_DIGITS = 80


@functools.cache
def many_digits() -> Any:
    """mpmath with our number of digits, whatever others set."""
    import mpmath

    context = mpmath.MPContext()
    context.dps = DIGITS
    return context


class Exact(numbers.Number):
    """A ``Fraction``, or an mpmath number of 120 digits where no fraction will do.

    Parameters
    ----------
    value : Exact, Fraction, int, float, mpf, or a NumPy scalar or array of one of these

    Examples
    --------
    >>> third = Exact(1) / 3
    >>> third + 0.1, np.exp(third - third), np.maximum(-third, 0.0)
    (Exact(13/30), Exact(1), Exact(0))
    >>> np.exp(third)
    Exact(1.39561242508608952862812531960)
    """

    __slots__ = ("value",)
    value: Any

    def __init__(self, value: Any) -> None:
        if isinstance(value, np.ndarray | np.generic):
            value = value.item()
        if isinstance(value, Exact):
            value = value.value
        elif isinstance(value, float):
            value = Fraction(repr(value)) if math.isfinite(value) else many_digits().mpf(value)
        elif isinstance(value, int):
            value = Fraction(value)
        elif not (isinstance(value, Fraction) or hasattr(value, "_mpf_")):
            raise TypeError(f"{value!r} is no exact number.")
        self.value = value

    @property
    def is_rational(self) -> bool:
        """Whether it is known as a fraction."""
        return isinstance(self.value, Fraction)

    # Arithmetic -------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Any:
        return _combined(_sum, self, other)

    def __radd__(self, other: Any) -> Any:
        return _combined(_sum, other, self)

    def __sub__(self, other: Any) -> Any:
        return _combined(_difference, self, other)

    def __rsub__(self, other: Any) -> Any:
        return _combined(_difference, other, self)

    def __mul__(self, other: Any) -> Any:
        return _combined(_product, self, other)

    def __rmul__(self, other: Any) -> Any:
        return _combined(_product, other, self)

    def __truediv__(self, other: Any) -> Any:
        return _combined(_quotient, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _combined(_quotient, other, self)

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(exponent, int):
            return Exact(self.value**exponent)
        return _combined(_power, self, exponent)

    def __neg__(self) -> Exact:
        return Exact(-self.value)

    def __pos__(self) -> Exact:
        return self

    def __abs__(self) -> Exact:
        return Exact(abs(self.value))

    def __lt__(self, other: Any) -> Any:
        return _compared(operator.lt, self, other)

    def __le__(self, other: Any) -> Any:
        return _compared(operator.le, self, other)

    def __gt__(self, other: Any) -> Any:
        return _compared(operator.gt, self, other)

    def __ge__(self, other: Any) -> Any:
        return _compared(operator.ge, self, other)

    def __eq__(self, other: object) -> Any:
        return _compared(operator.eq, self, other)

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        return bool(self.value != 0)

    def __float__(self) -> float:
        try:
            return float(self.value)
        except OverflowError:
            return math.inf if self.value > 0 else -math.inf

    def __repr__(self) -> str:
        return f"Exact({self.shown()})"

    def shown(self) -> Fraction | Decimal:
        """As a ``Fraction``, or as a ``Decimal`` of 30 digits.

        Raises
        ------
        ConfigurationError
            It is 10 to a power of more than 18 digits, which no ``Decimal`` can be.
        """
        if isinstance(self.value, Fraction):
            return self.value
        try:
            return Decimal(many_digits().nstr(self.value, SHOWN_DIGITS, strip_zeros=False))
        except InvalidOperation:
            raise _beyond_powers_of_ten() from None

    # What NumPy calls on the elements of an array, and of a single number ---------------------

    def exp(self) -> Exact:
        """Eˣ; e⁰ is the fraction 1."""
        return self._transcendental("exp", {0: 1})

    def expm1(self) -> Exact:
        """Eˣ − 1; the fraction 0 for x = 0."""
        return self._transcendental("expm1", {0: 0})

    def log(self) -> Exact:
        """The natural logarithm; the fraction 0 for x = 1."""
        return self._transcendental("log", {1: 0})

    def log1p(self) -> Exact:
        """log(1 + x); the fraction 0 for x = 0."""
        return self._transcendental("log1p", {0: 0})

    def tanh(self) -> Exact:
        """The hyperbolic tangent; the fraction 0 for x = 0."""
        return self._transcendental("tanh", {0: 0})

    def sin(self) -> Exact:
        """The sine; the fraction 0 for x = 0."""
        return self._transcendental("sin", {0: 0})

    def cos(self) -> Exact:
        """The cosine; the fraction 1 for x = 0."""
        return self._transcendental("cos", {0: 1})

    def sqrt(self) -> Exact:
        """√x; a fraction if x is the square of one."""
        if isinstance(self.value, Fraction) and self.value >= 0:
            top, bottom = math.isqrt(self.value.numerator), math.isqrt(self.value.denominator)
            if Fraction(top * top, bottom * bottom) == self.value:
                return Exact(Fraction(top, bottom))
        return Exact(many_digits().sqrt(_mpf(self.value)))

    def normal_distribution(self) -> Exact:
        """Φ(x) = P(N(0, 1) ≤ x); the fraction ½ for x = 0."""
        return self._transcendental("ncdf", {0: Fraction(1, 2)})

    def normal_density(self) -> Exact:
        """φ(x) = exp(−x²/2) / √(2π)."""
        if abs(self.value) > _LARGEST_ARGUMENT["ncdf"]:
            raise _beyond_powers_of_ten()
        return Exact(many_digits().npdf(_mpf(self.value)))

    def sign(self) -> Exact:
        """−1, 0 or 1."""
        return Exact((self.value > 0) - (self.value < 0))

    def floor(self) -> Exact:
        """The largest integer below or at x."""
        return Exact(math.floor(self.value))

    def _transcendental(self, name: str, known: dict[int, Any]) -> Exact:
        if isinstance(self.value, Fraction) and self.value in known:
            return Exact(known[int(self.value)])
        if name in _LARGEST_ARGUMENT and abs(self.value) > _LARGEST_ARGUMENT[name]:
            raise _beyond_powers_of_ten()
        return Exact(getattr(many_digits(), name)(_mpf(self.value)))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "__call__" and not options and not any(map(_is_array, inputs)):
            function = _UFUNCS.get(ufunc.__name__)
            return NotImplemented if function is None else function(*map(Exact, inputs))
        return getattr(ufunc, method)(*map(_boxed, inputs), **options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function is np.where and len(args) == 3 and not any(map(_is_array, args)):
            return Exact(args[1] if args[0] else args[2])
        if function is np.clip and len(args) == 3 and not any(map(_is_array, args)):
            return _UFUNCS["minimum"](_UFUNCS["maximum"](*map(Exact, args[:2])), Exact(args[2]))
        return function(*map(_boxed, args), **options)


# Beyond these, e^x has an exponent of more than 18 digits: no ``Decimal``, and at last no memory,
# could hold it.
_LARGEST_ARGUMENT = {"exp": 10**18, "expm1": 10**18, "ncdf": 10**9}


def _beyond_powers_of_ten() -> ConfigurationError:
    return ConfigurationError(
        "a power of e is too large, or too close to 0, to be written even as a power of ten: the "
        "problem needs smaller inputs or weights."
    )


def _combined(operation: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    if _is_array(left) or _is_array(right):
        return NotImplemented  # the array has it done element by element
    try:
        return Exact(operation(Exact(left).value, Exact(right).value))
    except (TypeError, ValueError):
        return NotImplemented


def _compared(operation: Callable[[Any, Any], Any], left: Exact, right: Any) -> Any:
    if _is_array(right):
        return NotImplemented
    try:
        a, b = left.value, Exact(right).value
        return bool(operation(*(a, b) if _rational(a, b) else (_mpf(a), _mpf(b))))
    except (TypeError, ValueError):
        return NotImplemented


# On two fractions exactly, otherwise in 120 digits.


def _rational(a: Any, b: Any) -> bool:
    return isinstance(a, Fraction) and isinstance(b, Fraction)


def _sum(a: Any, b: Any) -> Any:
    if _rational(a, b):
        return a + b
    x, y = _mpf(a), _mpf(b)
    total = x + y
    smallest = many_digits().mpf(10) ** -CANCELLED_DIGITS * max(abs(x), abs(y))
    return Fraction(0) if abs(total) < smallest else total


def _difference(a: Any, b: Any) -> Any:
    return _sum(a, -b)


def _product(a: Any, b: Any) -> Any:
    if _rational(a, b):
        return a * b
    # A known zero times anything is known to be zero.
    return Fraction(0) if Fraction(0) in (a, b) else _mpf(a) * _mpf(b)


def _quotient(a: Any, b: Any) -> Any:
    if _rational(a, b):
        return a / b
    return a if a == Fraction(0) else _mpf(a) / _mpf(b)


def _power(a: Any, b: Any) -> Any:
    return _mpf(a) ** _mpf(b)


def _mpf(value: Any) -> Any:
    mp = many_digits()
    if isinstance(value, Fraction):
        return mp.mpf(value.numerator) / value.denominator
    return mp.mpf(value)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0


def _boxed(value: Any) -> Any:
    """An exact number as an array of no dimensions, in which NumPy does not see it."""
    if not isinstance(value, Exact):
        return value
    box = np.empty((), object)
    box[()] = value
    return box


_UFUNCS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": lambda a, b: a ** (int(b.value) if b.is_rational and b.value % 1 == 0 else b),
    "negative": operator.neg,
    "positive": operator.pos,
    "absolute": operator.abs,
    "fabs": operator.abs,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "maximum": max,
    "minimum": min,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
    "not_equal": operator.ne,
    "isfinite": lambda x: x.is_rational or bool(many_digits().isfinite(x.value)),
    "isnan": lambda x: not x.is_rational and bool(many_digits().isnan(x.value)),
}
for _name in ("exp", "expm1", "log", "log1p", "tanh", "sin", "cos", "sqrt", "sign", "floor"):
    _UFUNCS[_name] = getattr(Exact, _name)
