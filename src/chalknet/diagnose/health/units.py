"""Findings about the units of a network: dead ones, saturated ones, layers that do nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset
from chalknet.diagnose.health.finding import Finding, Severity, verb
from chalknet.diagnose.health.rows import input_slices
from chalknet.model import Model
from chalknet.operations.activations import Activation
from chalknet.operations.affine import affine

__all__ = ["LayerUnits", "count_units", "unit_findings"]

Flags = npt.NDArray[np.bool_]

FLAT = 0.05  # of the largest slope of the activation function
NEARLY_ALL = 0.95  # of the samples
NOTABLE, MOST = 0.25, 0.5  # of the units


@dataclass(frozen=True)
class LayerUnits:
    """The units of one hidden layer, over a whole data set.

    Attributes
    ----------
    layer : int
        From 1.
    activation : str
    dead : array (width,) of bool
        f′(z) is 0 for every sample: nothing the unit does depends on its weights, and no gradient
        reaches them.
    saturated : array (width,) of bool
        Not dead, but f′(z) is below a twentieth of its largest for 95 of 100 samples. Not counted
        where f is flat by design, as ReLU is: a unit that is seldom on is none the worse for it.
    linear : array (width,) of bool
        f′(z) is 1 for every sample: of a ReLU, one that is never off.
    """

    layer: int
    activation: str
    dead: Flags
    saturated: Flags
    linear: Flags


def count_units(model: Model, data: Dataset) -> list[LayerUnits]:
    """Look at every hidden unit for every row of ``data``: the counts are exact.

    Of an activation function whose slope is 0 everywhere, ``step``, no unit counts as dead.
    """
    hidden = model.network.layers[:-1]
    steepest = [_steepest(layer.activation) for layer in hidden]
    sloping = [np.zeros(layer.fan_out, bool) for layer in hidden]
    flat = [np.zeros(layer.fan_out, np.int64) for layer in hidden]
    bent = [np.zeros(layer.fan_out, bool) for layer in hidden]
    for _, inputs in input_slices(data.X, model.preprocessing, model.network.dtype):
        A = inputs
        for k, layer in enumerate(hidden):
            Z = affine(A, layer.W, layer.b)
            A, slope = layer.activation(Z), np.abs(layer.activation.derivative(Z))
            sloping[k] |= (slope != 0).any(axis=0)
            flat[k] += (slope < FLAT * steepest[k]).sum(axis=0)
            bent[k] |= (slope != 1).any(axis=0)
    found = []
    for k, layer in enumerate(hidden):
        dead = ~sloping[k] if steepest[k] else np.zeros(layer.fan_out, bool)
        saturated = (flat[k] >= NEARLY_ALL * len(data)) & ~dead
        if _flat_by_design(layer.activation):
            saturated[:] = False
        found.append(LayerUnits(k + 1, layer.activation.spec, dead, saturated, ~bent[k]))
    return found


def unit_findings(model: Model, data: Dataset) -> Iterator[Finding]:
    """Dead and saturated units, layer by layer, and ReLU layers that are linear."""
    for units in count_units(model, data):
        yield from _dead(units, len(data))
        yield from _saturated(units)
        yield from _linear(units, len(data))


def _dead(units: LayerUnits, n: int) -> Iterator[Finding]:
    count, width = int(units.dead.sum()), len(units.dead)
    if not count:
        return
    yield Finding(
        name="dead_units",
        severity=_severity(count / width),
        title=f"{count:,} of {width:,} units of layer {units.layer} "
        f"{verb(count, 'is', 'are')} dead",
        evidence=f"The slope of their {units.activation} is 0 for all {n:,} samples, so no "
        f"gradient reaches their weights{', nor any below' if count == width else ''}.",
        advice="a lower learning rate, or --activation leaky_relu, whose units cannot die.",
        layer=units.layer,
        figures={"count": count, "width": width, "units": np.flatnonzero(units.dead).tolist()},
    )


def _saturated(units: LayerUnits) -> Iterator[Finding]:
    count, width = int(units.saturated.sum()), len(units.saturated)
    if count <= NOTABLE * width:
        return
    yield Finding(
        name="saturated_units",
        severity=_severity(count / width),
        title=f"{count:,} of {width:,} units of layer {units.layer} "
        f"{verb(count, 'is', 'are')} saturated",
        evidence=f"The slope of their {units.activation} is below {FLAT:.0%} of its largest for "
        f"{NEARLY_ALL:.0%} of the samples: they hardly learn.",
        advice="smaller initial weights (--init glorot_normal) and scaled inputs, or a lower "
        "learning rate.",
        layer=units.layer,
        figures={"count": count, "width": width, "units": np.flatnonzero(units.saturated).tolist()},
    )


def _linear(units: LayerUnits, n: int) -> Iterator[Finding]:
    count, width = int(units.linear.sum()), len(units.linear)
    if units.activation == "identity" or count < width:
        return
    yield Finding(
        name="linear_layer",
        severity="warning",
        title=f"layer {units.layer} is linear",
        evidence=f"No unit's {units.activation} is ever off in {n:,} samples: the layer does what "
        "a matrix does.",
        advice="scale the inputs to mean 0: --scaling standard.",
        layer=units.layer,
        figures={"width": width},
    )


def _flat_by_design(activation: Activation) -> bool:
    """Whether the slope is 0, exactly, not far from 0."""
    return not activation.derivative(np.array([-3.0, 3.0])).all()


def _severity(share: float) -> Severity:
    return "serious" if share > MOST else "warning" if share > NOTABLE else "note"


def _steepest(activation: Activation) -> float:
    """The largest slope, looked for where activation functions bend."""
    z = np.concatenate([np.linspace(-20.0, 20.0, 4001), [-1e3, 1e3]])
    return float(np.abs(activation.derivative(z)).max())
