"""The symbolic reading: formulas as SymPy expressions, claims proved by simplification."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar

import sympy as sp

from chalknet.derive.meaning import Generic, Meanings, label_of
from chalknet.derive.reading import Env, Reading
from chalknet.explain.formula import Formula, Integral

__all__ = ["SymbolicReading", "all_signs", "is_nonnegative", "is_zero"]


class SymbolicReading(Reading):
    """Formulas as SymPy expressions.

    ``signs`` says for each variable that is only known not to be zero which side it is on.
    """

    def __init__(self, meanings: Meanings, signs: Mapping[str, int] | None = None) -> None:
        super().__init__(meanings)
        self.signs = signs or {}

    constants: ClassVar[Mapping[str, Any]] = {"π": sp.pi, "e": sp.E, "∞": sp.oo}

    def number(self, value: Any) -> Any:
        """An exact number; a float is taken as the simple fraction that it stands for."""
        return sp.nsimplify(value) if isinstance(value, float) else sp.sympify(value)

    def root(self, value: Any) -> Any:
        """SymPy's square root."""
        return sp.sqrt(value)

    def matrix(self, rows: list[list[Any]]) -> Any:
        """SymPy's matrix."""
        return sp.Matrix(rows)

    def free(self, name: str, places: tuple[int, ...]) -> Any:
        """A SymPy symbol that knows the domain of its variable."""
        if name in self.meanings.randoms:
            return _random_symbol(name, places)
        variable = self.meanings.variables[name]
        text = name + "".join(f"_{place}" for place in places)
        positive = sp.Symbol(text, positive=True)
        other = sp.Symbol(text + "'", positive=True)
        value = sp.Symbol(text, real=True)
        match variable.domain:
            case "positive":
                value = positive
            case "nonzero":
                value = self.signs[name] * positive
            case "unit":  # p / (p + q) with p, q > 0 is all of (0, 1)
                value = positive / (positive + other)
            case "slope":  # and (p − q) / (p + q) all of (−1, 1)
                value = (positive - other) / (positive + other)
            case "simplex" if places[-1] == self.meanings.bound(variable.shape[-1], {}):
                others = (self.free(name, (*places[:-1], k)) for k in range(1, places[-1]))
                value = 1 - sum(others, sp.Integer(0))
        return value

    def known_function(self, name: str, arguments: tuple[Any, ...], primes: int) -> Any:
        """SymPy's function, or one that nothing is known of."""
        known = self.meanings.functions[name]
        if isinstance(known, Generic):
            return _generic(name, len(arguments), (primes,) if primes else ())(*arguments)
        return (
            self.slope(getattr(sp, known.symbolic), arguments[0], primes)
            if primes
            else (getattr(sp, known.symbolic)(*arguments))
        )

    def slope(self, function: Callable[[Any], Any], at: Any, order: int) -> Any:
        """The derivative by the rules."""
        if order == 0:
            return function(at)
        x = _dummy_like(at)
        return sp.diff(function(x), x, order).subs(x, at).doit()

    def derivative(
        self, of: Formula, key: tuple[str, tuple[int, ...]], order: int, env: Env
    ) -> Any:
        """The derivative by the rules, as if the quantity were free; then its value is put back."""
        at = self.quantity(*key)
        x = _dummy_like(at)
        with self.holding({key: x}):
            expression = self.value(of, env)
        return sp.diff(expression, x, order).subs(x, at)

    def integral(self, node: Integral, env: Env) -> Any:
        """The integral by antiderivatives."""
        letter = label_of(node.variable)
        limits = [
            self.value(limit, env) if limit is not None else infinity
            for limit, infinity in ((node.below, -sp.oo), (node.above, sp.oo))
        ]
        total = sp.Integer(0)
        # Each side of 0 by itself, so that max(0, s) and |s| are plain expressions there.
        for sign, low, high in _sides(*limits):
            x = sp.Symbol(f"{letter}~", positive=True)
            body = self.value(node.body, {**env, letter: sign * x})
            total += _integrated(body, x, low, high)
        return total

    def expectation(self, inner: Formula, env: Env) -> Any:
        """E of a polynomial in random quantities, from means and variances; or a Gaussian one."""
        expression = self.value(inner, env)
        for symbol in sorted(expression.free_symbols & _RANDOM.keys(), key=str):
            expression = self._averaged(expression, symbol)
        return sp.simplify(expression)

    def _averaged(self, expression: Any, symbol: Any) -> Any:
        random = self.meanings.randoms[_RANDOM[symbol]]
        mean, variance = self.value(random.mean, {}), self.value(random.variance, {})
        if random.law == "normal":
            if mean != 0:
                raise LookupError("only Gaussians with mean 0 are needed.")
            x = sp.Symbol("x~", positive=True)
            density = sp.exp(-(x**2) / (2 * variance)) / sp.sqrt(2 * sp.pi * variance)
            return sum(
                _integrated(expression.subs(symbol, sign * x) * density, x, sp.Integer(0), sp.oo)
                for sign in (-1, 1)
            )
        powers = {1: mean, 2: variance + mean**2}
        collected = sp.Poly(sp.expand(expression), symbol)
        return sum((powers[k] if k else 1) * coefficient for (k,), coefficient in collected.terms())

    def choose(self, branches: list[tuple[Callable[[], Any], Any]]) -> Any:
        """The branch that holds, or a piecewise expression."""
        pieces: list[Any] = []
        for branch, condition in branches:
            if condition is False or condition == sp.false:
                continue
            if (condition is True or condition == sp.true) and not pieces:
                return branch()
            pieces.append((branch(), condition))
        return sp.Piecewise(*pieces)


