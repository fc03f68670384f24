"""The backward pass on the board: f′, dz, dW and db of each layer, the last layer first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from chalknet.explain.formula import (
    Apply,
    BigOperator,
    Formula,
    Hadamard,
    Number,
    Product,
    Quotient,
    Sum,
    Symbol,
)
from chalknet.explain.steps import Step
from chalknet.explain.walkthrough.board import Board, equals
from chalknet.explain.walkthrough.writer import MANY, Writer

__all__ = ["backward_steps"]


def backward_steps(writer: Writer) -> Iterator[Step]:
    """Every gradient, from the loss down to the first layer."""
    for layer in range(writer.last, 0, -1):
        if layer == writer.last:
            yield _at_the_output(writer)
        if f"slope{layer}" in writer.values:
            yield _slope(writer, layer)
            yield _through_the_activation(writer, layer)
        elif layer < writer.last:
            yield _through_no_activation(writer, layer)
        yield _weights(writer, layer)
        yield _bias(writer, layer)


# ∂loss/∂output -------------------------------------------------------------------------------


def _at_the_output(writer: Writer) -> Step:
    """dzL, or daL where the output layer has an activation that is not the loss's own."""
    board, values, loss = writer.board, writer.values, writer.loss
    linear = f"slope{writer.last}" not in values
    name = f"dz{writer.last}" if linear else f"da{writer.last}"
    letter = "z" if linear else "a"
    predicted = (
        board.of_samples("p")
        if writer.prediction == "p"
        else board.of_samples(writer.prediction[0], writer.last)
    )
    slope = loss.slope(predicted, board.of_samples("y"))
    numbers = loss.slope(board.samples(values[writer.prediction]), board.samples(values["y"]))
    reason = loss.slope_meaning
    if not board.single:
        reason += (
            " The weight of each sample, as a share of their sum, enters here and nowhere else."
            if "w" in values
            else f" The 1/n of the mean over the {writer.n} samples enters here and nowhere else."
        )
    by = board.of_samples(letter, writer.last)
    meaning: Formula = board.derivative(by)
    if linear:
        meaning = equals(board.of_samples("dz", writer.last), meaning)
    return writer.step(
        name,
        "Gradient at the output",
        _averaged(writer, slope, numbers=False),
        reason,
        meaning=meaning,
        substituted=_averaged(writer, numbers, numbers=True),
        result=board.samples(values[name]),
        uses=(writer.prediction, "y", *(["w"] if "w" in values else [])),
    )


def _averaged(writer: Writer, slope: Formula, *, numbers: bool) -> Formula:
    """The slope with what the mean over the samples, and the loss itself, put before it."""
    board, factor = writer.board, writer.loss.slope_factor
    if board.single:
        return slope if factor == 1 else Product.of(Number(factor), slope)
    if "w" not in writer.values:
        n: Formula = Number(writer.n) if numbers else Symbol("n")
        return Product.of(Quotient(Number(factor), n), slope)
    weights = board.per_sample(writer.values["w"])
    total: Formula = (
        board.number(writer.total_weight)
        if numbers
        else BigOperator("Σ", Symbol("i"), None, Symbol("w", sub="i"))
    )
    diagonal = Apply("diag", (weights if numbers else Symbol("w", bold=True),))
    share = Quotient(Number(factor), total)
    if board.column:
        return Product.of(share, slope, diagonal)
    return Product.of(share, diagonal, slope)


# from layer to layer -------------------------------------------------------------------------


def _slope(writer: Writer, layer: int) -> Step:
    board, values = writer.board, writer.values
    function = writer.function(layer)
    z, a = board.of_samples("z", layer), board.of_samples("a", layer)
    z_values = board.samples(values[f"z{layer}"])
    written: Formula = function.of(z_values, primes=1)
    if z_values.values.size <= MANY:
        written = board.entries(
            z_values, board.samples(values[f"a{layer}"]), write=function.slope_entry
        )
    named = function.of(z, primes=1)
    reason = function.slope_meaning
    if function.at_zero and np.any(np.asarray(values[f"z{layer}"]) == 0):
        reason += f". An entry is exactly 0: {function.at_zero}"
    return writer.step(
        f"slope{layer}",
        f"Slope of the activation function of layer {layer}",
        named if function.slope is None else equals(named, function.slope(z, a)),
        f"{reason}.",
        substituted=written,
        result=board.samples(values[f"slope{layer}"]),
        uses=(f"z{layer}", f"a{layer}"),
    )


