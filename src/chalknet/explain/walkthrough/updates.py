"""The update on the board: the optimizer's running quantities and the new weights and biases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chalknet.errors import ConfigurationError
from chalknet.explain.formula import (
    Formula,
    Hadamard,
    Number,
    Power,
    Product,
    Quotient,
    Root,
    Sum,
    Symbol,
)
from chalknet.explain.steps import Step
from chalknet.explain.walkthrough.board import minus
from chalknet.explain.walkthrough.functions import ONE
from chalknet.explain.walkthrough.writer import Writer

__all__ = ["COEFFICIENTS", "update_steps"]

# The coefficients of the optimizers, in words and as they are written.
COEFFICIENTS: dict[str, tuple[str, Symbol]] = {
    "learning_rate": ("learning rate", Symbol("η")),
    "momentum": ("momentum", Symbol("μ")),
    "decay": ("decay of the mean square", Symbol("ρ")),
    "beta_1": ("decay of the first moment", Symbol("β", sub="1")),
    "beta_2": ("decay of the second moment", Symbol("β", sub="2")),
    "epsilon": ("a small number", Symbol("ε")),
    "weight_decay": ("weight decay", Symbol("λ", sub="w")),
}


def update_steps(writer: Writer) -> Iterator[Step]:
    """The update of every layer, the last layer first; weights before the bias."""
    optimizer = writer.solution.optimizer
    if optimizer is None:
        return
    if optimizer.name not in _LINES:
        raise ConfigurationError(
            f"the optimizer {optimizer.name!r} cannot be written out: "
            f"known are {', '.join(_LINES)}."
        )
    lines = _LINES[optimizer.name]
    for layer in range(writer.last, 0, -1):
        for letter in "Wb":
            for line in lines:
                yield line(_Parameter(writer, letter, layer))


class _Parameter:
    """One parameter's update: each quantity as a symbol, or with its numbers put in."""

    def __init__(self, writer: Writer, letter: str, layer: int, *, numbers: bool = False) -> None:
        self.writer, self.letter, self.layer, self.numbers = writer, letter, layer, numbers
        self.uses: list[str] = []

    def with_numbers(self) -> _Parameter:
        """The same with numbers."""
        return _Parameter(self.writer, self.letter, self.layer, numbers=True)

    def __getitem__(self, name: str) -> Formula:
        """W (the parameter), dW (its gradient), "v" (a slot before the update), "v new" (after)."""
        slot, _, new = name.partition(" ")
        letter = self.letter
        kind = {"W": letter, "dW": f"d{letter}"}.get(slot, f"{slot}_{letter}")
        if not self.numbers:
            return self.writer.board.parameter(kind, self.layer, new)
        symbol = f"{kind}{self.layer}"
        is_before = "_" in kind and not new and not slot.endswith("hat")
        value = self._before(symbol) if is_before else self.writer.values[symbol]
        self.uses.append(symbol)
        return self.writer.board.parameters(letter, value)

    def coefficient(self, name: str) -> Formula:
        """η, μ, β₁ and so on."""
        if not self.numbers:
            return COEFFICIENTS[name][1]
        value = getattr(self.writer.solution.optimizer, name)
        return self.writer.board.number(self.writer.solution.arithmetic.shown(value))

    @property
    def t(self) -> Number:
        """The number of the update."""
        return Number(self.writer.number)

    def _before(self, symbol: str) -> Any:
        """A slot before the update: zeros before the first."""
        number = self.writer.number - 1
        if number == 0:
            return np.zeros_like(self.writer.values[symbol])
        suffix = "" if number == 1 else f"@{number}"
        return self.writer.solution.values[symbol + suffix]

    def step(
        self, symbol: str, title: str, right: Callable[[_Parameter], Formula], reason: str
    ) -> Step:
        """A line whose right-hand side ``right`` writes, once in symbols and once in numbers."""
        name = f"{self.letter}{self.layer}"
        what = "weights" if self.letter == "W" else "bias"
        key = f"{name}_new" if symbol == "W" else f"{symbol}_{name}"
        left = self[symbol if symbol.endswith("hat") else f"{symbol} new"]
        numbers = self.with_numbers()
        substituted = right(numbers)
        return self.writer.step(
            key,
            f"{title} {what} of layer {self.layer}",
            right(self),
            reason,
            meaning=left,
            substituted=substituted,
            result=self.writer.board.parameters(self.letter, self.writer.values[key]),
            uses=dict.fromkeys(numbers.uses),
        )


def _squared(of: _Parameter) -> Formula:
    return Hadamard.of(of["dW"], of["dW"])


def _rest(coefficient: Formula) -> Formula:
    return minus(ONE, coefficient)


# one line each -------------------------------------------------------------------------------


def _descent(parameter: _Parameter) -> Step:
    return parameter.step(
        "W",
        "New",
        lambda of: minus(of["W"], Product.of(of.coefficient("learning_rate"), of["dW"])),
        "A small step, of size η, against the gradient: downhill.",
    )


def _velocity(parameter: _Parameter) -> Step:
    return parameter.step(
        "v",
        "Velocity of the",
        lambda of: Sum.of(Product.of(of.coefficient("momentum"), of["v"]), of["dW"]),
        "The velocity keeps the part μ of what it was (0 before the first update) and takes up the "
        "gradient.",
    )


