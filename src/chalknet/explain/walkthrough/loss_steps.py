"""The loss of a problem on the board: each sample's own, their mean, and the penalty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chalknet.explain.formula import (
    Array,
    BigOperator,
    Formula,
    Norm,
    Number,
    Product,
    Quotient,
    Sum,
    Symbol,
)
from chalknet.explain.steps import Step
from chalknet.explain.walkthrough.board import joined
from chalknet.explain.walkthrough.functions import ONE
from chalknet.explain.walkthrough.losses import HALF
from chalknet.explain.walkthrough.writer import Writer

__all__ = ["loss_steps"]

# Terms that are written out one after the other; of more, only the sum sign is shown.
MOST_TERMS = 6

SAMPLE, OUTPUT = Symbol("i"), Symbol("k")


def loss_steps(writer: Writer) -> Iterator[Step]:
    """Each sample's loss where there are several, the loss, and the penalty."""
    if writer.board.single:
        yield _of_the_sample(writer)
    else:
        yield _of_each_sample(writer)
        yield _mean(writer)
    if "penalty" in writer.values:
        yield _penalty(writer)
        yield _objective(writer)


def _of_the_sample(writer: Writer) -> Step:
    loss, values = writer.loss, writer.values
    one = _written_out(writer, values[writer.prediction], values["y"], values[writer.output])
    return writer.step(
        "loss",
        "Loss",
        _in_symbols(writer),
        loss.meaning,
        meaning=Symbol("loss"),
        substituted=one,
        result=writer.board.number(values["loss"]),
        uses=(writer.prediction, "y"),
    )


def _of_each_sample(writer: Writer) -> Step:
    values = writer.values
    written: Formula | None = None
    if writer.n <= 2 * MOST_TERMS:
        samples = zip(values[writer.prediction], values["y"], values[writer.output], strict=True)
        entries = [_written_out(writer, *sample) for sample in samples]
        if all(entry is not None for entry in entries):
            column = np.empty(len(entries), object)
            column[:] = entries
            written = Array(column)
    return writer.step(
        "losses",
        "Loss of each sample",
        _in_symbols(writer),
        f"{writer.loss.meaning} Every sample i has a loss of its own.",
        meaning=Symbol("ℓ", sub="i"),
        substituted=written,
        result=Array(writer.board.bias(values["losses"]).values),
        uses=(writer.prediction, "y"),
    )


def _in_symbols(writer: Writer) -> Formula:
    """−Σₖ yₖ ln pₖ and its like; with one output there is nothing to sum over."""
    loss, several = writer.loss, writer.problem.widths[-1] > 1
    layer = str(writer.last) if loss.letter == "a" else ""
    sample = "" if writer.board.single else "i"
    index = sample + ("k" if several else "")
    sub = f"{layer},{index}" if layer and index else layer + index
    body = loss.body(Symbol(loss.letter, sub=sub), Symbol("y", sub=index))
    return loss.around(BigOperator("Σ", OUTPUT, None, body) if several else body)


def _written_out(writer: Writer, prediction: Any, y: Any, output: Any) -> Formula | None:
    """One sample's loss with its numbers put in; None where that would be long, or cannot be."""
    loss, shown = writer.loss, writer.board.number
    numbers = [
        tuple(shown(value).value for value in three)
        for three in zip(prediction, y, output, strict=True)
    ]
    if not all(loss.can_be_written(p, t) for p, t, _ in numbers):
        return None  # the loss is computed from the outputs: p itself has too few digits
    terms = [term for three in numbers if (term := loss.term(*three)) is not None]
    return None if not terms or len(terms) > MOST_TERMS else loss.around(joined(terms))


def _mean(writer: Writer) -> Step:
    values, board = writer.values, writer.board
    weighted = "w" in values
    losses = [board.number(value) for value in values["losses"]]
    each: Formula = Symbol("ℓ", sub="i")
    above: Formula = joined(losses)
    below: Formula = Number(writer.n)
    equation: Formula = Product.of(Quotient(ONE, Symbol("n")), BigOperator("Σ", SAMPLE, None, each))
    reason = f"The loss of the batch is the mean over its {writer.n} samples."
    substituted: Formula = Product.of(Quotient(ONE, below), above)
    if weighted:
        weights = [board.number(value) for value in values["w"]]
        w = Symbol("w", sub="i")
        equation = Quotient(
            BigOperator("Σ", SAMPLE, None, Product.of(w, each)), BigOperator("Σ", SAMPLE, None, w)
        )
        reason = "The loss of the batch is the mean over its samples, each with its weight."
        pairs = zip(weights, losses, strict=True)
        substituted = Quotient(
            joined([Product.of(*pair, sign="·") for pair in pairs]), joined(weights)
        )
    return writer.step(
        "loss",
        "Loss",
        equation,
        reason,
        meaning=Symbol("loss"),
        substituted=substituted if writer.n <= MOST_TERMS else None,
        result=board.number(values["loss"]),
        uses=("losses", "w") if weighted else ("losses",),
    )


def _penalty(writer: Writer) -> Step:
    board, values = writer.board, writer.values
    layers = range(1, writer.last + 1)
    squares = [Norm(board.parameter("W", layer), sup="2") for layer in layers]
    arrays = [Norm(board.weights(values[f"W{layer}"]), sup="2") for layer in layers]
    return writer.step(
        "penalty",
        "Penalty",
        Product.of(HALF, Symbol("λ"), joined(squares)),
        "The penalty is ½λ times the sum of the squares of all weights; biases go free.",
        meaning=Symbol("penalty"),
        substituted=Product.of(HALF, board.number(values["lambda"]), joined(arrays)),
        result=board.number(values["penalty"]),
        uses=(*(f"W{layer}" for layer in layers), "lambda"),
    )


def _objective(writer: Writer) -> Step:
    board, values = writer.board, writer.values
    return writer.step(
        "objective",
        "Objective",
        Sum.of(Symbol("loss"), Symbol("penalty")),
        "What is to be made small is the loss and the penalty together.",
        meaning=Symbol("objective"),
        substituted=Sum.of(board.number(values["loss"]), board.number(values["penalty"])),
        result=board.number(values["objective"]),
        uses=("loss", "penalty"),
    )
