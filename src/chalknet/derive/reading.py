"""Reading a formula: the walk over the tree that the symbolic and the numeric reading share."""

from __future__ import annotations

import itertools
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from typing import Any, ClassVar

from chalknet.derive.meaning import Definition, Generic, Meanings, indices_of, label_of
from chalknet.explain.formula import (
    Absolute,
    Apply,
    Array,
    BigOperator,
    Cases,
    Derivative,
    Formula,
    Hadamard,
    Integral,
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

__all__ = ["Env", "Reading"]

Env = Mapping[str, Any]

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "≠": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "≤": operator.le,
    "≥": operator.ge,
}


class Reading(ABC):
    """Gives each formula its value, for letters that mean what ``Meanings`` says.

    ``env`` holds the running indices and the arguments of functions. ``held`` quantities are fixed
    by hand: that is how something is differentiated by a quantity that is itself defined.
    """

    def __init__(self, meanings: Meanings) -> None:
        self.meanings = meanings
        self.held: dict[tuple[str, tuple[int, ...]], Any] = {}
        self._worked_out: dict[tuple[str, tuple[int, ...]], Any] = {}
        self._known = {
            **meanings.sizes, **meanings.variables, **meanings.randoms, **meanings.definitions,
        }  # fmt: skip
        # By identity: an integrand asks for the same symbols and numbers thousands of times.
        self._parsed: dict[int, tuple[Formula, Any]] = {}

    # What differs between the readings ----------------------------------------------------------

    constants: ClassVar[Mapping[str, Any]]  # π and e

    @abstractmethod
    def number(self, value: Any) -> Any:
        """A constant."""

    @abstractmethod
    def free(self, name: str, places: tuple[int, ...]) -> Any:
        """A quantity that is not defined by anything else."""

    @abstractmethod
    def known_function(self, name: str, arguments: tuple[Any, ...], primes: int) -> Any:
        """A declared function, or its derivative."""

    @abstractmethod
    def slope(self, function: Callable[[Any], Any], at: Any, order: int) -> Any:
        """The derivative of a function at a value, of that order."""

    @abstractmethod
    def derivative(
        self, of: Formula, key: tuple[str, tuple[int, ...]], order: int, env: Env
    ) -> Any:
        """The derivative of a formula by a quantity, held as if it were free."""

    @abstractmethod
    def integral(self, node: Integral, env: Env) -> Any:
        """A definite integral."""

    @abstractmethod
    def expectation(self, inner: Formula, env: Env) -> Any:
        """The mean over the random quantities."""

    @abstractmethod
    def choose(self, branches: list[tuple[Callable[[], Any], Any]]) -> Any:
        """The first branch whose condition holds."""

    @abstractmethod
    def matrix(self, rows: list[list[Any]]) -> Any:
        """A matrix of values."""

    @abstractmethod
    def root(self, value: Any) -> Any:
        """The square root."""

    # The walk -----------------------------------------------------------------------------------

    def value(self, formula: Formula, env: Env) -> Any:
        """What the formula is worth."""
        return self._read[type(formula)](self, formula, env)

    def _once(self, node: Formula, parse: Callable[[Any], Any]) -> Any:
        """What ``parse`` makes of a part of a formula, made once."""
        if id(node) not in self._parsed:
            self._parsed[id(node)] = node, parse(node)  # the node is kept, and with it its identity
        return self._parsed[id(node)][1]

    def _number(self, node: Number, env: Env) -> Any:  # noqa: ARG002
        return self._once(node, lambda number: self.number(number.value))

    def _symbol(self, node: Symbol, env: Env) -> Any:
        if node.name in env and not node.sub and not node.sup:
            bound = env[node.name]
            return self.number(bound) if isinstance(bound, int) else bound
        name, marks = self._once(node, lambda symbol: indices_of(symbol, self._known))
        if name in self.constants and name not in self._known:
            return self.constants[name]
        places = tuple(self.index(mark, env) for mark in marks)
        return self._entries(name, places, env) if node.bold else self.quantity(name, places)

    def _entries(self, name: str, places: tuple[int, ...], env: Env) -> Any:
        """All entries of a quantity with one or two indices left, as a column or a matrix."""
        limits = self._shape(name)[len(places) :]
        first, *others = (range(1, self.meanings.bound(limit, env) + 1) for limit in limits)
        if not others:
            return self.matrix([[self.quantity(name, (*places, i))] for i in first])
        (second,) = others
        return self.matrix([[self.quantity(name, (*places, i, j)) for j in second] for i in first])

    def _shape(self, name: str) -> tuple[Any, ...]:
        declared = self.meanings.variables.get(name) or self.meanings.randoms.get(name)
        if declared is not None:
            return declared.shape
        places = self.meanings.definitions[name][0].places
        return tuple(
            self.meanings.indices[place][1] if isinstance(place, str) else place for place in places
        )

    def quantity(self, name: str, places: tuple[int, ...]) -> Any:
        """The value of one quantity at one place."""
        if (name, places) in self.held:
            return self.held[name, places]
        if not places and name in self.meanings.sizes:
            return self.number(self.meanings.sizes[name])
        if (name, places) in self._worked_out:
            return self._worked_out[name, places]
        for definition in self.meanings.definitions.get(name, ()):
            env = _matched(definition, places)
            if env is not None:
                value = self._worked_out[name, places] = self.value(definition.body, env)
                return value
        if name not in self.meanings.variables and name not in self.meanings.randoms:
            raise LookupError(f"{name}{list(places) or ''} has no meaning in this derivation.")
        return self.free(name, places)

    def index(self, place: Any, env: Env) -> int:
        """An index as an integer: a letter, a number or a sum such as l + 1."""
        if isinstance(place, int):
            return place
        if isinstance(place, str):
            found = env.get(place, self.meanings.sizes.get(place))
            if isinstance(found, int):
                return found
            raise LookupError(f"{place} is no index.")
        match place:
            case Symbol():
                return self.index(label_of(place), env)
            case Number():
                return int(place.value)
            case Sum():
                return sum(self.index(term, env) for term in place.terms)
            case Negative():
                return -self.index(place.term, env)
        raise LookupError(f"{place} is no index.")

    def _array(self, node: Array, env: Env) -> Any:
        rows = node.values if node.values.ndim == 2 else node.values[:, None]
        return self.matrix(
            [
                [self.value(x, env) if isinstance(x, Formula) else self.number(x) for x in row]
                for row in rows
            ]
        )

    def _sum(self, node: Sum, env: Env) -> Any:
        return reduce(operator.add, (self.value(term, env) for term in node.terms))

    def _negative(self, node: Negative, env: Env) -> Any:
        return -self.value(node.term, env)

    def _product(self, node: Product, env: Env) -> Any:
        return reduce(operator.mul, (self.value(factor, env) for factor in node.factors))

    def _hadamard(self, node: Hadamard, env: Env) -> Any:
        first, *others = (self.value(factor, env) for factor in node.factors)
        for other in others:
            first = self.matrix(
                [[first[i, j] * other[i, j] for j in range(first.cols)] for i in range(first.rows)]
            )
        return first

    def _quotient(self, node: Quotient, env: Env) -> Any:
        return self.value(node.numerator, env) / self.value(node.denominator, env)

    def _power(self, node: Power, env: Env) -> Any:
        return self.value(node.base, env) ** self.value(node.exponent, env)

    def _transpose(self, node: Transpose, env: Env) -> Any:
        return self.value(node.matrix, env).T

    def _root(self, node: Root, env: Env) -> Any:
        return self.root(self.value(node.radicand, env))

    def _absolute(self, node: Absolute, env: Env) -> Any:
        return abs(self.value(node.inner, env))

    def _norm(self, node: Norm, env: Env) -> Any:
        vector = self.value(node.inner, env)
        squares = reduce(operator.add, (x**2 for x in vector))
        return squares if node.sup == "2" else self.root(squares)

    def _apply(self, node: Apply, env: Env) -> Any:
        name = node.function if isinstance(node.function, str) else label_of(node.function)
        if name == "E":
            return self.expectation(node.arguments[0], env)
        if name == "Var":
            (inner,) = node.arguments
            square = Power(inner, Number(2))
            return self.expectation(square, env) - self.expectation(inner, env) ** 2
        arguments = tuple(self.value(argument, env) for argument in node.arguments)
        if len(arguments) == 1 and hasattr(arguments[0], "rows"):
            (a,) = arguments
            if self._takes_all(name):
                return self._call(name, tuple(a), node.primes)
            return self.matrix(
                [
                    [self._call(name, (a[i, j],), node.primes) for j in range(a.cols)]
                    for i in range(a.rows)
                ]
            )
        return self._call(name, arguments, node.primes)

    def _call(self, name: str, arguments: tuple[Any, ...], primes: int) -> Any:
        if name in self.meanings.functions:
            return self.known_function(name, arguments, primes)
        (definition,) = self.meanings.definitions[name]

        def body(*values: Any) -> Any:
            return self.value(definition.body, dict(zip(definition.arguments, values, strict=True)))

        return self.slope(body, arguments[0], primes) if primes else body(*arguments)

    def _takes_all(self, name: str) -> bool:
        """Whether a function takes a whole matrix; others take its entries one by one."""
        function = self.meanings.functions.get(name)
        return isinstance(function, Generic) and function.arguments != 1

    def _derivative(self, node: Derivative, env: Env) -> Any:
        by: Any = node.by
        meanings = self.meanings
        known = {**meanings.sizes, **meanings.variables, **meanings.randoms, **meanings.definitions}
        name, places = indices_of(by, known)
        if by.name in env and not places:
            return self.slope(
                lambda x: self.value(node.of, {**env, by.name: x}), env[by.name], node.order
            )
        if not by.bold:
            key = name, tuple(self.index(place, env) for place in places)
            return self.derivative(node.of, key, node.order, env)
        counts = [range(1, meanings.bound(limit, env) + 1) for limit in self._shape(name)]
        flat = [
            self.derivative(node.of, (name, place), node.order, env)
            for place in itertools.product(*counts)
        ]
        width = len(counts[1]) if len(counts) == 2 else 1
        return self.matrix([flat[k : k + width] for k in range(0, len(flat), width)])

    def _big(self, node: BigOperator, env: Env) -> Any:
        values = [self.value(node.body, inner) for inner in self._running(node, env)]
        if node.sign == "Σ":
            return reduce(operator.add, values, self.number(0))
        if node.sign == "Π":
            return reduce(operator.mul, values, self.number(1))
        raise LookupError(f"{node.sign} has no meaning here.")

    def _running(self, node: BigOperator, env: Env) -> Iterator[dict[str, Any]]:
        below, condition = node.below, None
        if isinstance(below, Relation) and below.sign == "=":  # Σ from i = 1 to n
            letter = label_of(below.left)
            first = self.index(below.right, env)
            values = range(first, self.index(node.above, env) + 1)
        else:
            if isinstance(below, Relation):  # Σ over m ≠ n
                condition, below = below, below.left
            letter = label_of(below)
            values = self.meanings.range_of(letter, env)
        for value in values:
            inner = {**env, letter: value}
            if condition is None or self.holds(condition, inner):
                yield inner

    def holds(self, condition: Relation, env: Env) -> bool:
        """Whether a relation between indices holds."""
        sides = self.index(condition.left, env), self.index(condition.right, env)
        return bool(_COMPARE[condition.sign](*sides))

    def _integral(self, node: Integral, env: Env) -> Any:
        return self.integral(node, env)

    def _cases(self, node: Cases, env: Env) -> Any:
        branches: list[tuple[Callable[[], Any], Any]] = []
        condition: Any
        for formula, condition in node.branches:

            def branch(formula: Formula = formula) -> Any:
                return self.value(formula, env)

            if isinstance(condition, Words):
                branches.append((branch, True))
                continue
            try:
                holds: Any = self.holds(condition, env)
            except LookupError:  # about values, not about indices
                left, right = self.value(condition.left, env), self.value(condition.right, env)
                holds = _COMPARE[condition.sign](left, right)
            branches.append((branch, holds))
        return self.choose(branches)

    @contextmanager
    def holding(self, quantities: Mapping[tuple[str, tuple[int, ...]], Any]) -> Iterator[None]:
        """Quantities fixed by hand for a while."""
        before = self.held, self._worked_out
        self.held, self._worked_out = {**self.held, **quantities}, {}
        try:
            yield
        finally:
            self.held, self._worked_out = before

    _read: ClassVar[dict[type[Formula], Callable[..., Any]]] = {
        Number: _number,
        Symbol: _symbol,
        Array: _array,
        Sum: _sum,
        Negative: _negative,
        Product: _product,
        Hadamard: _hadamard,
        Quotient: _quotient,
        Power: _power,
        Transpose: _transpose,
        Root: _root,
        Absolute: _absolute,
        Norm: _norm,
        Apply: _apply,
        Derivative: _derivative,
        BigOperator: _big,
        Integral: _integral,
        Cases: _cases,
    }


def _matched(definition: Definition, places: tuple[int, ...]) -> dict[str, int] | None:
    """The letters of a definition for these places; None if it does not speak of them."""
    if len(definition.places) != len(places):
        return None
    env: dict[str, int] = {}
    for letter, place in zip(definition.places, places, strict=True):
        if isinstance(letter, str):
            env[letter] = place
        elif letter != place:
            return None
    return env
