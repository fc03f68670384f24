"""A function written as text: its operations on numbers, and the same on intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chalknet.construct.expressions import Expression, Operation, parse_expression
from chalknet.construct.function import Array, Enclosure, Function, middle_form
from chalknet.construct.intervals import Interval
from chalknet.construct.jets import Jet, elementary

__all__ = ["ExpressionFunction"]


class ExpressionFunction(Function):
    """A function written as text; see ``expressions``."""

    def __init__(self, text: str) -> None:
        self.expression: Expression = parse_expression(text)
        self.name, self.inputs = self.expression.text, self.expression.inputs

    def _values(self, points: Array) -> Array:
        stack: list[Array] = []
        for operation in self.expression.operations:
            _apply(operation, stack, points)
        return np.broadcast_to(stack[0], len(points)).astype(np.float64)

    def _enclosed(self, low: Array, high: Array) -> Enclosure:
        box = self._jet(low, high)
        middle = low + (high - low) / 2
        at = self._jet(middle, middle).value
        half = np.nextafter(np.maximum(high - middle, middle - low), np.inf)
        return Enclosure(middle_form(box.value, at, box.slopes, half), at, box.slopes)

    def _jet(self, low: Array, high: Array) -> Jet:
        stack: list[Jet] = []
        for operation in self.expression.operations:
            _apply_to_jets(operation, stack, low, high)
        return stack[0]


_BINARY = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "power": np.power,
    "max": np.maximum,
    "min": np.minimum,
}
_UNARY: dict[str, Callable[[Any], Any]] = {
    "negate": np.negative,
    "abs": np.abs,
    "acos": np.arccos,
    "asin": np.arcsin,
    "atan": np.arctan,
    "ceil": np.ceil,
    "cos": np.cos,
    "cosh": np.cosh,
    "exp": np.exp,
    "floor": np.floor,
    "log": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "relu": lambda x: np.maximum(x, 0.0),
    "sigmoid": lambda x: np.where(x >= 0, 1.0, np.exp(-np.abs(x))) / (1.0 + np.exp(-np.abs(x))),
    "sign": np.sign,
    "sin": np.sin,
    "sinh": np.sinh,
    "softplus": lambda x: np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))),
    "sqrt": np.sqrt,
    "step": lambda x: np.where(x > 0, 1.0, 0.0),
    "tan": np.tan,
    "tanh": np.tanh,
}


def _apply(operation: Operation, stack: list[Array], points: Array) -> None:
    kind = operation.kind
    if kind == "number":
        stack.append(np.float64(operation.number))  # type: ignore[arg-type]
    elif kind == "input":
        stack.append(points[:, operation.input])
    elif kind in _BINARY:
        right = stack.pop()
        stack.append(_BINARY[kind](stack.pop(), right))
    else:
        stack.append(np.asarray(_UNARY[kind](stack.pop())))


def _apply_to_jets(operation: Operation, stack: list[Jet], low: Array, high: Array) -> None:
    kind, inputs = operation.kind, low.shape[1]
    zeros = Interval(np.zeros(len(low)), np.zeros(len(low)))
    if kind == "number":
        stack.append(Jet(Interval.of(operation.number, zeros), (zeros,) * inputs))
    elif kind == "input":
        a = operation.input
        slopes = [Interval.of(float(a == other), zeros) for other in range(inputs)]
        stack.append(Jet(Interval(low[:, a], high[:, a]), tuple(slopes)))
    elif kind == "negate":
        stack.append(-stack.pop())
    elif kind in _BINARY:
        right, left = stack.pop(), stack.pop()
        stack.append(
            {
                "add": lambda: left + right,
                "subtract": lambda: left - right,
                "multiply": lambda: left * right,
                "divide": lambda: left / right,
                "power": lambda: left.power(right),
                "min": lambda: left.minimum(right),
                "max": lambda: -((-left).minimum(-right)),
            }[kind]()
        )
    else:
        stack.append(elementary(kind, stack.pop()))
