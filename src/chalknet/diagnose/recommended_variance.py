"""Which variance of the weights would keep signals, or gradients, at one size throughout.

For pre-activations of variance q to stay so, σ² = q / (fan_in E f(√q g)²); for gradients to keep
theirs, σ² = 1 / (fan_out E f′(√q g)²). Both at once cannot be had in general; the harmonic mean of
the two is between. For the identity these are LeCun's 1/fan_in, 1/fan_out and Glorot's
2/(fan_in + fan_out); for ReLU He's 2/fan_in, 2/fan_out and 4/(fan_in + fan_out).

Sources: Glorot and Bengio, AISTATS 2010; He, Zhang, Ren and Sun, ICCV 2015; study nyu-s25, question
2, whose working this follows for any activation.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalknet.diagnose.gaussian_integrals import gaussian_moments
from chalknet.operations.activations import Activation

__all__ = ["Recommendation", "recommended_variances"]


@dataclass(frozen=True)
class Recommendation:
    """For the weights of one layer, numbered from 1.

    Attributes
    ----------
    forward, backward : float or None
        The σ² that keeps the pre-activations, and that keeps the gradients; None where none does,
        because the activation below passes no signal, or no gradient.
    variance : float or None
        The compromise: their harmonic mean, or the one there is.
    """

    layer: int
    fan_in: int
    fan_out: int
    forward: float | None
    backward: float | None
    variance: float | None

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        return dict(vars(self))


def recommended_variances(
    widths: Sequence[int], activations: Sequence[Activation], q: float = 1.0
) -> list[Recommendation]:
    """One a layer, for inputs and pre-activations of variance q.

    >>> from chalknet.operations.activations import as_activation
    >>> [round(one.variance, 6) for one in recommended_variances([100, 100, 100],
    ...                                                          [as_activation("relu")])]
    [0.01, 0.02]
    """
    moments: dict[Activation, tuple[float, float]] = {}
    found = []
    for number, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        square, slope_square = q, 1.0
        if number:
            below = activations[number - 1]
            if below not in moments:
                m = gaussian_moments(below, q)
                moments[below] = m.square, m.slope_square
            square, slope_square = moments[below]
        forward = q / (fan_in * square) if square else None
        backward = 1.0 / (fan_out * slope_square) if slope_square else None
        both = [1.0 / one for one in (forward, backward) if one is not None]
        variance = len(both) / sum(both) if both else None
        found.append(Recommendation(number + 1, fan_in, fan_out, forward, backward, variance))
    return found
