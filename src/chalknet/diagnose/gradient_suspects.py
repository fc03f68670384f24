"""Which operation of a network has a wrong derivative: each is looked at by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.diagnose.gradient_comparison import Comparison
from chalknet.layers import Trace
from chalknet.network import Network
from chalknet.operations.activations import Activation
from chalknet.operations.affine import Vector
from chalknet.operations.losses import Loss

__all__ = ["suspects"]

Array = npt.NDArray[Any]

STEP, SLACK = 1e-6, 1e-4
VALUES = 1000


def suspects(
    network: Network, trace: Trace, loss: Loss, targets: Array, sample_weight: Vector | None
) -> list[str]:
    """One sentence for each activation, and for the loss, whose derivative is not its own."""
    found = []
    for number, (layer, Z) in enumerate(
        zip(network.layers, trace.pre_activations, strict=True), start=1
    ):
        sentence = _of_activation(layer.activation, Z.ravel()[:VALUES])
        if sentence is not None:
            found.append(f"layer {number}: {sentence}")
    sentence = _of_loss(loss, trace.output, targets, sample_weight)
    if sentence is not None:
        found.append(sentence)
    if not found:
        found.append(
            "each activation and the loss are right by themselves, so it is the sweep between them."
        )
    return found


def _of_activation(activation: Activation, z: Array) -> str | None:
    with np.errstate(all="ignore"):
        here, given = activation(z), activation.derivative(z)
        step = STEP * np.maximum(1.0, np.abs(z))
        after, before = (activation(z + step) - here) / step, (here - activation(z - step)) / step
    # At a kink or a jump, any slope between the two sides is right.
    low, high = np.minimum(before, after), np.maximum(before, after)
    miss = np.maximum(low - given, given - high) - SLACK * np.maximum(1.0, np.abs(given))
    miss = np.where(np.isfinite(miss), miss, -np.inf)
    k = int(miss.argmax())
    if miss[k] <= 0:
        return None
    slope = (after[k] + before[k]) / 2
    return (
        f"the derivative of {activation.spec} is not that of its formula: at z = {z[k]:.4g} it is "
        f"given as {given[k]:.6g}, but differences of the formula say {slope:.6g}."
    )


def _of_loss(loss: Loss, output: Array, targets: Array, sample_weight: Vector | None) -> str | None:
    def value(flat: Array) -> Any:
        terms, _ = loss.terms(flat.reshape(output.shape), targets)
        return (
            terms.mean()
            if sample_weight is None
            else (sample_weight @ terms) / (sample_weight.sum() or 1.0)
        )

    _, gradient = loss.value_and_grad(output, targets, sample_weight)
    check = Comparison(value, output.ravel()).of_array("output", gradient)
    if check.passed or check.worst is None:
        return None
    sample, k = check.worst.index
    return (
        f"the gradient of {loss.spec} is not that of its value: for sample {sample + 1}, output "
        f"{k + 1}, it is given as {check.worst.given:.6g}, but the values say "
        f"{check.worst.numerical:.6g}."
    )
