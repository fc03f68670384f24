"""One array of a gradient beside the derivatives that values of the function give."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.diagnose.numerical_derivative import (
    Estimate,
    allows_complex_step,
    central_difference,
    complex_step,
    one_sided,
)
from chalknet.errors import ConfigurationError

__all__ = ["ArrayCheck", "Comparison", "Place"]

Array = npt.NDArray[Any]
Function = Callable[[Array], Any]

COMPLEX_TOLERANCE, DIFFERENCE_TOLERANCE = 1e-9, 1e-6
DIRECTIONS = 3
DOUBT = 10  # estimates of errors are off by less than this factor


@dataclass(frozen=True)
class Place:
    """One number of a gradient: where it is (from 0), what was given, what the function says."""

    index: tuple[int, ...]
    given: float
    numerical: float
    error: float


@dataclass(frozen=True, kw_only=True)
class ArrayCheck:
    """What was found of one array of the gradient.

    Attributes
    ----------
    name : str
        ``W1``, ``b1``, …, ``X``; ``x`` for a function of one's own.
    checked, size : int
        How many of its numbers were checked, and how many there are. Where not all were, as many
        random directions through all of them were too.
    largest_error : float
        Relative to the largest number of the array.
    wrong : int
        Numbers that are not the derivative.
    kinks : int
        Numbers taken at a kink and within what is right there.
    uncertain : int
        Numbers that differ by less than differences can tell.
    worst : Place or None
        The number with the largest error.
    wrong_directions : int
    """

    name: str
    checked: int
    size: int
    largest_error: float
    wrong: int
    kinks: int
    uncertain: int
    worst: Place | None
    wrong_directions: int = 0

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return self.wrong == 0 and self.wrong_directions == 0

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        worst = None if self.worst is None else {**vars(self.worst), "index": [*self.worst.index]}
        return {**vars(self), "worst": worst, "passed": self.passed}


class Comparison:
    """Compares arrays of a gradient with derivatives of ``function`` at ``x`` (m,).

    Raises
    ------
    ConfigurationError
        The function is not finite at ``x``.
    """

    def __init__(
        self,
        function: Function,
        x: Array,
        tolerance: float | None = None,
        at_most: int = 200,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.function, self.x = function, x
        self.at_most = at_most
        self.rng = rng or np.random.default_rng(0)
        value = float(function(x))
        if not np.isfinite(value):
            raise ConfigurationError(
                f"the function is {value} there, so it has no gradient: choose another point."
            )
        analytic = allows_complex_step(function, x, self.rng.choice([-1.0, 1.0], len(x)))
        self.method = "complex step" if analytic else "central differences"
        usual = COMPLEX_TOLERANCE if analytic else DIFFERENCE_TOLERANCE
        self.tolerance = usual if tolerance is None else tolerance

    def at(self, function: Function, x: Array) -> Comparison:
        """The same way of comparing, for another function."""
        other = copy.copy(self)
        other.function, other.x = function, x
        return other

    def of_array(self, name: str, given: Array, start: int = 0) -> ArrayCheck:
        """Check ``given``, which belongs to the numbers of x from ``start`` on.

        Raises
        ------
        ConfigurationError
            A number of the gradient is not finite.
        """
        flat = given.ravel()
        if not np.isfinite(flat).all():
            raise ConfigurationError(
                f"the gradient of {name} holds {flat[~np.isfinite(flat)][0]}: nothing to compare."
            )
        largest = float(np.abs(flat).max())
        chosen = self._chosen(flat)
        estimates = [self._slope(self._unit(start + k), largest) for k in chosen]
        scale = max(largest, *(abs(e.value) for e in estimates if np.isfinite(e.value)))
        places: dict[str, list[Place]] = {"right": [], "wrong": [], "kink": [], "uncertain": []}
        for k, estimate in zip(chosen, estimates, strict=True):
            index = tuple(int(i) for i in np.unravel_index(k, given.shape))
            error = float(abs(flat[k] - estimate.value)) / scale if scale else 0.0
            verdict = self._verdict(flat[k], estimate, self._unit(start + k), scale)
            places[verdict].append(Place(index, float(flat[k]), estimate.value, error))
        judged = places["wrong"] or places["right"]
        worst = max(judged, key=lambda place: place.error, default=None)
        return ArrayCheck(
            name=name,
            checked=len(chosen),
            size=len(flat),
            largest_error=0.0 if worst is None else worst.error,
            wrong=len(places["wrong"]),
            kinks=len(places["kink"]),
            uncertain=len(places["uncertain"]),
            worst=worst,
            wrong_directions=0 if len(chosen) == len(flat) else self._wrong_directions(flat, start),
        )

    def _chosen(self, flat: Array) -> list[int]:
        if len(flat) <= self.at_most:
            return list(range(len(flat)))
        some = self.rng.choice(len(flat), self.at_most, replace=False)
        some[0] = np.abs(flat).argmax()
        return sorted(set(some.tolist()))

    def _unit(self, k: int) -> Array:
        v = np.zeros(len(self.x))
        v[k] = 1.0
        return v

    def _slope(self, v: Array, scale: float) -> Estimate:
        with np.errstate(all="ignore"):
            if self.method == "complex step":
                return complex_step(self.function, self.x, v)
            enough = 0.1 * self.tolerance * scale / DOUBT
            return central_difference(self.function, self.x, v, enough=enough)

    def _verdict(self, given: float, estimate: Estimate, v: Array, scale: float) -> str:
        gap, allowed = abs(given - estimate.value), self.tolerance * scale
        if gap == 0 or (gap <= allowed and DOUBT * estimate.error <= allowed):
            return "right"
        if self._at_kink(given, v, allowed):
            return "kink"
        return "uncertain" if gap <= allowed + DOUBT * estimate.error else "wrong"

    def _at_kink(self, given: float, v: Array, allowed: float) -> bool:
        """Whether the function has a kink here and the slope is between those of its sides."""
        with np.errstate(all="ignore"):
            sides = one_sided(self.function, self.x, v)
        if sides is None:
            return False
        low, high = sorted(sides, key=lambda side: side.value)
        below = low.value - allowed - DOUBT * low.error
        return below <= given <= high.value + allowed + DOUBT * high.error

    def _wrong_directions(self, flat: Array, start: int) -> int:
        """Of random directions through the whole array, those along which it is not the slope."""
        wrong = 0
        for _ in range(DIRECTIONS):
            v = np.zeros(len(self.x))
            v[start : start + len(flat)] = self.rng.choice([-1.0, 1.0], len(flat))
            scale = float(np.linalg.norm(flat))
            given = float(flat @ v[start : start + len(flat)])
            wrong += self._verdict(given, self._slope(v, scale), v, scale) == "wrong"
        return wrong
