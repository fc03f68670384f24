"""The chain rule through a layer, and the four equations of backpropagation."""

from __future__ import annotations

import mpmath as mp

from chalknet.derive.derivation import Derivation
from chalknet.derive.meaning import Generic, Meanings, Variable
from chalknet.derive.writing import (
    apply,
    defined,
    equal,
    letter,
    minus,
    partial,
    plus,
    sum_over,
    times,
    vector,
)
from chalknet.explain.formula import Hadamard, Transpose

__all__ = ["backpropagation", "chain_rule_affine"]

LAYERS = 3


def _mixed(*values: mp.mpf) -> mp.mpf:
    """A smooth function in which every argument meets every other."""
    total = mp.fsum((k + 1) * value / 3 for k, value in enumerate(values))
    return mp.sin(total) + mp.fsum(value**2 * (k + 1) for k, value in enumerate(values)) * total


def chain_rule_affine() -> Derivation:
    """dX = dZ Wᵀ, dW = Xᵀ dZ, db = Σ dZ."""
    meanings = Meanings(
        sizes={"N": 2, "d": 2, "h": 2},
        indices={"n": (1, "N"), "i": (1, "d"), "k": (1, "h")},
        variables={
            "X": Variable(shape=("N", "d")),
            "W": Variable(shape=("d", "h")),
            "b": Variable(shape=("h",)),
        },
        functions={"ℓ": Generic(0, _mixed)},
    )
    d = Derivation(
        "chain-rule-affine",
        "The chain rule through Z = XW + b",
        meanings,
        other_sizes=({"N": 1, "d": 3, "h": 1}, {"N": 3, "d": 1, "h": 2}),
        notes=("ℓ is any differentiable function of all entries of Z.",),
    )
    Z, X, W, b = letter("Z", "nk"), letter("X", "ni"), letter("W", "ik"), letter("b", "k")
    delta = letter("δ", "nk")
    d.define(
        defined(Z, plus(sum_over("i", times(X, W)), b)),
        "One row a sample n, one column a neuron k.",
        title="Pre-activation",
    )
    d.define(defined("L", apply("ℓ", vector("Z"))), "The loss, whatever follows.", title="Loss")
    d.define(
        defined(delta, partial("L", Z)),
        "What the sweep brings from above: the gradient by the pre-activations.",
        title="dZ, written δ",
    )
    d.show(
        equal(partial("L", W), sum_over("n", times(X, delta))),
        "A weight reaches the loss through its neuron in every sample, each time times its input.",
        title="Gradient by a weight",
    )
    d.show(
        equal(partial("L", b), sum_over("n", delta)),
        "A bias is a weight whose input is always 1.",
        title="Gradient by a bias",
    )
    d.show(
        equal(partial("L", X), sum_over("k", times(W, delta))),
        "An input reaches the loss through every neuron of its own sample.",
        title="Gradient by an input",
    )
    d.show(
        equal(partial("L", vector("W")), times(Transpose(vector("X")), vector("δ"))),
        "The sum over samples is a matrix product: the sum of the rank-one matrices xₙ δₙᵀ.",
        title="dW in matrices",
    )
    d.show(
        equal(partial("L", vector("X")), times(vector("δ"), Transpose(vector("W")))),
        "The sum over neurons is a product with the transposed weights.",
        title="dX in matrices",
    )
    return d


def backpropagation() -> Derivation:
    """The four equations, for column vectors: z = W a + b."""
    meanings = Meanings(
        sizes={"L": LAYERS, "w": 2},
        indices={"l": (1, "L"), "j": (1, "w"), "k": (1, "w")},
        variables={
            "W": Variable(shape=(LAYERS, "w", "w")),
            "b": Variable(shape=(LAYERS, "w")),
            "x": Variable(shape=("w",)),
            "y": Variable(shape=("w",)),
        },
        functions={
            "f": Generic(1, lambda z: mp.tanh(z) + z / 3),
            "c": Generic(2, lambda a, y: (a - y) ** 2 + mp.sin(a * y)),
        },
    )
    d = Derivation(
        "backpropagation",
        "Backpropagation: the four equations",
        meanings,
        other_sizes=({"w": 1}, {"w": 3}),
        source="Rumelhart, Hinton and Williams, Nature 323, 1986",
        notes=(
            "f is any differentiable activation function, c any differentiable loss of an output; "
            f"w is the width of a layer. Verified for {LAYERS} layers.",
        ),
    )
    _network(d)
    _four_equations(d)
    return d


def _network(d: Derivation) -> None:
    below, z, a = minus("l", 1), letter("z", "j", "l"), letter("a", "j", "l")
    d.section(
        "The network", "Layers l = 1 … L; neuron j of layer l takes its inputs from layer l − 1."
    )
    d.define(defined(letter("a", "j", "0"), letter("x", "j")), "The inputs.", title="Layer 0")
    d.define(
        defined(
            z,
            plus(
                sum_over("k", times(letter("W", "jk", "l"), letter("a", "k", below))),
                letter("b", "j", "l"),
            ),
        ),
        "Weighted sum of what the layer below says.",
        title="Pre-activation",
    )
    d.define(defined(a, apply("f", z)), "The activation function.", title="Activation")
    d.define(
        defined("C", sum_over("j", apply("c", letter("a", "j", "L"), letter("y", "j")))),
        "The loss depends on the last activations only.",
        title="Loss",
    )
    d.define(
        defined(letter("δ", "j", "l"), partial("C", z)),
        "The gradient by a pre-activation: how much the loss would change if it changed.",
        title="Delta",
    )


def _four_equations(d: Derivation) -> None:
    l, above = letter("l"), plus("l", 1)  # noqa: E741 - the layer's name everywhere
    z, a_last = letter("z", "j", "l"), letter("a", "j", "L")
    delta, delta_above = letter("δ", "j", "l"), letter("δ", "k", above)
    slope = apply("f", z, primes=1)
    inner = range(1, LAYERS)
    d.section("The four equations")
    d.show(
        equal(
            letter("δ", "j", "L"),
            times(partial("C", a_last), apply("f", letter("z", "j", "L"), primes=1)),
        ),
        "The last pre-activation reaches the loss through its own activation only.",
        title="1. The last layer",
    )
    d.show(
        equal(
            partial(letter("z", "k", above), z),
            times(letter("W", "kj", above), slope),
        ),
        "Neuron j of layer l reaches neuron k of layer l + 1 through one weight.",
        title="One step up",
        l=inner,
    )
    d.show(
        equal(
            delta,
            sum_over("k", times(delta_above, partial(letter("z", "k", above), z))),
            times(sum_over("k", times(letter("W", "kj", above), delta_above)), slope),
        ),
        "Chain rule over all neurons of the layer above; the slope is common to all terms.",
        title="2. From layer to layer",
        l=inner,
    )
    d.show(
        equal(
            vector("δ", sup="l"),
            Hadamard.of(
                times(Transpose(vector("W", sup=above)), vector("δ", sup=above)),
                apply("f", vector("z", sup="l"), primes=1),
            ),
        ),
        "The same for all neurons at once: the transposed weights carry the deltas back.",
        title="2. In matrices",
        l=inner,
    )
    d.show(
        equal(partial("C", letter("b", "j", l)), delta),
        "A bias moves its pre-activation one for one.",
        title="3. Biases",
    )
    d.show(
        equal(
            partial("C", letter("W", "jk", l)),
            times(delta, letter("a", "k", minus("l", 1))),
        ),
        "A weight moves its pre-activation by the activation that it carries.",
        title="4. Weights",
    )
