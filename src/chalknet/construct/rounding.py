"""Weights in float64, each rounded in the knowledge of what rounding those before it has done.

Right of a flat piece every neuron faces right and is silent until its knot, so that weights can be
chosen from knot to knot: each is rounded after what the network, with the rounded weights so far,
still lacks at the next knot. Errors do not add up: of a million neurons the last knot is hit as
well as the first. Left of the flat piece the same holds in the mirror.

Half a unit in the last place of a steep slope still is too much where the next knot is far away. A
neuron has three weights, though: with 1.000001 or 1.000002 … in place of 1 for the hidden one the
other two round elsewhere, and soon to where they should.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chalknet.construct.double_double import (
    Number,
    Pair,
    added,
    divided,
    multiplied,
    two_product,
    two_sum,
)

__all__ = ["Weights", "fractions_near", "outward"]

Array = npt.NDArray[Any]

# How much of a unit in the last place of the largest |y| a knot may be missed by: between pieces
# without other points on them, and beside one with points, which are not quite on it themselves.
TOLERANCE, TOLERANCE_BESIDE = 2.5, 1.0
AT_FIRST, TRIES = 12, (64, 512, 4096, 32768, 2**18, 2**20)
AT_ONCE = (2**10, 2**18)
MOST_TRIES = 2**23  # of all neurons of a network together

Weights = tuple[Array, Array, Array]  # of each neuron: hidden weight, hidden bias, output weight


def outward(t: Pair, v: Pair, gaps: Array, unit: float) -> Weights:
    """Weights w, b, a (m,) each of neurons that face right, from a flat piece outward.

    v₀ + Σ a relu(w x + b), taken without rounding, is then vⱼ at tⱼ up to the tolerances above,
    unless no weights were found that do it.

    Parameters
    ----------
    t, v : pair of arrays (m + 1,)
        Abscissas, ascending, and values, with what float64 leaves of them; left of t₀ the function
        is v₀.
    gaps : array of int (m,)
        How many gaps between points each piece spans.
    unit : float
        One unit in the last place of the largest |y|.
    """
    if len(t[0]) < 2:
        return t[0][:0], t[0][:0], t[0][:0]
    run, rise = _steps(t), _steps(v)
    slopes = divided(rise, run)
    change = _steps((np.append(0.0, slopes[0]), np.append(0.0, slopes[1])))
    beside_points = (gaps > 1) | np.append(gaps[1:] > 1, False)
    allowed = np.where(beside_points, TOLERANCE_BESIDE, TOLERANCE) * unit
    hidden, biases, weights = np.ones(len(gaps)), -t[0][:-1], np.empty(len(gaps))
    tries = MOST_TRIES
    error = 0.0  # of the value at the knot at hand
    slope_error, slope_error_low = 0.0, 0.0  # of the slope of the piece before it
    rows = (values.tolist() for values in (*change, run[0], t[1][:-1], allowed, gaps > 1))
    for j, (c, c_low, width, off, most, long) in enumerate(zip(*rows, strict=True)):
        turn = error / width
        if not slope_error_low:
            rest = (c_low - slope_error) - turn
            weight = c + rest
            lost = (c - weight) + rest
            missed = weight * off - lost * width
            if -most <= missed <= most:
                weights[j] = weight
                slope_error = -turn - lost
                error = missed
                continue
        needed = _sum_of(c, c_low, -slope_error, -slope_error_low, -turn)
        start, end = float(t[0][j]), (float(t[0][j + 1]), float(t[1][j + 1]))
        neuron = _Neuron(1.0, -start, needed[0], needed[0] * off - needed[1] * width)
        if abs(neuron.missed) > most:
            target = multiplied(needed, (width, float(run[1][j])))
            if long or off:
                exact = Fraction(start) + Fraction(off)
                neuron = _with_exact_knot(neuron, exact, end, target, most)
            else:
                neuron, spent = _with_silent_knot(neuron, start, end, target, most, tries)
                tries -= spent
        hidden[j], biases[j], weights[j], error = neuron
        slope = two_product(neuron.a, neuron.w)
        slope_error, slope_error_low = _sum_of(*slope, -c, -c_low, slope_error, slope_error_low)
        if neuron.w == 1.0:
            slope_error_low = 0.0  # far below rounding, as for all neurons before
    return hidden, biases, weights


def _steps(values: Pair) -> Pair:
    return added((values[0][1:], values[1][1:]), (-values[0][:-1], -values[1][:-1]))


class _Neuron(NamedTuple):
    """A neuron a relu(w x + b), and what it misses the end of its piece by."""

    w: Number
    b: Number
    a: Number
    missed: Number


def _with_silent_knot(
    plain: _Neuron, knot: float, end: Pair, target: Pair, most: float, tries: int
) -> tuple[_Neuron, int]:
    """The first of the hidden weights 1.000001, 1.000002 … that misses the end by little enough.

    With it comes how many were tried. Where none does, it is the best of them. Its knot may be
    off by a rounding error to the right, where there are no points.
    """
    for i in range(1, AT_FIRST):  # one by one: for a few, arrays take longer
        w = 1.0 + i / 1e6
        neuron = _rounded(w, _silent_bias(w, knot), end, target)
        if abs(neuron.missed) <= most:
            return neuron, i
    best, start = plain, AT_FIRST
    for count in TRIES:
        if abs(best.missed) <= most or count > tries:
            break
        many = 1.0 + np.arange(start, start + count) / 1e6
        neurons = _rounded(many, _silent_bias(many, knot), end, target)
        found = _one_of(neurons, _first_good(np.abs(neurons.missed), most))
        best = min(best, found, key=lambda neuron: abs(neuron.missed))
        start += count
    return best, start


def _silent_bias(w: Number, knot: Number) -> Number:
    """The bias −w knot, rounded so that w knot + b ≤ 0: silent at the knot itself."""
    product, rest = two_product(w, knot)
    return -(product + (rest > 0) * abs(product) * 2.0**-52)


def _with_exact_knot(
    plain: _Neuron, knot: Fraction, end: Pair, target: Pair, most: float
) -> _Neuron:
    """The best of many neurons with −b / w closer to the knot than floats lie."""
    start = float(knot)
    best, least = plain, abs(plain.missed)
    for count in AT_ONCE:
        w, b = fractions_near(knot, most / (4 * abs(plain.a)), count)
        neurons = _rounded(w, b, end, target)
        product, rest = two_product(w, start)
        at_knot = neurons.a * ((product + b) + (rest + w * float(knot - Fraction(start))))
        worst = np.maximum(np.abs(neurons.missed), np.abs(at_knot))
        i = _first_good(worst, most)
        if worst[i] < least:
            best, least = _one_of(neurons, i), worst[i]
        if least <= most:
            break
    return best


def fractions_near(knot: Fraction, off: float, count: int) -> tuple[Array, Array]:
    """Many w and b with −b / w within ``off`` of the knot, or as near as there are.

    They are the lower and upper parts of fractions with 53 bits, from the knot's continued
    fraction: with (p₁, q₁) a convergent and (p₂, q₂) the next, r p₂ + i p₁ over r q₂ + i q₁ is
    nearer than (r + i) / (q₂ (r q₂ + i q₁)).
    """
    most_off = max(off * 2.0**51, 2.0**-52)  # by which p may differ from q times the knot
    before, last, rest = (0, 1), (1, 0), knot
    while True:
        whole = rest.numerator // rest.denominator
        following = whole * last[0] + before[0], whole * last[1] + before[1]
        size = max(map(abs, following))
        if size >= 2.0**26 / most_off**0.5:
            break
        before, last = last, following
        if rest == whole:
            break
        rest = 1 / (rest - whole)
    smaller = max(1, *map(abs, last))
    if last != following and size <= 2**52:
        i = np.arange(1 + min(int(size * most_off), 2**52 // smaller, count))
        r = np.arange(2**52 // size, 0, -1)[: max(1, count // len(i))]
        r, i = (values.ravel() for values in np.meshgrid(r, i))
        q, p = (r * high + i * low for high, low in zip(following[::-1], last[::-1], strict=True))
    else:  # the knot is next to one fraction with few bits: its multiples, and its neighbours
        r = min(2**52 // smaller, 2**22) - np.arange(min(2**52 // smaller, count))
        furthest = (2**53 - max(map(abs, before))) // smaller
        i = min(furthest, whole) - np.arange(count if last != following else 0)
        q, p = (
            np.concatenate([r * low, i[i > 0] * low + lowest])
            for low, lowest in zip(last[::-1], before[::-1], strict=True)
        )
    scale = 0.5 ** math.frexp(float(q[0]))[1]
    return q * scale, -p * scale


def _rounded(w: Number, b: Number, end: Pair, target: Pair) -> _Neuron:
    """The output weight nearest to target / (w end + b), and what it misses."""
    high, low = two_product(w, end[0])
    high, more = two_sum(high, b)
    distance = two_sum(high, more + (low + w * end[1]))
    a = target[0] / distance[0]
    a = a - _missed(a, target, distance) / distance[0]
    return _Neuron(w, b, a, _missed(a, target, distance))


def _first_good(worst: Array, most: float) -> int:
    """The first that is at most ``most``, or the least."""
    good = np.flatnonzero(worst <= most)
    return int(good[0]) if len(good) else int(worst.argmin())


def _one_of(neurons: _Neuron, i: int) -> _Neuron:
    return _Neuron(*(float(values[i]) for values in neurons))


def _missed(weight: Number, target: Pair, distance: Pair) -> Number:
    value, rest = two_product(weight, distance[0])
    return (value - target[0]) + (rest + weight * distance[1] - target[1])


def _sum_of(*numbers: float) -> tuple[float, float]:
    high, low = 0.0, 0.0
    for number in numbers:
        high, rest = two_sum(high, number)
        low += rest
    return two_sum(high, low)
