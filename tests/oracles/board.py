"""What stands on the board, worked out as a reader would: formulas evaluated with plain NumPy.

Shares nothing with what wrote them: a formula that says something else than its result shows it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chalknet.explain.formula import (
    Absolute,
    Apply,
    Array,
    Cases,
    Formula,
    Hadamard,
    Negative,
    Norm,
    Number,
    Power,
    Product,
    Quotient,
    Relation,
    Root,
    Sum,
    Symbol,
    Transpose,
    Words,
)


class NotANumber(Exception):  # noqa: N818
    """The formula has a part that only a reader understands: an index, a derivative."""


def _sigma(z: Any) -> Any:
    return 0.5 * (1 + np.tanh(z / 2))


def _bell(z: Any) -> Any:
    return np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


_Phi = np.vectorize(lambda z: 0.5 * math.erfc(-z / math.sqrt(2)), otypes=[float])
LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772

# leaky_relu and elu have a parameter that their name does not tell: they are not here.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "max": np.maximum,
    "ln": np.log,
    "sign": np.sign,
    "clip": lambda r, low, high: np.minimum(np.maximum(r, low), high),
    "diag": lambda w: np.diag(np.ravel(w)),
    "relu": lambda z: np.maximum(z, 0),
    "relu′": lambda z: (z > 0) * 1.0,
    "selu": lambda z: LAMBDA * np.where(z > 0, z, ALPHA * np.expm1(np.minimum(z, 0))),
    "selu′": lambda z: LAMBDA * np.where(z > 0, 1, ALPHA * np.exp(np.minimum(z, 0))),
    "gelu": lambda z: z * _Phi(z),
    "gelu′": lambda z: _Phi(z) + z * _bell(z),
    "silu": lambda z: z * _sigma(z),
    "silu′": lambda z: _sigma(z) * (1 + z * _sigma(-z)),
    "softplus": lambda z: np.logaddexp(0, z),
    "softplus′": _sigma,
    "tanh": np.tanh,
    "tanh′": lambda z: 1 / np.cosh(z) ** 2,
    "step": lambda z: (z > 0) * 1.0,
    "step′": lambda z: 0.0 * z,
    "σ": _sigma,
    "σ′": lambda z: _sigma(z) * _sigma(-z),
    "Φ": _Phi,
    "φ": _bell,
}


def evaluate(formula: Formula, env: Mapping[Any, Any] | None = None, column: bool = True) -> Any:
    """A matrix, or a number, from the symbols in ``env``.

    In a chain a = b = c every side that can be worked out must agree with the last.
    """
    return _Reader(env or {}, column).read(formula)


class _Reader:
    def __init__(self, env: Mapping[Any, Any], column: bool) -> None:
        self.env, self.column = env, column

    def read(self, formula: Formula) -> Any:
        reading = getattr(self, f"read_{type(formula).__name__.lower()}", None)
        if reading is None:
            raise NotANumber(type(formula).__name__)
        return reading(formula)

    def read_number(self, number: Number) -> float:
        return float(number.value)

    def read_array(self, array: Array) -> Any:
        """Two-dimensional, as it stands on paper; a vector is a column unless it is a row."""
        entries = [
            self.read(entry) if isinstance(entry, Formula) else entry for entry in array.values.flat
        ]
        values = np.array([float(entry) for entry in entries]).reshape(array.values.shape)
        return values if values.ndim == 2 else values[None, :] if array.row else values[:, None]

    def read_symbol(self, symbol: Symbol) -> Any:
        if symbol.name == "e" and not symbol.sub:
            return math.e
        if symbol not in self.env:
            raise NotANumber(symbol)
        return self.env[symbol]

    def read_sum(self, node: Sum) -> Any:
        first, *rest = (self.read(term) for term in node.terms)
        return sum(rest, start=first)

    def read_negative(self, node: Negative) -> Any:
        return -self.read(node.term)

    def read_product(self, node: Product) -> Any:
        result, *factors = (self.read(factor) for factor in node.factors)
        for factor in factors:
            both = np.ndim(result) == 2 and np.ndim(factor) == 2
            result = result @ factor if both else result * factor
        return result

    def read_hadamard(self, node: Hadamard) -> Any:
        return math.prod([self.read(factor) for factor in node.factors])

    def read_quotient(self, node: Quotient) -> Any:
        return self.read(node.numerator) / self.read(node.denominator)

    def read_power(self, node: Power) -> Any:
        return self.read(node.base) ** self.read(node.exponent)

    def read_transpose(self, node: Transpose) -> Any:
        return np.transpose(self.read(node.matrix))

    def read_root(self, node: Root) -> Any:
        return np.sqrt(self.read(node.radicand))

    def read_absolute(self, node: Absolute) -> Any:
        return np.abs(self.read(node.inner))

    def read_norm(self, node: Norm) -> Any:
        return np.sum(self.read(node.inner) ** 2)

    def read_apply(self, node: Apply) -> Any:
        function = node.function
        name = (function.name if isinstance(function, Symbol) else function) + "′" * node.primes
        arguments = [self.read(argument) for argument in node.arguments]
        if name == "softmax":
            axis = 0 if self.column else 1
            powers = np.exp(arguments[0] - arguments[0].max(axis=axis, keepdims=True))
            return powers / powers.sum(axis=axis, keepdims=True)
        if name not in FUNCTIONS:
            raise NotANumber(name)
        return FUNCTIONS[name](*arguments)

    def read_cases(self, node: Cases) -> Any:
        (above, condition), (below, otherwise) = node.branches
        assert isinstance(condition, Relation)
        assert isinstance(otherwise, Words)
        left, right = self.read(condition.left), self.read(condition.right)
        holds = left > right if condition.sign == ">" else left <= right
        return np.where(holds, self.read(above), self.read(below))

    def read_relation(self, node: Relation) -> Any:
        """The last side; sides that only a reader understands are passed over."""
        last = self.read(node.right)
        left = node.left.right if isinstance(node.left, Relation) else node.left
        try:
            before = self.read(left)
        except NotANumber:
            return last
        np.testing.assert_allclose(before, last, rtol=1e-9, atol=1e-12)
        return last


def last_side(formula: Formula) -> Formula:
    """The right-hand end of a chain."""
    return formula.right if isinstance(formula, Relation) else formula


def first_side(formula: Formula) -> Formula:
    """The left-hand end of a chain."""
    while isinstance(formula, Relation):
        formula = formula.left
    return formula
