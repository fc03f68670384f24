"""What becomes of signals and gradients on their way, in a word and a sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from chalknet.diagnose.mean_field import MeanField

__all__ = ["Verdict", "gradient_verdict", "signal_verdict"]

# A change by less than this, over all hidden layers, is none; beyond its square it is ruin.
NOTABLE = 10.0
FLOAT32 = (1e-38**2, 1e38**2)  # variances of what float32 can hold


@dataclass(frozen=True)
class Verdict:
    """How a variance changes over the hidden layers.

    Attributes
    ----------
    name : str
        ``vanishing``, ``shrinking``, ``kept``, ``growing`` or ``exploding``.
    ratio : float
        The variance at the end of the way over that at its beginning; infinite or NaN beyond
        float64.
    per_layer : float
        The factor a layer.
    sentence : str
    """

    name: str
    ratio: float
    per_layer: float
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """As plain values; what is not finite is None."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in vars(self).items()
        }


def signal_verdict(field: MeanField) -> Verdict:
    """Of the pre-activations, from the first hidden layer to the last."""
    way = field.forward[:-1] or field.forward
    return _verdict("Pre-activations", way, list(range(1, len(way) + 1)), "up")


def gradient_verdict(field: MeanField) -> Verdict:
    """Of the gradients, from the last hidden layer to the first."""
    way = field.backward[:-1] or field.backward
    return _verdict("Gradients", way[::-1], list(range(len(way), 0, -1)), "down")


def _verdict(what: str, way: list[float], layers: list[int], direction: str) -> Verdict:
    first, last, steps = way[0], way[-1], len(way) - 1
    lost = [layer for layer, value in zip(layers, way, strict=True) if not math.isfinite(value)]
    if lost:
        sentence = f"{what} explode: from layer {lost[0]} on no float64 holds their variance."
        return Verdict("exploding", math.inf, math.inf, sentence)
    if last == 0:
        at = layers[way.index(0.0)]
        return Verdict("vanishing", 0.0, 0.0, f"{what} vanish: at layer {at} they are 0.")
    if not steps:
        return Verdict(
            "kept", 1.0, 1.0, f"{what} of the one hidden layer have variance {first:.3g}."
        )
    ratio = last / first
    rate = ratio ** (1 / steps) if steps else 1.0
    way_said = f"from layer {layers[0]} to layer {layers[-1]}"
    if 1 / NOTABLE <= ratio <= NOTABLE:
        name = "kept"
        sentence = f"{what} keep their size: ×{ratio:.3g} {way_said}."
    else:
        names = ("vanishing", "shrinking") if ratio < 1 else ("exploding", "growing")
        name = names[0] if not NOTABLE**-2 <= ratio <= NOTABLE**2 else names[1]
        verb = {"vanishing": "vanish", "shrinking": "shrink", "exploding": "explode"}
        sentence = (
            f"{what} {verb.get(name, 'grow')}: ×{rate:.3g} a layer on the way {direction}, "
            f"×{ratio:.3g} {way_said}"
        )
        beyond = not FLOAT32[0] <= last <= FLOAT32[1]
        sentence += ", beyond what float32 can hold." if beyond else "."
    return Verdict(name, ratio, rate, sentence)
