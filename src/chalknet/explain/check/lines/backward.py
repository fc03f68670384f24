"""The lines of the backward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from chalknet.explain.check.lines.line import Ingredients, Line
from chalknet.explain.check.precision import Floats
from chalknet.operations.activations import Activation
from chalknet.operations.losses import ElementwiseLoss, Loss

__all__ = [
    "BackThroughActivation",
    "BackThroughWeights",
    "BiasGradient",
    "OutputGradient",
    "Slope",
    "WeightGradient",
    "slope_of_activation",
]


@dataclass(frozen=True, kw_only=True)
class OutputGradient(Line):
    """∂loss/∂output = share · ∂ℓ/∂o, written with the prediction: share · (P − t), say."""

    loss: Loss

    subtracted: ClassVar[tuple[str, ...]] = ("t",)

    def combine(self, of: Ingredients) -> Floats:
        """∂ℓ/∂o of each sample, times its share."""
        return self._error(of["P"], of["t"]) * of["share"][:, None]

    def _error(self, P: Floats, t: Floats) -> Floats:
        loss = self.loss
        if loss.name == "softmax_cross_entropy":
            return np.asarray(P * np.abs(t.sum(axis=-1, keepdims=True)) - t)
        if isinstance(loss, ElementwiseLoss) and not loss.classifies and loss.name != "poisson":
            return np.asarray(type(loss).derivative(P, t, *loss.parameters))
        return P - t


@dataclass(frozen=True, kw_only=True)
class BackThroughWeights(Line):
    """dAₗ = dZₗ₊₁ Wₗ₊₁ᵀ."""

    def combine(self, of: Ingredients) -> Floats:
        """dZ Wᵀ."""
        return of["dZ"] @ np.swapaxes(of["W"], -1, -2)


@dataclass(frozen=True, kw_only=True)
class Slope(Line):
    """f′(Zₗ), which may be had from Aₗ = f(Zₗ) as well."""

    activation: Activation

    linear: ClassVar[bool] = False

    def combine(self, of: Ingredients) -> Floats:
        """f′(Z)."""
        return _slope(self.activation, of)


@dataclass(frozen=True, kw_only=True)
class BackThroughActivation(Line):
    """dZₗ = dAₗ ∘ f′(Zₗ); for the identity, dAₗ."""

    activation: Activation

    def combine(self, of: Ingredients) -> Floats:
        """dA ∘ f′(Z)."""
        return of["dA"] * _slope(self.activation, of) if len(of) > 1 else of["dA"]


def _slope(activation: Activation, of: Ingredients) -> Floats:
    """f′ as it stands, from Z, or from A."""
    if "slope" in of:
        return of["slope"]
    if "Z" in of:
        return activation.derivative(of["Z"])
    slope = slope_of_activation(activation, of["A"])
    return np.full_like(of["A"], np.nan) if slope is None else slope


def slope_of_activation(activation: Activation, A: Floats) -> Floats | None:
    """f′ written with the activation A = f(Z): σ′ = A (1 − A), say; None where nobody does."""
    match activation.name, activation.parameters:
        case "sigmoid", _:
            return A * (1.0 - A)
        case "tanh", _:
            return 1.0 - A * A
        case "softplus", _:
            return -np.expm1(-A)
        case "elu", (alpha,):
            return np.where(A > 0, 1.0, A + alpha)
        case (("relu" | "leaky_relu"), _):
            return activation.derivative(A)
    return None


@dataclass(frozen=True, kw_only=True)
class WeightGradient(Line):
    """dWₗ = Aₗ₋₁ᵀ dZₗ, and λ Wₗ where there is a penalty."""

    l2: float = 0.0

    def combine(self, of: Ingredients) -> Floats:
        """Aᵀ dZ + λW; ``decay`` may stand for λW."""
        product = np.swapaxes(of["A"], -1, -2) @ of["dZ"]
        return product + of.get("decay", self.l2 * of["W"]) if "W" in of else product


@dataclass(frozen=True, kw_only=True)
class BiasGradient(Line):
    """dbₗ = Σₙ dZₗ."""

    def combine(self, of: Ingredients) -> Floats:
        """Σₙ dZ."""
        return np.asarray(of["dZ"].sum(axis=-2))
