"""What rounded weights miss points by, told apart from what adding them up would lose."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.double_double import (
    Pair,
    lost_by_running_sum,
    multiplied,
    running_sum,
    two_product,
    two_sum,
)
from chalknet.construct.rounding import Weights

__all__ = ["errors_at"]

Array = npt.NDArray[Any]


def errors_at(x: Array, y: Array, weights: Weights, constant: float, within: float) -> Array | None:
    """Σ a relu(w x + b) + constant − y (n,), in twice the digits of float64.

    The rounding of the weights is seen whole, that of adding up a million terms not at all.
    ``x`` is ascending. None where these digits may not be enough for errors within ``within``.
    """
    w, b, a = weights
    middle = float(x[0] + (x[-1] - x[0]) / 2)
    # About the middle, for far from 0 slopes and offsets cancel.
    from_middle = two_sum(x, -middle)
    reach = float(np.abs(from_middle[0]).max())
    at_middle = _affine(w, middle, b)
    high, low = np.full(len(x), constant), np.zeros(len(x))
    lost = 0.0  # in units of 2⁻¹⁰³, at most
    for face in (1, -1):
        here = np.flatnonzero(face * w > 0)
        knots = -b[here] / w[here]
        order = np.argsort(face * knots, kind="stable")
        here, knots = here[order], face * knots[order]
        slopes = running_sum(two_product(a[here], w[here]))
        offsets = running_sum(multiplied((a[here], 0.0), (at_middle[0][here], at_middle[1][here])))
        steepest = float(np.abs(slopes[0]).max(initial=0.0))
        lost += reach * (lost_by_running_sum(slopes[0]) + 4 * steepest)
        lost += lost_by_running_sum(offsets[0])
        active = np.searchsorted(knots, face * x, "left")
        on = active > 0
        last = active[on] - 1
        from_it = from_middle[0][on], from_middle[1][on]
        part = multiplied((slopes[0][last], slopes[1][last]), from_it)
        for term in (part, (offsets[0][last], offsets[1][last])):
            total, rest = two_sum(high[on], term[0])
            high[on], low[on] = two_sum(total, rest + (low[on] + term[1]))
    # At an x that is a knot to rounding, only w x + b itself tells whether the neuron is active.
    at = np.minimum(np.searchsorted(x, -b / np.where(w == 0, 1, w)), len(x) - 1)
    above, rest = _affine(w, x[at], b)
    above = above + rest
    here = np.flatnonzero((x[at] == -b / np.where(w == 0, 1, w)) & (above > 0))
    np.add.at(low, at[here], a[here] * above[here])
    high, rest = two_sum(high, -y)
    errors: Array = high + (rest + low)
    return errors if 2.0**-103 * lost <= within and np.isfinite(errors).all() else None


def _affine(w: Array, x: Array | float, b: Array) -> Pair:
    """W x + b."""
    product, rest = two_product(w, x)
    total, more = two_sum(product, b)
    return two_sum(total, more + rest)
