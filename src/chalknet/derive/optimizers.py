"""Running averages of gradients: momentum, and the bias correction of Adam."""

from __future__ import annotations

from chalknet.derive.derivation import Derivation
from chalknet.derive.meaning import Meanings, Random, Variable
from chalknet.derive.writing import (
    defined,
    equal,
    expected,
    letter,
    minus,
    number,
    over,
    plus,
    power,
    square,
    sum_to,
    times,
)
from chalknet.explain.formula import Formula

__all__ = ["adam_bias_correction", "momentum_as_ema"]

STEPS = 4
BEFORE = minus("t", 1)


def momentum_as_ema() -> Derivation:
    """The velocity is an exponential moving average of the gradients, times 1/(1 − μ)."""
    meanings = Meanings(
        sizes={"T": STEPS},
        indices={"t": (1, "T")},
        variables={
            "μ": Variable("unit"),
            "η": Variable("positive"),
            "g": Variable(shape=("T",)),
        },
    )
    d = Derivation(
        "momentum-as-ema",
        "Momentum is a moving average of the gradients",
        meanings,
        other_sizes=({"T": 7},),
        source="Polyak, Some methods of speeding up the convergence of iteration methods, 1964",
        notes=("g₁, g₂, … are the gradients of the steps t = 1, 2, …, and 0 < μ < 1.",),
    )
    mu, v_t, m_t = letter("μ"), letter("v", "t"), letter("m", "t")
    g_t, g_i = letter("g", "t"), letter("g", "i")
    weight = power(mu, minus("t", "i"))
    d.define(defined(letter("v", "0"), number(0)), "Nothing moves at first.", title="Start")
    d.define(
        defined(v_t, plus(times(mu, letter("v", BEFORE)), g_t)),
        "What was moving goes on, μ times as fast, and the gradient is added.",
        title="Velocity",
    )
    d.show(
        equal(v_t, sum_to("i", 1, "t", times(weight, g_i))),
        "Put each line into the next: a gradient fades by the factor μ a step.",
        title="Unrolled",
    )
    d.show(
        equal(
            sum_to("i", 1, "t", weight),
            over(minus(1, power(mu, "t")), minus(1, mu)),
        ),
        "A geometric series: the weights sum to almost 1/(1 − μ), for μ = 0.9 to 10.",
        title="Sum of the weights",
    )
    d.define(defined(letter("m", "0"), number(0)), "The average begins at 0.", title="Start")
    d.define(
        defined(m_t, plus(times(mu, letter("m", BEFORE)), times(minus(1, mu), g_t))),
        "The exponential moving average: a share of 1 − μ for what is new.",
        title="Moving average",
    )
    d.show(
        equal(v_t, over(m_t, minus(1, mu))),
        "Both follow the same recursion but for the factor 1 − μ.",
        title="The same but for a factor",
    )
    d.show(
        equal(times("η", v_t), times(over("η", minus(1, mu)), m_t)),
        "Momentum with rate η steps along the averaged gradient with the rate η/(1 − μ): with "
        "μ = 0.9, ten times as far.",
        title="The effective learning rate",
    )
    return d


def adam_bias_correction() -> Derivation:
    """E[mₜ] = (1 − βᵗ) E[g]: dividing by 1 − βᵗ takes the bias away."""
    meanings = Meanings(
        sizes={"T": 3},
        indices={"t": (1, "T")},
        variables={
            "β": Variable("unit"),
            "γ": Variable("unit"),
            "μ": Variable(),
            "ς": Variable("positive"),
        },
        randoms={"g": Random(letter("μ"), square("ς"), shape=("T",))},
    )
    d = Derivation(
        "adam-bias-correction",
        "Why Adam divides by 1 − βᵗ",
        meanings,
        other_sizes=({"T": 5},),
        source="Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015",
        notes=(
            "The gradients g₁, g₂, … have one and the same mean μ and variance ς²; where the mean "
            "changes, the correction is exact up to that change.",
        ),
    )
    _moment(d, "m", "β", letter("g", "t"), letter("g", "i"), "first moment")
    _moment(d, "v", "γ", square(letter("g", "t")), square(letter("g", "i")), "second moment")
    corrected = over(letter("m", "1"), minus(1, "β"))
    d.section("The first step")
    d.show(
        equal(corrected, letter("g", "1")),
        "After one step the corrected average is the gradient itself; uncorrected it would be ten "
        "times too small for β = 0.9.",
        title="Corrected at t = 1",
    )
    return d


def _moment(d: Derivation, name: str, beta: str, new: Formula, old: Formula, words: str) -> None:
    m_t = letter(name, "t")
    share = minus(1, beta)
    fading = power(beta, minus("t", "i"))
    d.section(f"The {words}")
    d.define(defined(letter(name, "0"), number(0)), "It begins at 0.", title="Start")
    d.define(
        defined(m_t, plus(times(beta, letter(name, BEFORE)), times(share, new))),
        f"The moving average of the {words}.",
        title="Moving average",
    )
    d.show(
        equal(m_t, times(share, sum_to("i", 1, "t", times(fading, old)))),
        "Put each line into the next.",
        title="Unrolled",
    )
    d.show(
        equal(
            expected(m_t),
            times(expected(new), share, sum_to("i", 1, "t", fading)),
            times(minus(1, power(beta, "t")), expected(new)),
        ),
        "Every term has the same mean, and the weights are a geometric series: the zeros it began "
        "with pull the average down.",
        title="The bias",
    )
    d.show(
        equal(expected(over(m_t, minus(1, power(beta, "t")))), expected(new)),
        "Dividing by what the weights sum to takes the bias away.",
        title="The correction",
    )
