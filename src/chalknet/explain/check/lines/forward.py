"""The lines of the forward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from chalknet.explain.check.lines.line import Ingredients, Line, Values
from chalknet.explain.check.precision import Floats
from chalknet.operations.activations import Activation
from chalknet.operations.affine import affine
from chalknet.operations.losses import Loss

__all__ = ["ActivationValue", "PreActivation", "Prediction", "seen_by"]


def seen_by(layer: int) -> str:
    """The symbol of what a layer sees: x, or the activation below."""
    return f"a{layer - 1}" if layer > 1 else "x"


@dataclass(frozen=True, kw_only=True)
class PreActivation(Line):
    """Zₗ = Aₗ₋₁ Wₗ + bₗ, with A₀ = x."""

    def combine(self, of: Ingredients) -> Floats:
        """XW + b."""
        return affine(of["A"], of["W"], of["b"])


@dataclass(frozen=True, kw_only=True)
class ActivationValue(Line):
    """Aₗ = f(Zₗ)."""

    activation: Activation

    def combine(self, of: Ingredients) -> Floats:
        """f(Z)."""
        return self.activation(of["Z"])

    def size(self, values: Values, sizes: Values) -> Floats:
        """At least that of Z, of which f changes no more."""
        return np.maximum(np.abs(values[self.symbol]), sizes[self.ways[0]["Z"]])


@dataclass(frozen=True, kw_only=True)
class Prediction(Line):
    """P: what the loss makes of the output, softmax, σ or exp, each sample by itself."""

    loss: Loss

    linear: ClassVar[bool] = False

    def combine(self, of: Ingredients) -> Floats:
        """P from the output Z."""
        Z = of["Z"]
        rows: Floats = self.loss.predict(Z.reshape(-1, Z.shape[-1]))
        return rows.reshape(Z.shape)
