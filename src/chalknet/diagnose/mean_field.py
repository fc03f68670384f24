"""Signal propagation in the limit of wide layers: the variances of a fresh network's signals.

Weights and biases are independent with mean 0. Then, layer by layer,

    q₁ = N₀ σ_w² v² + σ_b²,       qₗ₊₁ = Nₗ σ_w² E f(√qₗ g)² + σ_b²        pre-activations, exact
    dₗ = Nₗ₊₁ σ_w² E f′(√qₗ g)² · dₗ₊₁                                ∂loss/∂z, in the wide limit

with σ_w², σ_b² those of the layer above, inputs of variance v² and g ~ N(0, 1): in a wide layer z
is a sum of many independent terms, so it is Gaussian. It is E f², not the variance of f, that feeds
the next layer: the mean of an activation is part of the signal.

Sources: Poole, Lahiri, Raghu, Sohl-Dickstein and Ganguli, NeurIPS 2016; Schoenholz, Gilmer, Ganguli
and Sohl-Dickstein, "Deep information propagation", ICLR 2017.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chalknet.diagnose.gaussian_integrals import GaussianMoments, gaussian_moments
from chalknet.diagnose.weight_spread import WeightSpread
from chalknet.operations.activations import Activation

__all__ = ["MeanField", "mean_field"]


SMALLEST = 1e-300


@dataclass(frozen=True)
class MeanField:
    """What the wide limit says of a network of L layers.

    Attributes
    ----------
    widths : list of int
        N₀ … N_L.
    spreads : list of WeightSpread
        Of the layers 1 … L.
    forward, backward : list of float
        qₗ and dₗ of the layers 1 … L, with d_L = 1. Where no float64 is large enough, qₗ is infinite
        and all of dₗ NaN.
    moments : list of GaussianMoments
        Of the hidden layers' activations at qₗ; fewer where qₗ is infinite.
    """

    widths: Sequence[int]
    spreads: Sequence[WeightSpread]
    forward: list[float]
    backward: list[float]
    moments: list[GaussianMoments]


def mean_field(
    widths: Sequence[int],
    activations: Sequence[Activation],
    spreads: Sequence[WeightSpread],
    input_variance: float = 1.0,
) -> MeanField:
    """The two recursions, for one activation a hidden layer and one spread a layer."""
    moments: list[GaussianMoments] = []
    forward: list[float] = []
    square, alive = input_variance, True
    for number, (N, spread) in enumerate(zip(widths, spreads, strict=False)):
        if number:
            if not math.isfinite(forward[-1]):
                forward.append(math.inf)
                continue
            # A signal too weak for floats still has slopes; one that is 0 has those at 0.
            q = max(forward[-1], SMALLEST) if alive else 0.0
            moments.append(gaussian_moments(activations[number - 1], q))
            square = moments[-1].square
        forward.append(N * spread.weight_variance * square + spread.bias_variance)
        alive = (spread.weight_variance > 0 and square > 0) or spread.bias_variance > 0
    return MeanField(widths, spreads, forward, _backward(widths, spreads, moments), moments)


def _backward(
    widths: Sequence[int], spreads: Sequence[WeightSpread], moments: Sequence[GaussianMoments]
) -> list[float]:
    if len(moments) < len(spreads) - 1:  # no slope is known where z is too large for floats
        return [math.nan] * len(spreads)
    backward = [1.0]
    for N, spread, m in reversed(list(zip(widths[2:], spreads[1:], moments, strict=True))):
        backward.append(N * spread.weight_variance * m.slope_square * backward[-1])
    return backward[::-1]
