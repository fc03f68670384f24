"""Verification: nothing that is wrong gets past it, and nothing that is right is stopped."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

from chalknet.errors import ConfigurationError, VerificationError
from chalknet.explain.exact import Exact
from chalknet.explain.problem import Layer, Problem, read_problem
from chalknet.explain.solution import Solution, solve
from chalknet.explain.verify import Verification, verify
from chalknet.explain.verify.complex_step import activation_tangent
from chalknet.explain.verify.reckoners import ExactReckoner, FloatReckoner
from chalknet.explain.verify.second_formulas import FUNCTIONS, SLOPES
from chalknet.operations.activations import ACTIVATIONS, as_activation
from chalknet.operations.losses import Loss
from chalknet.training.optimizers import OPTIMIZERS, SGD
from oracles.exact import mp
from oracles.exact_activations import EXACT_ACTIVATIONS
from oracles.paper import random_problem

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


# what is right passes ------------------------------------------------------------------------


@pytest.mark.parametrize("whole", [False, True])
def test_what_is_right_passes(whole: bool) -> None:
    for seed in range(150):
        solution = solve(random_problem(seed, whole=whole))
        verification = verify(solution)
        assert set(verification.checks) == set(solution.values)
        assert verification.largest_error < 1e-10


def test_what_is_right_in_exact_numbers_passes() -> None:
    for seed in range(15):
        verification = verify(solve(random_problem(seed, whole=True), exact=True))
        lines = {
            symbol: check
            for symbol, checks in verification.checks.items()
            for check in checks
            if "complex step" not in check.method
        }
        assert max(check.error for check in lines.values()) < 1e-85


def test_fractions_agree_without_any_error() -> None:
    problem = random_problem(
        3,
        whole=True,
        activations=("relu", "leaky_relu", "identity", "step"),
        losses=("half_squared_error", "mean_squared_error", "huber"),
        optimizers=("sgd", "momentum", "nesterov"),
    )
    for checks in verify(solve(problem, exact=True, steps=2)).checks.values():
        assert checks[0].error == 0


def test_every_gradient_is_held_against_a_complex_step() -> None:
    checks = verify(solve(read_problem(EXAMPLES / "usc-q1.toml"))).checks
    for layer in (1, 2, 3):
        for symbol in (f"dz{layer}", f"dW{layer}", f"db{layer}"):
            assert checks[symbol][-1].method == "a complex step for each entry"


def test_the_summary_counts_the_lines() -> None:
    verification = verify(solve(read_problem(EXAMPLES / "usc-q1.toml")))
    assert verification.summary.startswith("26 lines verified in 35 checks: ")
    assert "complex steps" in verification.summary
    exact = verify(solve(read_problem(EXAMPLES / "momentum.toml"), exact=True))
    assert "lines verified" in exact.summary
    alone = Verification({"z1": exact.checks["z1"]})
    assert alone.summary == (
        "1 lines verified in 1 checks: sums added up anew, functions by a second formula; no "
        "difference was found."
    )


# what is wrong does not ----------------------------------------------------------------------


def spoiled(solution: Solution, symbol: str, place: int, factor: Any) -> Solution:
    """The solution with one number of one line changed, as if it had been computed wrongly."""
    one = solution.rounds[0]
    if symbol in ("loss", "penalty"):
        assert one.loss is not None
        value = getattr(one.loss, symbol)
        value = value * factor if value else factor - 1
        parts = dataclasses.replace(one.loss, **{symbol: value})
        return dataclasses.replace(solution, rounds=(dataclasses.replace(one, loss=parts),))
    line = solution.computed()[symbol]
    at = np.unravel_index(place % line.size, line.shape)
    line[at] = line[at] * factor if line[at] else factor - 1
    return solution


@pytest.mark.parametrize("exact", [False, True])
def test_a_number_that_is_wrong_is_found_wherever_it_stands(exact: bool) -> None:
    planted = 0
    for seed in range(6 if exact else 40):
        symbols = [
            symbol
            for symbol in solve(random_problem(seed, whole=exact)).values
            # These are made from others on the way out, which have their turn.
            if symbol != "objective" and not symbol.startswith(("mhat", "vhat"))
        ]
        for place, symbol in enumerate(symbols):
            solution = solve(random_problem(seed, whole=exact), exact)
            factor = Exact(1) + Fraction(1, 10**9) if exact else 1 + 1e-6
            wrong = spoiled(solution, symbol, seed + place, factor)
            with pytest.raises(VerificationError, match="failed its verification"):
                verify(wrong)
            planted += 1
    assert planted > (80 if exact else 600)


def test_a_line_without_a_check_is_refused() -> None:
    solution = solve(read_problem(EXAMPLES / "usc-q1.toml"))
    solution.values["z4"] = np.zeros(2)
    with pytest.raises(VerificationError) as error:
        verify(solution)
    assert str(error.value) == "no check covers z4: nothing is shown."


def test_the_error_names_the_line_and_the_difference() -> None:
    solution = spoiled(solve(read_problem(EXAMPLES / "usc-q1.toml")), "z2", 0, 2.0)
    with pytest.raises(VerificationError) as error:
        verify(solution)
    assert str(error.value) == (
        "z2 failed its verification (each product added up anew with math.fsum): the difference "
        "is 1.0e+00, at most 2.2e-15 is allowed. Nothing is shown; please report this problem with "
        "its file."
    )


@pytest.mark.parametrize("wide", [False, True])
def test_a_wrong_derivative_formula_is_found(wide: bool) -> None:
    """Of a function of one's own there is no second formula, but there are differences."""
    from chalknet.operations.activations import Activation

    def problem(slope: float) -> Problem:
        cube = Activation("cube", lambda z: z * z * z, lambda z: slope * z * z)
        rng = np.random.default_rng(0)
        k = 700 if wide else 2
        return Problem(
            layers=[
                Layer(weights=rng.normal(size=(k, 3)), bias=np.ones(k), activation=cube),
                Layer(weights=rng.normal(size=(1, k)), bias=[0.0]),
            ],
            inputs=[1.0, -0.5, 0.25],
            targets=[0.5],
            loss="mean_squared_error",
            optimizer=SGD(learning_rate=0.1),
        )

    verify(solve(problem(3.0)))
    with pytest.raises(VerificationError, match=r"dz1 failed its verification \(a complex step"):
        verify(solve(problem(3.001)))


