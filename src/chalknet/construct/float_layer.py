"""The hidden layer in float64, its weights chosen so that no point is missed by more than 4 units.

A unit is one in the last place of the y that is largest in size. The ways from the plainest to the
most careful, until one does:

1. ``rounding``: one weight after the other, in the knowledge of what those before have missed; of
   weights in Fractions, each rounded by itself;
2. ``sweep`` and ``both_ways``: the same in whole numbers, with other hidden weights than 1 and −1;
3. these for points given as fractions at the fractions themselves, where rounding x has taken
   points off their lines, so that no network of so few neurons passes through the rounded ones;
4. with more neurons, which hold what rounding leaves of the weights of others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.construct import rounding
from chalknet.construct.both_ways import facing_both_ways
from chalknet.construct.facing import Facing
from chalknet.construct.hidden_layer import HiddenLayer
from chalknet.construct.one_neuron import ONE, Neuron, nearest
from chalknet.construct.points import Points
from chalknet.construct.polyline import Polyline
from chalknet.construct.residuals import errors_at
from chalknet.construct.rounding import Span, outward
from chalknet.construct.sweep import mirrored, swept
from chalknet.construct.targets import Line, Piece, Targets, float_of, floats_of, whole_of

__all__ = ["UNITS", "FloatLayer", "float_layer"]

Array = npt.NDArray[Any]

UNITS = 4  # that no point is missed by
DOUBT = 2.0**-8  # units that residuals may be off by where they are not exact
CHOICES: tuple[dict[str, Any], ...] = {"tolerance": 1.0}, {"tolerance": 1.5}
CHOICES_OF_MANY: tuple[dict[str, Any], ...] = {"spare": False}, {"spare": True}
PLANS = 40  # of neurons that face both ways


@dataclass(frozen=True, eq=False)
class FloatLayer:
    """Weights in float64, and what they miss the points by.

    Attributes
    ----------
    layer : HiddenLayer
    residuals : array (n,)
    as_given : bool
        Whether the residuals are those of points given as fractions, not of the points rounded.
    unit, doubt : float
        The unit, and how much the residuals may be off.
    """

    layer: HiddenLayer
    residuals: Array
    as_given: bool
    unit: float
    doubt: float = 0.0

    @property
    def worst(self) -> float:
        """The largest residual in size."""
        return float(np.abs(self.residuals).max())

    @property
    def keeps(self) -> bool:
        """Whether that certainly is 4 units or less."""
        return self.worst + self.doubt <= UNITS * self.unit


def float_layer(
    line: Polyline,
    facing: Facing,
    points: Points,
    exact: HiddenLayer | None,
    most: int | None = None,
) -> FloatLayer | None:
    """The first way that misses no point by more than 4 units, or the one that misses least.

    None where there is no way at all.

    Parameters
    ----------
    line, facing, points
        The function, the directions of its neurons, and the points that it passes through.
    exact : HiddenLayer or None
        Its weights in Fractions.
    most : int, optional
        Neurons that there may be.
    """
    best = None
    for found in _ways(line, facing, points, exact):
        if most is not None and len(found.layer.a) > most:
            continue
        if best is None or found.worst < best.worst:
            best = found
        if found.keeps:
            break
    return best


def _ways(
    line: Polyline, facing: Facing, points: Points, exact: HiddenLayer | None
) -> Iterator[FloatLayer]:
    floats = points.rounded() if points.exact else points
    unit = math.ulp(float(np.abs(floats.y).max()))
    targets = Targets.of(floats, unit) if exact is not None else None
    if exact is not None and targets is not None:
        yield _each_by_itself(exact, targets, unit)
    elif facing.flat is not None and rounding.in_range(floats.x, floats.y):
        yield from _one_by_one(line, facing.flat, points, unit)
    rows = zip(line.first.tolist(), line.last.tolist(), [-1, *line.last.tolist()], strict=False)
    pieces = [Piece(first, last, before in (-1, first)) for first, last, before in rows]
    given = Targets.of(points, unit)
    if targets is None:
        chances = [(given, True), (given, False)]
    elif targets.bent(pieces) > 2 * UNITS * targets.unit:
        # Of three points, any line misses one by half of what the middle one is off at least.
        chances = [(given, False), (given, True)]
    else:
        chances = [(targets, False), (given, False), (targets, True), (given, True)]
    for chance, spare in chances:
        as_given = points.exact and chance is given
        for neurons, lefts, constant in _in_whole_numbers(chance, pieces, facing, spare):
            w, b, a = floats_of(neurons, lefts, chance.places)
            if not neurons:
                w = b = a = np.zeros(1)
            layer = HiddenLayer(w, b + 0.0, a, float_of(constant, chance.places.y))
            residuals = None if as_given else _residuals(layer, floats, unit)
            if residuals is None:
                residuals = chance.missed(neurons, lefts, constant)
            yield FloatLayer(layer, residuals, as_given, unit, unit * DOUBT)


def _each_by_itself(exact: HiddenLayer, targets: Targets, unit: float) -> FloatLayer:
    """The exact weights, rounded to the nearest floats."""
    w, b, a = (values.astype(np.float64) for values in (exact.w, exact.b, exact.a))
    layer = HiddenLayer(w, b, a, float(exact.constant))
    places, active = targets.places, w != 0
    neurons = [
        Neuron(ONE, whole_of(bias, places.b), whole_of(weight, places.a))
        for bias, weight in zip(b[active].tolist(), a[active].tolist(), strict=True)
    ]
    constant = whole_of(layer.constant, places.y)
    residuals = targets.missed(neurons, (w[active] < 0).tolist(), constant)
    return FloatLayer(layer, residuals, False, unit, unit * DOUBT)


def _one_by_one(line: Polyline, flat: int, points: Points, unit: float) -> Iterator[FloatLayer]:
    """All neurons right of the flat piece face right, all left of it face left."""
    before = np.append(line.first[:1], line.last[:-1])
    right = Span(*(values[flat + 1 :] for values in (before, line.first, line.last)))
    behind = len(line.first) - flat
    # The mirror image of what lies left of it faces right.
    turned = Points(-points.x[::-1], np.ascontiguousarray(points.y[::-1]), False)
    whole = Span(before, line.first, line.last).mirrored(len(points))
    left = Span(*(values[behind:] for values in whole))
    silent = 0 if flat < 0 else line.first[flat] if behind > 0 else len(points) - 1
    for choice in CHOICES_OF_MANY if len(points) > rounding.MANY else CHOICES:
        sides = [outward(*side, unit, **choice) for side in ((turned, left), (points, right))]
        if sides[0] is None or sides[1] is None:
            continue
        w, b, a = (np.concatenate([ours[::-1], r]) for ours, r in zip(*sides, strict=True))
        if not len(w):
            w = b = a = np.zeros(1)  # a constant: yet a hidden layer has a neuron at least
        w[: len(sides[0][0])] *= -1
        layer = HiddenLayer(w, b + 0.0, a, float(points.y[silent]))
        residuals = _residuals(layer, points, unit)
        if residuals is not None:
            yield FloatLayer(layer, residuals, False, unit, unit * DOUBT)


def _in_whole_numbers(
    targets: Targets, pieces: list[Piece], facing: Facing, spare: bool
) -> Iterator[tuple[list[Neuron], list[bool], int]]:
    """Neurons, which of them face left, and the output's bias."""
    flat = facing.flat
    if flat is None:
        if spare:
            return  # all facing one way can have more neurons
        for neurons, constant in islice(facing_both_ways(targets, pieces, facing.left), PLANS):
            yield neurons, facing.left.tolist(), constant
        return
    silent = 0 if flat < 0 else pieces[flat].first if flat < len(pieces) else len(targets) - 1
    constant = nearest(targets.y[silent])
    start, behind = Line(0, constant), len(pieces) - flat
    right = swept(targets, pieces[flat + 1 :], start, spare=spare)
    turned = mirrored(pieces, len(targets))[behind:]
    left = swept(targets.mirrored(), turned, start, spare=spare)
    yield [*left[::-1], *right], [True] * len(left) + [False] * len(right), constant


def _residuals(layer: HiddenLayer, points: Points, unit: float) -> Array | None:
    if not rounding.in_range(points.x, points.y):
        return None
    weights = layer.w, layer.b, layer.a
    return errors_at(points.x, points.y, weights, float(layer.constant), unit * DOUBT)
