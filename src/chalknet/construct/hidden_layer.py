"""The hidden layer of an interpolating network, and its weights in Fractions."""

from __future__ import annotations

import heapq
import itertools
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
        counts = _shares((self.a * self.w).tolist(), neurons)
        parts = itertools.starmap(_parted, zip(self.a.tolist(), counts, strict=True))
        a = np.array(list(itertools.chain.from_iterable(parts)), self.a.dtype)
        return HiddenLayer(np.repeat(self.w, counts), np.repeat(self.b, counts), a, self.constant)


def _shares(strengths: list[Any], neurons: int) -> list[int]:
    """Into how many each is split where the strongest of all, or first of equals, is halved."""
    counts = [1] * len(strengths)
    queue = [(-abs(strength), j) for j, strength in enumerate(strengths)]
    heapq.heapify(queue)
    missing = neurons - len(counts)
    while missing:
        strength, j = queue[0]
        halved = min(counts[j], missing)  # its parts are equally strong, so all have their turn
        counts[j] += halved
        missing -= halved
        heapq.heapreplace(queue, (strength / 2, j))
    return counts


def _parted(weight: Any, count: int) -> list[Any]:
    """So many numbers whose sum is exactly the weight."""
    parts = [weight]
    while len(parts) < count:
        halved = min(len(parts), count - len(parts))
        halves = ((part / 2, part - part / 2) for part in parts[:halved])
        # The second is not the first only for the smallest floats, of which there is no half.
        parts[:halved] = itertools.chain.from_iterable(halves)
    return parts


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
