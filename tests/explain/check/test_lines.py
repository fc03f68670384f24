"""The lines as a graph come to the same as the textbook's own sweeps, by every right way."""

from __future__ import annotations

import random

import numpy as np
import pytest

from chalknet.explain.check.working import Carried, Working
from chalknet.explain.problem import Layer, Problem
from chalknet.explain.solution import solve
from chalknet.operations.losses import LOSSES
from chalknet.training.optimizers import OPTIMIZERS, as_optimizer
from explain.check.planting import random_task
from explain.check.problems import problem_of
from explain.check.student import Student


def a_problem(loss, optimizer, *, n, activation="tanh", output="identity", l2=0.0, weighted=False):
    rng = np.random.default_rng(7)
    targets = rng.integers(0, 2, (n, 3)).astype(float)
    if loss == "softmax_cross_entropy":
        targets = np.eye(3)[rng.integers(0, 3, n)]
    single = n == 1
    return Problem(
        layers=[
            Layer(weights=rng.normal(size=(4, 2)), bias=rng.normal(size=4), activation=activation),
            Layer(weights=rng.normal(size=(3, 4)), bias=rng.normal(size=3), activation=output),
        ],
        inputs=rng.normal(size=(n, 2))[0] if single else rng.normal(size=(n, 2)),
        targets=targets[0] if single else targets,
        loss=loss,
        optimizer=as_optimizer(optimizer, learning_rate=0.1),
        l2=l2,
        sample_weight=np.arange(1.0, n + 1) if weighted else None,
    )


def assert_the_same(problem):
    working = Working(problem)
    values = Carried(working.lines, working.given)
    solution = solve(problem).values
    assert set(working.shapes) == {name for name in solution if name not in working.given}
    for symbol, line in working.lines.items():
        for way in line.by_every_way(values):
            if not np.isnan(way).any():  # f′ that nobody writes with the activation
                np.testing.assert_allclose(
                    way, working.true[symbol], rtol=1e-10, atol=1e-13, err_msg=symbol
                )


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss(loss, n):
    assert_the_same(a_problem(loss, "sgd", n=n, l2=0.25, weighted=n > 1))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer(optimizer):
    assert_the_same(a_problem("half_squared_error", optimizer, n=2, output="sigmoid"))


@pytest.mark.parametrize(
    "activation", ["relu", "sigmoid", "softplus", "elu", "leaky_relu", "gelu", "silu", "identity"]
)
def test_every_way_to_the_derivative(activation):
    assert_the_same(a_problem("softmax_cross_entropy", "adam", n=2, activation=activation))


def test_only_a_forward_pass():
    problem = Problem(layers=[Layer(weights=[[1, 2]], bias=[3])], inputs=[4, 5])
    assert list(Working(problem).lines) == ["z1", "a1"]
    assert_the_same(problem)


def test_the_student_works_as_the_textbook_does():
    """What the planted mistakes stand on: the loops of ``student.py`` are right."""
    for seed in range(200):
        task = random_task(random.Random(f"loops-{seed}"))
        try:
            sheet = Student(task).sheet
        except (OverflowError, ValueError):
            continue
        values = solve(problem_of(task)).values
        for symbol, value in sheet.items():
            # log (1 − p) by hand loses digits where p is near 1.
            rtol = 1e-6 if symbol.startswith("loss") else 1e-9
            np.testing.assert_allclose(
                np.array(value), values[symbol], rtol=rtol, atol=1e-9, err_msg=f"{seed} {symbol}"
            )


def test_on_a_kink_the_truth_is_that_of_paper():
    """0.1 + 0.2 − 0.3 is 0, and relu′(0) := 0; floats would have it 5.6e-17 and 1."""
    for one in (0.1, "0.1"):
        problem = Problem(
            layers=[
                Layer(weights=[[one, "0.2"]], bias=["-0.3"], activation="relu"),
                Layer(weights=[[2]], bias=[0]),
            ],
            inputs=[1, 1],
            targets=[1],
            loss="half_squared_error",
        )
        working = Working(problem)
        assert working.true["z1"] == 0
        assert working.true["dz1"] == 0
        assert working.true["dW1"].tolist() == [[0], [0]]
