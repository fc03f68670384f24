"""A step as lines on paper: a left-hand side, and behind each sign what it is equal to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from chalknet.explain.formula import Formula, Relation
from chalknet.explain.notation import Notation
from chalknet.explain.render.rounding import sign_between
from chalknet.explain.steps import Step

__all__ = ["Line", "Working", "in_chain", "shape_in_words", "working"]


Role = Literal["equation", "substituted", "result"]


@dataclass(frozen=True)
class Line:
    """One line: a sign and what stands behind it; ``role`` says which part of the step it is."""

    sign: str
    formula: Formula
    role: Role


@dataclass(frozen=True)
class Working:
    """The lines of a step; ``left`` is None where the equation is no relation."""

    left: Formula | None
    lines: tuple[Line, ...]


def working(step: Step, notation: Notation) -> Working:
    """Equation, numbers put in, result: a chain with one left-hand side."""
    chained = in_chain(step.equation, notation)
    written = list(chained.lines)
    parts: tuple[tuple[Role, Formula | None], ...] = (
        ("substituted", step.substituted),
        ("result", step.result),
    )
    for role, formula in parts:
        if formula is None:
            continue
        more = in_chain(formula, notation)
        first, others = (
            (more.lines[0].formula, more.lines[1:])
            if more.left is None
            else (more.left, more.lines)
        )
        sign = sign_between(written[-1].formula, "=", first, notation)
        written += [Line(sign, first, role), *(replace(line, role=role) for line in others)]
    return Working(chained.left, tuple(written))


def in_chain(equation: Formula, notation: Notation) -> Working:
    """A chain a = b ≤ c as its left-hand side and its lines."""
    sides: list[Line] = []
    while isinstance(equation, Relation):
        nearest = equation.left
        while isinstance(nearest, Relation):
            nearest = nearest.right
        sign = sign_between(nearest, equation.sign, equation.right, notation)
        sides.append(Line(sign, equation.right, "equation"))
        equation = equation.left
    if not sides:
        return Working(None, (Line("", equation, "equation"),))
    return Working(equation, tuple(reversed(sides)))


def shape_in_words(shape: tuple[int, ...] | None) -> str:
    """The shape of a result; empty for a single number.

    >>> shape_in_words((2, 3)), shape_in_words((4,)), shape_in_words(())
    ('2 × 3', '4', '')
    """
    return " × ".join(map(str, shape or ()))
