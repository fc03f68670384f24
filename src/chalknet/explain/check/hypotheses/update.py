"""Mistakes of the update."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chalknet.explain.check.hypotheses.suspect import Guess, Suspect
from chalknet.explain.check.lines import CorrectedSlot, Update

__all__ = ["forgot_learning_rate", "no_correction", "only_the_step", "plain_step"]


def forgot_learning_rate(suspect: Suspect) -> Iterator[Guess]:
    """W − dW."""
    if isinstance(suspect.line, Update):
        yield suspect.with_(rate=np.asarray(1.0)), ""


def only_the_step(suspect: Suspect) -> Iterator[Guess]:
    """−η dW, or η dW, where W − η dW is meant."""
    if isinstance(suspect.line, Update):
        step = suspect.value - suspect.of["w"]
        yield step, ""
        yield -step, ""


def plain_step(suspect: Suspect) -> Iterator[Guess]:
    """W − η dW where the optimizer does something else."""
    if isinstance(suspect.line, Update) and suspect.line.optimizer.name != "sgd":
        yield suspect.of["w"] - suspect.of["rate"] * suspect.of["g"], ""


def no_correction(suspect: Suspect) -> Iterator[Guess]:
    """Adam's m and v where m̂ and v̂ are meant."""
    line = suspect.line
    if isinstance(line, CorrectedSlot):
        yield suspect.of["slot"], ""
    elif isinstance(line, Update) and "mhat" in line.ways[-1]:
        parameter = line.ways[0]["w"]
        moments = {f"{name}hat": suspect.values[f"{name}_{parameter}"] for name in "mv"}
        yield suspect.with_(**moments), ""
