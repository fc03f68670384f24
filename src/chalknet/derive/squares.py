"""Norms, means and the errors of regression."""

from __future__ import annotations

import mpmath as mp

from chalknet.derive.derivation import Derivation
from chalknet.derive.meaning import Function, Generic, Meanings, Variable
from chalknet.derive.writing import (
    apply,
    defined,
    equal,
    letter,
    minus,
    norm_squared,
    number,
    over,
    partial,
    plus,
    square,
    sum_over,
    times,
    vector,
)
from chalknet.explain.formula import Absolute, Formula, Relation

__all__ = [
    "absolute_error_subgradient",
    "mean_minimises_squares",
    "squared_error_gradient",
    "squared_norm",
]

SIGN = Function("sign", mp.sign)


def squared_norm() -> Derivation:
    """∇‖x‖² = 2x."""
    meanings = Meanings(
        sizes={"n": 3},
        indices={"i": (1, "n"), "k": (1, "n")},
        variables={"x": Variable(shape=("n",))},
    )
    d = Derivation(
        "squared-norm",
        "The gradient of the squared norm",
        meanings,
        other_sizes=({"n": 1}, {"n": 5}),
    )
    x, x_i, x_k = vector("x"), letter("x", "i"), letter("x", "k")
    d.show(
        equal(norm_squared(x), sum_over("i", square(x_i))),
        "The squared norm is the sum of the squares of the entries.",
        title="The norm written out",
    )
    d.show(
        equal(
            partial(norm_squared(x), x_k),
            sum_over("i", partial(square(x_i), x_k)),
            times(2, x_k),
        ),
        "Only the term with i = k depends on this entry, and the derivative of its square is twice "
        "the entry.",
        title="One entry of the gradient",
    )
    d.show(
        equal(partial(norm_squared(x), x), times(2, x)),
        "The entries for all k, one below the other.",
        title="The gradient",
    )
    return d


def mean_minimises_squares() -> Derivation:
    """The point with the least sum of squared distances is the mean."""
    meanings = Meanings(
        sizes={"n": 3, "d": 2},
        indices={"i": (1, "n"), "j": (1, "d"), "k": (1, "d")},
        variables={"x": Variable(shape=("n", "d")), "μ": Variable(shape=("d",))},
    )
    d = Derivation(
        "mean-minimises-squares",
        "The mean minimises the sum of squared distances",
        meanings,
        other_sizes=({"n": 1, "d": 1}, {"n": 4, "d": 3}),
    )
    x_ij, x_ik = letter("x", "ij"), letter("x", "ik")
    mu_j, mu_k, m_j, m_k = letter("μ", "j"), letter("μ", "k"), letter("m", "j"), letter("m", "k")
    least = sum_over("i", sum_over("j", square(minus(x_ij, m_j))))
    apart = times("n", sum_over("j", square(minus(m_j, mu_j))))
    d.define(
        defined("L", sum_over("i", sum_over("j", square(minus(x_ij, mu_j))))),
        "The sum over the points i of the squared distance from point i to μ, entry by entry.",
    )
    d.show(
        equal(
            partial("L", mu_k),
            times(number(-2), sum_over("i", minus(x_ik, mu_k))),
            minus(times(2, "n", mu_k), times(2, sum_over("i", x_ik))),
        ),
        "Chain rule: the derivative of a square is twice its base, times the inner derivative −1.",
        title="The gradient",
    )
    d.define(
        defined(m_k, times(over(1, "n"), sum_over("i", x_ik))),
        "The mean: where the gradient is 0.",
        title="The mean",
    )
    d.show(
        equal(sum_over("i", minus(x_ik, m_k)), number(0)),
        "The deviations from the mean cancel, so at μ = m the gradient vanishes.",
        title="The gradient is zero at the mean",
    )
    d.show(
        equal("L", plus(least, apart)),
        "Write x − μ as (x − m) + (m − μ) and square: the mixed terms sum to 0 by the line before.",
        title="What any other point costs",
    )
    d.show(
        Relation(equal(minus("L", least), apart), "≥", number(0)),
        "A sum of squares is never negative, and 0 only for μ = m: the mean is the one minimum.",
        title="The mean is the minimum",
    )
    return d


