"""The symbols of answer files and what they stand for, in the order of the working."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from chalknet.explain.numerals import Array
from chalknet.training.optimizers import Adam, Optimizer

if TYPE_CHECKING:
    from chalknet.explain.solution import LossParts, Round, Solution, UpdateParts

__all__ = ["computed_symbols", "given_symbols", "symbols_of"]


def given_symbols(solution: Solution, one: Round) -> Iterator[tuple[str, Any]]:
    """What a round starts from: inputs, targets, weights and biases."""
    of_samples = _first_row if solution.problem.single else _as_is
    yield "x", of_samples(solution.inputs)
    if solution.targets is not None:
        yield "y", of_samples(solution.targets)
    if solution.sample_weight is not None:
        yield "w", solution.sample_weight
    if solution.l2:
        yield "lambda", solution.l2
    for number, layer in enumerate(one.network.layers, start=1):
        yield f"W{number}", layer.W.T
        yield f"b{number}", layer.b


def computed_symbols(solution: Solution, one: Round) -> Iterator[tuple[str, Any]]:
    """What a round computes: forward, loss, backward and update."""
    problem, trace = solution.problem, one.trace
    of_samples = _first_row if problem.single else _as_is
    for number, (Z, A) in enumerate(
        zip(trace.pre_activations, trace.activations, strict=True), start=1
    ):
        yield f"z{number}", of_samples(Z)
        # The loss's own function stands in the place of an activation function.
        if number < len(problem.layers) or not (problem.output_function and _is_linear(solution)):
            yield f"a{number}", of_samples(A)
    if one.loss is not None:
        yield from _loss_symbols(solution, one.loss)
        yield from _gradient_symbols(solution, one.loss)
    if one.update is not None and solution.optimizer is not None:
        yield from _update_symbols(solution.optimizer, one, one.update)


def _is_linear(solution: Solution) -> bool:
    return solution.problem.layers[-1].activation.name == "identity"


def _loss_symbols(solution: Solution, loss: LossParts) -> Iterator[tuple[str, Any]]:
    problem = solution.problem
    if problem.output_function:
        yield "p", loss.prediction[0] if problem.single else loss.prediction
    if not problem.single:
        yield "losses", loss.terms
    yield "loss", loss.loss
    if solution.l2:
        yield "penalty", loss.penalty
        yield "objective", loss.loss + loss.penalty


def _gradient_symbols(solution: Solution, loss: LossParts) -> Iterator[tuple[str, Any]]:
    problem, gradients = solution.problem, loss.gradients
    of_samples = _first_row if problem.single else _as_is
    last = len(problem.layers)
    for number in range(last, 0, -1):
        if number < last or not _is_linear(solution):
            yield f"da{number}", of_samples(loss.dA[number - 1])
        if problem.layers[number - 1].activation.name != "identity":
            yield f"slope{number}", of_samples(loss.slopes[number - 1])
        yield f"dz{number}", of_samples(gradients.dZ[number - 1])
        yield f"dW{number}", gradients.dW[number - 1].T
        yield f"db{number}", gradients.db[number - 1]


def _update_symbols(
    optimizer: Optimizer, one: Round, update: UpdateParts
) -> Iterator[tuple[str, Any]]:
    views = {
        name: one.network.views(slot)
        for name, slot in zip(optimizer.slot_names, update.slots, strict=True)
    }
    if isinstance(optimizer, Adam):
        corrections = optimizer.coefficients(optimizer.learning_rate, one.number)[4:6]
        for name, slot, correction in zip("mv", update.slots, corrections, strict=True):
            views[f"{name}hat"] = one.network.views(slot / correction)
    after = one.network.views(update.parameters)
    for number in range(len(after), 0, -1):
        for part, letter in enumerate("Wb"):
            for name, pairs in views.items():
                yield f"{name}_{letter}{number}", pairs[number - 1][part].T
            yield f"{letter}{number}_new", after[number - 1][part].T


def _first_row(rows: Array) -> Array:
    row: Array = rows[0]
    return row


def _as_is(rows: Array) -> Array:
    return rows


def symbols_of(values: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The values of one update alone, by their plain symbols: those that end in ``@number``."""
    suffix = f"@{number}"
    return {
        symbol.removesuffix(suffix): value
        for symbol, value in values.items()
        if (symbol.endswith(suffix) if number > 1 else "@" not in symbol)
    }
