"""The hidden layer of an interpolating network, and its weights in Fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.facing import Facing
from chalknet.construct.polyline import Polyline

__all__ = ["HiddenLayer", "exact_layer"]

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

    def split(self, neurons: int) -> HiddenLayer:
        """The same function by more neurons: the strongest becomes two of half its weight."""
        if len(self.a) >= neurons:
            return self
        w, b, a = (values.tolist() for values in (self.w, self.b, self.a))
        while len(a) < neurons:
            j = max(range(len(a)), key=lambda j: abs(a[j] * w[j]))
            half = a[j] / 2
            for values, one in ((w, w[j]), (b, b[j]), (a, half)):
                values.insert(j, one)
            a[j + 1] -= half  # of the smallest floats there is no half
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
