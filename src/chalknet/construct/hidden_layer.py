"""The hidden layer of an interpolating network: its weights in Fractions, and in float64."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.construct import rounding
from chalknet.construct.both_ways import MOST_NEURONS, facing_both_ways
from chalknet.construct.facing import Facing
from chalknet.construct.points import Points
from chalknet.construct.polyline import Polyline
from chalknet.construct.residuals import errors_at

__all__ = ["HiddenLayer", "exact_layer", "rounded_layer"]

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class HiddenLayer:
    """Neurons in the order of their knots, −b / w: y = constant + Σ a relu(w x + b).

    Attributes
    ----------
    w, b, a : array (N,)
        Hidden weights, hidden biases and output weights: Fractions in arrays of objects, or
        float64.
    constant : Fraction or float
        The output's bias.
    """

    w: Array
    b: Array
    a: Array
    constant: Any

    @property
    def knots(self) -> Array:
        """Where each neuron bends the line (N,); of a resting neuron, without weight, nowhere."""
        return np.asarray(-self.b / np.where(self.w == 0, 1, self.w))

    def pre_activations(self, x: Array) -> Array:
        """Z (n, N) at x (n,)."""
        return np.asarray(x[:, np.newaxis] * self.w + self.b)

    def errors_at(self, points: Points) -> Array:
        """What float64 weights give at each point, without further rounding, minus y (n,)."""
        x, y = points.x.astype(np.float64), points.y.astype(np.float64)
        return errors_at(x, y, (self.w, self.b, self.a), float(self.constant))

    def split(self, neurons: int) -> HiddenLayer:
        """The same function by more neurons: the strongest becomes two of half its weight."""
        w, b, a = (values.tolist() for values in (self.w, self.b, self.a))
        while len(a) < neurons:
            j = max(range(len(a)), key=lambda j: abs(a[j] * w[j]))
            a[j] /= 2
            for values in (w, b, a):
                values.insert(j, values[j])
        kind = self.a.dtype
        return HiddenLayer(np.array(w, kind), np.array(b, kind), np.array(a, kind), self.constant)


def exact_layer(line: Polyline, facing: Facing) -> HiddenLayer:
    """The slope changes themselves, in Fractions."""
    t, v, s = line.t, line.v, line.slopes
    faces = np.where(facing.left, -1, 1) * Fraction(1)
    zero, one = Fraction(0), Fraction(1)
    if facing.flat == -1:
        w, knots, constant = np.array([one, *faces]), t[:-1], v[0]
        changes = np.diff(np.array([zero, *s]))
    elif facing.flat == len(s):
        w, knots, constant = np.array([*faces, -one]), t[1:], v[-1]
        changes = np.diff(np.array([*s, zero]))
    elif not len(faces):
        return HiddenLayer(t[:1] * 0, t[:1] * 0, t[:1] * 0, v[0])
    else:
        w, knots, changes, left = faces, line.knots, np.diff(s), facing.left
        constant = v[0] - sum(changes[left] * (knots[left] - t[0]), zero)
    return HiddenLayer(w, 0 - w * knots, changes, constant)


def rounded_layer(
    line: Polyline, facing: Facing, points: Points, exact: HiddenLayer | None
) -> HiddenLayer:
    """The same in float64: each weight by itself if that does, or as ``rounding`` says."""
    unit = float(np.spacing(np.abs(points.y.astype(np.float64)).max()))
    if exact is not None:
        w, b, a = (values.astype(np.float64) for values in (exact.w, exact.b, exact.a))
        layer = HiddenLayer(w, b, a, float(exact.constant))
        if np.abs(layer.errors_at(points)).max() <= 4 * unit:
            return layer
    if facing.flat is not None:
        return _facing_outward(line, facing.flat, unit)
    assert exact is not None  # noqa: S101 - in float64 neurons face outward only
    if len(exact.a) > MOST_NEURONS:
        return layer
    x, y = points.x.astype(np.float64), points.y.astype(np.float64)
    weights, constant = facing_both_ways(exact, x, y, unit)
    return HiddenLayer(*weights, constant)


def _facing_outward(line: Polyline, flat: int, unit: float) -> HiddenLayer:
    """All neurons right of the flat piece face right, all left of it face left."""
    rest = line.rest or (np.zeros(len(line.t)), np.zeros(len(line.t)))
    m, end = flat + 1, max(flat, 0)
    right = rounding.outward(
        (line.t[m:], rest[0][m:]), (line.v[m:], rest[1][m:]), line.gaps[m:], unit
    )
    # The mirror image of what lies left of it faces right.
    t, t_rest, v, v_rest = (values[:m][::-1] for values in (line.t, rest[0], line.v, rest[1]))
    left = rounding.outward((-t, -t_rest), (v, v_rest), line.gaps[:end][::-1], unit)
    w, b, a = (np.concatenate([ours[::-1], r]) for ours, r in zip(left, right, strict=True))
    if not len(w):
        w = b = a = np.zeros(1)  # a constant: yet a hidden layer has a neuron at least
    w[: len(left[0])] *= -1
    return HiddenLayer(w, b + 0.0, a, float(line.v[end]))
