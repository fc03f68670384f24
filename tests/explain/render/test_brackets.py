"""What is printed can be read in one way only: the value comes back from every renderer."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given, settings

from chalknet.explain.formula import (
    Absolute,
    Formula,
    Negative,
    Number,
    Product,
    Quotient,
    Sum,
    Symbol,
)
from chalknet.explain.notation import Notation
from chalknet.explain.render import formula_text
from chalknet.explain.render.html.drawing import MathML
from chalknet.explain.render.latex.drawing import Latex
from chalknet.explain.render.text.drawing import Boxes

from .formulas import arithmetic, value
from .reading import latex_tokens, mathml_tokens, text_tokens, worth

NOTATION = Notation(digits=17)
x, y, a = Symbol("x"), Symbol("y"), Symbol("a")
TRICKY = [
    Product.of(x, Quotient(y, a)),
    Product.of(Product.of(x, Quotient(y, a), sign="·"), y),
    Product.of(Number(2), Number(-3)),
    Sum.of(x, Product.of(Number(-2), y)),
    Negative(Sum.of(x, Negative(Negative(y)))),
    Product.of(x, Absolute(Product.of(y, Absolute(a), x))),
    Quotient(Quotient(x, y), Quotient(y, a)),
]


@settings(max_examples=250, deadline=None)
@given(arithmetic)
@example(TRICKY[0])
@example(TRICKY[1])
@example(TRICKY[2])
@example(TRICKY[3])
@example(TRICKY[4])
@example(TRICKY[5])
@example(TRICKY[6])
def test_every_rendering_is_worth_what_the_formula_is_worth(formula: Formula) -> None:
    try:
        expected = value(formula)
    except (ZeroDivisionError, OverflowError):
        assume(False)
    printed = {
        "text": text_tokens(formula_text(formula, NOTATION)),
        "latex": latex_tokens(Latex(NOTATION).set(formula).source),
        "mathml": mathml_tokens(MathML(NOTATION).set(formula).source),
    }
    box = Boxes(NOTATION).set(formula)
    if box.height == 1:  # what is drawn on several lines has bars for brackets
        printed["box"] = text_tokens(str(box))
    for tokens in printed.values():
        assert worth(tokens, tight=False) == expected
        assert worth(tokens, tight=True) == expected


def test_a_reader_without_brackets_would_be_misled() -> None:
    """The test above can fail: the same tokens without brackets are worth something else."""
    tokens = text_tokens(formula_text(Product.of(x, Sum.of(y, a)), NOTATION))
    bare = [token for token in tokens if token[0] not in ("open", "close")]
    assert worth(tokens, tight=True) == value(Product.of(x, Sum.of(y, a)))
    assert worth(bare, tight=True) != value(Product.of(x, Sum.of(y, a)))


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (Sum.of(Number(3), Number(-2)), "3 + (−2)"),
        (Sum.of(Number(3), Negative(Number(2))), "3 − 2"),
        (Product.of(Number(2), Number(-1), sign="·"), "2·(−1)"),
        (Product.of(Number(2), x), "2x"),
        (Product.of(x, Number(2)), "x · 2"),
        (Product.of(x, y), "x y"),
        (Quotient(Sum.of(x, y), Product.of(x, y)), "(x + y)/(x y)"),
    ],
)
def test_as_one_writes_by_hand(formula: Formula, shown: str) -> None:
    assert formula_text(formula) == shown
