"""Mistakes in a part of a line: the sign of one entry, a row or a column left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chalknet.explain.check.hypotheses.suspect import Guess, Suspect
from chalknet.explain.check.lines import (
    BackThroughWeights,
    BiasGradient,
    MeanLoss,
    PreActivation,
    Prediction,
    Update,
    WeightGradient,
)
from chalknet.explain.check.precision import Floats

__all__ = ["dropped_row_or_column", "sign_of_one_entry"]

MANY = 64  # beyond so many rows, columns or entries, a slip in one of them is not looked for


def sign_of_one_entry(suspect: Suspect) -> Iterator[Guess]:
    """One number with the wrong sign: of the result, or of what it is computed from."""
    of = suspect.of
    if suspect.value.size > 1:
        for at in _places(suspect.value):
            yield _changed(suspect.value, at, -1.0), ""
    match suspect.line:
        case PreActivation(ways=({"A": below, "W": W, "b": b},)):
            yield from _signs_of_weights(suspect, W)
            for (column,) in _places(of["b"]):
                yield (
                    suspect.with_(b=_changed(of["b"], (column,), -1.0)),
                    f"entry {column + 1} of {b} is taken with the wrong sign",
                )
            for at in _places(of["A"]):
                sample = f" of sample {at[0] + 1}" if len(of["A"]) > 1 else ""
                yield (
                    suspect.with_(A=_changed(of["A"], at, -1.0)),
                    f"entry {at[1] + 1} of {below}{sample} is taken with the wrong sign",
                )
        case BackThroughWeights(ways=({"W": W},)):
            yield from _signs_of_weights(suspect, W)
        case Update():
            for at in _places(of["g"]):
                step = "one entry of the step is added instead of subtracted"
                yield suspect.with_(g=_changed(of["g"], at, -1.0)), step


def _signs_of_weights(suspect: Suspect, name: str) -> Iterator[Guess]:
    W = suspect.of["W"]
    for at in _places(W):
        place = f"row {at[1] + 1}, column {at[0] + 1}"
        words = f"the weight in {place} of {name} is taken with the wrong sign"
        yield suspect.with_(W=_changed(W, at, -1.0)), words


def dropped_row_or_column(suspect: Suspect) -> Iterator[Guess]:
    """A row or a column left out: of a matrix on the way, or of the result."""
    letter, *names = _on_the_way(suspect)
    if letter:
        for at, words in _slices(suspect.of[letter], *names):
            yield suspect.with_(**{letter: _changed(suspect.of[letter], at, 0.0)}), words
    if isinstance(suspect.line, Prediction):
        for at, words in _slices(suspect.value[0], "class {} in the sum below", ""):
            others = suspect.value.sum(axis=-1) - suspect.value[at]
            yield suspect.value / others[:, None], words
    by_rows = isinstance(suspect.line, WeightGradient | Update)
    names = ["row {}", "column {}"] if by_rows else ["entry {}", "sample {}"]
    for at, words in _slices(suspect.value, *names):
        yield _changed(suspect.value, at, 0.0), words


def _on_the_way(suspect: Suspect) -> tuple[str, str, str]:
    """The ingredient that may lose a part, and what the parts of its last and first axis are."""
    match suspect.line:
        case PreActivation(ways=({"W": W},)):
            return "A", f"column {{}} of {W}", "sample {}"
        case BackThroughWeights(ways=({"W": W},)):
            return "dZ", f"row {{}} of {W}", "sample {}"
        case WeightGradient() | BiasGradient():
            return "dZ", "row {}", "sample {}"
        case Update():
            return "g", "row {} of the gradient", "column {} of the gradient"
        case MeanLoss():
            return "losses", "sample {}", ""
    return "", "", ""


def _slices(array: Floats, last: str, first: str) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Each index of the last axis, then of the first, with its name from 1.

    In the textbook's layout the last axis of W has the neurons, which are rows on paper.
    """
    if array.ndim and 1 < array.shape[-1] <= MANY:
        for index in range(array.shape[-1]):
            yield (..., index), last.format(index + 1)
    if array.ndim > 1 and 1 < array.shape[0] <= MANY:
        for index in range(array.shape[0]):
            yield (index,), first.format(index + 1)


def _places(array: Floats) -> Iterator[tuple[int, ...]]:
    """Every place of a small array where a sign would be seen."""
    if array.size <= MANY:
        yield from zip(*(axis.tolist() for axis in np.nonzero(array)), strict=True)


def _changed(array: Floats, at: tuple[Any, ...], factor: float) -> Floats:
    other = array.copy()
    other[at] *= factor
    return other
