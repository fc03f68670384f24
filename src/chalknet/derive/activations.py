"""The derivative of every activation function, in the form in which ``operations`` computes it."""

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
    plus,
    power,
    root,
    square,
    times,
)
from chalknet.explain.formula import Apply, Cases, Formula, Relation, Symbol

__all__ = [
    "elu",
    "gelu",
    "identity",
    "leaky_relu",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "step",
    "tanh",
]

Z, F, SLOPE = letter("z"), apply("f", "z"), apply("f", "z", primes=1)
EXP_Z, EXP_MINUS_Z = power("e", "z"), power("e", minus("z"))
POSITIVE, NEGATIVE = Relation(Z, ">", number(0)), Relation(Z, "<", number(0))
AT_ZERO = "At the kink z = 0 chalknet takes {}."


def _begin(name: str, *, kink: str = "", source: str = "", **letters: Variable) -> Derivation:
    meanings = Meanings(
        variables={"z": Variable("nonzero" if kink else "real"), **letters},
        functions={"erf": Function("erf", mp.erf), "ln": Function("log", mp.log)},
    )
    return Derivation(
        f"{name.replace('_', '-')}-derivative",
        f"The derivative of {name}",
        meanings,
        source=source,
        notes=(AT_ZERO.format(kink),) if kink else (),
    )


def _sided(above: Formula, below: Formula) -> Cases:
    return Cases(((above, POSITIVE), (below, NEGATIVE)))


def identity() -> Derivation:
    """f′ = 1."""
    d = _begin("identity")
    d.define(defined(F, Z), "What comes goes out.")
    d.show(equal(SLOPE, number(1)), "A straight line of slope 1.", title="Derivative")
    return d


def relu() -> Derivation:
    """f′ = 1 for z > 0, 0 for z < 0."""
    d = _begin("relu", kink="relu′(0) := 0", source="Nair and Hinton, ICML 2010")
    d.define(defined(F, _sided(Z, number(0))), "The larger of z and 0.")
    d.show(
        equal(SLOPE, _sided(number(1), number(0))),
        "Two straight lines: open for positive z, shut for negative.",
        title="Derivative",
    )
    return d


def leaky_relu() -> Derivation:
    """f′ = 1 for z > 0, c for z < 0."""
    d = _begin(
        "leaky_relu",
        kink="leaky_relu′(0) := c",
        source="Maas, Hannun and Ng, ICML 2013",
        c=Variable(),
    )
    d.define(defined(F, _sided(Z, times("c", "z"))), "A ReLU that leaks with the slope c.")
    d.show(equal(SLOPE, _sided(number(1), letter("c"))), "Two straight lines.", title="Derivative")
    return d


def elu() -> Derivation:
    """f′ = 1 for z > 0, f + α for z < 0."""
    d = _begin(
        "elu",
        kink="elu′(0) := α",
        source="Clevert, Unterthiner and Hochreiter, 2016",
        α=Variable("positive"),
    )
    d.define(
        defined(F, _sided(Z, times("α", minus(EXP_Z, 1)))), "A line, and an exponential below 0."
    )
    d.show(
        equal(SLOPE, _sided(number(1), times("α", EXP_Z)), _sided(number(1), plus(F, "α"))),
        "The exponential is its own derivative, and α eᶻ = f(z) + α.",
        title="Derivative",
    )
    return d


def selu() -> Derivation:
    """f′ = λ for z > 0, λ α eᶻ for z < 0."""
    d = _begin(
        "selu",
        kink="selu′(0) := λα",
        source="Klambauer, Unterthiner, Mayr and Hochreiter, NeurIPS 2017",
        α=Variable("positive"),
        λ=Variable("positive"),
    )
    d.define(
        defined(F, _sided(times("λ", "z"), times("λ", "α", minus(EXP_Z, 1)))),
        "λ times an elu, with λ ≈ 1.0507 and α ≈ 1.6733.",
    )
    d.show(
        equal(SLOPE, _sided(letter("λ"), times("λ", "α", EXP_Z))),
        "The factor λ stays; the rest as for the elu.",
        title="Derivative",
    )
    return d


