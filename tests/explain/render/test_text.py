"""Formulas and worked solutions as text: never too wide, and drawn as one draws them."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet.errors import ConfigurationError
from chalknet.explain.formula import (
    Apply,
    Array,
    BigOperator,
    Cases,
    Formula,
    Integral,
    Number,
    Power,
    Product,
    Quotient,
    Relation,
    Root,
    Sum,
    Symbol,
    Words,
)
from chalknet.explain.notation import Notation
from chalknet.explain.render import formula_text, render_text
from chalknet.explain.render.text.drawing import Boxes
from chalknet.explain.steps import Explanation, Section, Step

from .examples import EXAMPLES, equation
from .formulas import anything

Explanations = Callable[[str], Explanation]
x, n, i = Symbol("x"), Symbol("n"), Symbol("i")


def columns(text: str) -> int:
    """How many cells of a terminal a line takes."""
    marks = sum(unicodedata.category(c) in {"Mn", "Me", "Cf"} for c in text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) - marks + wide


def drawn(formula: Formula, notation: Notation | None = None) -> str:
    return str(Boxes(notation or Notation()).set(formula))


def hand(drawing: str) -> str:
    """What is drawn by hand in a test, without its indentation."""
    return textwrap.dedent(drawing).strip("\n")


def one_step(formula: Formula, **notation: object) -> Explanation:
    step = Step(symbol="s", title="A step", equation=formula, reason="Because.")
    return Explanation(
        title="One step",
        given=(("what is given", formula),),
        sections=(Section(title="Only", steps=(step,)),),
        notation=Notation(**notation),  # type: ignore[arg-type]
    )


@settings(max_examples=150, deadline=None)
@given(anything, st.integers(20, 100), st.integers(3, 14))
def test_no_line_is_wider_than_the_width(formula: Formula, width: int, entries: int) -> None:
    for line in render_text(one_step(formula, entries=entries), width=width).splitlines():
        assert columns(line) <= width, line


@settings(max_examples=150, deadline=None)
@given(anything)
def test_boxes_are_rectangles_and_flat_text_is_one_line(formula: Formula) -> None:
    box = Boxes(Notation()).set(formula)
    assert {columns(line) for line in box.lines} == {box.width}
    assert 0 <= box.baseline < box.height
    assert "\n" not in formula_text(formula)


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("width", [40, 80])
def test_whole_solutions_stay_within_their_width(
    explanation_of: Explanations, name: str, width: int
) -> None:
    text = render_text(explanation_of(name), width=width)
    assert max(map(columns, text.splitlines())) <= width
    assert text.endswith("\n")


@pytest.mark.parametrize("name", ["column", "derivation", "nasty"])
def test_colour_adds_nothing_but_colour(explanation_of: Explanations, name: str) -> None:
    plain = render_text(explanation_of(name))
    coloured = render_text(explanation_of(name), colour=True)
    assert "\x1b" not in plain
    assert coloured != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_names_cannot_steer_the_terminal(explanation_of: Explanations) -> None:
    text = render_text(explanation_of("nasty"))
    assert all(c == "\n" or c.isprintable() for c in text)
    assert r"\x1b[31mred" in text


def test_too_narrow_is_refused(explanation_of: Explanations) -> None:
    with pytest.raises(ConfigurationError) as refused:
        render_text(explanation_of("column"), width=19)
    assert str(refused.value) == "text needs a width of at least 20, not 19."


def test_matrices_have_tall_brackets_and_aligned_columns() -> None:
    product = Product.of(Array.of([[1, -2, 1], [3, 4, -2]]), Array.of([1, -1, 1]))
    assert drawn(equation(Symbol("z", "1"), product)) == hand("""
                          ⎡ 1⎤
         z₁ = ⎡1  −2   1⎤ ⎢−1⎥
              ⎣3   4  −2⎦ ⎣ 1⎦
    """)


def test_decimal_signs_stand_below_one_another() -> None:
    values = Array.of([12.5, -0.25, 3.0])
    assert drawn(values) == "⎡12.5 ⎤\n⎢−0.25⎥\n⎣ 3   ⎦"
    assert drawn(values, Notation(decimal_comma=True)) == "⎡12,5 ⎤\n⎢−0,25⎥\n⎣ 3   ⎦"


def test_long_arrays_are_abbreviated_in_the_middle() -> None:
    long = Array.of(np.arange(100).reshape(10, 10))
    assert drawn(long, Notation(entries=8)) == hand("""
        ⎡ 0   1  ⋯   9⎤
        ⎢10  11  ⋯  19⎥
        ⎢ ⋮   ⋮  ⋱   ⋮⎥
        ⎣90  91  ⋯  99⎦
    """)


def test_sums_fractions_and_roots_are_two_dimensional() -> None:
    mean = Product.of(
        Quotient(Number(1), n),
        BigOperator("Σ", Relation(i, "=", Number(1)), n, Power(Symbol("x", i), Number(2))),
    )
    assert drawn(Root(mean)) == hand("""
         ┌─────────
         │1  n
         │─  ∑  xᵢ²
        √│n i=1
    """)


def test_cases_stand_behind_a_brace() -> None:
    step = Cases(((Number(1), Relation(x, ">", Number(0))), (Number(0), Words("otherwise"))))
    assert drawn(equation(Apply.to("f", x), step)) == hand("""
               ⎧ 1  if x > 0
        f(x) = ⎨
               ⎩ 0  otherwise
    """)


def test_integrals_have_their_limits_on_the_right() -> None:
    assert drawn(Integral(x, x, Number(0), Symbol("∞"))) == hand("""
        ⌠∞
        ⎮  x dx
        ⌡0
    """)


def test_what_has_no_small_letter_is_raised_or_lowered_by_a_line() -> None:
    assert drawn(Symbol("W", "1,3", "new")) == "W₁‚₃ⁿᵉʷ"
    assert drawn(Power(Symbol("e"), Product.of(Number(0.5), x))) == " 0.5x\ne"


def test_a_fraction_stands_alone_on_a_line_and_upright_among_factors() -> None:
    third = Number(Fraction(1, 3))
    assert drawn(Sum.of(x, third)) == "x + 1/3"
    assert drawn(Product.of(third, x)) == "1\n─ x\n3"


def test_arguments_are_told_apart_from_decimals() -> None:
    formula = Apply.to("f", Number(1.5), Number(2))
    assert formula_text(formula) == "f(1.5, 2)"
    assert formula_text(formula, Notation(decimal_comma=True)) == "f(1,5; 2)"


def test_too_wide_a_sum_is_broken_at_its_signs() -> None:
    terms = [Symbol("a" * 9, str(k)) for k in range(6)]
    text = render_text(one_step(equation(x, Sum(tuple(terms)))), width=40)
    lines = [line.strip() for line in text.splitlines() if "aaa" in line]
    assert len(lines) > 2
    assert all(line.startswith(("x = ", "+ ")) for line in lines)


def test_a_matrix_that_no_line_holds_is_torn_between_its_columns() -> None:
    wide = Array.of(np.arange(24).reshape(2, 12) * 1111.5)
    text = render_text(one_step(equation(Symbol("W"), wide), digits=6), width=48)
    numbers = re.findall(r"\d+(?:\.\d+)?", text)
    assert {f"{float(v):g}" for v in wide.values.ravel()} <= {f"{float(v):g}" for v in numbers}
    assert "⋯" not in text


def test_labels_of_unequal_height_hide_no_line_of_what_is_given() -> None:
    tall = Array(np.array([[101], [102], [103]]))
    explanation = Explanation(
        title="Given",
        given=(
            ("short", Relation(x, "=", tall)),
            ("a name so long that it takes two lines", Relation(n, "=", Number(7))),
        ),
        sections=(),
        values={},
        notation=Notation(),
        notes=(),
    )
    text = render_text(explanation, width=60)
    assert not any("a name" in line and "lines" in line for line in text.splitlines())
    assert all(str(number) in text for number in (101, 102, 103, 7))
