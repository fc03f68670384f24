"""The accuracy that is promised of operations, asked of whatever trains with them.

A network of one layer with W = (z₁ … zₘ), b = 0 and the single input 1 has the pre-activations
z₁ … zₘ exactly, and db is ∂loss/∂Z. With the absolute error and targets far below, ∂loss/∂A = 1, so
that db is f′(z).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from oracles.exact import Truth, exact, worst
from oracles.exact_activations import EXACT_ACTIVATIONS, NEIGHBOURHOOD
from oracles.exact_losses import EXACT_LOSSES, softmax_cross_entropy
from oracles.floats import FLOATS, TOLERANCE, Floats, grid
from oracles.problem import Answer, Array, GradientsOf, Layer, Problem
from oracles.random_networks import ACTIVATIONS

Float = type[np.floating[Any]]


def one_layer(z: Floats, targets: Array, loss: str, activation: str = "identity") -> Problem:
    return Problem(
        [Layer(z[None, :], np.zeros(len(z)), activation, ACTIVATIONS[activation])],
        X=np.ones((1, 1)),
        targets=targets,
        loss=loss,
        loss_parameters=(),
        sample_weight=None,
        l2=0.0,
        rates=(),
        epoch_key=0,
    )


def db(answer: Answer) -> Array:
    """The second half of the gradient, as long as W, which is a single row."""
    return np.split(answer.parameters, 2)[1]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_derivatives(gradients_of: GradientsOf, activation: str, dtype: Float) -> None:
    z = grid(dtype)
    z = z[np.abs(z) <= 1e30][::3]
    far_below = np.full((1, len(z)), -1e31)
    answer = gradients_of(one_layer(z, far_below, "absolute_error", activation), dtype)
    known = EXACT_ACTIVATIONS[activation]
    parameters = [exact(value) for value in ACTIVATIONS[activation]]
    numbers = [exact(value) for value in z]
    slopes = [known.derivative(number, *parameters) for number in numbers]
    scale = [
        known.terms(number)
        if known.terms and known.zero and abs(number - known.zero) < NEIGHBOURHOOD
        else slope
        for number, slope in zip(numbers, slopes, strict=True)
    ]
    assert worst(Truth.of(slopes, scale).errors(db(answer))) <= TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", FLOATS)
def test_sigmoid_cross_entropy(gradients_of: GradientsOf, dtype: Float) -> None:
    z = grid(dtype)
    z = z[np.abs(z) <= 1e30][::3]
    t = (np.arange(len(z)) % 2).astype(np.float64)
    answer = gradients_of(one_layer(z, t[None, :], "sigmoid_cross_entropy"), dtype)
    known = EXACT_LOSSES["sigmoid_cross_entropy"]
    pairs = [(exact(o), exact(target)) for o, target in zip(z, t, strict=True)]
    truth = Truth.of_sums(known.gradient(*pair) for pair in pairs)
    assert worst(truth.errors(db(answer))) <= TOLERANCE[dtype]
    total = Truth.of_sums([[term for pair in pairs for term in known.value(*pair)]])
    assert worst(total.errors(np.array([answer.loss]))) <= TOLERANCE[dtype]


@pytest.mark.parametrize("kind", ["class", "one-hot"])
@pytest.mark.parametrize("K", [2, 10])
@pytest.mark.parametrize("dtype", FLOATS)
def test_softmax_cross_entropy(gradients_of: GradientsOf, dtype: Float, K: int, kind: str) -> None:
    rng = np.random.default_rng(K)
    anything = grid(dtype)[np.abs(grid(dtype)) <= 1e30]
    rows = [rng.normal(0, spread, K) for spread in (0.01, 1, 10, 40, 100, 300) for _ in range(8)]
    rows += [rng.choice(anything, K) for _ in range(20)]
    for row in rows:
        z = row.astype(dtype)
        k = int(z.argmax() if rng.random() < 0.5 else rng.integers(K))
        one_hot = np.eye(K)[[k]]
        targets = one_hot if kind == "one-hot" else np.array([k])
        answer = gradients_of(one_layer(z, targets, "softmax_cross_entropy"), dtype)
        value, gradient = softmax_cross_entropy(
            [exact(o) for o in z], [exact(t) for t in one_hot[0]]
        )
        assert worst(Truth.of_sums(gradient).errors(db(answer))) <= TOLERANCE[dtype]
        loss = np.array([answer.loss])
        assert worst(Truth.of_sums([value]).errors(loss)) <= TOLERANCE[dtype]
