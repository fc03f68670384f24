"""The cross entropies: why the gradient by the logits is probability minus target."""

from __future__ import annotations

import mpmath as mp

from chalknet.derive.derivation import Derivation
from chalknet.derive.meaning import Function, Meanings, Variable
from chalknet.derive.writing import (
    apply,
    defined,
    equal,
    letter,
    minus,
    number,
    over,
    partial,
    plus,
    power,
    sum_over,
    times,
)
from chalknet.explain.formula import Cases, Relation

__all__ = ["sigmoid_cross_entropy", "softmax_cross_entropy", "softmax_jacobian"]

LN = Function("log", mp.log)
SAME, DIFFERENT = Relation(letter("k"), "=", letter("j")), Relation(letter("k"), "≠", letter("j"))


def sigmoid_cross_entropy() -> Derivation:
    """∂ℓ/∂z = σ(z) − t."""
    meanings = Meanings(
        variables={"z": Variable(), "t": Variable("unit")},
        functions={"ln": LN},
    )
    d = Derivation(
        "sigmoid-cross-entropy",
        "The gradient of the sigmoid cross entropy",
        meanings,
        notes=("t is the target, 0 or 1, or a probability between.",),
    )
    z, t, s = letter("z"), letter("t"), apply("σ", "z")
    d.define(
        defined(s, over(1, plus(1, power("e", minus(z))))),
        "The probability that the network gives to the class 1.",
        title="Sigmoid",
    )
    d.define(
        defined(
            "ℓ",
            minus(minus(times(t, apply("ln", s))), times(minus(1, t), apply("ln", minus(1, s)))),
        ),
        "Minus the logarithm of the probability given to what came true.",
        title="Loss of a sample",
    )
    d.show(
        equal(minus(1, s), apply("σ", minus(z))),
        "Expand by e to the power z: the sigmoid is symmetric about its centre.",
        title="The other class",
    )
    d.show(
        equal(apply("σ", "z", primes=1), times(s, minus(1, s))),
        "Quotient rule, and e⁻ᶻ / (1 + e⁻ᶻ) = 1 − σ(z).",
        title="Slope of the sigmoid",
    )
    d.show(
        equal(
            partial("ℓ", z),
            times(
                plus(minus(over(t, s)), over(minus(1, t), minus(1, s))), apply("σ", "z", primes=1)
            ),
            plus(minus(times(t, minus(1, s))), times(minus(1, t), s)),
            minus(s, t),
        ),
        "Chain rule; the slope σ(1 − σ) cancels both denominators, and the products t σ cancel.",
        title="The gradient",
    )
    return d


def _softmax(name: str, title: str, *, notes: tuple[str, ...] = ()) -> Derivation:
    meanings = Meanings(
        sizes={"K": 3},
        indices=dict.fromkeys("jkmn", (1, "K")),
        variables={"s": Variable(shape=("K",)), "y": Variable("simplex", shape=("K",))},
        functions={"ln": LN},
    )
    d = Derivation(name, title, meanings, other_sizes=({"K": 2}, {"K": 5}), notes=notes)
    d.define(
        defined(
            letter("p", "k"),
            over(power("e", letter("s", "k")), sum_over("j", power("e", letter("s", "j")))),
        ),
        "The exponentials of one sample's logits, divided by their sum over its classes.",
        title="Softmax",
    )
    return d


def _jacobian(d: Derivation) -> None:
    p_k, p_j, s_k, s_j = letter("p", "k"), letter("p", "j"), letter("s", "k"), letter("s", "j")
    d.show(
        equal(partial(p_k, s_k), times(p_k, minus(1, p_k))),
        "Quotient rule: the numerator and the sum both depend on this logit.",
        title="Its own logit",
    )
    d.show(
        equal(partial(p_k, s_j), minus(times(p_k, p_j))),
        "Quotient rule: only the sum depends on another logit.",
        title="Another logit, k ≠ j",
        when=DIFFERENT,
    )


def softmax_jacobian() -> Derivation:
    """∂p_k/∂s_j = p_k (δ_kj − p_j)."""
    d = _softmax("softmax-jacobian", "The Jacobian of the softmax")
    p_k, p_j, s_j = letter("p", "k"), letter("p", "j"), letter("s", "j")
    d.show(
        equal(sum_over("k", p_k), number(1)),
        "The denominator is the sum of the numerators.",
        title="Probabilities",
    )
    _jacobian(d)
    d.define(
        defined(letter("δ", "kj"), Cases(((number(1), SAME), (number(0), DIFFERENT)))),
        "Kronecker's symbol.",
        title="One symbol for both cases",
    )
    d.show(
        equal(partial(p_k, s_j), times(p_k, minus(letter("δ", "kj"), p_j))),
        "For k = j and for k ≠ j this is the line above.",
        title="The Jacobian",
    )
    d.show(
        equal(sum_over("k", partial(p_k, s_j)), number(0)),
        "The probabilities always sum to 1, so what one gains the others lose.",
        title="Columns sum to zero",
    )
    return d


def softmax_cross_entropy() -> Derivation:
    """∂C/∂s_n = p_n − y_n, through the cases m = n and m ≠ n."""
    d = _softmax(
        "softmax-cross-entropy",
        "The gradient of softmax with cross entropy",
        notes=("y holds the target probabilities, which sum to 1; one-hot for a class.",),
    )
    _jacobian(d)
    y_m, y_n, p_m, p_n = letter("y", "m"), letter("y", "n"), letter("p", "m"), letter("p", "n")
    s_n, others = letter("s", "n"), Relation(letter("m"), "≠", letter("n"))
    d.define(
        defined("C", minus(sum_over("m", times(y_m, apply("ln", p_m))))),
        "Minus the logarithm of the probability given to what came true.",
        title="Loss of a sample",
    )
    own = times(over(y_n, p_n), p_n, minus(1, p_n))
    d.show(
        equal(partial("C", s_n), minus(sum_over("m", times(over(y_m, p_m), partial(p_m, s_n))))),
        "Chain rule: every probability depends on every logit.",
        title="Chain rule",
    )
    d.show(
        equal(
            partial("C", s_n),
            plus(minus(own), sum_over(others, times(over(y_m, p_m), p_m, p_n))),
        ),
        "The term m = n by the first case of the Jacobian, the terms m ≠ n by the second.",
        title="Both cases",
    )
    d.show(
        equal(
            partial("C", s_n),
            plus(minus(y_n), times(y_n, p_n), times(p_n, sum_over(others, y_m))),
            plus(minus(y_n), times(p_n, sum_over("m", y_m))),
        ),
        "The probabilities cancel; y_n p_n is the term m = n that the sum was missing.",
        title="Cancel and gather",
    )
    d.show(
        equal(sum_over("m", y_m), number(1)),
        "The targets are probabilities.",
        title="Targets sum to one",
    )
    d.show(
        equal(partial("C", s_n), minus(p_n, y_n)),
        "What the network said minus what was true.",
        title="The gradient",
    )
    return d
