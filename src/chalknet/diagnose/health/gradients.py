"""Findings about gradients on their way down, and about the steps that they lead to."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset
from chalknet.diagnose.health.finding import Finding
from chalknet.diagnose.health.rows import dense
from chalknet.engine import StepRange, Totals
from chalknet.model import Model
from chalknet.training.batches import encode_targets
from chalknet.training.loop import Training

__all__ = ["gradient_findings", "gradient_sizes", "update_findings", "update_ratios"]

Vector = npt.NDArray[np.float64]

SAMPLES = 1024
NOTABLE, RUIN = 1e2, 1e4  # times between the first hidden layer's gradients and the last's
LARGE_UPDATE, SMALL_UPDATE = 0.05, 1e-6  # of the weights, a step; about 1e-3 is usual
STEPS = 5


def gradient_sizes(model: Model, data: Dataset) -> list[float]:
    """Root mean square of each sample's ∂loss/∂z, for every layer, over at most 1,024 rows."""
    some = model.in_own_classes(data)
    every = max(1, len(some) // SAMPLES)
    some = some.take(np.arange(0, len(some), every)[:SAMPLES])
    inputs = model.preprocessing.apply(dense(some.X), np.float64)
    targets = encode_targets(some, model.loss, model.network.widths[-1])
    trace = model.network.forward(inputs)
    _, d_output = model.loss.value_and_grad(trace.output, targets)
    gradients = model.network.backward(trace, d_output, input_gradient=False)
    # The 1/n of the mean over samples is taken out again: it says nothing about the network.
    return [len(some) * float(np.sqrt(np.mean(dZ**2))) for dZ in gradients.dZ]


def gradient_findings(model: Model, data: Dataset) -> Iterator[Finding]:
    """Gradients that vanish or explode between the last hidden layer and the first."""
    sizes = gradient_sizes(model, data)
    hidden = sizes[:-1]
    figures: dict[str, Any] = {"root_mean_squares": sizes}
    if not hidden or not math.isfinite(sum(sizes)) or sizes[-1] == 0:
        return
    if 0 in hidden:
        at = len(hidden) - hidden[::-1].index(0)
        yield Finding(
            name="no_gradient",
            severity="serious",
            title=f"no gradient reaches layer {at}" + (" or any below" if at > 1 else ""),
            evidence=f"∂loss/∂z of layer {at} is 0 for every sample, so its weights cannot change.",
            advice="a lower learning rate from the start, or --activation leaky_relu.",
            layer=at,
            figures=figures,
        )
        return
    ratio = hidden[0] / hidden[-1]
    figures["ratio"] = ratio
    rate = ratio ** (1 / max(1, len(hidden) - 1))
    told = (
        f"Root mean square of ∂loss/∂z: {hidden[-1]:.2g} in layer {len(hidden)}, {hidden[0]:.2g} "
        f"in layer 1, ×{rate:.2g} a layer on the way down."
    )
    groups = [(width, len(list(same))) for width, same in itertools.groupby(model.network.widths)]
    widths = ",".join(f"{width}x{count}" if count > 1 else f"{width}" for width, count in groups)
    function = model.network.layers[0].activation.spec
    if ratio < 1 / NOTABLE:
        yield Finding(
            name="vanishing_gradients",
            severity="serious" if ratio < 1 / RUIN else "warning",
            title="gradients vanish on their way to the first layer",
            evidence=told,
            advice=f"--activation relu --init he_normal; compare schemes with chalknet variance "
            f"{widths} --activation {function},relu.",
            figures=figures,
        )
    elif ratio > NOTABLE:
        yield Finding(
            name="exploding_gradients",
            severity="serious" if ratio > RUIN else "warning",
            title="gradients explode on their way to the first layer",
            evidence=told,
            advice=f"smaller initial weights; see which with chalknet variance {widths} "
            f"--activation {function}.",
            figures=figures,
        )


def update_ratios(training: Training, rng: np.random.Generator | None = None) -> Vector:
    """‖ΔW‖ / ‖W‖ of the next steps (steps, layers), taken on a copy; ``training`` stays as it is.

    The optimizer goes on from its present state, at the rate of the last epoch.
    """
    rng = rng or np.random.default_rng(0)
    network = training.network.copy()
    plan = dataclasses.replace(
        training.plan, network=network, state=copy.deepcopy(training.plan.state)
    )
    history = training.history
    rate = history[-1].learning_rate if len(history) else plan.optimizer.learning_rate
    n, size = len(training.data), training.batch_size
    order = rng.permutation(n)[: STEPS * size]
    count = -(-len(order) // size)
    rates, key = np.full(count, rate), int(rng.integers(2**63))
    ratios = []
    for step in range(count):
        before = [layer.W.copy() for layer in network.layers]
        steps = StepRange(order, size, step, step + 1, rates, key)
        totals = Totals()
        training.engine.run(plan, steps, totals)
        if totals.diverged_at is not None:
            return np.full((1, len(before)), np.inf)
        ratios.append(
            [
                float(np.linalg.norm(layer.W - W)) / (float(np.linalg.norm(W)) or 1.0)
                for layer, W in zip(network.layers, before, strict=True)
            ]
        )
    return np.array(ratios)


def update_findings(training: Training) -> Iterator[Finding]:
    """Steps that are too large, or too small to matter, beside the weights they change."""
    ratios = np.median(update_ratios(training), axis=0)
    history = training.history
    figures: dict[str, Any] = {"ratios": ratios.tolist()}
    rate = history[-1].learning_rate if len(history) else training.plan.optimizer.learning_rate
    worst = int(ratios.argmax())
    if ratios[worst] > LARGE_UPDATE:
        yield Finding(
            name="large_updates",
            severity="serious" if ratios[worst] > 10 * LARGE_UPDATE else "warning",
            title=f"each step changes the weights of layer {worst + 1} by {ratios[worst]:.2g} of "
            "their size",
            evidence=f"At learning rate {rate:.2g}; about 0.001 is usual.",
            advice=f"a learning rate of {rate * 0.003 / ratios[worst]:.1g}, or chalknet find-lr.",
            layer=worst + 1,
            figures=figures,
        )
    unlearnt = len(history) < 2 or history[-1].train_loss > 0.3 * history[0].train_loss
    # Where it is 0 no gradient comes through, which no rate can mend.
    if 0 < ratios.max() < SMALL_UPDATE and unlearnt:
        yield Finding(
            name="small_updates",
            severity="warning",
            title="each step changes the weights by next to nothing",
            evidence=f"By {ratios.max():.1g} of their size at most, at learning rate {rate:.2g}; "
            "about 0.001 is usual.",
            advice="a higher learning rate: chalknet find-lr suggests one.",
            figures=figures,
        )
