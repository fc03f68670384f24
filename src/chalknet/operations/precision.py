"""The numbers that operations compute with: floats, or exact numbers in arrays of objects.

An array of dtype object holds numbers that know their own arithmetic: they add, multiply and
compare, and take part in ``np.exp`` and its like. What is written for floats then holds for them as
it stands, as long as nobody turns them into floats: that is decided here.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["as_float64", "elementwise", "is_exact", "scalar"]

Array = npt.NDArray[Any]


def is_exact(array: Array) -> bool:
    """Whether the array holds exact numbers: objects, every one a ``numbers.Number``."""
    return array.dtype == object and all(isinstance(x, numbers.Number) for x in array.flat)


def as_float64(array: Array) -> Array:
    """The array in float64, in which losses are summed; exact and complex numbers as they are."""
    return array if array.dtype.kind in "Oc" else array.astype(np.float64, copy=False)


def scalar(value: Any) -> Any:
    """A sum as a plain float; an exact number as it is."""
    return float(value) if isinstance(value, np.floating) else value


def elementwise(formula: Callable[..., Any], *arrays: Array, parameters: tuple[Any, ...]) -> Array:
    """``formula(*numbers, *parameters)`` for every place of the arrays (of one shape).

    NumPy broadcasts a formula over floats. Exact numbers are taken one by one, and what comes of
    each is again a number of its kind, also where the formula gave a constant.

    >>> elementwise(lambda z, slope: np.where(z > 0, z, slope * z), np.array([-2.0, 3.0]),
    ...             parameters=(0.5,))
    array([-1.,  3.])
    """
    if arrays[0].dtype != object:
        return np.asarray(formula(*arrays, *parameters))

    def of_one(z: Any, *others: Any) -> Any:
        return type(z)(formula(z, *others, *parameters))

    values: Array = np.frompyfunc(of_one, len(arrays), 1)(*arrays)
    return values
