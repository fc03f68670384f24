"""Mistakes of the forward pass and the loss."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chalknet.explain.check.hypotheses.suspect import Guess, Suspect
from chalknet.explain.check.lines import (
    ActivationValue,
    PreActivation,
    Prediction,
    SampleLosses,
    WeightGradient,
)
from chalknet.operations.activations import ACTIVATIONS

__all__ = [
    "forgot_activation",
    "forgot_bias",
    "not_normalised",
    "other_activation",
    "other_logarithm",
    "softmax_over_everything",
    "softmax_over_wrong_axis",
]


def forgot_bias(suspect: Suspect) -> Iterator[Guess]:
    """z = Wa."""
    if isinstance(suspect.line, PreActivation):
        yield suspect.with_(b=np.zeros_like(suspect.of["b"])), ""


def forgot_activation(suspect: Suspect) -> Iterator[Guess]:
    """z where a is meant: as the line itself, or as what the line is computed from."""
    line = suspect.line
    if isinstance(line, ActivationValue | Prediction):
        yield suspect.of["Z"], line.ways[0]["Z"]
    elif isinstance(line, PreActivation | WeightGradient) and line.layer > 1:
        below = f"z{line.layer - 1}"
        yield suspect.with_(A=suspect.values[below]), below


def other_activation(suspect: Suspect) -> Iterator[Guess]:
    """Another function than the layer's."""
    line = suspect.line
    if isinstance(line, ActivationValue):
        for name in ("relu", "sigmoid", "tanh", "step"):
            if name != line.activation.name:
                yield ACTIVATIONS[name](suspect.of["Z"]), name
    elif isinstance(line, Prediction):
        yield ACTIVATIONS["sigmoid"](suspect.of["Z"]), "sigmoid"


def _is_softmax(suspect: Suspect) -> bool:
    line = suspect.line
    return isinstance(line, Prediction) and line.loss.name == "softmax_cross_entropy"


def softmax_over_everything(suspect: Suspect) -> Iterator[Guess]:
    """One sum below for the whole batch."""
    if _is_softmax(suspect):
        e = np.exp(suspect.of["Z"] - suspect.of["Z"].max())
        yield e / e.sum(), ""


def softmax_over_wrong_axis(suspect: Suspect) -> Iterator[Guess]:
    """The sum below over the samples instead of the classes."""
    if _is_softmax(suspect):
        e = np.exp(suspect.of["Z"] - suspect.of["Z"].max(axis=0))
        yield e / e.sum(axis=0), ""


def not_normalised(suspect: Suspect) -> Iterator[Guess]:
    """exp(z) without the sum below."""
    if _is_softmax(suspect):
        yield np.exp(suspect.of["Z"]), ""


def other_logarithm(suspect: Suspect) -> Iterator[Guess]:
    """The logarithm to the base 10, or 2."""
    if isinstance(suspect.line, SampleLosses) and suspect.line.loss.classifies:
        yield suspect.value / np.log(10.0), "10"
        yield suspect.value / np.log(2.0), "2"
