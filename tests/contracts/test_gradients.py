"""The contract of gradients: every activation × every loss × {1, 3} outputs × weighted or not.

Five random networks each, 1,540 in all, with activations mixed, with and without L2 and dropout.
Errors are relative to the largest element of the gradient: an element near zero has no digits of
its own.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chalknet.operations import activations, losses
from oracles import naive_forward
from oracles.problem import Answer, Array, GradientsOf, Problem
from oracles.random_networks import ACTIVATIONS, LOSSES, random_problem

SEEDS = range(5)
COMPLEX_STEP, DIFFERENCES = 1e-12, 1e-7

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
every_loss = pytest.mark.parametrize("loss", LOSSES)
every_reduction = pytest.mark.parametrize(
    ("outputs", "weighted"), [(1, False), (1, True), (3, False), (3, True)]
)


@functools.cache
def problems(activation: str, loss: str, outputs: int, weighted: bool) -> list[Problem]:
    return [
        random_problem(activation, loss, outputs=outputs, weighted=weighted, seed=seed)
        for seed in SEEDS
    ]


@functools.cache
def by_complex_step(*case: Any) -> list[tuple[Array, Array]]:
    return [naive_forward.complex_step(problem) for problem in problems(*case)]


@functools.cache
def by_differences(*case: Any) -> list[tuple[Array, Array]]:
    return [naive_forward.central_differences(problem) for problem in problems(*case)]


def error(answer: Answer, true: tuple[Array, Array]) -> float:
    """max |computed − true| / max |true|; where all is zero, nothing but zero will do."""
    pairs = [(answer.parameters, true[0])]
    pairs += [] if answer.X is None else [(answer.X, true[1])]
    assert all(computed.shape == exact.shape for computed, exact in pairs)
    gap = max(float(np.abs(computed - exact).max()) for computed, exact in pairs)
    largest = max(float(np.abs(exact).max()) for exact in true)
    return gap / largest if largest else (np.inf if gap else 0.0)


def test_nothing_is_left_out() -> None:
    assert set(ACTIVATIONS) == set(activations.ACTIVATIONS)
    assert set(LOSSES) == set(losses.LOSSES)


@every_reduction
@every_loss
@every_activation
class TestGradients:
    def test_complex_step(
        self, gradients_of: GradientsOf, activation: str, loss: str, outputs: int, weighted: bool
    ) -> None:
        case = (activation, loss, outputs, weighted)
        for problem, true in zip(problems(*case), by_complex_step(*case), strict=True):
            assert error(gradients_of(problem), true) <= COMPLEX_STEP

    def test_central_differences(
        self, gradients_of: GradientsOf, activation: str, loss: str, outputs: int, weighted: bool
    ) -> None:
        case = (activation, loss, outputs, weighted)
        for problem, true in zip(problems(*case), by_differences(*case), strict=True):
            assert error(gradients_of(problem), true) <= DIFFERENCES

    def test_value(
        self, gradients_of: GradientsOf, activation: str, loss: str, outputs: int, weighted: bool
    ) -> None:
        for problem in problems(activation, loss, outputs, weighted):
            expected = naive_forward.value(replace(problem, l2=0.0))
            assert gradients_of(problem).loss == pytest.approx(expected, rel=1e-12, abs=1e-14)

    def test_float32(
        self, gradients_of: GradientsOf, activation: str, loss: str, outputs: int, weighted: bool
    ) -> None:
        """The same gradients to single precision."""
        case = (activation, loss, outputs, weighted)
        for problem, true in zip(problems(*case), by_complex_step(*case), strict=True):
            answer = gradients_of(problem, np.float32)
            assert answer.parameters.dtype == np.float32
            assert error(answer, true) <= 2e-5


@pytest.mark.parametrize("loss", LOSSES)
def test_nothing_flows_back_through_a_step(gradients_of: GradientsOf, loss: str) -> None:
    """The derivative of step is 0 by convention, at the jump too: below it nothing learns."""
    problem = random_problem("step", loss, outputs=3, weighted=False, seed=9, only=("step",))
    problem = replace(problem, l2=0.0)
    answer = gradients_of(problem)
    last = problem.layers[-1]
    below = len(problem.parameters) - (
        last.W.size + last.b.size if last.activation == "identity" else 0
    )
    assert below > 0
    assert not answer.parameters[:below].any()
    assert answer.X is None or not answer.X.any()


@every_loss
def test_the_penalty_is_on_weights_and_never_on_biases(
    gradients_of: GradientsOf, loss: str
) -> None:
    problem = random_problem("tanh", loss, outputs=3, weighted=False, seed=1)
    plain = gradients_of(replace(problem, l2=0.0)).parameters
    difference = gradients_of(replace(problem, l2=0.3)).parameters - plain
    expected = np.concatenate(
        [part for layer in problem.layers for part in (0.3 * layer.W.ravel(), 0 * layer.b)]
    )
    assert np.abs(difference - expected).max() <= 1e-13 * np.abs(plain).max()


@every_loss
def test_only_ratios_of_weights_matter(gradients_of: GradientsOf, loss: str) -> None:
    problem = random_problem("silu", loss, outputs=3, weighted=True, seed=2)
    problem = replace(problem, l2=0.0)
    assert problem.sample_weight is not None
    here = gradients_of(problem)
    there = gradients_of(replace(problem, sample_weight=1e6 * problem.sample_weight))
    largest = np.abs(here.parameters).max()
    assert np.abs(there.parameters - here.parameters).max() <= 1e-13 * largest
    assert there.loss == pytest.approx(here.loss, rel=1e-13)
