"""The lines of the working as a graph: what each is computed from, and how.

A line takes its ingredients from the values of other lines, a student's own or the true ones, and
combines them. A mistake is told by changing an ingredient, or how they are combined: so the two are
kept apart here.
"""

from __future__ import annotations

from chalknet.explain.check.lines.backward import (
    BackThroughActivation,
    BackThroughWeights,
    BiasGradient,
    OutputGradient,
    Slope,
    WeightGradient,
)
from chalknet.explain.check.lines.forward import ActivationValue, PreActivation, Prediction
from chalknet.explain.check.lines.line import Ingredients, Line, Values, Way
from chalknet.explain.check.lines.losses import MeanLoss, Objective, Penalty, SampleLosses
from chalknet.explain.check.lines.update import CorrectedSlot, Slot, Update

__all__ = [
    "ActivationValue",
    "BackThroughActivation",
    "BackThroughWeights",
    "BiasGradient",
    "CorrectedSlot",
    "Ingredients",
    "Line",
    "MeanLoss",
    "Objective",
    "OutputGradient",
    "Penalty",
    "PreActivation",
    "Prediction",
    "SampleLosses",
    "Slope",
    "Slot",
    "Update",
    "Values",
    "Way",
    "WeightGradient",
]