def test_one_wrong_weight_among_many_changes_the_random_directions() -> None:
    rng = np.random.default_rng(1)
    problem = Problem(
        layers=[Layer(weights=rng.normal(size=(30, 50)), bias=np.zeros(30))],
        inputs=rng.normal(size=(4, 50)),
        targets=np.eye(30)[[0, 7, 7, 29]],
        loss="softmax_cross_entropy",
    )
    solution = solve(problem)
    good = verify(solution).checks["dW1"]
    assert good[-1].method == "a complex step along 8 random directions"
    one = solution.rounds[0]
    assert one.loss is not None
    from chalknet.explain.verify.gradients import gradient_checks

    one.loss.gradients.dW[0][20, 3] += 1e-6
    errors = dict(gradient_checks(solution, one))
    assert errors["dW1"].error > errors["dW1"].tolerance


# the second formulas themselves --------------------------------------------------------------

POINTS = (-745.5, -60.0, -7.5, -1.0, -1e-9, 1e-9, 0.5, 3.0, 40.0, 800.0)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_second_formulas_against_sixty_digits(name: str) -> None:
    known = EXACT_ACTIVATIONS[name]
    usual = [mp.mpf(str(value)) for value in ACTIVATIONS[name].parameters]
    given: list[Any] = [float(value) for value in ACTIVATIONS[name].parameters]
    if name == "selu":
        given = [1.0507009873554805, 1.6732632423543772]
    for second, truth in ((FUNCTIONS[name], known.value), (SLOPES[name], known.derivative)):
        for z in POINTS:
            exact = float(truth(mp.mpf(z), *usual))
            assert second(math, z, *given) == pytest.approx(exact, rel=1e-11, abs=1e-290)


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "step"])
def test_complex_steps_against_sixty_digits(name: str) -> None:
    known = EXACT_ACTIVATIONS[name]
    usual = [mp.mpf(str(value)) for value in ACTIVATIONS[name].parameters]
    Z = np.array([POINTS])
    moved = activation_tangent(as_activation(name), Z, np.ones((1, 1, len(POINTS))))
    truth = [float(known.derivative(mp.mpf(z), *usual)) for z in POINTS]
    np.testing.assert_allclose(moved[0, 0], truth, rtol=1e-11, atol=1e-250)


@pytest.mark.parametrize("spec", ["relu", "leaky_relu(0.3)", "elu(0.5)", "selu", "step"])
def test_a_complex_step_at_a_kink_takes_the_side_of_the_convention(spec: str) -> None:
    activation = as_activation(spec)
    Z = np.zeros((1, 1))
    moved = activation_tangent(activation, Z, np.ones((1, 1, 1)))
    assert moved.item() == pytest.approx(activation.derivative(Z).item(), rel=1e-15)


