"""Weights in float64, each rounded in the knowledge of what rounding those before it has done.

Right of a flat piece every neuron faces right and is silent until its knot, so that weights can be
chosen from knot to knot: each is rounded after what the network, with the rounded weights so far,
still lacks at the next knot. Errors do not add up: of a million neurons the last knot is hit as
well as the first. Left of the flat piece the same holds in the mirror.

Half a unit in the last place of a steep slope still is too much where the next knot is far away.
``one_neuron`` then finds other weights. This is the way for a million points, a microsecond each,
in some 32 digits; where these are not enough, ``sweep`` goes the same way in whole numbers.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chalknet.construct.double_double import (
    Pair,
    added,
    divided,
    multiplied,
    negated,
    two_product,
    two_sum,
)
from chalknet.construct.one_neuron import Patience, Target, through_one, through_two
from chalknet.construct.targets import Places, float_of, whole_of

__all__ = ["Weights", "in_range", "outward"]

Array = npt.NDArray[Any]

# How much of a unit in the last place of the largest |y| a knot may be missed by: between pieces
# without other points on them, and beside one with points, which are not quite on it themselves.
TOLERANCE, TOLERANCE_BESIDE = 2.5, 1.0
AT_FIRST = 12  # hidden weights tried before the whole numbers are asked
RANGE = 2.0**-200, 2.0**200  # of x and y, for the products of halves not to leave that of floats

Weights = tuple[Array, Array, Array]  # of each neuron: hidden weight, hidden bias, output weight


def in_range(*values: Array) -> bool:
    """Whether the largest of each is within ``RANGE``, so that this way may be gone."""
    return all(RANGE[0] < np.abs(each).max() < RANGE[1] for each in values)


def outward(t: Array, v: Array, gaps: Array, unit: float) -> Weights:
    """Weights w, b, a (m,) each of neurons that face right, from a flat piece outward.

    v₀ + Σ a relu(w x + b), taken without rounding, is then vⱼ at tⱼ up to the tolerances above,
    unless no weights were found that do it.

    Parameters
    ----------
    t, v : array (m + 1,)
        Abscissas, ascending, and values; left of t₀ the function is v₀.
    gaps : array of int (m,)
        How many gaps between points each piece spans.
    unit : float
        One unit in the last place of the largest |y|.
    """
    if len(t) < 2:
        return t[:0], t[:0], t[:0]
    run, rise = _steps(t), _steps(v)
    slopes = divided(rise, run)
    change = added(
        slopes, negated((np.append(0.0, slopes[0][:-1]), np.append(0.0, slopes[1][:-1])))
    )
    beside_points = (gaps > 1) | np.append(gaps[1:] > 1, False)
    allowed = np.where(beside_points, TOLERANCE_BESIDE, TOLERANCE) * unit
    hidden, biases, weights = np.ones(len(gaps)), -t[:-1], np.empty(len(gaps))
    patience = Patience(len(gaps))
    error = 0.0  # of the value at the knot at hand
    slope_error, slope_error_low = 0.0, 0.0  # of the slope of the piece before it
    rows = (values.tolist() for values in (*change, run[0], allowed, gaps > 1))
    for j, (c, c_low, width, most, long) in enumerate(zip(*rows, strict=True)):
        turn = error / width
        if not slope_error_low:
            rest = (c_low - slope_error) - turn
            weight = c + rest
            lost = (c - weight) + rest
            if -most <= lost * width <= most:
                weights[j] = weight
                slope_error = -turn - lost
                error = -lost * width
                continue
        needed = _sum_of(c, c_low, -slope_error, -slope_error_low, -turn)
        neuron = _Neuron(1.0, -float(t[j]), needed[0], -needed[1] * width)
        if abs(neuron.missed) > most:
            target = multiplied(needed, (width, float(run[1][j])))
            ends = float(t[j]), float(t[j + 1])
            neuron = _searched(neuron, *ends, target, most, patience if long else None)
        plain = neuron.w == 1.0 and neuron.b == biases[j]
        hidden[j], biases[j], weights[j], error = neuron
        slope = two_product(neuron.a, neuron.w)
        slope_error, slope_error_low = _sum_of(*slope, -c, -c_low, slope_error, slope_error_low)
        if plain:
            slope_error_low = 0.0  # far below rounding, as for all neurons before
    return hidden, biases, weights


def _steps(values: Array) -> Pair:
    return two_sum(values[1:], -values[:-1])


class _Neuron(NamedTuple):
    """A neuron a relu(w x + b), and what it misses the end of its piece by."""

    w: float
    b: float
    a: float
    missed: float


def _searched(
    plain: _Neuron, knot: float, end: float, target: Pair, most: float, patience: Patience | None
) -> _Neuron:
    """A neuron that misses the end by little enough; where none is found, the plain one.

    Its knot may be off to the right, where there are no points. It may not where the piece has
    points on it: then there is ``patience`` to look for one that is where it should be.
    """
    for i in range(1, 1 if patience else AT_FIRST):
        w = 1.0 + i / 1e6
        neuron = _rounded(w, _silent_bias(w, knot), end, target)
        if abs(neuron.missed) <= most:
            return neuron
    sizes = [math.frexp(value)[1] for value in (knot, end) if value]
    places = Places(53 - min(sizes), 64 + max(sizes) - math.frexp(most)[1])
    within = whole_of(most, places.y)
    start, far = (whole_of(value, places.x) for value in (knot, end))
    wanted = Target(far, whole_of(target[0], places.y) + whole_of(target[1], places.y))
    if patience:
        tries = patience.tries(wanted, within)
        found, missed = through_two(Target(start, 0), wanted, within, tries)
    else:
        found, missed = through_one(start, wanted, within)
    if missed > within:
        return plain
    w, b, a = (
        float_of(number, kept) for number, kept in zip(found, (52, places.b, places.a), strict=True)
    )
    return _Neuron(w, b, a, _missed(a, target, _distance(w, b, end)))


def _silent_bias(w: float, knot: float) -> float:
    """The bias −w knot, rounded so that w knot + b ≤ 0: silent at the knot itself."""
    product, rest = two_product(w, knot)
    return -math.nextafter(product, math.inf) if rest > 0 else -float(product)


def _rounded(w: float, b: float, end: float, target: Pair) -> _Neuron:
    """The output weight nearest to target / (w end + b), and what it misses."""
    distance = _distance(w, b, end)
    a = target[0] / distance[0]
    a = a - _missed(a, target, distance) / distance[0]
    return _Neuron(w, b, a, _missed(a, target, distance))


def _distance(w: float, b: float, end: float) -> Pair:
    """W end + b."""
    high, low = two_product(w, end)
    high, more = two_sum(high, b)
    return two_sum(high, more + low)


def _missed(weight: float, target: Pair, distance: Pair) -> float:
    value, rest = two_product(weight, distance[0])
    return float((value - target[0]) + (rest + weight * distance[1] - target[1]))


def _sum_of(*numbers: float) -> tuple[float, float]:
    high, low = 0.0, 0.0
    for number in numbers:
        high, rest = two_sum(high, number)
        low += rest
    return two_sum(high, low)
