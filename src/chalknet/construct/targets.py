"""Points, and the lines through them, in whole numbers: float64 weights without rounding errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chalknet.construct.one_neuron import Neuron
from chalknet.construct.points import Points

__all__ = ["Line", "Piece", "Places", "Targets", "float_of", "floats_of", "places_of", "whole_of"]

Array = npt.NDArray[Any]

OCTAVES = 900  # of numbers that are far from the ends of float64's range


class Places(NamedTuple):
    """How many binary places numbers keep; −1 of them where all are even, and so on."""

    x: int
    a: int

    @property
    def b(self) -> int:
        """Of hidden biases. Hidden weights have 52."""
        return self.x + 53

    @property
    def y(self) -> int:
        """Of a (w x + b)."""
        return self.a + self.b


class Line(NamedTuple):
    """Slope x + offset, in units of 2⁻ᵃ⁻⁵² and 2⁻ʸ for the places a and y."""

    slope: int
    offset: int

    def at(self, x: int) -> int:
        """Its value."""
        return (self.slope * x << 1) + self.offset

    def plus(self, neuron: Neuron) -> Line:
        """The line where a neuron is active as well."""
        return Line(self.slope + neuron.a * neuron.w, self.offset + neuron.a * neuron.b)

    def minus(self, other: Line) -> Line:
        """The difference of two lines."""
        return Line(self.slope - other.slope, self.offset - other.offset)

    def mirrored(self) -> Line:
        """The same over −x."""
        return Line(-self.slope, self.offset)


class Piece(NamedTuple):
    """A straight piece, by the indices of the first and the last point on it.

    ``joined`` tells whether its knot is the last point of the piece before, and so its first one.
    Otherwise the knot lies in the gap before the first point.
    """

    first: int
    last: int
    joined: bool


@dataclass(frozen=True, eq=False)
class Targets:
    """Points (x, y) to be met, ascending, with ``unit``: one in the last place of the largest |y|.

    x are exact where they are floats; fractions are rounded where that moves no line by 2⁻²⁰ units.
    """

    x: list[int]
    y: list[int]
    unit: int
    places: Places

    @classmethod
    def of(cls, points: Points, unit: float) -> Targets:
        """The same points."""
        place, size = (math.frexp(float(value))[1] for value in (unit, np.abs(points.x).max()))
        needed = _places_of_fractions(points, place) if points.exact else places_of(points.x)
        # Knots between points may have more places than points with short numbers.
        places = Places(max(needed, 60 - size), 64 + size - place)
        whole = _whole_fractions if points.exact else _whole
        x, y = whole(points.x, places.x), whole(points.y, places.y)
        return cls(x, y, whole_of(unit, places.y), places)

    def __len__(self) -> int:
        return len(self.x)

    def mirrored(self) -> Targets:
        """The same seen from the right: −x, the last point first."""
        x = [-value for value in reversed(self.x)]
        return Targets(x, self.y[::-1], self.unit, self.places)

    def through(self, i: int, k: int, up: tuple[int, int] = (0, 0)) -> Line:
        """The line through points i and k, moved up by so much at the one and at the other."""
        rise = self.y[k] + up[1] - self.y[i] - up[0]
        slope = rise // ((self.x[k] - self.x[i]) << 1)
        return Line(slope, self.y[i] + up[0] - (slope * self.x[i] << 1))

    def bent(self, pieces: Sequence[Piece]) -> int:
        """How far a point is off the chord of its piece, at most."""
        x, y, most = self.x, self.y, 0
        for first, last, _ in pieces:
            if last - first > 1:
                chord = self.through(first, last)
                most = max(most, *(abs(y[i] - chord.at(x[i])) for i in range(first + 1, last)))
        return most

    def missed(self, neurons: Sequence[Neuron], lefts: Sequence[bool], constant: int) -> Array:
        """What a network gives at each point minus y (n,). Neurons are in the order of knots."""
        missed = [constant - y for y in self.y]
        faces = list(zip(neurons, lefts, strict=True))
        right = self.sums([neuron for neuron, left in faces if not left])
        mirror = self.mirrored()
        left = mirror.sums([neuron for neuron, left in reversed(faces) if left])
        for values in (right, left[::-1]):
            missed = [a + b for a, b in zip(missed, values, strict=True)]
        most = [max(0, value.bit_length() - 64) for value in missed]
        return np.array(
            [
                math.ldexp(value >> bits, bits - self.places.y)
                for value, bits in zip(missed, most, strict=True)
            ]
        )

    def sums(self, neurons: Sequence[Neuron]) -> list[int]:
        """What neurons that face right add at each point."""
        starts: list[Line] = [Line(0, 0)] * (len(self) + 1)
        i = 0
        for neuron in neurons:
            while i > 0 and neuron.reaches(self.x[i - 1]) > 0:
                i -= 1
            while i < len(self) and neuron.reaches(self.x[i]) <= 0:
                i += 1
            starts[i] = starts[i].plus(neuron)
        line, values = Line(0, 0), []
        for x, start in zip(self.x, starts, strict=False):
            line = Line(line.slope + start.slope, line.offset + start.offset)
            values.append(line.at(x))
        return values


def floats_of(
    neurons: Sequence[Neuron], lefts: Sequence[bool], places: Places
) -> tuple[Array, Array, Array]:
    """Weights w, b, a (N,) in float64, each exactly the whole numbers'.

    Hidden weights are near 1 and −1. Where another weight would then be out of float64's range, a
    power of two goes from the one to the others.

    Raises
    ------
    OverflowError
        No power of two brings all into the range.
    """
    rows = []
    for neuron, left in zip(neurons, lefts, strict=True):
        weight, (_, bias, a) = -neuron.w if left else neuron.w, neuron
        sizes = (bias.bit_length() - places.b, a.bit_length() - places.a) if a else (OCTAVES,)
        shift = 0 if max(map(abs, sizes)) < OCTAVES else _shift(neuron, places)
        rows.append(
            (
                float_of(weight, 52 - shift),
                float_of(bias, places.b - shift),
                float_of(a, places.a + shift),
            )
        )
    hidden, biases, outputs = np.array(rows).reshape(-1, 3).T
    return hidden, biases, outputs


def _shift(neuron: Neuron, places: Places) -> int:
    """The power of two nearest to 0 with which w and b, and its inverse with which a are floats."""
    least = _last_place(neuron.b) - places.b, _last_place(neuron.a) - places.a
    most = neuron.b.bit_length() - places.b, neuron.a.bit_length() - places.a
    lowest = max(-1022, -1074 - least[0], most[1] - 1024)
    highest = min(1022, 1024 - most[0], 1074 + least[1])
    return min(max(0, lowest), highest)


def _last_place(whole: int) -> int:
    """The place of the last bit that is not 0; far left where all are."""
    return (whole & -whole).bit_length() - 1 if whole else 2**16


def float_of(whole: int, places: int) -> float:
    """Whole · 2^−places, exactly."""
    size = whole.bit_length()
    if size < OCTAVES and -OCTAVES < size - places < OCTAVES:
        return math.ldexp(whole, -places)
    zeros = _last_place(whole) if whole else 0
    value = math.ldexp(whole >> zeros, zeros - places)
    if math.ldexp(value, places - zeros) != whole >> zeros:  # below the smallest float
        raise OverflowError
    return value


def whole_of(value: float, places: int) -> int:
    """Value · 2^places, rounded."""
    mantissa, exponent = math.frexp(float(value))
    return _shifted(int(math.ldexp(mantissa, 53)), exponent - 53 + places)


def places_of(values: Array) -> int:
    """After which all bits of floats are zero; below 0 where even whole numbers end in zeros."""
    mantissas, exponents = _mantissas(values[values != 0])
    zeros = np.frexp((mantissas & -mantissas).astype(np.float64))[1] - 1
    return int((53 - exponents - zeros).max())


def _places_of_fractions(points: Points, place: int) -> int:
    """So many that no line between points moves by 2⁻²⁰ units; exact where that takes no more."""
    x: list[Fraction] = points.x.tolist()
    steepest: Fraction = 2 * max(map(abs, points.y.tolist())) / min(np.diff(points.x).tolist())
    enough = steepest.numerator.bit_length() - steepest.denominator.bit_length() + 24 - place
    exact = max(value.denominator.bit_length() for value in x) - 1
    powers = all(value.denominator.bit_count() == 1 for value in x)
    return exact if powers else max(enough, 53 + exact)


def _mantissas(values: Array) -> tuple[Array, Array]:
    mantissas, exponents = np.frexp(values)
    return np.ldexp(mantissas, 53).astype(np.int64), exponents


def _whole(values: Array, places: int) -> list[int]:
    mantissas, exponents = _mantissas(values)
    shifts = (exponents.astype(np.int64) - 53 + places).tolist()
    return [_shifted(*pair) for pair in zip(mantissas.tolist(), shifts, strict=True)]


def _shifted(whole: int, places: int) -> int:
    return whole << places if places >= 0 else (whole >> (-places - 1)) + 1 >> 1


def _whole_fractions(values: Array, places: int) -> list[int]:
    factor = Fraction(2) ** places
    return [round(value * factor) for value in values.tolist()]
