"""Mistakes of the backward pass."""

from __future__ import annotations

from collections.abc import Iterator

from chalknet.explain.check.hypotheses.suspect import Guess, Suspect
from chalknet.explain.check.lines import (
    BackThroughActivation,
    BackThroughWeights,
    OutputGradient,
    PreActivation,
    Slope,
    Update,
    WeightGradient,
)
from chalknet.explain.check.lines.backward import slope_of_activation
from chalknet.explain.check.precision import Floats

__all__ = [
    "derivative_at_activation",
    "derivative_at_pre_activation",
    "derivative_of_output",
    "forgot_derivative",
    "transposed",
    "updated_weights",
]


def updated_weights(suspect: Suspect) -> Iterator[Guess]:
    """The backward pass with the weights after the update."""
    if isinstance(suspect.line, BackThroughWeights):
        name = suspect.line.ways[0]["W"]
        if f"{name}_new" in suspect.values:
            yield suspect.with_(W=suspect.values[f"{name}_new"]), name


def forgot_derivative(suspect: Suspect) -> Iterator[Guess]:
    """dZ = dA."""
    if isinstance(suspect.line, BackThroughActivation):
        yield suspect.of["dA"], ""


def derivative_at_activation(suspect: Suspect) -> Iterator[Guess]:
    """f′(a) where f′(z) is meant."""
    line = suspect.line
    if isinstance(line, Slope):
        yield line.activation.derivative(suspect.values[f"a{line.layer}"]), ""


def derivative_at_pre_activation(suspect: Suspect) -> Iterator[Guess]:
    """z (1 − z) where a (1 − a) is meant."""
    line = suspect.line
    if isinstance(line, Slope):
        slope = slope_of_activation(line.activation, suspect.values[f"z{line.layer}"])
        if slope is not None:
            yield slope, _FORMS.get(line.activation.name, "")


_FORMS = {"sigmoid": "a (1 − a)", "tanh": "1 − a²", "softplus": "1 − e⁻ᵃ", "elu": "a + α"}


def derivative_of_output(suspect: Suspect) -> Iterator[Guess]:
    """(P − t) ∘ P (1 − P): P − t is the gradient already."""
    if isinstance(suspect.line, OutputGradient) and suspect.line.loss.classifies:
        P = suspect.of["P"]
        yield suspect.value * P * (1.0 - P), ""


def transposed(suspect: Suspect) -> Iterator[Guess]:
    """A square matrix with rows and columns exchanged."""
    line, of = suspect.line, suspect.of
    if isinstance(line, PreActivation | BackThroughWeights) and _is_square(of["W"]):
        yield suspect.with_(W=of["W"].T), line.ways[0]["W"]
    elif isinstance(line, WeightGradient) and _is_square(suspect.value):
        yield suspect.value.T, line.symbol
    elif isinstance(line, Update) and _is_square(of["g"]):
        yield suspect.with_(g=of["g"].T), line.ways[0]["g"]


def _is_square(matrix: Floats) -> bool:
    return matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] > 1
