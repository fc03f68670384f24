"""Derivations: every line is true, a false line cannot be shown, and the results are ours."""

from __future__ import annotations

import math
import random
import re

import mpmath as mp
import numpy as np
import pytest

from chalknet.derive import activations as activation_derivations
from chalknet.derive import cross_entropies, initialization
from chalknet.derive import derivation as derivation_module
from chalknet.derive.catalogue import DERIVATIONS, derive
from chalknet.derive.derivation import Derivation
from chalknet.derive.meaning import Generic, Meanings, Variable
from chalknet.derive.numeric import NumericReading
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
    square,
    sum_over,
    times,
)
from chalknet.errors import ConfigurationError, VerificationError
from chalknet.explain.formula import Number, Relation
from chalknet.operations.activations import as_activation
from chalknet.operations.losses import SoftmaxCrossEntropy

WANTED = [
    "squared-norm",
    "mean-minimises-squares",
    "absolute-error-subgradient",
    "squared-error-gradient",
    "chain-rule-affine",
    "sigmoid-cross-entropy",
    "softmax-jacobian",
    "softmax-cross-entropy",
    "backpropagation",
    "variance-forward",
    "variance-relu",
    "variance-backward",
    "glorot",
    "momentum-as-ema",
    "adam-bias-correction",
    "identity-derivative",
    "relu-derivative",
    "leaky-relu-derivative",
    "elu-derivative",
    "selu-derivative",
    "gelu-derivative",
    "silu-derivative",
    "softplus-derivative",
    "sigmoid-derivative",
    "tanh-derivative",
    "step-derivative",
]


def test_all_are_there() -> None:
    assert sorted(DERIVATIONS) == sorted(WANTED)


@pytest.mark.parametrize("name", WANTED)
def test_every_claim_is_verified_twice(name: str) -> None:
    explanation = derive(name)
    claims = [step for step in explanation.steps if step.equation.sign != ":="]
    assert claims
    assert explanation.steps[-1] in claims
    for step in claims:
        proof, computed = step.checks
        assert "algebra" in proof.method
        assert "random points" in computed.method
        assert computed.error <= computed.tolerance
    assert all(re.search(r"[.!?]$", step.reason) for step in explanation.steps)


# A false line cannot be shown ------------------------------------------------------------------

X = Meanings(
    sizes={"n": 3},
    indices={"i": (1, "n"), "k": (1, "n")},
    variables={"x": Variable(shape=("n",)), "z": Variable("nonzero"), "u": Variable("positive")},
    functions={"f": Generic(1, mp.sin)},
)
x_i, x_k, z, u = letter("x", "i"), letter("x", "k"), letter("z"), letter("u")
FALSE = {
    "a lost factor": equal(partial(sum_over("i", square(x_i)), x_k), x_k),
    "a wrong sign": equal(minus(z, u), minus(u, z)),
    "true on one side only": equal(power(square(z), over(1, 2)), z),
    "a wrong index": equal(partial(x_i, x_k), number(1)),
    "a property that f need not have": equal(
        apply("f", plus(z, u)), plus(apply("f", z), apply("f", u))
    ),
    "a wrong order": Relation(plus(u, 1), "≤", u),
    "true only sometimes": Relation(times(u, u), "≥", u),
    "wrong in the middle of a chain": equal(plus(u, u), times(3, u), times(2, u)),
    "wrong at the end of a chain": equal(plus(u, u), times(2, u), times(3, u)),
}


@pytest.mark.parametrize("claim", FALSE.values(), ids=FALSE)
def test_a_false_line_is_refused(claim: Relation) -> None:
    with pytest.raises(
        VerificationError, match="test: the line 'False' is not true and cannot be shown"
    ):
        Derivation("test", "Test", X).show(claim, "Because.", title="False")


@pytest.mark.parametrize("claim", FALSE.values(), ids=FALSE)
def test_numbers_alone_refuse_it_too(claim: Relation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derivation_module, "_proved", lambda *sides: True)
    with pytest.raises(VerificationError):
        Derivation("test", "Test", X).show(claim, "Because.", title="False")


