"""The theory of initialisation: what a layer does to the variance of what passes through it."""

from __future__ import annotations

from chalknet.derive.derivation import Derivation
from chalknet.derive.meaning import Function, Meanings, Random, Variable
from chalknet.derive.writing import (
    apply,
    defined,
    equal,
    expected,
    half,
    letter,
    minus,
    number,
    over,
    plus,
    power,
    root,
    square,
    sum_over,
    times,
    variance,
)
from chalknet.explain.formula import Formula, Integral, Symbol

__all__ = ["glorot", "variance_backward", "variance_forward", "variance_relu"]

N_IN, N_OUT = Symbol("n", "in"), Symbol("n", "out")
SIGMA2, V2, G2, S2 = square("σ"), square("v"), square("g"), square("s")
ZERO = number(0)
PI, INFINITY = Symbol("π"), Symbol("∞")
POSITIVE = Variable("positive")
GLOROT = "Glorot and Bengio, Understanding the difficulty of training deep networks, AISTATS 2010"
HE = "He, Zhang, Ren and Sun, Delving deep into rectifiers, ICCV 2015"


def variance_forward() -> Derivation:
    """Var[a] = n_in σ² v²."""
    meanings = Meanings(
        sizes={"n_in": 3},
        indices={"i": (1, "n_in")},
        variables={"σ": POSITIVE, "v": POSITIVE},
        randoms={
            "w": Random(ZERO, SIGMA2, shape=("n_in",)),
            "x": Random(ZERO, V2, shape=("n_in",)),
        },
    )
    d = Derivation(
        "variance-forward",
        "The variance of a pre-activation",
        meanings,
        other_sizes=({"n_in": 1}, {"n_in": 4}),
        source=GLOROT,
        notes=("Weights (variance σ²) and inputs (variance v²) are independent, with mean 0.",),
    )
    term = times(letter("w", "i"), letter("x", "i"))
    w2, x2 = square(letter("w", "i")), square(letter("x", "i"))
    d.define(
        defined("a", sum_over("i", term)),
        "One neuron, before its bias of 0.",
        title="Pre-activation",
    )
    d.show(
        equal(expected(term), times(expected(letter("w", "i")), expected(letter("x", "i"))), ZERO),
        "Weight and input are independent, so the mean of the product is the product of the means.",
        title="Mean of a term",
    )
    d.show(
        equal(variance(term), times(expected(w2), expected(x2)), times(SIGMA2, V2)),
        "With means of 0, a variance is the mean of the square, and independent squares multiply.",
        title="Variance of a term",
    )
    d.show(
        equal(variance("a"), sum_over("i", variance(term)), times(N_IN, SIGMA2, V2)),
        "The terms are uncorrelated, so their variances add.",
        title="Variance of the sum",
    )
    d.show(
        equal(times(N_IN, over(1, N_IN), V2), V2),
        "With σ² = 1/n_in the variance comes out as it went in, for any number of inputs.",
        title="The choice that keeps it",
    )
    return d


def variance_relu() -> Derivation:
    """E[y] = s/√(2π), E[y²] = s²/2, Var[y] = s² (π − 1)/(2π); σ² = 2/n_in."""
    mean, spread = over("s", root(times(2, PI))), over(times(S2, minus(PI, 1)), times(2, PI))
    meanings = Meanings(
        sizes={"n_in": 3},
        indices={"i": (1, "n_in")},
        variables={"σ": POSITIVE, "s": POSITIVE},
        randoms={
            "a": Random(ZERO, S2, law="normal"),
            "w": Random(ZERO, SIGMA2, shape=("n_in",)),
            "h": Random(mean, spread, shape=("n_in",)),
        },
        functions={"max": Function("Max", max)},
    )
    d = Derivation(
        "variance-relu",
        "The variance behind a ReLU, and He's factor 2",
        meanings,
        other_sizes=({"n_in": 2},),
        points=2,  # every one takes a dozen integrals
        source=HE,
        notes=(
            "a is Gaussian with mean 0 and variance s²; weights (variance σ²) are independent "
            "with mean 0.",
        ),
    )
    _behind_a_relu(d, mean, spread)
    _next_layer(d)
    return d


