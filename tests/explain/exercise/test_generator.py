"""Exercises have friendly numbers, nothing dead, nothing saturated, and no line twice."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet.errors import ConfigurationError
from chalknet.explain.exercise import Recipe, make_exercise
from chalknet.explain.problem import Problem, read_problem

RECIPES = st.builds(
    Recipe,
    widths=st.lists(st.integers(2, 4), min_size=2, max_size=4).map(tuple),
    activation=st.sampled_from(["relu", "leaky_relu(slope=0.5)", "sigmoid", "tanh", "identity"]),
    loss=st.sampled_from(
        [
            "softmax_cross_entropy",
            "mean_squared_error",
            "half_squared_error",
            "sigmoid_cross_entropy",
        ]
    ),
    samples=st.integers(1, 3),
)
FUNCTIONS: dict[str, Any] = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.5 * z),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "identity": lambda z: z,
}


def forward(problem: Problem) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """z and a of each layer by plain NumPy, without chalknet's passes."""
    A, zs, activations = problem.inputs.astype(float), [], []
    for layer in problem.layers:
        Z = A @ layer.weights.astype(float).T + layer.bias.astype(float)
        A = FUNCTIONS[layer.activation.name](Z)
        zs.append(Z)
        activations.append(A)
    return zs, activations


@settings(max_examples=40, deadline=None)
@given(RECIPES, st.integers(0, 10**6))
def test_every_exercise_is_friendly(recipe: Recipe, seed: int) -> None:
    problem = make_exercise(recipe, seed)
    assert problem.widths == list(recipe.widths)
    numbers = [
        problem.inputs,
        *(a for layer in problem.layers for a in (layer.weights, layer.bias)),
    ]
    for number in itertools.chain(*(array.ravel() for array in numbers)):
        assert abs(number) <= 3
        assert Fraction(number).denominator in (1, 2, 4)
    zs, activations = forward(problem)
    for Z, layer in zip(zs, problem.layers, strict=True):
        assert np.abs(Z).max() <= 15
        assert all(len(set(row)) == len(row) for row in Z.round(12).tolist())
        if layer.activation.name == "relu":
            assert (Z > 0).any(axis=1).all()  # no sample is shut out
            assert len(Z) == 1 or (Z > 0).any(axis=0).all()  # no neuron is dead
    if recipe.loss == "softmax_cross_entropy":
        e = np.exp(zs[-1])
        assert (e / e.sum(axis=1, keepdims=True)).max() <= 0.97
        assert set(problem.targets.sum(axis=1)) == {1}
    for Z, A, layer in zip(zs, activations, problem.layers, strict=True):
        if layer.activation.name == "relu" and len(Z) == 1 and Z.shape[1] > 1:
            assert not np.array_equal(Z, A)  # who copies z as a is found out


@settings(max_examples=20, deadline=None)
@given(RECIPES, st.integers(0, 10**6))
def test_the_same_seed_makes_the_same_exercise(recipe: Recipe, seed: int) -> None:
    first, second = make_exercise(recipe, seed), make_exercise(recipe, seed)
    assert first.to_toml() == second.to_toml()
    assert first.to_toml() != make_exercise(recipe, seed + 1).to_toml()


def test_a_known_seed_keeps_its_exercise(tmp_path: Any) -> None:
    """What was handed out last year can be made again: the numbers of seed 7 are fixed."""
    problem = make_exercise(Recipe(), 7)
    path = tmp_path / "network.toml"
    path.write_text(problem.to_toml())
    again = read_problem(path)
    assert again.to_toml() == problem.to_toml()
    assert [layer.weights.tolist() for layer in again.layers] == [
        layer.weights.tolist() for layer in problem.layers
    ]


def test_plain_numbers_have_one_digit() -> None:
    problem = make_exercise(Recipe(nice=False), 3)
    weights = [Fraction(w) for layer in problem.layers for w in layer.weights.ravel()]
    assert all((10 * w).denominator == 1 for w in weights)
    assert any(w.denominator not in (1, 2) for w in weights)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"widths": (3,)}, "layers must be at least two widths from 1 to 12, such as 2,3,2, not 3"),
        ({"widths": (2, 40, 2)}, "more cannot be worked out by hand"),
        ({"widths": (2, 2, 1)}, "a softmax over one output is always 1"),
        ({"activation": "rellu"}, "did you mean 'relu'"),
        ({"activation": ("relu", "tanh")}, "there is 1 hidden layer but 2 activations"),
        ({"loss": "softmax"}, "unknown loss 'softmax'"),
        ({"samples": 0}, "samples must be from 1 to 10, not 0"),
        ({"optimizer": "sdg"}, "unknown optimizer 'sdg': did you mean 'sgd'"),
    ],
)
def test_what_cannot_be_made_is_said(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Recipe(**options)


def test_where_no_friendly_numbers_are_found_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalknet.explain.exercise.generator.ATTEMPTS", 0)
    with pytest.raises(ConfigurationError, match="no friendly numbers were found for layers 2,3,2"):
        make_exercise(Recipe(), 0)