_RANDOM: dict[Any, str] = {}


@cache
def _random_symbol(name: str, places: tuple[int, ...]) -> Any:
    symbol = sp.Symbol(name + "".join(f"_{place}" for place in places) + "~", real=True)
    _RANDOM[symbol] = name
    return symbol


@cache
def _integrated(body: Any, x: Any, low: Any, high: Any) -> Any:
    return sp.integrate(body, (x, low, high))


@cache
def _generic(name: str, arguments: int, order: tuple[int, ...]) -> Any:
    """An unknown smooth function whose derivatives are unknown functions too."""
    if order and arguments == 1:
        order = (sum(order),) if sum(order) else ()

    def fdiff(self: Any, argindex: int = 1) -> Any:
        further = (1 + sum(order),) if arguments == 1 else tuple(sorted((*order, argindex)))
        return _generic(name, arguments, further)(*self.args)

    marks = "_" + "_".join(map(str, order)) if order else ""
    return type(f"{name}{marks}", (sp.Function,), {"fdiff": fdiff, "nargs": arguments})


def _dummy_like(at: Any) -> Any:
    """A fresh symbol on the same side of 0, so that max(0, z) is smooth where it is."""
    if at.is_positive:
        return sp.Dummy("x", positive=True)
    if at.is_negative:
        return sp.Dummy("x", negative=True)
    return sp.Dummy("x", real=True)


def _sides(low: Any, high: Any) -> list[tuple[int, Any, Any]]:
    """An interval as parts (sign, from, to) on either side of 0, in |x|."""
    if low.is_nonnegative:
        return [(1, low, high)]
    if high.is_nonpositive:
        return [(-1, -high, -low)]
    return [(-1, sp.Integer(0), -low), (1, sp.Integer(0), high)]


def is_zero(difference: Any) -> bool:
    """Whether SymPy proves that an expression, or every entry of a matrix, is 0."""
    if isinstance(difference, sp.MatrixBase):
        return all(is_zero(entry) for entry in difference)
    difference = sp.sympify(difference)
    attempts: tuple[Callable[[Any], Any], ...] = (
        lambda e: e,
        sp.expand,
        sp.cancel,
        lambda e: sp.simplify(e.rewrite(sp.exp)),
        sp.simplify,
    )
    return any(attempt(difference) == 0 for attempt in attempts)


def is_nonnegative(difference: Any) -> bool:
    """Whether SymPy proves that an expression is never below 0."""
    attempts = (lambda e: e, sp.simplify, sp.factor, sp.expand)
    return any(bool(attempt(sp.sympify(difference)).is_nonnegative) for attempt in attempts)


def all_signs(meanings: Meanings) -> list[dict[str, int]]:
    """Every choice of side for the variables (without index) that are only known not to be 0."""
    texts = [name for name, variable in meanings.variables.items() if variable.domain == "nonzero"]
    return [
        dict(zip(texts, signs, strict=True))
        for signs in itertools.product((1, -1), repeat=len(texts))
    ]
