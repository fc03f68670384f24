"""Short names for writing formulas by hand, as one writes them on a board."""

from __future__ import annotations

from chalknet.explain.formula import (
    Apply,
    BigOperator,
    Derivative,
    Formula,
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
)

__all__ = [
    "apply",
    "chain",
    "defined",
    "equal",
    "expected",
    "half",
    "letter",
    "minus",
    "norm_squared",
    "number",
    "over",
    "partial",
    "plus",
    "power",
    "root",
    "square",
    "sum_over",
    "sum_to",
    "times",
    "variance",
    "vector",
]

Writable = Formula | str | int


def _formula(item: Writable) -> Formula:
    if isinstance(item, str):
        return Symbol(item)
    return Number(item) if isinstance(item, int) else item


def letter(name: str, sub: str | Formula = "", sup: str | Formula = "") -> Symbol:
    """A letter with its indices."""
    return Symbol(name, sub, sup)


def vector(name: str, sub: str | Formula = "", sup: str | Formula = "") -> Symbol:
    """A bold letter: all entries of a vector or matrix."""
    return Symbol(name, sub, sup, bold=True)


def number(value: int) -> Number:
    """A number."""
    return Number(value)


def plus(*terms: Writable) -> Sum:
    """a + b + c."""
    return Sum(tuple(_formula(term) for term in terms))


def minus(first: Writable, *others: Writable) -> Formula:
    """a − b − c; with one argument, −a."""
    if not others:
        return Negative(_formula(first))
    return Sum((_formula(first), *(Negative(_formula(other)) for other in others)))


def times(*factors: Writable) -> Product:
    """a b c; a dot is written where two numbers would run together."""
    made = tuple(_formula(factor) for factor in factors)
    return Product(made)


def over(numerator: Writable, denominator: Writable) -> Quotient:
    """A fraction."""
    return Quotient(_formula(numerator), _formula(denominator))


def half(item: Writable) -> Product:
    """½ a."""
    return times(over(1, 2), item)


def power(base: Writable, exponent: Writable) -> Power:
    """base to the exponent."""
    return Power(_formula(base), _formula(exponent))


def square(base: Writable) -> Power:
    """base squared."""
    return power(base, 2)


def root(item: Writable) -> Root:
    """√a."""
    return Root(_formula(item))


def norm_squared(item: Formula) -> Norm:
    """‖a‖², the sum of the squares."""
    return Norm(item, sub="2", sup="2")


def apply(function: str | Formula, *arguments: Writable, primes: int = 0) -> Apply:
    """f(a, b)."""
    return Apply(function, tuple(_formula(argument) for argument in arguments), primes)


def expected(inner: Writable) -> Apply:
    """E[a]."""
    return Apply("E", (_formula(inner),), square=True)


def variance(inner: Writable) -> Apply:
    """Var[a] = E[a²] − E[a]²."""
    return Apply("Var", (_formula(inner),), square=True)


def partial(of: Writable, by: Writable) -> Derivative:
    """∂of/∂by."""
    return Derivative(_formula(of), _formula(by))


def sum_over(below: Writable, body: Writable) -> BigOperator:
    """Σ over all values of an index, or those for which a relation holds."""
    return BigOperator("Σ", _formula(below), None, _formula(body))


def sum_to(index: str, first: Writable, last: Writable, body: Writable) -> BigOperator:
    """Σ from index = first to last."""
    start = Relation(Symbol(index), "=", _formula(first))
    return BigOperator("Σ", start, _formula(last), _formula(body))


def equal(*sides: Writable) -> Relation:
    """a = b = c."""
    return chain("=", *sides)


def defined(left: Writable, right: Writable) -> Relation:
    """left := right."""
    return Relation(_formula(left), ":=", _formula(right))


def chain(sign: str, *sides: Writable) -> Relation:
    """Sides one after another with the same sign between them."""
    first, second, *others = (_formula(side) for side in sides)
    relation = Relation(first, sign, second)  # type: ignore[arg-type]
    for other in others:
        relation = Relation(relation, sign, other)  # type: ignore[arg-type]
    return relation