def absolute_error_subgradient() -> Derivation:
    """Xᵀ sign(Xw − y) is a subgradient of the convex ‖Xw − y‖₁."""
    meanings = Meanings(
        sizes={"n": 2, "c": 2},
        indices={"i": (1, "n"), "j": (1, "c"), "k": (1, "c")},
        variables={
            "x": Variable(shape=("n", "c")),
            "y": Variable(shape=("n",)),
            "w": Variable(shape=("c",)),
            "w^′": Variable(shape=("c",)),
            "u": Variable("nonzero"),
            "v": Variable("nonzero"),
            "s": Variable("slope"),
            "λ": Variable("unit"),
        },
        functions={"sign": SIGN},
    )
    d = Derivation(
        "absolute-error-subgradient",
        "A subgradient of the absolute error",
        meanings,
        other_sizes=({"n": 4, "c": 3},),
        notes=(
            "The absolute error is convex although it has a kink; its minimum is the solution of a "
            "linear program. chalknet takes sign(0) := 0.",
        ),
    )
    u, v, s, share = letter("u"), letter("v"), letter("s"), letter("λ")
    d.section("One residual", "u and v are any two numbers other than 0.")
    d.show(
        equal(partial(Absolute(u), u), apply("sign", u)),
        "Away from 0 the absolute value is a straight line of slope 1 or −1.",
        title="The slope away from the kink",
    )
    d.show(
        Relation(Absolute(v), "≥", plus(Absolute(u), times(apply("sign", u), minus(v, u)))),
        "The tangent at u lies nowhere above the graph: its slope is a subgradient.",
        title="The tangent stays below",
    )
    d.show(
        Relation(Absolute(v), "≥", times(s, v)),
        "At the kink every line through 0 with a slope s between −1 and 1 stays below: each such s "
        "is a subgradient there, and sign(0) := 0 is one of them.",
        title="At the kink",
    )
    other = minus(1, share)
    mixed = plus(times(share, u), times(other, v))
    bound = plus(times(share, Absolute(u)), times(other, Absolute(v)))
    gap = times(2, share, other, minus(times(Absolute(u), Absolute(v)), times(u, v)))
    d.show(
        Relation(equal(minus(square(bound), square(mixed)), gap), "≥", number(0)),
        "The chord lies nowhere below the graph: the absolute value is convex, kink or not.",
        title="Convexity",
    )
    _all_residuals(d)
    return d


def _all_residuals(d: Derivation) -> None:
    x_ij, x_ik, w_j = letter("x", "ij"), letter("x", "ik"), letter("w", "j")
    r_i, q_i, w_new = letter("r", "i"), letter("r", "i", "′"), letter("w", "j", "′")
    y_i, step = letter("y", "i"), minus(letter("w", "j", "′"), letter("w", "j"))
    d.section("All residuals")
    d.define(
        defined(r_i, minus(sum_over("j", times(x_ij, w_j)), y_i)),
        "The residual of sample i.",
        title="Residuals",
    )
    d.define(
        defined(q_i, minus(sum_over("j", times(x_ij, w_new)), y_i)),
        "The same at other weights.",
        title="Residuals elsewhere",
    )
    d.define(defined("L", sum_over("i", Absolute(r_i))), "The absolute error.")
    slopes: Formula = sum_over("i", times(x_ik, apply("sign", r_i)))
    d.show(
        equal(partial("L", letter("w", "k")), slopes),
        "Where no residual is 0: chain rule, term by term. In matrices, Xᵀ sign(Xw − y).",
        title="The gradient away from kinks",
    )
    d.show(
        equal(
            sum_over("i", times(apply("sign", r_i), minus(q_i, r_i))),
            sum_over("j", times(sum_over("i", times(x_ij, apply("sign", r_i))), step)),
        ),
        "The tangents of all residuals add up to the plane with slopes Xᵀ sign(Xw − y): it stays "
        "below L since each tangent does, so those slopes are a subgradient everywhere.",
        title="The tangent plane",
    )


def squared_error_gradient() -> Derivation:
    """∇ Σ (y − f)² = −2 Σ (y − f) ∇f."""
    meanings = Meanings(
        sizes={"n": 2, "m": 2},
        indices={"i": (1, "n"), "k": (1, 2)},
        variables={
            "x": Variable(shape=("n",)),
            "y": Variable(shape=("n",)),
            "θ": Variable(shape=("m",)),
        },
        functions={
            "f": Generic(3, lambda x, a, b: mp.sin(a * x) + a * b**2 - mp.exp(b / 3) * x**2)
        },
    )
    d = Derivation(
        "squared-error-gradient",
        "The gradient of the squared error",
        meanings,
        other_sizes=({"n": 4},),
        notes=("f is any differentiable model; it is verified for one of two parameters θ₁, θ₂.",),
    )
    f = apply("f", letter("x", "i"), letter("θ", "1"), letter("θ", "2"))
    y_i, theta = letter("y", "i"), letter("θ", "k")
    d.define(defined("L", sum_over("i", square(minus(y_i, f)))), "The sum of squared errors.")
    d.show(
        equal(
            partial(square(minus(y_i, f)), theta),
            times(2, minus(y_i, f), minus(partial(f, theta))),
        ),
        "Chain rule: twice the error, times the error's own derivative; the target does not depend "
        "on θ.",
        title="One sample",
    )
    d.show(
        equal(
            partial("L", theta),
            times(number(-2), sum_over("i", times(minus(y_i, f), partial(f, theta)))),
        ),
        "The derivative of a sum is the sum of the derivatives.",
        title="All samples",
    )
    return d
