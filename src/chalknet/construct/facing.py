"""Which way each neuron faces, and so how few there need be.

A neuron at the knot t that changes the slope by c is c relu(x − t), which faces right and is silent
to the left of t, or c relu(t − x), which faces left and has the slope −c there. A function with k
knots therefore needs k neurons, and k are enough exactly if those that face left make up its first
slope: if some of the slope changes add up to minus that slope. Otherwise one more neuron, that is
active over the whole range, does it: k + 1. docs/construct.md has the proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from chalknet.construct.polyline import Polyline
from chalknet.construct.subset_sum import Undecided, subset_with_sum

__all__ = ["Facing", "Minimal", "choose_facing", "one_way"]

Array = npt.NDArray[Any]
Minimal = Literal["proved", "within one"]


@dataclass(frozen=True, eq=False)
class Facing:
    """The directions of the neurons of a function of m pieces and m − 1 knots.

    Attributes
    ----------
    left : array of bool (m − 1,)
        Which of the neurons at the knots face left.
    flat : int or None
        The piece on which all neurons are silent: those left of it face left, the others right.
        −1 and m stand for what lies beyond the ends; then one more neuron begins at that end.
        None where those that face left are not the first ones.
    minimal : "proved" or "within one"
        Whether there certainly is no way with a neuron less.
    """

    left: npt.NDArray[np.bool_]
    flat: int | None
    minimal: Minimal


def choose_facing(line: Polyline) -> Facing:
    """The fewest neurons for a function.

    With Fractions the question is decided, unless the slope changes are too many and too unlike
    each other; in float64 only a piece of slope zero tells.
    """
    s = line.slopes
    pieces = len(s)
    flats = np.flatnonzero(np.asarray(s == 0, bool))
    if len(flats):
        return _from(int(flats[_loads(line, flats).argmin()]), pieces, "proved")
    minimal: Minimal = "proved" if pieces == 1 else "within one"
    if line.t.dtype == object and pieces > 1:
        try:
            taken = subset_with_sum(np.diff(s).tolist(), Fraction(-s[0]))
        except Undecided:
            pass
        else:
            minimal = "proved"
            if taken is not None:
                left = np.zeros(pieces - 1, bool)
                left[taken] = True
                return Facing(left, None, minimal)
    return one_way(line, minimal)


def one_way(line: Polyline, minimal: Minimal) -> Facing:
    """All neurons facing right, and one more than knots; or left, where that is worth it."""
    pieces = len(line.slopes)
    right, left = _loads(line, np.array([-1, pieces]))
    return _from(pieces if left < right / 2 else -1, pieces, minimal)


def _from(flat: int, pieces: int, minimal: Minimal) -> Facing:
    return Facing(np.arange(pieces - 1) < flat, flat, minimal)


def _loads(line: Polyline, flats: Array) -> Array:
    """Σ |weight · relu| at the ends, the larger: what cancels in the sum and costs digits."""
    t, s = line.t.astype(np.float64), line.slopes.astype(np.float64)
    ends = (t[0], t[-1])
    # Beyond the ends the function is taken as flat, which makes knots of them.
    change = np.abs(np.diff(s, prepend=0.0, append=0.0))
    from_left = np.cumsum(change * (t - ends[0]))
    from_right = np.cumsum((change * (ends[1] - t))[::-1])[::-1]
    # A flat piece p: knots 1 … p face left, knots p + 1 … m − 1 face right.
    padded_left = np.concatenate([[0.0], from_left])
    padded_right = np.concatenate([from_right, [0.0]])
    inner_left = np.where(flats == -1, 0.0, padded_left[flats + 1])
    inner_right = np.where(flats == len(s), 0.0, padded_right[flats + 1])
    return np.asarray(np.maximum(inner_left, inner_right))
