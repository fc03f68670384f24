"""The forward pass on the board: z and a of each layer, and what the loss makes of the last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chalknet.explain.formula import (
    Array,
    BigOperator,
    Formula,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
)
from chalknet.explain.steps import Step
from chalknet.explain.walkthrough.board import apply, equals, joined
from chalknet.explain.walkthrough.functions import E, on_board
from chalknet.explain.walkthrough.writer import MANY, Writer

__all__ = ["forward_steps"]

# A sum of so many exponentials still fits under a fraction bar.
MOST_EXPONENTIALS = 4


def forward_steps(writer: Writer) -> Iterator[Step]:
    """z and a, layer by layer; then p."""
    for layer in range(1, writer.last + 1):
        yield _pre_activation(writer, layer)
        if f"a{layer}" in writer.values:
            yield _activation(writer, layer)
    if "p" in writer.values:
        yield _PREDICTIONS[writer.problem.output_function or ""](writer)


def _pre_activation(writer: Writer, layer: int) -> Step:
    board, values = writer.board, writer.values
    below = "x" if layer == 1 else f"a{layer - 1}"
    W, b = board.parameter("W", layer), board.parameter("b", layer)
    what = "the inputs" if layer == 1 else f"the activations of layer {layer - 1}"
    added = "" if board.single else f", the same for every sample (every {board.side})"
    return writer.step(
        f"z{layer}",
        f"Pre-activations of layer {layer}",
        Sum.of(board.through(W, board.input_of(layer)), b),
        f"Each neuron takes a weighted sum of {what} and adds its bias{added}.",
        meaning=board.of_samples("z", layer),
        substituted=Sum.of(
            board.through(board.weights(values[f"W{layer}"]), board.samples(values[below])),
            board.bias(values[f"b{layer}"]),
        ),
        result=board.samples(values[f"z{layer}"]),
        uses=(f"W{layer}", below, f"b{layer}"),
    )


def _activation(writer: Writer, layer: int) -> Step:
    board, values = writer.board, writer.values
    function, linear = writer.function(layer), writer.is_linear(layer)
    z, array = board.of_samples("z", layer), board.samples(values[f"z{layer}"])
    few = array.values.size <= MANY
    written = board.entries(array, write=function.entry) if few else function.of(array)
    return writer.step(
        f"a{layer}",
        f"Activations of layer {layer}",
        z if linear else function.of(z),
        f"{function.meaning}.",
        meaning=board.of_samples("a", layer),
        substituted=None if linear else written,
        result=board.samples(values[f"a{layer}"]),
        uses=(f"z{layer}",),
    )


# what the loss makes of the output -----------------------------------------------------------


def _output(writer: Writer) -> tuple[Symbol, Array]:
    """The letter and the numbers of the network's output."""
    letter = writer.board.of_samples(writer.output[0], writer.last)
    return letter, writer.board.samples(writer.values[writer.output])


def _softmax(writer: Writer) -> Step:
    board = writer.board
    o, array = _output(writer)
    j = Symbol("j")
    total = BigOperator("Σ", j, None, Power(E, Symbol(o.name, sub=j)))
    each = "" if board.single else f", in each {board.side} by itself"
    named: Formula = apply("softmax", o)
    return writer.step(
        "p",
        "Probabilities",
        equals(named, Quotient(Power(E, o), total)) if board.single else named,
        f"Softmax makes the outputs positive with eᶻ and divides by their sum{each}, so that they "
        "add up to 1.",
        meaning=board.of_samples("p"),
        substituted=_softmax_written_out(writer, array),
        result=board.samples(writer.values["p"]),
        uses=(writer.output,),
    )


def _softmax_written_out(writer: Writer, array: Array) -> Formula:
    powers = writer.board.entries(array, write=lambda z: Power(E, Number(z)))
    if writer.board.single and array.values.size <= MOST_EXPONENTIALS:
        return Product.of(Quotient(Number(1), joined(powers.values)), powers)
    return apply("softmax", array)


def _sigmoid(writer: Writer) -> Step:
    o, array = _output(writer)
    sigmoid = on_board("sigmoid")
    return writer.step(
        "p",
        "Probabilities",
        sigmoid.of(o),
        "The loss reads each output as a probability: σ(z) = 1 / (1 + e⁻ᶻ).",
        meaning=writer.board.of_samples("p"),
        substituted=_entries(writer, array, sigmoid.entry),
        result=writer.board.samples(writer.values["p"]),
        uses=(writer.output,),
    )


def _rate(writer: Writer) -> Step:
    o, array = _output(writer)
    return writer.step(
        "p",
        "Predicted rates",
        Power(E, o),
        "The output is the logarithm of the predicted rate, entry by entry, so that every rate is "
        "positive.",
        meaning=writer.board.of_samples("p"),
        substituted=_entries(writer, array, lambda z: Power(E, Number(z))),
        result=writer.board.samples(writer.values["p"]),
        uses=(writer.output,),
    )


_PREDICTIONS = {"softmax": _softmax, "sigmoid": _sigmoid, "exp": _rate}


def _entries(writer: Writer, array: Array, write: Any) -> Formula | None:
    return writer.board.entries(array, write=write) if array.values.size <= MANY else None
