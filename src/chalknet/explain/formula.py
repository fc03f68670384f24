"""Formulas as data: the small tree that every renderer draws and nobody computes with.

A formula is made of nodes: symbols, numbers, arrays, and the ways of putting them together. It says
what stands on the board, not what it is worth: ``Product`` is never multiplied out, the terms of a
``Sum`` keep their order, and a ``Number`` keeps its full precision until a renderer rounds it for
display. Where a reader needs brackets, they are put by ``precedence``, not by the author.

>>> z, W, x, b = Symbol("z", sub="2"), Symbol("W", sub="2"), Symbol("a", sub="1"), Symbol("b")
>>> equation = Relation(z, "=", Sum.of(Product.of(W, x), b))
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "Absolute",
    "Apply",
    "Array",
    "BigOperator",
    "Cases",
    "Derivative",
    "Formula",
    "Hadamard",
    "Integral",
    "Negative",
    "Norm",
    "Number",
    "Power",
    "Precedence",
    "Product",
    "Quotient",
    "Relation",
    "Root",
    "Sum",
    "Symbol",
    "Transpose",
    "Words",
    "children",
]


class Precedence(IntEnum):
    """How tightly a node holds together; a child that holds less tightly is bracketed."""

    RELATION = 0
    SUM = 1
    PRODUCT = 2
    POWER = 3
    ATOM = 4


class Formula:
    """A node of the tree; the classes below are all there are."""

    precedence: Precedence = Precedence.ATOM


@dataclass(frozen=True)
class Symbol(Formula):
    """A letter, with what hangs on it: W₂, z₁₍₃₎, W₁ᵀ (a ``Transpose``), W₁ⁿᵉʷ, p̂.

    Attributes
    ----------
    name : str
        One letter, or a Greek one by itself ("δ", "η"), or a short word ("loss"), or a letter with
        a combining mark ("p̂"), or a differential ("dW", which is set as d and W).
    sub, sup : str or Formula
        Below and above; empty for none.
    bold : bool
        Whether it is set as a vector or matrix.
    """

    name: str
    sub: str | Formula = ""
    sup: str | Formula = ""
    bold: bool = False


@dataclass(frozen=True)
class Words(Formula):
    """Plain words within a formula, set upright: "if", "for every sample"."""

    text: str


@dataclass(frozen=True, eq=False)
class Number(Formula):
    """A number at full precision: int, float, Fraction, or a Decimal of many digits."""

    value: Any


@dataclass(frozen=True, eq=False)
class Array(Formula):
    """A vector (k,) or matrix (m, k) as it stands on paper; an entry is a number or a Formula.

    A vector is a column unless ``row`` is set.
    """

    values: npt.NDArray[Any]
    row: bool = False

    @classmethod
    def of(cls, values: npt.ArrayLike, *, row: bool = False) -> Array:
        """An array of anything that NumPy takes."""
        return cls(np.asarray(values), row)


@dataclass(frozen=True)
class Sum(Formula):
    """Terms one after another: a + b − c. A ``Negative`` term is written with its minus sign."""

    terms: tuple[Formula, ...]
    precedence = Precedence.SUM

    @classmethod
    def of(cls, *terms: Formula) -> Sum:
        """The sum of the terms, in that order."""
        return cls(terms)


@dataclass(frozen=True)
class Negative(Formula):
    """−a."""

    term: Formula
    precedence = Precedence.SUM


@dataclass(frozen=True)
class Product(Formula):
    """Factors one after another; ``sign`` is "" (juxtaposed), "·" or "×".

    With ``Words`` among them it is a phrase, and nothing in it is bracketed: "for all" k.
    """

    factors: tuple[Formula, ...]
    sign: Literal["", "·", "×"] = ""
    precedence = Precedence.PRODUCT

    @classmethod
    def of(cls, *factors: Formula, sign: Literal["", "·", "×"] = "") -> Product:
        """The product of the factors, in that order."""
        return cls(factors, sign)


@dataclass(frozen=True)
class Hadamard(Formula):
    """Element by element: a ⊙ b."""

    factors: tuple[Formula, ...]
    precedence = Precedence.PRODUCT

    @classmethod
    def of(cls, *factors: Formula) -> Hadamard:
        """The product of the factors element by element, in that order."""
        return cls(factors)


@dataclass(frozen=True)
class Quotient(Formula):
    """A fraction with its bar."""

    numerator: Formula
    denominator: Formula
    precedence = Precedence.PRODUCT


@dataclass(frozen=True)
class Power(Formula):
    """base to the exponent."""

    base: Formula
    exponent: Formula
    precedence = Precedence.POWER


@dataclass(frozen=True)
class Transpose(Formula):
    """Aᵀ."""

    matrix: Formula
    precedence = Precedence.POWER


@dataclass(frozen=True)
class Root(Formula):
    """√a."""

    radicand: Formula


@dataclass(frozen=True)
class Absolute(Formula):
    """|a|."""

    inner: Formula


@dataclass(frozen=True)
class Norm(Formula):
    """‖a‖ with what stands below and above: ‖x‖₂²."""

    inner: Formula
    sub: str = ""
    sup: str = ""


@dataclass(frozen=True)
class Apply(Formula):
    """f(a, b): a function by its name or symbol, with ``primes`` dashes; names are set upright.

    ``square`` takes square brackets, as in E[x].
    """

    function: str | Formula
    arguments: tuple[Formula, ...]
    primes: int = 0
    square: bool = False

    @classmethod
    def to(cls, function: str | Formula, *arguments: Formula, primes: int = 0) -> Apply:
        """The function applied to the arguments."""
        return cls(function, arguments, primes)


@dataclass(frozen=True)
class Derivative(Formula):
    """∂of/∂by, or d of/d by if not ``partial``."""

    of: Formula
    by: Formula
    partial: bool = True
    order: int = 1
    precedence = Precedence.PRODUCT


@dataclass(frozen=True)
class BigOperator(Formula):
    """Σ, Π, max or min over ``below`` up to ``above``, of ``body``."""

    sign: str
    below: Formula | None
    above: Formula | None
    body: Formula
    precedence = Precedence.SUM


@dataclass(frozen=True)
class Integral(Formula):
    """∫ from ``below`` to ``above`` of ``body`` d ``variable``."""

    body: Formula
    variable: Formula
    below: Formula | None = None
    above: Formula | None = None
    precedence = Precedence.SUM


@dataclass(frozen=True)
class Cases(Formula):
    """A value for each condition, one a line behind a brace.

    "if" is written before a condition that is a formula; ``Words``, and a ``Product`` with words in
    it, say themselves what they are: "otherwise", "if z > 0 and y = 1".
    """

    branches: tuple[tuple[Formula, Formula], ...]


@dataclass(frozen=True)
class Relation(Formula):
    """left = right; a chain a = b = c is a Relation whose left is a Relation."""

    left: Formula
    sign: Literal["=", "≈", "≤", "≥", "<", ">", "≠", "∈", "∼", "⇒", "⇔", "←", "∝", ":="]
    right: Formula
    precedence = Precedence.RELATION


def children(formula: Formula) -> Iterator[Formula]:
    """The formulas of which a formula is made, in order; the entries of an ``Array`` are not.

    >>> [child.name for child in children(Sum.of(Symbol("a"), Symbol("b")))]
    ['a', 'b']
    """
    for field in fields(formula):  # type: ignore[arg-type]
        yield from _formulas_in(getattr(formula, field.name))


def _formulas_in(value: object) -> Iterator[Formula]:
    if isinstance(value, Formula):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _formulas_in(item)
