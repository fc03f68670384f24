"""Random formulas: some that have a value, and any that can be written at all."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

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

# What the letters of arithmetic formulas are worth: primes, lest two readings agree by chance.
LETTERS = {"x": Fraction(2), "y": Fraction(3), "a": Fraction(7), "b": Fraction(11)}


def _sums(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    some = st.lists(inner, min_size=1, max_size=4).map(tuple)
    return st.one_of(
        some.map(Sum),
        inner.map(Negative),
        st.builds(Product, some, st.sampled_from(["", "·", "×"])),
        st.builds(Quotient, inner, inner),
        st.builds(Power, inner, st.integers(-2, 3).map(Number)),
        inner.map(Absolute),
    )


arithmetic = st.recursive(
    st.one_of(
        st.integers(-12, 12).map(Number),
        st.fractions(-5, 5, max_denominator=9).map(Number),
        st.sampled_from([0.5, -2.25, Decimal("1.75E-7"), Decimal("-3.5E+12")]).map(Number),
        st.sampled_from(sorted(LETTERS)).map(Symbol),
    ),
    _sums,
    max_leaves=8,
)


def value(formula: Formula) -> Fraction:
    """What the tree is worth; ZeroDivisionError where it is worth nothing."""
    return _VALUES[type(formula)](formula)


_VALUES: dict[type, Callable[[Any], Fraction]] = {
    Number: lambda node: Fraction(node.value),
    Symbol: lambda node: LETTERS[node.name],
    Sum: lambda node: sum(map(value, node.terms), Fraction(0)),
    Negative: lambda node: -value(node.term),
    Product: lambda node: math.prod(map(value, node.factors), start=Fraction(1)),
    Quotient: lambda node: value(node.numerator) / value(node.denominator),
    Power: lambda node: value(node.base) ** int(value(node.exponent)),
    Absolute: lambda node: abs(value(node.inner)),
}


_names = st.sampled_from(
    [
        "x",
        "W",
        "δ",
        "loss",
        "dW",
        "p̂",
        "𝐛",
        "ℓ",
        "Ω",
        "ŷ",
        "É",
        "字",
        "a_b",
        "<b>",
        "$",
        "%",
        "\\",
        "1",
        "",
    ]
)
_marks = st.sampled_from(
    ["", "1", "1,3", "new", "l+1", "in", "ij", "k", "ᵀ", "(t)", "Q", "字", "'"]
)
_numbers: st.SearchStrategy[Any] = st.one_of(
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.fractions(),
    st.decimals(allow_nan=False, allow_infinity=False, places=30),
    st.just(Decimal("1.97925970413211876183562349151E-32")),
    st.floats(width=32).map(np.float32),
    st.booleans(),
)


@st.composite
def _arrays(draw: st.DrawFn, inner: st.SearchStrategy[Formula]) -> Array:
    rows, columns = draw(st.integers(0, 20)), draw(st.integers(1, 20))
    vector = draw(st.booleans())
    shape = (rows,) if vector else (rows, columns)
    kind = draw(st.sampled_from(["floats", "wild", "fractions", "formulas"]))
    if kind == "floats":
        scale = 10.0 ** draw(st.integers(-12, 12))
        seed = draw(st.integers(0, 9))
        return Array(np.random.default_rng(seed).normal(0, scale, shape), draw(st.booleans()))
    entries = {"wild": _numbers, "fractions": st.fractions(max_denominator=99), "formulas": inner}[
        kind
    ]
    some = draw(st.lists(entries, min_size=1, max_size=3))
    values = np.empty(int(np.prod(shape)), dtype=object)
    for place in range(values.size):
        values[place] = some[place % len(some)]
    return Array(values.reshape(shape), draw(st.booleans()))


def _everything(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
    some = st.lists(inner, min_size=0, max_size=4).map(tuple)
    maybe = st.one_of(st.none(), inner)
    signs = ["=", "≈", "≤", "≥", "<", ">", "≠", "∈", "∼", "⇒", "⇔", "←", "∝", ":="]
    return st.one_of(
        some.map(Sum),
        inner.map(Negative),
        st.builds(Product, some, st.sampled_from(["", "·", "×"])),
        some.map(Hadamard),
        st.builds(Quotient, inner, inner),
        st.builds(Power, inner, inner),
        inner.map(Transpose),
        inner.map(Root),
        inner.map(Absolute),
        st.builds(Norm, inner, st.sampled_from(["", "2", "F"]), st.sampled_from(["", "2"])),
        st.builds(Apply, st.one_of(_names, inner), some, st.integers(0, 3), st.booleans()),
        st.builds(Derivative, inner, inner, st.booleans(), st.integers(1, 3)),
        st.builds(BigOperator, st.sampled_from(["Σ", "Π", "max", "arg min"]), maybe, maybe, inner),
        st.builds(Integral, inner, inner, maybe, maybe),
        st.lists(st.tuples(inner, inner), min_size=1, max_size=4).map(tuple).map(Cases),
        st.builds(Relation, inner, st.sampled_from(signs), inner),
        st.builds(Symbol, _names, inner, inner, st.booleans()),
        _arrays(inner),
    )


anything = st.recursive(
    st.one_of(
        st.builds(Symbol, _names, _marks, _marks, st.booleans()),
        _numbers.map(Number),
        st.text(max_size=40).map(Words),
    ),
    _everything,
    max_leaves=12,
)
