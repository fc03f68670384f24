"""Worked solutions: every line says what its numbers are, in symbols and in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chalknet.errors import ConfigurationError
from chalknet.explain.formula import Array, Formula, Number, Symbol
from chalknet.explain.notation import Notation
from chalknet.explain.problem import Layer, Problem, read_problem
from chalknet.explain.steps import Explanation, Step
from chalknet.explain.walkthrough import explain
from chalknet.operations.activations import Activation
from chalknet.training.optimizers import OPTIMIZERS, SGD
from oracles.board import NotANumber, evaluate, first_side, last_side
from oracles.paper import ACTIVATIONS, LOSSES, random_problem

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SEEDS = range(150)
ROW = Notation(orientation="row", pre_activation="s", delta=True)


def agree(ours: Any, result: Any) -> bool:
    ours, result = np.asarray(ours, float), np.asarray(result, float)
    scale = max(1.0, float(np.abs(result).max(initial=0)))
    same_shape = ours.shape == result.shape or ours.size == result.size == 1
    return same_shape and bool(np.abs(ours - result).max(initial=0) <= 1e-9 * scale)


def work_out(formula: Formula, env: dict[Any, Any], explanation: Explanation) -> Any:
    with np.errstate(all="ignore"):
        return evaluate(formula, env, explanation.notation.orientation == "column")


# what is said is so --------------------------------------------------------------------------


def problems() -> Iterator[tuple[Problem, Notation]]:
    for seed in SEEDS:
        yield random_problem(seed, whole=seed % 2 == 0), (Notation() if seed % 3 else ROW)


def test_every_line_with_its_numbers_put_in_gives_its_result() -> None:
    seen = written = 0
    for problem, notation in problems():
        explanation = explain(problem, notation=notation)
        for step in explanation.steps:
            seen += 1
            if step.substituted is None:
                continue
            assert step.result is not None
            try:
                ours = work_out(step.substituted, {}, explanation)
            except NotANumber:
                continue  # a function that is only named
            assert agree(ours, work_out(step.result, {}, explanation)), (problem, step.symbol)
            written += 1
    assert written > 0.8 * seen


def test_every_line_in_symbols_gives_its_result() -> None:
    """From what is given, each equation in turn defines the symbol on its left."""
    seen = worked_out = 0
    for problem, notation in problems():
        explanation = explain(problem, notation=notation)
        env: dict[Any, Any] = {
            first_side(equation): work_out(last_side(equation), {}, explanation)
            for _, equation in explanation.given
        }
        env[Symbol("n")], env[Symbol("t")] = float(len(problem.inputs)), 1.0
        for step in explanation.steps:
            seen += 1
            assert step.result is not None
            result = work_out(step.result, {}, explanation)
            right, left = last_side(step.equation), first_side(step.equation)
            env |= slots_at_rest(step, result)
            try:
                ours = work_out(right, env, explanation)
            except NotANumber:
                pass  # a sum over an index: the numbers put in have been held against the result
            else:
                assert agree(np.broadcast_to(ours, np.shape(result)), result), (
                    problem,
                    step.symbol,
                )
                worked_out += 1
            env[left] = result
    assert worked_out > 0.75 * seen


def slots_at_rest(step: Step, result: Any) -> dict[Any, Any]:
    """An optimizer's running quantities are 0 before the first update."""
    left = first_side(step.equation)
    if not isinstance(left, Symbol) or left.sup != "new" or not isinstance(left.sub, Symbol):
        return {}
    return {Symbol(left.name, sub=left.sub, bold=True): np.zeros_like(result)}


def test_every_value_of_the_solution_has_a_step_and_checks() -> None:
    for seed in range(40):
        explanation = explain(random_problem(seed), steps=2)
        steps = {step.symbol: step for step in explanation.steps}
        shown = {symbol.partition("@")[0].rstrip("0123456789") for symbol in steps}
        # da is a part of the line of dz, except where an output layer has its own activation.
        missing = {s for s in explanation.values if s not in steps and not s.startswith("da")}
        assert not missing
        assert shown
        for step in steps.values():
            assert step.checks
            assert all(check.error <= check.tolerance for check in step.checks)
            assert step.title[0].isupper()
            assert step.reason.endswith(".")
            assert "  " not in step.reason


