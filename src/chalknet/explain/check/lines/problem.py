"""The lines of a problem, in the order of work."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from chalknet.explain.check.lines.backward import (
    BackThroughActivation,
    BackThroughWeights,
    BiasGradient,
    OutputGradient,
    Slope,
    WeightGradient,
)
from chalknet.explain.check.lines.forward import (
    ActivationValue,
    PreActivation,
    Prediction,
    seen_by,
)
from chalknet.explain.check.lines.line import Line, Way
from chalknet.explain.check.lines.losses import MeanLoss, Objective, Penalty, SampleLosses
from chalknet.explain.check.lines.update import STEPS, CorrectedSlot, Slot, Update
from chalknet.explain.problem import Problem
from chalknet.training.optimizers import Optimizer

__all__ = ["lines_of"]


def lines_of(problem: Problem, known: Container[str]) -> Iterator[Line]:
    """Every line whose symbol is ``known``, and ``losses``, in the order of work."""
    last = len(problem.layers)
    output = f"a{last}" if f"a{last}" in known else f"z{last}"
    prediction = "p" if "p" in known else output
    yield from _forward(problem, known)
    if problem.loss is None:
        return
    yield from _losses(problem, known, output, prediction)
    for number in range(last, 0, -1):
        symbol = f"da{number}" if f"da{number}" in known else f"dz{number}"
        if number == last:
            way = {"P": prediction, "t": "y", "share": "share"}
            yield OutputGradient(symbol=symbol, layer=last, ways=(way,), loss=problem.loss)
        else:
            way = {"dZ": f"dz{number + 1}", "W": f"W{number + 1}"}
            yield BackThroughWeights(symbol=symbol, layer=number, ways=(way,))
        yield from _backward(problem, known, number)
    if problem.optimizer is not None:
        for number in range(last, 0, -1):
            for parameter in (f"W{number}", f"b{number}"):
                yield from _update(problem.optimizer, known, parameter, number)


def _forward(problem: Problem, known: Container[str]) -> Iterator[Line]:
    for number, layer in enumerate(problem.layers, start=1):
        z, a = f"z{number}", f"a{number}"
        way = {"A": seen_by(number), "W": f"W{number}", "b": f"b{number}"}
        yield PreActivation(symbol=z, layer=number, ways=(way,))
        if a in known:
            yield ActivationValue(
                symbol=a, layer=number, ways=({"Z": z},), activation=layer.activation
            )


def _losses(
    problem: Problem, known: Container[str], output: str, prediction: str
) -> Iterator[Line]:
    loss = problem.loss
    assert loss is not None  # noqa: S101 - the caller has looked
    ways: tuple[Way, ...] = ({"O": output, "t": "y"},)
    if "p" in known:
        yield Prediction(symbol="p", ways=({"Z": output},), loss=loss)
        ways = ({"P": prediction, "t": "y"}, *ways)
    yield SampleLosses(symbol="losses", ways=ways, loss=loss)
    yield MeanLoss(symbol="loss", ways=({"losses": "losses", "share": "share"},), loss=loss)
    if "penalty" in known:
        weights = {f"W{number}": f"W{number}" for number in range(1, len(problem.layers) + 1)}
        yield Penalty(symbol="penalty", ways=(weights,), l2=float(problem.l2))
        yield Objective(symbol="objective", ways=({"loss": "loss", "penalty": "penalty"},))


def _backward(problem: Problem, known: Container[str], number: int) -> Iterator[Line]:
    activation = problem.layers[number - 1].activation
    da, dz, slope = f"da{number}", f"dz{number}", f"slope{number}"
    ways: tuple[Way, ...] = ({},)
    if slope in known:
        by_value = {"Z": f"z{number}"}, {"A": f"a{number}"}
        yield Slope(symbol=slope, layer=number, ways=by_value, activation=activation)
        ways = ({"slope": slope}, *by_value)
    if da in known:
        yield BackThroughActivation(
            symbol=dz,
            layer=number,
            ways=tuple({"dA": da, **way} for way in ways),
            activation=activation,
        )
    way = {"A": seen_by(number), "dZ": dz} | ({"W": f"W{number}"} if problem.l2 else {})
    yield WeightGradient(symbol=f"dW{number}", layer=number, ways=(way,), l2=float(problem.l2))
    yield BiasGradient(symbol=f"db{number}", layer=number, ways=({"dZ": dz},))


def _update(
    optimizer: Optimizer, known: Container[str], parameter: str, layer: int
) -> Iterator[Line]:
    way = {"w": parameter, "g": f"d{parameter}", "rate": "rate"}
    common: dict[str, Any] = {"layer": layer, "optimizer": optimizer}
    for name in optimizer.slot_names:
        yield Slot(symbol=f"{name}_{parameter}", name=name, ways=(way,), **common)
    corrections = optimizer.coefficients(float(optimizer.learning_rate), 1)[4:6]
    for name, correction in zip("mv", corrections, strict=False):
        symbol = f"{name}hat_{parameter}"
        if symbol in known:
            slot = {"slot": f"{name}_{parameter}"}
            yield CorrectedSlot(
                symbol=symbol, layer=layer, ways=(slot,), correction=float(correction)
            )
    slots = {name: f"{name}_{parameter}" for name in STEPS.get(optimizer.name, ((), None))[0]}
    # The step from the gradient alone comes first: a mistake in it is then looked for there.
    ways = (way, way | slots) if slots else (way,)
    yield Update(symbol=f"{parameter}_new", ways=ways, **common)