def gelu() -> Derivation:
    """f′ = Φ + z φ."""
    d = _begin("gelu", source="Hendrycks and Gimpel, 2016")
    Phi, phi = apply("Φ", "z"), apply("φ", "z")
    d.define(
        defined(Phi, times(over(1, 2), plus(1, apply("erf", over("z", root(2)))))),
        "The chance that a standard normal number is below z.",
        title="Normal distribution",
    )
    d.define(
        defined(phi, over(power("e", minus(over(square("z"), 2))), root(times(2, Symbol("π"))))),
        "Its bell curve.",
        title="Normal density",
    )
    d.define(defined(F, times("z", Phi)), "z, as far as a normal number is below it.")
    d.show(
        equal(apply("Φ", "z", primes=1), phi),
        "The error function's derivative is 2/√π times e to the minus square.",
        title="Derivative of Φ",
    )
    d.show(equal(SLOPE, plus(Phi, times("z", phi))), "Product rule.", title="Derivative")
    return d


def _define_sigmoid(d: Derivation) -> Apply:
    sigma = apply("σ", "z")
    d.define(defined(sigma, over(1, plus(1, EXP_MINUS_Z))), "From 0 to 1.", title="Sigmoid")
    return sigma


def silu() -> Derivation:
    """f′ = σ (1 + z (1 − σ))."""
    d = _begin("silu", source="Elfwing, Uchibe and Doya, 2018")
    sigma = _define_sigmoid(d)
    rest = minus(1, sigma)
    d.define(defined(F, times("z", sigma)), "z, as far as its sigmoid lets it through.")
    d.show(
        equal(SLOPE, plus(sigma, times("z", sigma, rest)), times(sigma, plus(1, times("z", rest)))),
        "Product rule, with σ′ = σ (1 − σ).",
        title="Derivative",
    )
    return d


def softplus() -> Derivation:
    """f′ = σ."""
    d = _begin("softplus", source="Dugas, Bengio, Bélisle, Nadeau and Garcia, NIPS 2000")
    sigma = _define_sigmoid(d)
    d.define(defined(F, apply("ln", plus(1, EXP_Z))), "A ReLU with a round corner.")
    d.show(
        equal(SLOPE, over(EXP_Z, plus(1, EXP_Z)), sigma),
        "Chain rule; expanded by e⁻ᶻ this is the sigmoid.",
        title="Derivative",
    )
    return d


def sigmoid() -> Derivation:
    """f′ = f (1 − f)."""
    d = _begin("sigmoid")
    d.define(defined(F, over(1, plus(1, EXP_MINUS_Z))), "From 0 to 1, ½ at 0.")
    d.show(
        equal(SLOPE, over(EXP_MINUS_Z, square(plus(1, EXP_MINUS_Z)))),
        "Derivative of a reciprocal: minus the inner derivative −e⁻ᶻ, over the square.",
        title="Reciprocal rule",
    )
    d.show(
        equal(minus(1, F), over(EXP_MINUS_Z, plus(1, EXP_MINUS_Z))),
        "What is missing to 1.",
        title="The rest",
    )
    d.show(
        equal(SLOPE, times(F, minus(1, F))),
        "The product of the two: the derivative needs nothing but the activation itself.",
        title="Derivative",
    )
    return d


def tanh() -> Derivation:
    """f′ = 1 − f²."""
    d = _begin("tanh")
    up, down = minus(EXP_Z, EXP_MINUS_Z), plus(EXP_Z, EXP_MINUS_Z)
    d.define(defined(F, over(up, down)), "From −1 to 1, 0 at 0.")
    d.show(
        equal(SLOPE, over(minus(square(down), square(up)), square(down))),
        "Quotient rule: numerator and denominator are each other's derivatives.",
        title="Quotient rule",
    )
    d.show(equal(SLOPE, minus(1, square(F))), "The first square cancels.", title="Derivative")
    return d


def step() -> Derivation:
    """f′ = 0 on both sides of the jump."""
    d = _begin("step", kink="step(0) := 0 and step′(0) := 0")
    d.define(defined(F, _sided(number(1), number(0))), "On or off.")
    d.show(
        equal(SLOPE, number(0)),
        "Flat on both sides of the jump: a gradient never passes, so step networks are made by "
        "reasoning and not by training.",
        title="Derivative",
    )
    return d
