"""What is said of a sheet: published working, partial sheets, ambiguity, rounding."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import chalknet
from chalknet.explain.check import check
from chalknet.explain.problem import Layer, Problem, read_problem
from chalknet.explain.solution import solve
from chalknet.training.optimizers import SGD, Adam

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
USC = EXAMPLES / "usc-q1.toml"

# The correct values as the study gives them.
CORRECT = {
    "z1": [5, -5],
    "a1": [5, 0],
    "z2": [6, 15],
    "a2": [6, 15],
    "z3": [42, -31, 25],
    "p": [1, "1.98e-32", "4.14e-8"],
    "W3_new": [[-1, -5.5], [3, -3], [5, 8.5]],
    "b3_new": [-0.5, -4, -1.5],
    "dz2": [0, 1],
    "W2_new": [[1, -2], [0.5, 4]],
    "b2_new": [1, -0.5],
    "dz1": [3, 0],
    "W1_new": [[-0.5, -0.5, -0.5], [3, 4, -2]],
    "b1_new": [-0.5, -2],
}


def verdicts(marking):
    return {line.symbol: line.verdict for line in marking.lines}


# the published working -----------------------------------------------------------------------


def test_the_correct_values_of_the_study_are_right():
    marking = chalknet.check(read_problem(USC), CORRECT)
    assert marking.correct
    assert set(verdicts(marking).values()) == {"right"}
    assert marking.message == "All 14 lines are right."


def test_the_published_working():
    marking = check(USC, EXAMPLES / "usc-q1-published.toml")
    assert (marking.correct, marking.first_wrong, marking.cause) == (False, "p", "wrong_digit")
    assert marking.message == (
        "In p, entry 2 should be 1.97926e-32, not 1.079e-32: that is what comes out when one "
        "digit is misread or miscopied."
    )
    updated, delta = marking.line("W3_new"), marking.line("dz2")
    assert updated.cause == "sign_of_one_entry"
    assert [(entry.at, entry.written) for entry in updated.entries] == [((1, 2), "5.5")]
    assert delta.cause == "coarse_rounding"
    assert "rounded too coarsely" in delta.message
    right = [line.symbol for line in marking.lines if line.verdict == "right"]
    assert right == ["z1", "a1", "z2", "a2", "z3", "b3_new"]


def test_the_published_first_attempt():
    """dz2 from the updated W3, as it stands on the sheet, with its lost sign."""
    marking = check(USC, EXAMPLES / "usc-q1-first-attempt.toml")
    assert (marking.first_wrong, marking.cause) == ("dz2", "updated_weights")
    assert marking.message == (
        "In dz2, entry 1 should be 0, not -6 (no entry is right): that is what comes out when "
        "W3_new, the weights after the update, are used instead of W3."
    )
    # From the rightly updated W3 it would have been (−6, −14).
    assert check(USC, {"dz2": [-6, -14]}).cause == "updated_weights"


# a sheet, judged twice -----------------------------------------------------------------------


def test_later_lines_follow_from_the_students_own():
    sheet = CORRECT | {"z2": [5, 15], "a2": [5, 15]}  # the bias left out
    sheet["z3"] = [40, -34, 23]
    marking = check(USC, sheet)
    assert (marking.first_wrong, marking.cause) == ("z2", "forgot_bias")
    assert marking.message == (
        "In z2, entry 1 should be 6, not 5: that is what comes out when the bias b2 is left out."
    )
    seen = verdicts(marking)
    assert (seen["a2"], seen["z3"]) == ("follows", "follows")
    z3 = marking.line("z3")
    assert (z3.right, z3.follows, z3.cause, z3.message) == (False, True, None, "")
    assert [entry.right for entry in z3.entries] == [42.0, -31.0, 25.0]
    assert seen["dz2"] == "right"


def test_a_second_mistake_is_judged_from_the_first():
    """z2 without its bias, and then z3 without its own."""
    marking = check(USC, {"z1": [5, -5], "z2": [5, 15], "a2": [5, 15], "z3": [40, -30, 25]})
    assert marking.first_wrong == "z2"
    assert marking.line("z3").cause == "forgot_bias"
    assert marking.line("z3").verdict == "wrong"


def test_a_line_that_is_right_though_the_one_before_is_not():
    marking = check(USC, {"z2": [6, 51], "a2": [6, 15]})
    assert (marking.first_wrong, marking.cause) == ("z2", "digits_swapped")
    a2 = marking.line("a2")
    assert (a2.verdict, a2.right, a2.follows) == ("right", True, False)


# causes, reckoned out by hand ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "cause", "made_in"),
    [
        ({"z2": [5, 15]}, "forgot_bias", "z2"),
        ({"z2": [4, 15]}, "sign", "z2"),
        ({"z2": [6, -10]}, "transposed", "z2"),
        ({"z2": [16, -5]}, "forgot_activation", "z2"),
        ({"a1": [5, -5]}, "forgot_activation", "a1"),
        ({"z3": [30, -49, 13]}, "dropped_row_or_column", "z3"),
        ({"z3": [24, -31, 25]}, "digits_swapped", "z3"),
        ({"z3": [42, 31, 25]}, "sign_of_one_entry", "z3"),
        ({"z3": [42, -3.1, 25]}, "decimal_point", "z3"),
        ({"z3": [42, 25, -31]}, "entries_exchanged", "z3"),
        ({"z3": [84, -62, 50]}, "lost_factor", "z3"),
        ({"z3": [126, -93, 75]}, "other_factor", "z3"),
        ({"z3": [42, -31, 27]}, "one_entry", "z3"),
        ({"z3": [41, -30, 27]}, None, None),
        ({"loss": "7.38"}, "other_logarithm", "losses"),
        ({"dz3": [-1, 0, 1]}, "sign", "dz3"),
        ({"dz1": [3, 4]}, "forgot_derivative", "dz1"),
        ({"W1_new": [[2.5, -3.5, 2.5], [3, 4, -2]]}, "sign", "W1_new"),
        ({"W2_new": [[1, -2], [-2, 4]]}, "forgot_learning_rate", "W2_new"),
        ({"W2_new": [[1, -4.5], [3, 4]]}, "transposed", "W2_new"),
        ({"W2_new": [[0, 0], [-2.5, 0]]}, "only_the_step", "W2_new"),
        # Only the end of the working: forgotten on the way, where nothing was written down.
        (
            {"W1_new": [[-0.5, -0.5, -0.5], [1, 6, -4]], "b1_new": [-0.5, -4]},
            "forgot_derivative",
            "dz1",
        ),
        ({"W2_new": [[16, -2], [38, 4]]}, "updated_weights", "da2"),
    ],
)
def test_causes(answers, cause, made_in):
    marking = check(USC, answers)
    wrong = marking.lines[0]
    assert marking.first_wrong == next(iter(answers))
    assert (marking.cause, wrong.made_in) == (cause, made_in)
    assert [line.verdict for line in marking.lines[1:]] in ([], ["follows"])
    assert marking.message == wrong.message
    if made_in not in (None, marking.first_wrong, "losses"):
        assert f"(in {made_in}, which is not on the sheet)" in marking.message


def test_a_cause_that_nothing_explains_is_not_made_up():
    marking = check(USC, {"z3": [41, -30, 27]})
    assert marking.message == (
        "In z3, entry 1 should be 42, not 41 (no entry is right); none of the usual mistakes "
        "gives this."
    )


def batch(loss="mean_squared_error", output="identity", n=2, **options):
    """Two or three samples through one layer, easily reckoned."""
    inputs, targets = [[1, 2], [3, 1], [0, 1]], [[1, 0], [0, 1], [1, 0]]
    return Problem(
        layers=[Layer(weights=[[1, "1/2"], [0, 1]], bias=[1, 0], activation=output)],
        inputs=inputs[:n],
        targets=targets[:n],
        loss=loss,
        optimizer=SGD(learning_rate=Fraction(1, 10)),
        **options,
    )


def test_two_mistakes_that_give_the_same_are_both_mentioned():
    # z = (3, 2), (4.5, 1); squared errors 4 + 4 and 20.25 + 0; their mean is 14.125.
    marking = check(batch(), {"losses": [8, 20.25], "loss": 28.25})
    assert marking.cause == "sum_instead_of_mean"
    assert marking.lines[1].others == ("lost_factor",)
    assert marking.message == (
        "loss should be 14.125, not 28.25: that is what comes out when the samples are summed and "
        "not averaged: 1/2 is lost, or when a factor 2 or ½ is lost."
    )


def test_means_and_sums():
    # Of three samples, dz = 2 (z − t) / 3 and its sum.
    third = {"dz1": [["4/3", "4/3"], ["3", "0"], ["0.33", "0.67"]]}
    assert check(batch(n=3), third).correct
    summed = {"dz1": [[4, 4], [9, 0], [1, 2]]}
    assert check(batch(n=3), summed).cause == "sum_instead_of_mean"
    halved = {"dz1": [["2/3", "2/3"], ["1.5", "0"], ["1/6", "1/3"]]}
    assert check(batch(n=3), halved).cause == "lost_factor"
    averaged = {"db1": ["1.56", "0.667"]}
    assert check(batch(n=3), averaged).cause == "mean_instead_of_sum"
    over_outputs = {"losses": ["4", "10.1", "0.625"]}
    assert check(batch("half_squared_error", n=3), over_outputs).cause in ("lost_factor", None)


def test_softmax_over_the_whole_array_and_over_the_samples():
    Z = np.array([[3, 2], [4.5, 1], [1.5, 1]])
    whole = np.exp(Z) / np.exp(Z).sum()
    columns = np.exp(Z) / np.exp(Z).sum(axis=0)
    problem = batch("softmax_cross_entropy", n=3)
    assert check(problem, {"p": whole.round(4)}).cause == "softmax_over_everything"
    marking = check(problem, {"z1": Z, "p": columns.round(4)})
    assert marking.cause == "softmax_over_wrong_axis"
    assert "In p, sample 1, entry 1 should be 0.731059, not 0.1753" in marking.message
    assert check(problem, {"p": np.exp(Z).round(3)}).cause == "not_normalised"


@pytest.mark.parametrize(
    ("slope", "cause"),
    [
        (lambda z, s: s(s(z)) * (1 - s(s(z))), "derivative_at_activation"),
        (lambda z, s: z * (1 - z), "derivative_at_pre_activation"),
        (lambda z, s: 1.0 + 0 * z, "forgot_derivative"),
    ],
)
def test_derivatives(slope, cause):
    """A sigmoid output layer under squares: dz = 2 (a − t) / n · σ′(z)."""
    s = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    Z, T = np.array([[3, 2], [4.5, 1]]), np.array([[1, 0], [0, 1]])
    dz = (s(Z) - T) * slope(Z, s)
    problem = batch(output="sigmoid")
    marking = check(problem, {"dz1": dz.round(5), "db1": dz.sum(axis=0).round(5)})
    assert (marking.first_wrong, marking.cause) == ("dz1", cause)
    assert marking.line("db1").verdict == "follows"
    assert "not on the sheet" not in marking.message  # the slope belongs to dz1
    right = (s(Z) - T) * s(Z) * (1 - s(Z))
    assert check(problem, {"dz1": right.round(5)}).correct


def test_the_penalty_and_the_weights_of_samples():
    problem = batch(l2=Fraction(1, 2), sample_weight=[1, 3])
    # losses 8 and 20.25, a quarter and three quarters; ¼ Σ W² = 0.5625.
    right = {"loss": 17.1875, "penalty": 0.5625, "objective": 17.75}
    assert check(problem, right).correct
    assert check(problem, {"loss": 14.125}).cause is None
    assert check(problem, {"loss": 68.75}).cause == "sum_instead_of_mean"
    # dz = 2·¼ (2, 2), 2·¾ (4.5, 0); dW without and with λW = ½ W.
    assert check(problem, {"dW1": [[21.75, 9], [1, 2.5]]}).correct
    assert check(problem, {"dW1": [[21.25, 8.75], [1, 2]]}).cause == "forgot_penalty"
    assert check(problem, {"penalty": 1.125}).cause == "lost_factor"


def test_adam():
    problem = Problem(
        layers=[Layer(weights=[[1, 2]], bias=[0])],
        inputs=[1, 3],
        targets=[5],
        loss="half_squared_error",
        optimizer=Adam(learning_rate=0.1),
    )
    # z = 7, dz = 2, dW = (2, 6); m̂ = g and v̂ = g², so every weight moves by η.
    right = {"m_W1": [[0.2, 0.6]], "v_W1": [[0.004, 0.036]], "mhat_W1": [[2, 6]]}
    assert check(problem, right | {"W1_new": [[0.9, 1.9]]}).correct
    uncorrected = {"W1_new": [[0.684, 1.684]]}  # 0.1 · 0.1 g / √(0.001 g²) = 0.316
    assert check(problem, uncorrected).cause == "no_correction"
    plain = {"W1_new": [[0.8, 1.4]]}
    assert check(problem, plain).cause == "plain_step"
    spoiled = {"mhat_W1": [[0.2, 0.6]], "W1_new": [[0.99, 1.99]]}
    marking = check(problem, spoiled)
    assert (marking.first_wrong, marking.cause) == ("mhat_W1", "no_correction")
    assert marking.line("W1_new").verdict == "follows"


# digits --------------------------------------------------------------------------------------


def test_fractions_are_exact():
    problem = Problem(
        layers=[Layer(weights=[["1/3", "1/7"]], bias=[0])],
        inputs=[1, 1],
        targets=[1],
        loss="half_squared_error",
    )
    assert check(problem, {"z1": ["10/21"], "dz1": ["-11/21"]}).correct
    marking = check(problem, {"z1": ["11/21"]})
    assert marking.message.startswith("In z1, entry 1 should be 10/21, not 11/21")


def test_rounded_numbers_may_be_carried_on():
    problem = Problem(
        layers=[
            Layer(weights=[["1/3"]], bias=[0], activation="relu"),
            Layer(weights=[[100]], bias=[0]),
        ],
        inputs=[1],
        targets=[0],
        loss="half_squared_error",
    )
    marking = check(problem, {"z1": ["0.33"], "a1": ["0.33"], "z2": ["33.0"]})
    assert marking.correct
    assert verdicts(marking) == {"z1": "right", "a1": "right", "z2": "rounded"}
    z2 = marking.line("z2")
    assert (z2.right, z2.follows, z2.cause) == (False, True, "carried_rounding")
    assert z2.message == (
        "In z2, entry 1 should be 33.3333, not 33.0; rounding on the way accounts for that: carry "
        "more digits."
    )
    assert marking.message == ("All 3 lines are right, but for rounding carried along in z2.")
    assert not check(problem, {"z1": ["0.33"], "z2": ["30.0"]}).correct
    # Where nothing needs to be rounded, rounding is no excuse.
    marking = check(USC, {"z1": [5, -5], "z3": ["42.0", "-31.0", "25.5"]})
    assert (marking.first_wrong, marking.cause) == ("z3", "one_entry")


def test_digits_may_be_cut_off():
    problem = Problem(layers=[Layer(weights=[["2/3"], ["-2/3"]], bias=[0, 0])], inputs=[1])
    assert check(problem, {"z1": ["0.66", "-0.66"]}).correct
    assert not check(problem, {"z1": ["0.66", "-0.67"]}).correct  # who rounds, rounds
    assert not check(problem, {"z1": ["0.65", "-0.66"]}).correct


def test_blanks_are_left_out_of_account():
    assert check(USC, {"z3": ["?", -31, "?"]}).correct
    marking = check(USC, {"z3": ["?", -13, 25]})
    assert (marking.first_wrong, marking.cause) == ("z3", "digits_swapped")
    assert marking.lines[0].written == "[?, -13, 25]"


# as data -------------------------------------------------------------------------------------


def test_a_marking_is_data():
    marking = check(USC, CORRECT | {"dz1": [3, 4]})
    data = json.loads(json.dumps(marking.as_dict()))
    assert list(data) == ["correct", "first_wrong", "cause", "message", "lines"]
    assert data["first_wrong"] == "dz1"
    line = next(line for line in data["lines"] if line["symbol"] == "dz1")
    assert line["entries"] == [{"at": [2], "written": "4", "right": 0.0}]
    assert line["written"] == "[3, 4]"
    with pytest.raises(KeyError):
        marking.line("z9")
    with pytest.raises(AttributeError):
        marking.lines = ()


def test_any_order_is_the_order_of_work():
    backwards = dict(reversed(list(CORRECT.items())))
    order = [symbol for symbol in solve(read_problem(USC)).values if symbol in CORRECT]
    assert [line.symbol for line in check(USC, backwards).lines] == order


def test_a_large_network_takes_no_time_to_speak_of():
    rng = np.random.default_rng(0)
    problem = Problem(
        layers=[
            Layer(weights=rng.normal(0, 0.1, (32, 784)), bias=np.zeros(32), activation="relu"),
            Layer(weights=rng.normal(0, 0.1, (10, 32)), bias=np.zeros(10)),
        ],
        inputs=rng.random(784),
        targets=np.eye(10)[3],
        loss="softmax_cross_entropy",
        optimizer=SGD(learning_rate=0.1),
    )
    values = solve(problem).values
    wrong = 2 * problem.layers[0].weights - values["W1_new"]
    marking = check(problem, {"p": values["p"].round(4), "W1_new": wrong.round(6)})
    assert (marking.first_wrong, marking.cause) == ("W1_new", "sign")
