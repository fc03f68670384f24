"""Mistakes of sign and scale: a factor of everything, or of a whole part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chalknet.explain.check.hypotheses.suspect import Guess, Suspect
from chalknet.explain.check.lines import (
    BiasGradient,
    MeanLoss,
    OutputGradient,
    PreActivation,
    SampleLosses,
    Update,
    WeightGradient,
)
from chalknet.explain.check.precision import Floats

__all__ = [
    "forgot_penalty",
    "lost_factor",
    "lost_factor_of_squares",
    "mean_instead_of_sum",
    "mean_over_outputs",
    "sign",
    "sum_instead_of_mean",
]


def sum_instead_of_mean(suspect: Suspect) -> Iterator[Guess]:
    """1/n is lost."""
    n = len(suspect.values["x"])
    if n > 1 and "share" in suspect.values:
        share, weight = suspect.values["share"], suspect.values["weight"]
        yield from _shared(suspect, 1.0 / share, float(n))
        if np.ptp(weight):
            yield from _shared(suspect, weight / share, float(weight.sum()))


def mean_instead_of_sum(suspect: Suspect) -> Iterator[Guess]:
    """1/n once too often."""
    n = len(suspect.values["x"])
    if n > 1:
        yield from _shared(suspect, np.full(n, 1.0 / n), 1.0 / n)


def _shared(suspect: Suspect, each: Floats, factor: float) -> Iterator[Guess]:
    """The line with its mean over samples undone, or done again."""
    of = suspect.of
    match suspect.line:
        case MeanLoss() | OutputGradient():
            yield suspect.with_(share=of["share"] * each), ""
        case WeightGradient() | BiasGradient():
            yield suspect.with_(dZ=of["dZ"] * factor), ""
        case Update():
            yield suspect.with_(g=of["g"] * factor), ""


def mean_over_outputs(suspect: Suspect) -> Iterator[Guess]:
    """The mean over the outputs where their sum is meant."""
    if isinstance(suspect.line, SampleLosses | MeanLoss | OutputGradient):
        K = suspect.values["y"].shape[-1]
        if K > 1:
            yield suspect.value / K, "outputs"


def sign(suspect: Suspect) -> Iterator[Guess]:
    """The sign of the line, or of a whole part of it."""
    of = suspect.of
    match suspect.line:
        case Update():
            step = "the step is added: it is subtracted, to go downhill"
            yield 2.0 * of["w"] - suspect.value, step
        case PreActivation(ways=({"W": W, "b": b},)):
            yield suspect.with_(b=-of["b"]), f"{b} is taken with the wrong sign"
            yield suspect.with_(A=-of["A"]), f"{W} is taken with the wrong sign"
        case WeightGradient() as line if line.l2:
            yield suspect.with_(decay=-line.l2 * of["W"]), "λW is taken with the wrong sign"
            yield suspect.with_(dZ=-of["dZ"]), "the product is taken with the wrong sign"
        case OutputGradient():
            yield -suspect.value, "the sign is turned round, as in y − p for p − y"
    yield -suspect.value, ""


def forgot_penalty(suspect: Suspect) -> Iterator[Guess]:
    """dW without λW."""
    if isinstance(suspect.line, WeightGradient) and suspect.line.l2:
        yield suspect.with_(decay=np.zeros_like(suspect.of["W"])), ""


def lost_factor_of_squares(suspect: Suspect) -> Iterator[Guess]:
    """½ (o − t)², or o − t, where (o − t)² is the loss: likelier than any mean."""
    match suspect.line:
        case SampleLosses(loss=loss) | MeanLoss(loss=loss) | OutputGradient(loss=loss):
            if loss.name == "mean_squared_error":
                yield 0.5 * suspect.value, "everything is halved"


def lost_factor(suspect: Suspect) -> Iterator[Guess]:
    """2 or ½ too much."""
    of, line = suspect.of, suspect.line
    for factor, words in ((2.0, "doubled"), (0.5, "halved")):
        if isinstance(line, Update):
            yield of["w"] + factor * (suspect.value - of["w"]), f"the step is {words}"
        if isinstance(line, WeightGradient) and line.l2:
            yield suspect.with_(decay=factor * line.l2 * of["W"]), f"λW is {words}"
            yield suspect.with_(dZ=factor * of["dZ"]), f"the product is {words}"
        yield factor * suspect.value, f"everything is {words}"