def test_large_products_are_added_up_in_extended_precision() -> None:
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(300, 40)), rng.normal(size=(40, 20))
    again, scale = FloatReckoner().product(A, B)
    assert again.dtype == np.longdouble
    assert FloatReckoner().error(A @ B, again, scale) < FloatReckoner().tolerance(40)
    wrong = A @ B
    wrong[7, 7] += 1e-10
    assert FloatReckoner().error(wrong, again, scale) > FloatReckoner().tolerance(40)


def test_reckoners_measure_errors_against_the_terms() -> None:
    floats, exact = FloatReckoner(), ExactReckoner()
    assert floats.error(np.array([1.0, 0.0]), np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0
    assert floats.error(np.array([np.nan]), np.array([1.0]), np.array([1.0])) == math.inf
    third = np.array([Exact(1) / 3])
    assert exact.error(third, np.array([Fraction(1, 3)]), np.array([Fraction(1)])) == 0
    assert exact.error(third, np.array([Fraction(1, 2)]), np.array([Fraction(1)])) == 1 / 6
    assert exact.error(third, np.array([Fraction(1, 2)]), np.array([Fraction(0)])) == math.inf
    assert exact.total([Fraction(1, 3), mpmath.mpf(0)]) == pytest.approx(1 / 3)


def test_a_loss_that_nobody_knows_is_refused() -> None:
    class Strange(Loss):
        name = "strange"

        def checked_targets(self, targets: Any, n: int, K: int) -> Any:
            return np.asarray(targets)

        def _terms(self, o: Any, t: Any) -> Any:
            return np.square(o - t).sum(axis=1), 2 * (o - t)

        def predict(self, output: Any) -> Any:
            return output

    problem = Problem(
        layers=[Layer(weights=[[1]], bias=[0])], inputs=[1], targets=[0], loss=Strange()
    )
    with pytest.raises(ConfigurationError, match="the loss 'strange' cannot be verified"):
        verify(solve(problem))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_is_verified_over_several_updates(name: str) -> None:
    problem = random_problem(11, optimizers=(name,))
    checks = verify(solve(problem, steps=3)).checks
    assert checks["W1_new@3"][0].method == "the update made anew"


@pytest.mark.parametrize("target", [[1, 0, 0], [0, 1, 0]])
def test_exact_probabilities_that_no_float_can_hold_are_verified_too(target: list[int]) -> None:
    problem = Problem(
        layers=[Layer(weights=[[10], [0], ["1/3"]], bias=[0, 0, 0])],
        inputs=[100],
        targets=target,
        loss="softmax_cross_entropy",
        optimizer=SGD(learning_rate=Fraction(1)),
    )
    solution = solve(problem, exact=True)
    verify(solution)
    with mp.workdps(60):
        tail = mp.exp(-1000) + mp.exp(mp.mpf(-2900) / 3)  # of the second output and of the third
        loss = mp.log1p(tail) + (0 if target[0] else 1000)
        assert abs(mp.mpf(str(solution.values["p"][1])) * (1 + tail) / mp.exp(-1000) - 1) < 1e-28
        assert abs(mp.mpf(str(solution.values["loss"])) / loss - 1) < 1e-28


@pytest.mark.parametrize(
    ("activation", "loss", "weight"),
    [
        ("identity", "softmax_cross_entropy", "1e18"),
        ("identity", "sigmoid_cross_entropy", "1e300"),
        ("gelu", "half_squared_error", "-1e200"),
        ("elu", "half_squared_error", "-1e300"),
    ],
)
def test_exact_numbers_beyond_all_powers_of_ten_are_refused(
    activation: str, loss: str, weight: str
) -> None:
    problem = Problem(
        layers=[Layer(weights=[[weight], [0]], bias=[0, 0], activation=activation)],
        inputs=[100],
        targets=[0, 1],
        loss=loss,
    )
    with pytest.raises(ConfigurationError, match="the problem needs smaller inputs or weights"):
        verify(solve(problem, exact=True))


def test_logits_beyond_all_exponentials_are_verified() -> None:
    problem = Problem(
        layers=[
            Layer(weights=[[1, "-2e200"], ["1/8", 0]], bias=[0, "1e15"], activation="relu"),
            Layer(weights=[["1/3", "1e-20"], [0, "1e-18"]], bias=[0, 0]),
        ],
        inputs=[1, -1],
        targets=[0, 1],
        loss="sigmoid_cross_entropy",
    )
    solution = solve(problem)
    verify(solution)
    np.testing.assert_allclose(solution.values["dz2"], [1, -1 / (1 + math.exp(1e-3))], rtol=1e-12)