def _rolling(parameter: _Parameter) -> Step:
    return parameter.step(
        "W",
        "New",
        lambda of: minus(of["W"], Product.of(of.coefficient("learning_rate"), of["v new"])),
        "A step of size η against the velocity.",
    )


def _looking_ahead(parameter: _Parameter) -> Step:
    def right(of: _Parameter) -> Formula:
        ahead = Sum.of(of["dW"], Product.of(of.coefficient("momentum"), of["v new"]))
        return minus(of["W"], Product.of(of.coefficient("learning_rate"), ahead))

    return parameter.step(
        "W", "New", right, "Nesterov looks ahead: the step is taken from where the velocity leads."
    )


def _running_square(parameter: _Parameter) -> Step:
    def right(of: _Parameter) -> Formula:
        rho = of.coefficient("decay")
        return Sum.of(Product.of(rho, of["s"]), Product.of(_rest(rho), _squared(of)))

    return parameter.step(
        "s",
        "Running mean square of the gradient of the",
        right,
        "A running mean of the squared gradients, entry by entry (⊙), 0 before the first update.",
    )


def _sum_of_squares(parameter: _Parameter) -> Step:
    return parameter.step(
        "s",
        "Sum of squared gradients of the",
        lambda of: Sum.of(of["s"], _squared(of)),
        "The squares of all gradients so far, entry by entry (⊙), added up.",
    )


def _scaled(parameter: _Parameter) -> Step:
    def right(of: _Parameter) -> Formula:
        size = Sum.of(Root(of["s new"]), of.coefficient("epsilon"))
        return minus(of["W"], Product.of(of.coefficient("learning_rate"), Quotient(of["dW"], size)))

    return parameter.step(
        "W",
        "New",
        right,
        "Root and quotient are taken entry by entry: each entry's step is measured by the usual "
        "size of its gradients; ε keeps 0/0 away.",
    )


def _first_moment(parameter: _Parameter) -> Step:
    def right(of: _Parameter) -> Formula:
        beta = of.coefficient("beta_1")
        return Sum.of(Product.of(beta, of["m"]), Product.of(_rest(beta), of["dW"]))

    return parameter.step(
        "m",
        "First moment of the",
        right,
        "A running mean of the gradients, 0 before the first update.",
    )


def _second_moment(parameter: _Parameter) -> Step:
    def right(of: _Parameter) -> Formula:
        beta = of.coefficient("beta_2")
        return Sum.of(Product.of(beta, of["v"]), Product.of(_rest(beta), _squared(of)))

    return parameter.step(
        "v",
        "Second moment of the",
        right,
        "A running mean of the squared gradients, entry by entry (⊙), 0 before the first update.",
    )


def _corrected(slot: str, coefficient: str, title: str) -> Callable[[_Parameter], Step]:
    def line(parameter: _Parameter) -> Step:
        def right(of: _Parameter) -> Formula:
            beta = of.coefficient(coefficient)
            exponent = of.t if of.numbers else Symbol("t")
            return Quotient(of[f"{slot} new"], minus(ONE, Power(beta, exponent)))

        return parameter.step(
            f"{slot}hat",
            title,
            right,
            f"A mean that began at 0 is too small at first; this corrects it (t = "
            f"{parameter.writer.number} is the number of the update).",
        )

    return line


def _adam(parameter: _Parameter) -> Step:
    return parameter.step("W", "New", lambda of: minus(of["W"], _adam_step(of)), _ADAM_REASON)


def _adamw(parameter: _Parameter) -> Step:
    def right(of: _Parameter) -> Formula:
        decay = Product.of(of.coefficient("learning_rate"), of.coefficient("weight_decay"))
        if of.numbers:
            decay = Product.of(*decay.factors, sign="·")
        return minus(Product.of(_rest(decay), of["W"]), _adam_step(of))

    return parameter.step(
        "W",
        "New",
        right,
        f"The parameter itself first shrinks by the part η·weight decay. {_ADAM_REASON}",
    )


_ADAM_REASON = (
    "Root and quotient are taken entry by entry: the step is about η for every entry whose "
    "gradients agree; ε keeps 0/0 away."
)


def _adam_step(of: _Parameter) -> Formula:
    size = Sum.of(Root(of["vhat"]), of.coefficient("epsilon"))
    return Product.of(of.coefficient("learning_rate"), Quotient(of["mhat"], size))


_MOMENTS = (
    _first_moment,
    _second_moment,
    _corrected("m", "beta_1", "Corrected first moment of the"),
    _corrected("v", "beta_2", "Corrected second moment of the"),
)

_LINES: dict[str, tuple[Callable[[_Parameter], Step], ...]] = {
    "sgd": (_descent,),
    "momentum": (_velocity, _rolling),
    "nesterov": (_velocity, _looking_ahead),
    "rmsprop": (_running_square, _scaled),
    "adagrad": (_sum_of_squares, _scaled),
    "adam": (*_MOMENTS, _adam),
    "adamw": (*_MOMENTS, _adamw),
}
