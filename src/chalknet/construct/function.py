"""A function that can be computed, and bounded on whole boxes of its inputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chalknet.construct.intervals import Interval
from chalknet.errors import ConfigurationError

__all__ = ["Array", "Enclosure", "Function", "middle_form"]

Array = npt.NDArray[np.float64]
AT_ONCE = 2**15  # inputs whose values are computed together, so that memory stays small


@dataclass(frozen=True, eq=False)
class Enclosure:
    """What is known of a function on each of n boxes.

    Attributes
    ----------
    value : Interval (n,)
        Holds all values on the box.
    middle : Interval (n,)
        Holds the value in the middle of the box.
    slopes : tuple of Interval (n,), one an input
        Hold all difference quotients along that input.
    """

    value: Interval
    middle: Interval
    slopes: tuple[Interval, ...]


class Function(ABC):
    """A function of ``inputs`` numbers.

    ``name`` is what to call it, ``proved`` whether its bounds are certain.
    """

    name: str
    inputs: int
    proved: bool = True

    def __call__(self, X: npt.ArrayLike) -> Array:
        """Values (n,) at X (n, inputs).

        Raises
        ------
        ConfigurationError
            A value is not finite.
        """
        points = np.asarray(X, np.float64)
        with np.errstate(all="ignore"):
            values = np.concatenate(
                [self._values(points[i : i + AT_ONCE]) for i in range(0, len(points), AT_ONCE)]
            )
        if not np.isfinite(values).all():
            i = int(np.flatnonzero(~np.isfinite(values))[0])
            place = ", ".join(f"{value:.6g}" for value in points[i])
            raise ConfigurationError(
                f"{self.name} is {values[i]} at x = {place}: choose a range on which it is finite."
            )
        return values

    def enclose(self, low: Array, high: Array) -> Enclosure:
        """What is known of the function on boxes from ``low`` to ``high``, (n, inputs) each.

        Raises
        ------
        ConfigurationError
            The function may be unbounded on a box.
        """
        with np.errstate(all="ignore"):
            parts = [
                self._enclosed(low[i : i + AT_ONCE], high[i : i + AT_ONCE])
                for i in range(0, len(low), AT_ONCE)
            ]
        whole = _joined(parts)
        unbounded = ~(np.isfinite(whole.value.low) & np.isfinite(whole.value.high))
        if unbounded.any():
            i = int(np.flatnonzero(unbounded)[0])
            box = ", ".join(f"{a:.6g} to {b:.6g}" for a, b in zip(low[i], high[i], strict=True))
            raise ConfigurationError(
                f"{self.name} may be unbounded or undefined on {box}: choose a range on which it "
                "is finite."
            )
        return whole

    @abstractmethod
    def _values(self, points: Array) -> Array: ...

    @abstractmethod
    def _enclosed(self, low: Array, high: Array) -> Enclosure: ...


def _joined(parts: list[Enclosure]) -> Enclosure:
    def join(intervals: Sequence[Interval]) -> Interval:
        return Interval(
            np.concatenate([each.low for each in intervals]),
            np.concatenate([each.high for each in intervals]),
        )

    return Enclosure(
        join([part.value for part in parts]),
        join([part.middle for part in parts]),
        tuple(map(join, zip(*(part.slopes for part in parts), strict=True))),
    )


def middle_form(value: Interval, middle: Interval, slopes: Sequence[Interval],
                 half: Array) -> Interval:  # fmt: skip
    """The value from its middle and the slopes, where that is narrower."""
    reach = middle
    for a, slope in enumerate(slopes):
        steepest = np.maximum(np.abs(slope.low), np.abs(slope.high))
        reach = reach + Interval(-half[:, a], half[:, a]) * Interval(steepest, steepest)
    usable = np.isfinite(reach.low) & np.isfinite(reach.high)
    return value.within(reach).where(usable, value)
