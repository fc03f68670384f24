"""The derivative of a function along a line, from its values alone.

``complex_step``: ∂f = Im f(x + ih v) / h has no difference in it, hence no cancellation, so h can
be 10⁻³⁰ and every digit is right. f must be analytic as it is written: no |z|, no maximum of
anything but a real part. Source: Squire and Trapp, SIAM Review 40, 1998.

``central_difference``: (f(x + h v) − f(x − h v)) / 2h for h, h/2, h/4, …, extrapolated to h = 0,
with an estimate of its own error. Source: Ridders, Advances in Engineering Software 4, 1982.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Estimate", "allows_complex_step", "central_difference", "complex_step", "one_sided"]

Vector = npt.NDArray[Any]
Function = Callable[[Vector], Any]

TINY = 1e-30
FIRST_STEP = 2.0**-9
LEVELS, FEW = 14, 4  # the last step is 2⁻²², some 10⁻⁷
SIDE_STEPS = (-12, -20, -28)  # powers of two
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Estimate:
    """A derivative and how far off it may be."""

    value: float
    error: float


def complex_step(f: Function, x: Vector, v: Vector) -> Estimate:
    """Of an analytic f, to the last digits."""
    value = float(np.imag(f(x + 1j * TINY * v))) / TINY
    return Estimate(value, 8 * EPS * abs(value))


def central_difference(f: Function, x: Vector, v: Vector, *, enough: float = 0.0) -> Estimate:
    """Of any f, as well as its values allow.

    Steps get smaller until the error is surely below ``enough``, or no smaller step helps: near a
    kink the first few reach across it.
    """
    step, noise = FIRST_STEP * _scale(x, v), 0.0
    best = Estimate(math.nan, math.inf)
    row: list[float] = []
    for level in range(LEVELS):
        above, below = float(f(x + step * v)), float(f(x - step * v))
        noise = 4 * EPS * max(abs(above), abs(below)) / step
        last, row = row, [(above - below) / (2 * step)]
        for k, coarser in enumerate(last):
            factor = 4.0 ** (k + 1)
            row.append((factor * row[k] - coarser) / (factor - 1))
            error = max(abs(row[k + 1] - row[k]), abs(row[k + 1] - coarser)) + noise
            if error < best.error:
                best = Estimate(row[k + 1], error)
        if level >= FEW - 1 and (best.error <= enough or noise > best.error):
            break
        step /= 2
    return best


def one_sided(f: Function, x: Vector, v: Vector) -> tuple[Estimate, Estimate] | None:
    """The slopes just before and just after x, if f has a kink there; None if it has none.

    Where f is smooth, the two approach each other as fast as the step gets smaller. At a kink they
    stay apart; next to one, until the step no longer reaches it.
    """
    at, gap, kink = float(f(x)), math.inf, False
    for exponent in SIDE_STEPS:
        step = 2.0**exponent * _scale(x, v)
        after, before = float(f(x + step * v)), float(f(x - step * v))
        noise = 8 * EPS * max(abs(at), abs(after), abs(before)) / step
        after, before = (after - at) / step, (at - before) / step
        kink = kink or (abs(after - before) > max(gap / 16, 10 * noise) and gap < math.inf)
        gap = abs(after - before)
    return (Estimate(before, noise), Estimate(after, noise)) if kink else None


def allows_complex_step(f: Function, x: Vector, v: Vector) -> bool:
    """Whether f takes complex numbers and is analytic along v, as far as values at x can tell."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error")  # a part that is dropped is a warning of NumPy's
            moved = np.asarray(f(x + 1j * TINY * v))
            if moved.dtype.kind != "c" or moved.size != 1:
                return False
            value, slope = complex(moved.item()), float(np.imag(moved).item()) / TINY
            at = float(f(x))
    except Exception:  # noqa: BLE001 - whatever a user's function says of complex numbers, it is no
        return False
    if not (np.isfinite(slope) and abs(value.real - at) <= 1e-12 * abs(at)):
        return False
    difference = central_difference(f, x, v)
    return abs(slope - difference.value) <= 1e-6 * abs(slope) + 10 * difference.error


def _scale(x: Vector, v: Vector) -> float:
    """How far x may be moved along v for a first look."""
    largest = float(np.abs(v).max()) or 1.0
    moved = np.abs(x[np.abs(v) > 0.5 * largest])
    return max(1.0, float(moved.max())) / largest if len(moved) else 1.0