def _through_the_activation(writer: Writer, layer: int) -> Step:
    board, values, function = writer.board, writer.values, writer.function(layer)
    slope = function.of(board.of_samples("z", layer), primes=1)
    slope_values = board.samples(values[f"slope{layer}"])
    d_activation = board.samples(values[f"da{layer}"])
    if layer == writer.last:
        arriving: Formula = board.derivative(board.of_samples("a", layer))
        substituted: Formula = Hadamard.of(d_activation, slope_values)
        reason = "The chain rule multiplies the gradient by the slope, entry by entry (⊙)."
        uses = [f"da{layer}", f"slope{layer}"]
    else:
        arriving = _arriving(writer, layer)
        numbers = Hadamard.of(_arriving_numbers(writer, layer), slope_values)
        substituted = equals(numbers, Hadamard.of(d_activation, slope_values))
        reason = (
            f"The gradient of layer {layer + 1} comes back along the weights it went up by, and "
            "the chain rule multiplies it by the slope, entry by entry (⊙)."
        )
        uses = [f"W{layer + 1}", f"dz{layer + 1}", f"slope{layer}"]
    return writer.step(
        f"dz{layer}",
        f"Gradient at the pre-activations of layer {layer}",
        Hadamard.of(arriving, slope),
        reason,
        meaning=_meaning(board, "z", layer),
        substituted=substituted,
        result=board.samples(values[f"dz{layer}"]),
        uses=uses,
        shows=() if layer == writer.last else (f"da{layer}",),
    )


def _through_no_activation(writer: Writer, layer: int) -> Step:
    return writer.step(
        f"dz{layer}",
        f"Gradient at the pre-activations of layer {layer}",
        _arriving(writer, layer),
        f"The gradient of layer {layer + 1} comes back along the weights it went up by; there is "
        "no activation function to pass.",
        meaning=_meaning(writer.board, "z", layer),
        substituted=_arriving_numbers(writer, layer),
        result=writer.board.samples(writer.values[f"dz{layer}"]),
        uses=(f"W{layer + 1}", f"dz{layer + 1}"),
    )


def _arriving(writer: Writer, layer: int) -> Product:
    board = writer.board
    above = board.of_samples("dz", layer + 1)
    return board.back_through(board.parameter("W", layer + 1), above)


def _arriving_numbers(writer: Writer, layer: int) -> Product:
    board, values = writer.board, writer.values
    above = board.samples(values[f"dz{layer + 1}"])
    return board.back_through(board.weights(values[f"W{layer + 1}"]), above)


def _meaning(board: Board, letter: str, layer: int) -> Formula:
    by = board.of_samples(letter, layer)
    return equals(board.of_samples(f"d{letter}", layer), board.derivative(by))


# weights and biases --------------------------------------------------------------------------


def _weights(writer: Writer, layer: int) -> Step:
    board, values = writer.board, writer.values
    below = "x" if layer == 1 else f"a{layer - 1}"
    W = board.parameter("W", layer)
    equation: Formula = board.outer(board.of_samples("dz", layer), board.input_of(layer))
    substituted: Formula = board.outer(
        board.samples(values[f"dz{layer}"]), board.samples(values[below])
    )
    uses = [f"dz{layer}", below]
    reason = "Each weight gets the gradient of its neuron times the input that it multiplied"
    reason += "." if board.single else ", summed over the samples."
    if "lambda" in values:
        equation = Sum.of(equation, Product.of(Symbol("λ"), W))
        decay = Product.of(board.number(values["lambda"]), board.weights(values[f"W{layer}"]))
        substituted = Sum.of(substituted, decay)
        reason += " The penalty ½λ‖W‖² adds λW."
        uses += ["lambda", f"W{layer}"]
    of = "objective" if "lambda" in values else "loss"
    return writer.step(
        f"dW{layer}",
        f"Gradient of the weights of layer {layer}",
        equation,
        reason,
        meaning=equals(board.parameter("dW", layer), board.derivative(W, of)),
        substituted=substituted,
        result=board.weights(values[f"dW{layer}"]),
        uses=uses,
    )


def _bias(writer: Writer, layer: int) -> Step:
    board, values = writer.board, writer.values
    dz = board.of_samples("dz", layer)
    array = board.samples(values[f"dz{layer}"])
    single = board.single
    return writer.step(
        f"db{layer}",
        f"Gradient of the bias of layer {layer}",
        dz if single else BigOperator("Σ", Symbol("i"), None, replace(dz, sup="(i)")),
        "A bias is added as it is, so its gradient is that of the pre-activation."
        if single
        else "A bias is added to every sample, so its gradients are summed over the samples, which "
        "is what multiplying by ones does.",
        meaning=equals(board.parameter("db", layer), board.derivative(board.parameter("b", layer))),
        substituted=None if single else board.summed(array),
        result=board.bias(values[f"db{layer}"]),
        uses=(f"dz{layer}",),
    )
