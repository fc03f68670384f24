"""From a problem to its worked solution: what is given, the passes, the loss, the update."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from chalknet.explain.formula import Formula, Number, Relation, Symbol
from chalknet.explain.notation import Notation
from chalknet.explain.problem import Problem, read_problem
from chalknet.explain.solution import Solution, solve
from chalknet.explain.steps import Check, Explanation, Section
from chalknet.explain.verify import verify
from chalknet.explain.walkthrough.backward import backward_steps
from chalknet.explain.walkthrough.board import Board
from chalknet.explain.walkthrough.forward import forward_steps
from chalknet.explain.walkthrough.loss_steps import loss_steps
from chalknet.explain.walkthrough.updates import COEFFICIENTS, update_steps
from chalknet.explain.walkthrough.writer import Writer

__all__ = ["explain"]

UPDATES = {
    "sgd": "update by gradient descent",
    "momentum": "update with momentum",
    "nesterov": "update with Nesterov's momentum",
    "rmsprop": "update by RMSprop",
    "adagrad": "update by Adagrad",
    "adam": "update by Adam",
    "adamw": "update by AdamW",
}


def explain(
    problem: Problem | str | os.PathLike[str],
    *,
    exact: bool = False,
    steps: int = 1,
    notation: Notation | None = None,
    digits: int | None = None,
    notes: Iterable[str] = (),
) -> Explanation:
    """The worked solution of a problem, every line verified in a second way.

    Parameters
    ----------
    problem : Problem, or path of a TOML file
    exact : bool
        In fractions, and 30 digits after the first transcendental function, instead of floats.
    steps : int
        How many updates to make.
    notation : Notation, optional
        Columns, z and dz by default.
    digits : int, optional
        How many to show; 5 by default, and 30 of exact numbers that are no fractions.
    notes : iterable of str
        Sentences for the foot, before the usual ones.

    Raises
    ------
    DataNotFoundError, DataFormatError, ShapeError, TargetError, ConfigurationError
        The problem cannot be read, or worked out.
    VerificationError
        A line did not stand up to its second computation. This never shows a page.

    >>> from chalknet.explain.problem import Layer
    >>> problem = Problem(layers=[Layer(weights=[[1, -2], [3, 4]], bias=[1, 0], activation="relu")],
    ...                   inputs=[5, 0])
    >>> explanation = explain(problem)
    >>> [(step.symbol, step.result.values) for step in explanation.steps]
    [('z1', array([ 6., 15.])), ('a1', array([ 6., 15.]))]
    """
    if not isinstance(problem, Problem):
        problem = read_problem(problem)
    notation = Notation() if notation is None else notation
    if digits is not None:
        notation = dataclasses.replace(notation, digits=digits)
    solution = solve(problem, exact, steps=steps)
    checks = verify(solution).checks
    board = Board(
        notation=notation,
        single=problem.single,
        digits=None if digits is None or not exact else digits,
    )
    return Explanation(
        title=problem.title or "Worked solution",
        given=tuple(_given(solution, board)),
        sections=tuple(_sections(solution, board, checks)),
        values=solution.values,
        notation=notation,
        notes=(*notes, *_notes(solution, board)),
    )


def _sections(
    solution: Solution, board: Board, checks: Mapping[str, tuple[Check, ...]]
) -> Iterator[Section]:
    for number in range(1, len(solution.rounds) + 1):
        writer = Writer.of(solution, number, board, checks)
        again = f"Update {number}: " if len(solution.rounds) > 1 else ""
        introduction = (
            "Layer by layer, from the inputs to the output."
            if number == 1
            else f"Once more from the inputs, with the weights after update {number - 1}."
        )
        yield Section(
            title=_capital(f"{again}forward pass"),
            introduction=introduction,
            steps=tuple(forward_steps(writer)),
        )
        if solution.problem.loss is None:
            return
        yield Section(
            title=_capital(f"{again}loss"),
            introduction="How far the output is from the target, in one number.",
            steps=tuple(loss_steps(writer)),
        )
        yield Section(
            title=_capital(f"{again}backward pass"),
            introduction="The chain rule, from the loss back to the first layer; all weights are "
            "those of the forward pass.",
            steps=tuple(backward_steps(writer)),
        )
        if solution.optimizer is not None:
            yield Section(
                title=_capital(f"{again}{UPDATES[solution.optimizer.name]}"),
                introduction="Every weight and bias takes its step at once: all gradients were "
                "computed before.",
                steps=tuple(update_steps(writer)),
            )


def _capital(title: str) -> str:
    return title[0].upper() + title[1:]


def _given(solution: Solution, board: Board) -> Iterator[tuple[str, Formula]]:
    """What the reader starts from, each with its name in words."""
    values, problem = solution.given(), solution.problem

    def relation(symbol: Formula, value: Formula) -> Relation:
        return Relation(symbol, "=", value)

    several = "" if board.single else f" ({len(problem.inputs)} samples, one a {board.side})"
    yield f"inputs{several}", relation(board.of_samples("x"), board.samples(values["x"]))
    for layer, given in enumerate(problem.layers, start=1):
        W, b = board.parameter("W", layer), board.parameter("b", layer)
        name = "" if given.activation.name == "identity" else f", {given.activation.spec}"
        yield f"weights of layer {layer}{name}", relation(W, board.weights(values[f"W{layer}"]))
        yield f"bias of layer {layer}", relation(b, board.bias(values[f"b{layer}"]))
    if "y" in values and problem.loss is not None:
        name = f"targets, for {problem.loss.spec}"
        yield name, relation(board.of_samples("y"), board.samples(values["y"]))
    if "w" in values:
        w = Symbol("w", bold=True)
        yield "weights of the samples", relation(w, board.per_sample(values["w"]))
    if "lambda" in values:
        yield "strength of the L2 penalty", relation(Symbol("λ"), board.number(values["lambda"]))
    if solution.optimizer is not None:
        for field in dataclasses.fields(solution.optimizer):
            name, symbol = COEFFICIENTS[field.name]
            number = solution.arithmetic.shown(getattr(solution.optimizer, field.name))
            yield name, relation(symbol, Number(number))


def _notes(solution: Solution, board: Board) -> Iterator[str]:
    problem, notation = solution.problem, board.notation
    if solution.arithmetic.exact:
        yield "Fractions are exact."
        if any(isinstance(x, Decimal) for x in _numbers(solution)):
            yield (
                "From the first transcendental function on, numbers are carried with 120 digits "
                f"and shown with {board.digits or 30}."
            )
    else:
        yield (
            "Numbers are carried at full precision, float64, and rounded to "
            f"{notation.digits} significant digits for display only."
        )
    if not problem.single and problem.loss is not None:
        yield "The loss is a mean over the samples and a sum over the outputs."
    if problem.loss is not None and solution.optimizer is None:
        yield "No learning rate is given, so there is no update."
    if problem.loss is None:
        yield "No target is given, so there is only the forward pass."


def _numbers(solution: Solution) -> Iterator[Any]:
    for value in solution.values.values():
        yield from np.asarray(value, dtype=object).flat
