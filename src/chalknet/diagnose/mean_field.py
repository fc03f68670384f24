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


SMALLEST, LARGEST = 1e-300, 1e280


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
        qₗ and dₗ of the layers 1 … L, with d_L = 1. What has no float64 is 0 or infinite.
    scales : list of float
        qₗ again, but kept within the floats: a signal that is too weak or too strong for them still
        has slopes, and one that is exactly 0 has others.
    moments : list of GaussianMoments
        Of the hidden layers' activations at these.
    """

    widths: Sequence[int]
    spreads: Sequence[WeightSpread]
    forward: list[float]
    backward: list[float]
    scales: list[float]
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
    scales: list[float] = []
    square, alive = input_variance, True
    for number, (N, spread) in enumerate(zip(widths, spreads, strict=False)):
        if number:
            moments.append(gaussian_moments(activations[number - 1], scales[-1]))
            square = moments[-1].square
        forward.append(N * spread.weight_variance * square + spread.bias_variance)
        alive = (alive and spread.weight_variance > 0 and square > 0) or spread.bias_variance > 0
        scales.append(min(max(forward[-1], SMALLEST), LARGEST) if alive else 0.0)
        if scales[-1] != forward[-1]:
            forward[-1] = 0.0 if forward[-1] < SMALLEST else math.inf
    backward = [1.0]
    for N, spread, m in reversed(list(zip(widths[2:], spreads[1:], moments, strict=True))):
        backward.append(N * spread.weight_variance * m.slope_square * backward[-1])
    return MeanField(widths, spreads, forward, backward[::-1], scales, moments)