def _behind_a_relu(d: Derivation, mean: Formula, spread: Formula) -> None:
    u = Symbol("u")
    density = times(
        over(1, times("s", root(times(2, PI)))),
        power("e", minus(over(square(u), times(2, S2)))),
    )
    d.section("Behind the ReLU")
    d.define(defined("y", apply("max", ZERO, "a")), "The ReLU.", title="Activation")
    d.show(
        equal(expected("y"), Integral(times(u, density), u, ZERO, INFINITY), mean),
        "Only the positive half of the bell counts; the antiderivative is −s² times the density.",
        title="Mean",
    )
    d.show(
        equal(
            expected(square("y")),
            Integral(times(square(u), density), u, ZERO, INFINITY),
            half(expected(square("a"))),
            over(S2, 2),
        ),
        "The integrand is symmetric, so half the bell holds half of E[a²].",
        title="Mean square",
    )
    d.show(
        equal(
            variance("y"),
            minus(over(S2, 2), over(S2, times(2, PI))),
            spread,
        ),
        "Mean square minus squared mean: less than half the variance is left.",
        title="Variance",
    )


def _next_layer(d: Derivation) -> None:
    term = times(letter("w", "i"), letter("h", "i"))
    d.section(
        "Through the next layer", "The inputs hᵢ are now distributed as y: their mean is not 0."
    )
    d.define(defined("z", sum_over("i", term)), "The next neuron.", title="Pre-activation")
    d.show(
        equal(variance("z"), times(N_IN, SIGMA2, expected(square(letter("h", "1"))))),
        "The weights' mean of 0 leaves the mean square of the inputs, not their variance.",
        title="What counts is the mean square",
    )
    d.show(
        equal(variance("z"), times(N_IN, SIGMA2, over(S2, 2))),
        "The ReLU halves it.",
        title="Variance",
    )
    d.show(
        equal(times(N_IN, over(2, N_IN), over(S2, 2)), S2),
        "With σ² = 2/n_in every layer has the variance of the one before.",
        title="The factor 2",
    )


def variance_backward() -> Derivation:
    """Var[∂x_i] = n_out σ² g²."""
    meanings = Meanings(
        sizes={"n_out": 3},
        indices={"j": (1, "n_out")},
        variables={"σ": POSITIVE, "g": POSITIVE},
        randoms={
            "w": Random(ZERO, SIGMA2, shape=("n_out",)),
            "δ": Random(ZERO, G2, shape=("n_out",)),
        },
    )
    d = Derivation(
        "variance-backward",
        "The variance of a back-propagated gradient",
        meanings,
        other_sizes=({"n_out": 1}, {"n_out": 4}),
        source=GLOROT,
        notes=("Weights (variance σ²) and deltas (variance g²) are independent, with mean 0.",),
    )
    term = times(letter("w", "j"), letter("δ", "j"))
    d.define(
        defined("d", sum_over("j", term)),
        "The gradient by one input: it goes to every neuron of the layer, through its weight.",
        title="Gradient by an input",
    )
    d.show(
        equal(variance(term), times(SIGMA2, G2)),
        "As on the way forward: means of 0 and independence.",
        title="Variance of a term",
    )
    d.show(
        equal(variance("d"), sum_over("j", variance(term)), times(N_OUT, SIGMA2, G2)),
        "The terms are uncorrelated, so their variances add: now over n_out neurons.",
        title="Variance of the gradient",
    )
    d.show(
        equal(times(N_OUT, over(1, N_OUT), G2), G2),
        "Backward, σ² = 1/n_out keeps the variance.",
        title="The choice that keeps it",
    )
    return d


def glorot() -> Derivation:
    """σ² = 2/(n_in + n_out), between 1/n_in and 1/n_out."""
    total = plus(N_IN, N_OUT)
    meanings = Meanings(variables={"n_in": POSITIVE, "n_out": POSITIVE})
    d = Derivation(
        "glorot",
        "Glorot's compromise",
        meanings,
        source=GLOROT,
        notes=("Forward asks for n_in σ² = 1, backward for n_out σ² = 1.",),
    )
    d.define(
        defined("τ", over(2, total)),
        "The reciprocal of the mean of both widths, as the variance σ².",
        title="The compromise",
    )
    d.show(
        equal(half(plus(times(N_IN, "τ"), times(N_OUT, "τ"))), number(1)),
        "The factors of the forward and of the backward pass are 1 on average.",
        title="Both passes on average",
    )
    d.show(
        equal(times(N_IN, "τ"), over(times(2, N_IN), total)),
        "Forward alone: exactly 1 only for a layer as wide as the one before.",
        title="Forward factor",
    )
    d.define(
        defined("r", root(over(6, total))),
        "Half the width of the interval from which a uniform weight is drawn.",
        title="Uniform weights",
    )
    d.show(
        equal(
            Integral(over(square("u"), times(2, "r")), Symbol("u"), minus("r"), Symbol("r")),
            over(square("r"), 3),
            "τ",
        ),
        "The variance of a uniform weight on [−r, r] is r²/3.",
        title="Their variance",
    )
    return d
