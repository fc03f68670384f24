"""Whatever computes gradients, behind one function: the textbook itself, and every engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chalknet.data.preprocessing import Preprocessing
from chalknet.engine import ENGINES, Plan, StepRange, Totals, as_engine
from chalknet.network import Dense, Network
from chalknet.operations.activations import ACTIVATIONS
from chalknet.operations.losses import LOSSES, Loss
from chalknet.operations.penalties import l2_penalty_backward
from chalknet.training.optimizers import Momentum
from oracles.problem import Answer, GradientsOf, Problem


def network_of(problem: Problem, dtype: Any = np.float64) -> Network:
    layers = []
    for layer in problem.layers:
        usual = ACTIVATIONS[layer.activation]
        values = dict(zip(usual.parameter_names, layer.parameters, strict=True))
        activation = usual.with_parameters(**values)
        layers.append(Dense(layer.W.astype(dtype), layer.b.astype(dtype), activation))
    return Network(layers)


def loss_of(problem: Problem) -> Loss:
    return LOSSES[problem.loss](*problem.loss_parameters)


def textbook(problem: Problem, dtype: Any = np.float64) -> Answer:
    """``network.py`` and ``operations/`` as a reader would use them."""
    network, loss = network_of(problem, dtype), loss_of(problem)
    masks = [None if mask is None else mask.astype(dtype) for mask in problem.masks]
    trace = network.forward(problem.X.astype(dtype), masks=masks)
    value, d_output = loss.value_and_grad(trace.output, problem.targets, problem.sample_weight)
    gradients = network.backward(trace, d_output)
    for number, layer in enumerate(network.layers):
        gradients.dW[number] += l2_penalty_backward(layer.W, problem.l2)
    return Answer(value, gradients.flat, gradients.dX)


def by_engine(name: str) -> GradientsOf:
    """One step of an engine; the velocity of momentum is then the gradient, to the last bit."""

    def gradients_of(problem: Problem, dtype: Any = np.float64) -> Answer:
        network, optimizer = network_of(problem, dtype), Momentum(learning_rate=0.0)
        state = optimizer.init(network.parameters)
        plan = Plan(
            network=network,
            loss=loss_of(problem),
            optimizer=optimizer,
            state=state,
            preprocessing=Preprocessing(),
            X=problem.X.astype(dtype),
            targets=problem.targets,
            sample_weight=problem.sample_weight,
            l2=problem.l2,
            dropout=problem.rates,
        )
        steps = StepRange(
            order=None,
            batch_size=len(problem.X),
            first=0,
            last=1,
            learning_rates=np.zeros(1),
            dropout_key=problem.epoch_key,
        )
        totals = Totals()
        as_engine(name).run(plan, steps, totals)
        assert totals.diverged_at is None
        assert totals.samples == len(problem.X)
        return Answer(totals.loss / totals.weight, state.slots[0], None)

    return gradients_of


@pytest.fixture(params=["textbook", *(name for name in ENGINES if name != "auto")])
def gradients_of(request: pytest.FixtureRequest) -> GradientsOf:
    """``gradients_of(problem, dtype=float64) -> Answer``, for each way there is."""
    return textbook if request.param == "textbook" else by_engine(request.param)