def test_a_steps_operands_are_the_values_it_used() -> None:
    explanation = explain(EXAMPLES / "usc-q1.toml")
    steps = {step.symbol: step for step in explanation.steps}
    assert set(steps["z2"].operands) == {"W2", "a1", "b2"}
    assert set(steps["dz1"].operands) == {"W2", "dz2", "slope1"}
    assert set(steps["dW3"].operands) == {"dz3", "a2"}
    assert set(steps["W1_new"].operands) == {"W1", "dW1"}
    W2, a1, b2 = (np.asarray(steps["z2"].operands[name], float) for name in ("W2", "a1", "b2"))
    assert np.array_equal(W2 @ a1 + b2, explanation.values["z2"])


def test_the_lines_come_in_the_order_of_the_working() -> None:
    explanation = explain(EXAMPLES / "usc-q1.toml")
    assert [step.symbol for step in explanation.steps] == [
        *("z1", "a1", "z2", "a2", "z3", "p", "loss"),
        *("dz3", "dW3", "db3", "slope2", "dz2", "dW2", "db2", "slope1", "dz1", "dW1", "db1"),
        *("W3_new", "b3_new", "W2_new", "b2_new", "W1_new", "b1_new"),
    ]
    assert [section.title for section in explanation.sections] == [
        *("Forward pass", "Loss", "Backward pass", "Update by gradient descent"),
    ]


def test_a_batch_shows_its_averages() -> None:
    explanation = explain(EXAMPLES / "xor-batch.toml")
    steps = {step.symbol: step for step in explanation.steps}
    assert steps["losses"].shape == (4, 1)
    assert "mean over its 4 samples" in steps["loss"].reason
    assert "1/n of the mean over the 4 samples enters here" in steps["dz2"].reason
    assert steps["z1"].shape == (2, 4)
    assert explain(EXAMPLES / "xor-batch.toml", notation=ROW).steps[0].shape == (4, 2)
    assert "The loss is a mean over the samples and a sum over the outputs." in explanation.notes


def test_a_kink_is_named_only_where_it_is_met() -> None:
    def reason(bias: int) -> str:
        layers = [
            Layer(weights=[[1]], bias=[bias], activation="relu"),
            Layer(weights=[[1]], bias=[0]),
        ]
        problem = Problem(layers=layers, inputs=[1], targets=[0], loss="half_squared_error")
        return {step.symbol: step.reason for step in explain(problem).steps}["slope1"]

    assert "by convention relu′(0) = 0" in reason(-1)
    assert "convention" not in reason(0)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_shows_its_state(name: str) -> None:
    problem = random_problem(5, optimizers=(name,))
    symbols = [
        step.symbol for step in explain(problem, steps=2).steps if step.symbol.endswith("@2")
    ]
    for slot in OPTIMIZERS[name].slot_names:
        assert f"{slot}_W1@2" in symbols
        assert symbols.index(f"{slot}_W1@2") < symbols.index("W1_new@2")


# how it is written ---------------------------------------------------------------------------


def test_names_and_orientation_follow_the_notation() -> None:
    columns, rows = (explain(EXAMPLES / "usc-q1.toml", notation=n) for n in (Notation(), ROW))
    dz3 = {step.symbol: first_side(step.equation) for step in columns.steps}["dz3"]
    delta3 = {step.symbol: first_side(step.equation) for step in rows.steps}["dz3"]
    assert isinstance(dz3, Symbol)
    assert isinstance(delta3, Symbol)
    assert (dz3.name, delta3.name) == ("dz", "δ")
    assert isinstance(first := first_side(rows.steps[0].equation), Symbol)
    assert first.name == "s"
    assert columns.steps[0].shape == (2, 1)
    assert rows.steps[0].shape == (1, 2)
    for one, other in zip(columns.steps, rows.steps, strict=True):
        a, b = one.result, other.result
        if isinstance(a, Array):
            assert isinstance(b, Array)
            assert np.array_equal(work_out(a, {}, columns), work_out(b, {}, rows).T)
    assert columns.values.keys() == rows.values.keys()