@pytest.mark.parametrize("name", WANTED)
def test_no_line_of_a_derivation_survives_a_change(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each claim with its right-hand side moved is refused, by either verification alone."""
    original = Derivation.show
    refused = 0

    def show(self: Derivation, claim: Relation, reason: str, **options: object) -> None:
        nonlocal refused
        original(self, claim, reason, **options)
        if claim.sign != "=":
            return
        zero = isinstance(claim.right, Number) and claim.right.value == 0
        wrong = Relation(claim.left, "=", number(1) if zero else times(3, claim.right))
        # Algebra takes long to give up on a false line about three layers of unknown functions.
        routes = ("_proved",) if name == "backpropagation" else ("_proved", "_error")
        for route in routes:
            with monkeypatch.context() as patch:
                patch.setattr(
                    derivation_module,
                    route,
                    (lambda *s: True) if route == "_proved" else lambda *s: 0,
                )
                with pytest.raises(VerificationError):
                    original(self, wrong, reason, **options)
        refused += 1

    monkeypatch.setattr(Derivation, "show", show)
    derive(name)
    assert refused >= 1


def test_what_has_no_meaning_is_no_claim() -> None:
    with pytest.raises(LookupError, match="q has no meaning"):
        Derivation("test", "Test", X).show(equal("q", "q"), "Because.", title="Unknown")


def test_sizes_and_definitions() -> None:
    d = Derivation("test", "Test", X, other_sizes=({"n": 5},))
    d.define(defined("S", sum_over("i", x_i)), "A sum.")
    d.show(equal(partial("S", x_k), number(1)), "Each entry counts once.", title="Derivative")
    with pytest.raises(VerificationError):  # true for n = 3 and not for n = 5
        d.show(equal(sum_over("i", number(1)), number(3)), "Three of them.", title="Count")


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'softmax-jacobian'"):
        derive("softmax-jacobean")


# The results are what the textbook computes ------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "identity",
        "relu",
        "leaky_relu",
        "elu",
        "selu",
        "gelu",
        "silu",
        "softplus",
        "sigmoid",
        "tanh",
        "step",
    ],
)
def test_activations_are_those_of_operations(name: str) -> None:
    d = getattr(activation_derivations, name)()
    ours = as_activation(name)
    constants = {"c": mp.mpf("0.01"), "α": mp.mpf(1), "λ": mp.mpf(1)}
    if name == "selu":
        constants = {"λ": mp.mpf("1.0507009873554804934"), "α": mp.mpf("1.6732632423543772848")}
    with mp.workdps(30):
        for point in (-3.0, -0.5, 0.25, 4.0):
            reading = NumericReading(d.meanings, random.Random(0))
            held = {(letter_, ()): value for letter_, value in constants.items()}
            with reading.holding({("z", ()): mp.mpf(point), **held}):
                value = reading.value(activation_derivations.F, {})
                slope = reading.value(activation_derivations.SLOPE, {})
            one = np.array([[1.0]])
            assert ours(np.array([[point]]))[0, 0] == pytest.approx(float(value), rel=1e-14)
            backward = ours.backward(one, np.array([[point]]))
            assert backward[0, 0] == pytest.approx(float(slope), rel=1e-14, abs=1e-16)


def test_the_variance_behind_a_relu_agrees_with_draws() -> None:
    draws = np.maximum(np.random.default_rng(1).normal(0, 2, 2_000_000), 0)
    d = initialization.variance_relu()
    results = {}
    with mp.workdps(30):
        reading = NumericReading(d.meanings, random.Random(0))
        with reading.holding({("s", ()): mp.mpf(2)}):
            for step in d.explanation().sections[0].steps:
                if step.checks:
                    results[step.title] = float(reading.value(step.equation.right, {}))
    assert results["Mean"] == pytest.approx(draws.mean(), rel=2e-3)
    assert results["Mean square"] == pytest.approx((draws**2).mean(), rel=3e-3)
    assert results["Variance"] == pytest.approx(draws.var(), rel=3e-3)
    assert results["Mean"] == pytest.approx(2 / math.sqrt(2 * math.pi), rel=1e-15)
    assert results["Variance"] == pytest.approx(4 * (math.pi - 1) / (2 * math.pi), rel=1e-15)


def test_softmax_and_its_gradient_are_those_of_the_loss() -> None:
    d = cross_entropies.softmax_cross_entropy()
    logits, targets = [0.5, -1.25, 2.0], [0.25, 0.5, 0.25]
    held = {("s", (k + 1,)): mp.mpf(value) for k, value in enumerate(logits)}
    held |= {("y", (k + 1,)): mp.mpf(value) for k, value in enumerate(targets)}
    loss, gradient = SoftmaxCrossEntropy().value_and_grad(np.array([logits]), [targets])
    with mp.workdps(30):
        reading = NumericReading(d.meanings, random.Random(0))
        with reading.holding(held):
            assert loss == pytest.approx(float(reading.value(letter("C"), {})), rel=1e-14)
            result = d.explanation().steps[-1].equation.right
            derived = [float(reading.value(result, {"n": n})) for n in (1, 2, 3)]
    assert gradient[0] == pytest.approx(derived, rel=1e-14)
