"""Solutions: held against PyTorch, against published working, and against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalknet.errors import ConfigurationError
from chalknet.explain.problem import Layer, Problem, read_problem
from chalknet.explain.solution import solve
from chalknet.explain.symbols import symbols_of
from chalknet.training.optimizers import SGD, Momentum
from oracles import torch_paper
from oracles.paper import random_problem

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

# The correct values of the course's question 1, as its study gives them (to about 1e-7, from p).
USC_Q1: dict[str, Any] = {
    "z1": [5, -5],
    "a1": [5, 0],
    "z2": [6, 15],
    "a2": [6, 15],
    "z3": [42, -31, 25],
    "p": [1, 0, 0],
    "dz3": [1, 0, -1],
    "W3_new": [[-1, -5.5], [3, -3], [5, 8.5]],
    "b3_new": [-0.5, -4, -1.5],
    "dz2": [0, 1],
    "W2_new": [[1, -2], [0.5, 4]],
    "b2_new": [1, -0.5],
    "dz1": [3, 0],
    "W1_new": [[-0.5, -0.5, -0.5], [3, 4, -2]],
    "b1_new": [-0.5, -2],
}


def close(ours: Any, theirs: Any) -> bool:
    """To 1e-12 of the largest entry; p − 1 is worth less than 1e-15 to PyTorch."""
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    scale = max(float(np.abs(theirs).max(initial=0)), 1e-3)
    return ours.shape == theirs.shape and bool(np.abs(ours - theirs).max() <= 1e-12 * scale)


@pytest.mark.parametrize("seed", range(200))
def test_every_line_of_200_networks_agrees_with_pytorch(seed: int) -> None:
    problem = random_problem(seed)
    steps = 1 + seed % 2
    values = solve(problem, steps=steps).values
    theirs = torch_paper.solve(problem, steps)
    compared = 0
    for symbol, value in values.items():
        if symbol.partition("@")[0].rstrip("0123456789") in (
            "slope",
            "mhat_W",
            "mhat_b",
            "vhat_W",
            "vhat_b",
        ):
            continue  # PyTorch keeps none of these
        assert close(value, theirs[symbol]), symbol
        compared += 1
    assert compared >= 6 * steps


@pytest.mark.parametrize("exact", [False, True])
def test_the_published_question_comes_out_right(exact: bool) -> None:
    values = solve(read_problem(EXAMPLES / "usc-q1.toml"), exact=exact).values
    for symbol, expected in USC_Q1.items():
        np.testing.assert_allclose(np.asarray(values[symbol], float), expected, atol=5e-7)
    p = np.asarray(values["p"], float)
    assert 1 - p[0] == pytest.approx(4.14e-8, rel=1e-3)
    assert p[1] == pytest.approx(1.98e-32, rel=1e-3)
    assert p[2] == pytest.approx(4.14e-8, rel=1e-3)


def test_exact_numbers_and_floats_agree() -> None:
    for seed in range(40):
        # Adam and its kin divide by roots of what may be all rounding.
        problem = random_problem(seed, whole=True, optimizers=("sgd", "momentum", "nesterov"))
        floats, exact = solve(problem).values, solve(problem, exact=True).values
        assert list(floats) == list(exact)
        for symbol, value in floats.items():
            theirs = np.asarray(exact[symbol], dtype=float)
            scale = max(float(np.abs(theirs).max(initial=0)), 1.0)
            assert np.abs(np.asarray(value) - theirs).max(initial=0) <= 1e-12 * scale, symbol


def test_a_batch_is_the_mean_of_its_samples() -> None:
    layers = [
        Layer(weights=[[1, -2], [3, 1]], bias=[0.5, -1], activation="tanh"),
        Layer(weights=[[1, 2]], bias=[0.25]),
    ]
    X, y = np.array([[1.0, 2.0], [0.5, -1.0], [-1.0, 0.25]]), np.array([1.0, 0.0, 2.0])
    options: dict[str, Any] = {"layers": layers, "loss": "mean_squared_error"}
    batch = solve(Problem(inputs=X, targets=y, **options)).values
    singles = [
        solve(Problem(inputs=x, targets=[t], **options)).values for x, t in zip(X, y, strict=True)
    ]
    assert batch["loss"] == pytest.approx(np.mean([one["loss"] for one in singles]), rel=1e-15)
    for symbol in ("dW1", "db1", "dW2", "db2"):
        np.testing.assert_allclose(batch[symbol], np.mean([one[symbol] for one in singles], axis=0))
    for symbol in ("z1", "a1", "z2"):
        np.testing.assert_allclose(batch[symbol], [one[symbol] for one in singles], rtol=1e-15)


def test_a_batch_of_one_has_the_numbers_of_the_sample_in_rows() -> None:
    layers = [Layer(weights=[[1, 2]], bias=[1])]
    one = solve(Problem(layers=layers, inputs=[3, 4], targets=[1], loss="huber")).values
    row = solve(Problem(layers=layers, inputs=[[3, 4]], targets=[[1]], loss="huber")).values
    assert one["z1"].shape == (1,)
    assert row["z1"].shape == (1, 1)
    assert np.array_equal(one["dW1"], row["dW1"])
    assert "losses" in row
    assert "losses" not in one


def test_without_a_target_only_the_forward_pass_is_worked_out() -> None:
    problem = Problem(
        layers=[Layer(weights=[[1]], bias=[2])], inputs=[3], optimizer=SGD(learning_rate=1.0)
    )
    assert {s: v.tolist() for s, v in solve(problem).values.items()} == {"z1": [5], "a1": [5]}


def test_further_updates_start_where_the_last_one_ended() -> None:
    problem = read_problem(EXAMPLES / "momentum.toml")
    solution = solve(problem, steps=3)
    for number in (1, 2):
        assert np.array_equal(
            symbols_of(solution.values, number)["W1_new"], solution.given(number + 1)["W1"]
        )
    first = solve(problem).values
    assert list(first) == list(symbols_of(solution.values, 1))
    for symbol, value in first.items():
        assert np.array_equal(value, solution.values[symbol])


def test_no_zero_has_a_minus_sign() -> None:
    problem = Problem(
        layers=[
            Layer(weights=[[-1.0]], bias=[-1.0], activation="relu"),
            Layer(weights=[[-2.0]], bias=[0.0]),
        ],
        inputs=[1.0],
        targets=[3.0],
        loss="mean_squared_error",
    )
    for symbol, value in solve(problem).values.items():
        assert not np.signbit(np.asarray(value)[np.asarray(value) == 0]).any(), symbol


@pytest.mark.parametrize(
    ("problem", "steps", "sentence"),
    [
        (
            {"weights": [[1e200]], "inputs": [1e200]},
            1,
            "z1 is too large for a number of 64 bits: the problem needs smaller inputs or weights.",
        ),
        (
            {"weights": [[1]], "inputs": [800.0], "loss": "poisson", "targets": [1]},
            1,
            "p is too large for a number of 64 bits: the problem needs smaller inputs or weights.",
        ),
        (
            {
                "weights": [[1e150]],
                "inputs": [1.0],
                "loss": "half_squared_error",
                "targets": [0],
                "optimizer": SGD(learning_rate=1e200),
            },
            1,
            "update 1 makes a number that is not finite: take a smaller learning_rate, or smaller "
            "weights.",
        ),
        ({"weights": [[1]], "inputs": [1]}, 0, "steps must be at least 1, not 0."),
        (
            {"weights": [[1]], "inputs": [1], "loss": "huber", "targets": [1]},
            2,
            "further steps need an update to repeat: give the problem a learning_rate.",
        ),
    ],
)
@pytest.mark.parametrize("exact", [False, True])
def test_what_no_number_can_hold_is_refused(
    problem: dict[str, Any], steps: int, sentence: str, exact: bool
) -> None:
    options = dict(problem)
    layer = Layer(weights=options.pop("weights"), bias=[0])
    with pytest.raises(ConfigurationError) as error:
        solve(Problem(layers=[layer], **options), exact, steps=steps)
    if exact:  # which knows no infinity, and finds the number too large afterwards
        sentence = sentence.replace(
            "update 1 makes a number that is not finite: take a smaller learning_rate, or smaller "
            "weights.",
            "W1_new is too large for a number of 64 bits: the problem needs smaller inputs or "
            "weights.",
        )
    assert str(error.value) == sentence


def test_momentum_in_fractions_by_hand() -> None:
    problem = Problem(
        layers=[Layer(weights=[[1]], bias=[0])],
        inputs=[2],
        targets=[1],
        loss="half_squared_error",
        optimizer=Momentum(learning_rate=0.1, momentum=0.5),
    )
    values = solve(problem, exact=True, steps=2).values
    # z = 2, dz = 1, dW = 2, db = 1; W = 1 − 2/10 = 4/5, b = −1/10.
    # z = 3/2, dz = 1/2, dW = 1, db = 1/2; v = 2, 1; W = 4/5 − 2/10 = 3/5, b = −2/10.
    assert [str(values[s][0][0]) for s in ("v_W1", "W1_new", "v_W1@2", "W1_new@2")] == [
        *("2", "4/5", "2", "3/5")
    ]
    assert [str(values[s][0]) for s in ("v_b1", "b1_new", "v_b1@2", "b1_new@2")] == [
        *("1", "-1/10", "1", "-1/5")
    ]