def test_exact_results_are_fractions_or_as_many_digits_as_asked_for() -> None:
    explanation = explain(EXAMPLES / "relu-regression.toml", exact=True)
    for step in explanation.steps:
        numbers = step.result.values.flat if isinstance(step.result, Array) else [step.result.value]  # type: ignore[union-attr]
        assert all(isinstance(number, Fraction) for number in numbers)
    softmax = explain(EXAMPLES / "usc-q1.toml", exact=True, digits=6)
    p = {step.symbol: step.result for step in softmax.steps}["p"]
    assert isinstance(p, Array)
    assert all(isinstance(number, float) for number in p.values)
    assert len(str(softmax.values["p"][2])) >= 30
    assert any("shown with 6" in note for note in softmax.notes)


def test_wide_arrays_are_carried_whole() -> None:
    rng = np.random.default_rng(0)
    problem = Problem(
        layers=[
            Layer(weights=rng.normal(size=(40, 300)), bias=np.zeros(40), activation="relu"),
            Layer(weights=rng.normal(size=(10, 40)), bias=np.zeros(10)),
        ],
        inputs=rng.normal(size=300),
        targets=np.eye(10)[3],
        loss="softmax_cross_entropy",
        optimizer=SGD(learning_rate=0.1),
    )
    steps = {step.symbol: step for step in explain(problem).steps}
    assert isinstance(steps["W1_new"].result, Array)
    assert steps["W1_new"].result.values.shape == (40, 300)
    assert any("random directions" in check.method for check in steps["dW1"].checks)


def test_the_rounding_policy_is_printed() -> None:
    notes = explain(EXAMPLES / "xor-batch.toml", digits=3).notes
    assert (
        "Numbers are carried at full precision, float64, and rounded to 3 significant digits for "
        "display only."
    ) in notes


def test_what_is_missing_is_said() -> None:
    layers = [Layer(weights=[[2]], bias=[1])]
    forward = explain(Problem(layers=layers, inputs=[3]))
    assert [step.symbol for step in forward.steps] == ["z1", "a1"]
    assert forward.notes[-1] == "No target is given, so there is only the forward pass."
    no_rate = explain(Problem(layers=layers, inputs=[3], targets=[1], loss="huber"))
    assert no_rate.notes[-1] == "No learning rate is given, so there is no update."


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_activation_goes_with_every_loss(activation: str, loss: str) -> None:
    layers = [
        Layer(weights=[[1.0, -0.5], [0.25, 2.0]], bias=[0.0, 0.1], activation=activation),
        Layer(weights=[[0.5, -1.0], [1.0, 0.3]], bias=[0.0, 0.2], activation=activation),
    ]
    problem = Problem(layers=layers, inputs=[0.3, -0.7], targets=[1, 0], loss=loss)
    explanation = explain(problem)
    assert "loss" in explanation.values
    if activation != "identity":
        assert {"da2", "slope2"} <= {step.symbol for step in explanation.steps}


def test_an_activation_of_your_own_is_explained_by_name() -> None:
    cube = Activation("cube", lambda z: z * z * z, lambda z: 3.0 * z * z)
    layers = [
        Layer(weights=[[1.0]], bias=[0.5], activation=cube),
        Layer(weights=[[2.0]], bias=[0.0]),
    ]
    problem = Problem(layers=layers, inputs=[1.0], targets=[1.0], loss="half_squared_error")
    steps = {step.symbol: step for step in explain(problem).steps}
    assert "central differences" in steps["dz1"].checks[-1].method
    assert isinstance(steps["loss"].result, Number)
    assert steps["loss"].result.value == pytest.approx((2 * 1.5**3 - 1) ** 2 / 2)


def test_an_optimizer_that_nobody_knows_is_refused() -> None:
    class Sideways(SGD):
        name = "sideways"

    problem = Problem(
        layers=[Layer(weights=[[1]], bias=[0])],
        inputs=[1],
        targets=[0],
        loss="huber",
        optimizer=Sideways(learning_rate=1.0),
    )
    with pytest.raises(ConfigurationError, match="the optimizer 'sideways' cannot be verified"):
        explain(problem)


# from Python ---------------------------------------------------------------------------------


def test_the_package_explains_when_it_is_called() -> None:
    import chalknet.explain.problem  # which puts the package where the function would be

    assert chalknet.explain(EXAMPLES / "usc-q1.toml").title == "One step by hand"
    problem = read_problem(EXAMPLES / "usc-q1.toml")
    assert chalknet.explain(problem).values.keys() == explain(problem).values.keys()
