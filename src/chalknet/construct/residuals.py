"""What rounded weights miss points by, told apart from what adding them up would lose."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.double_double import multiplied, running_sum, two_product, two_sum
from chalknet.construct.rounding import Weights

__all__ = ["errors_at"]

Array = npt.NDArray[Any]


def errors_at(x: Array, y: Array, weights: Weights, constant: float) -> Array:
    """Σ a relu(w x + b) + constant − y (n,), in twice the digits of float64.

    The rounding of the weights is seen whole, that of adding up a million terms not at all.
    ``x`` is ascending.
    """
    w, b, a = weights
    high, low = np.full(len(x), constant), np.zeros(len(x))
    for face in (1, -1):
        here = np.flatnonzero(face * w > 0)
        knots = -b[here] / w[here]
        order = np.argsort(face * knots, kind="stable")
        here, knots = here[order], face * knots[order]
        slopes = running_sum(two_product(a[here], w[here]))
        offsets = running_sum(two_product(a[here], b[here]))
        active = np.searchsorted(knots, face * x, "left")
        on = active > 0
        last = active[on] - 1
        part = multiplied((slopes[0][last], slopes[1][last]), (x[on], 0.0))
        for term in (part, (offsets[0][last], offsets[1][last])):
            total, rest = two_sum(high[on], term[0])
            high[on], low[on] = two_sum(total, rest + (low[on] + term[1]))
    # At an x that is a knot to rounding, only w x + b itself tells whether the neuron is active.
    at = np.minimum(np.searchsorted(x, -b / np.where(w == 0, 1, w)), len(x) - 1)
    product, rest = two_product(w, x[at])
    here = np.flatnonzero((x[at] == -b / np.where(w == 0, 1, w)) & ((product + b) + rest > 0))
    np.add.at(low, at[here], a[here] * ((product + b) + rest)[here])
    high, rest = two_sum(high, -y)
    errors: Array = high + (rest + low)
    return errors
