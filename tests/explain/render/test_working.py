"""Steps as lines, = and ≈, and the account of what was verified."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from chalknet.errors import ShapeError, VerificationError
from chalknet.explain.formula import Array, Formula, Number, Product, Relation, Sum, Symbol
from chalknet.explain.notation import Notation
from chalknet.explain.render import (
    formula_text,
    render_html,
    render_latex,
    render_markdown,
    render_text,
)
from chalknet.explain.render.rounding import sign_between
from chalknet.explain.render.verification import verified
from chalknet.explain.render.working import working
from chalknet.explain.steps import Check, Explanation, Section, Step

RENDERERS = [render_text, render_latex, render_html, render_markdown]
a, b, c = Symbol("a"), Symbol("b"), Symbol("c")


def explanation(*checks: Check) -> Explanation:
    step = Step(
        symbol="dW1", title="A gradient", equation=Relation(a, "=", b), reason="So.", checks=checks
    )
    return Explanation(
        title="T", sections=(Section(title="S", steps=(step, step)),), notation=Notation()
    )


def test_a_step_is_a_chain_with_one_left_hand_side() -> None:
    step = Step(
        symbol="a", title="", reason="",
        equation=Relation(Relation(a, "≤", b), "=", c),
        substituted=Sum.of(Number(1), Number(2)), result=Number(3),
    )  # fmt: skip
    lines = working(step, Notation())
    assert lines.left is a
    shown = [(line.sign, formula_text(line.formula), line.role) for line in lines.lines]
    assert shown == [
        ("≤", "b", "equation"),
        ("=", "c", "equation"),
        ("=", "1 + 2", "substituted"),
        ("=", "3", "result"),
    ]


@pytest.mark.parametrize(
    ("right", "sign"),
    [
        (Number(0.25), "="),
        (Number(1 / 3), "≈"),
        (Number(Fraction(1, 3)), "="),
        (Number(Decimal("0.333333333333333333333333333333")), "≈"),
        (Array.of([0.5, 1 / 3]), "≈"),
        (Array.of([0.5, 0.25]), "="),
        (Sum.of(a, Product.of(Number(1 / 3), b)), "≈"),
        # Rounded where nobody sees it.
        (Array.of([0.5] * 20 + [1 / 3] + [0.5] * 20), "="),
    ],
)
def test_equals_becomes_about_where_a_shown_number_is_rounded(right: Formula, sign: str) -> None:
    assert sign_between(a, "=", right, Notation()) == sign
    assert sign_between(right, "=", a, Notation()) == sign
    assert sign_between(a, "≤", right, Notation()) == "≤"


def test_digits_decide_what_is_rounded() -> None:
    assert sign_between(a, "=", Number(0.0625), Notation(digits=3)) == "="
    assert sign_between(a, "=", Number(0.0625), Notation(digits=2)) == "≈"


def test_checks_are_counted_by_method_with_the_largest_error() -> None:
    small = Check(method="complex step", error=1e-16, tolerance=1e-9)
    large = Check(method="complex step", error=3e-12, tolerance=1e-9)
    other = Check(method="fsum", error=0.0, tolerance=0.0)
    found = verified(explanation(small, large, other))
    assert [(v.method, v.count, v.error) for v in found] == [
        ("complex step", 4, 3e-12),
        ("fsum", 2, 0.0),
    ]


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize("error", [2e-9, float("nan"), float("inf")])
def test_what_fails_its_check_is_never_shown(
    render: Callable[[Explanation], str], error: float
) -> None:
    failed = explanation(Check(method="complex step", error=error, tolerance=1e-9))
    with pytest.raises(VerificationError) as refused:
        render(failed)
    assert str(refused.value) == (
        f"dW1 differs by {error:.3g} from what complex step gives, and only 1e-09 is allowed: "
        "it cannot be shown."
    )


@pytest.mark.parametrize("render", RENDERERS)
def test_the_foot_gives_the_account(render: Callable[[Explanation], str]) -> None:
    text = render(explanation(Check(method="complex step", error=2e-16, tolerance=1e-9)))
    assert "all 2 checks of this working passed" in text
    assert "complex step" in text


@pytest.mark.parametrize("render", RENDERERS)
def test_an_explanation_without_steps_is_still_a_page(render: Callable[[Explanation], str]) -> None:
    assert "Nothing" in render(Explanation(title="Nothing", sections=(), notation=Notation()))


@pytest.mark.parametrize("render", RENDERERS)
def test_an_array_of_three_axes_cannot_stand_on_paper(render: Callable[[Explanation], str]) -> None:
    step = Step(symbol="x", title="x", equation=Array(np.zeros((2, 2, 2))), reason="")
    page = Explanation(title="", sections=(Section(title="", steps=(step,)),), notation=Notation())
    with pytest.raises(ShapeError, match="an array on paper has one or two axes, not 3"):
        render(page)
