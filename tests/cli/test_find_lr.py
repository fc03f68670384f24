"""chalknet find-lr: the options of training, the curve, the suggestion."""

from __future__ import annotations

import inspect
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from chalknet.cli.find_lr import find_lr
from chalknet.cli.train import train
from chalknet.cli.training_options import DATA_OPTIONS, LEARNING_OPTIONS, NETWORK_OPTIONS


def test_json_has_curve_and_suggestion(chalknet, tmp_path):
    result = chalknet("find-lr", "digits", "--steps", 80, "--lowest", 1e-5, "--json")
    assert result.status == 0, result.err
    found = result.last
    assert found["rates"][0] == pytest.approx(1e-5)
    assert len(found["rates"]) == len(found["losses"]) == len(found["smoothed"]) == found["steps"]
    assert found["best"] / 10 <= found["suggestion"] <= found["best"] / 2
    assert found["suggestion"] in found["rates"] or found["suggestion"] > found["steepest"]
    assert found["losses"][0] > 1.5 * min(found["smoothed"])
    assert not (tmp_path / "runs").exists()  # nothing is written


def test_options_mean_what_they_mean_in_training(chalknet):
    """Declared once: the very same parameters, and every one has its effect."""
    own, theirs = (inspect.signature(command).parameters for command in (find_lr, train))
    for name in (*DATA_OPTIONS, *NETWORK_OPTIONS, *LEARNING_OPTIONS):
        assert own[name].default is theirs[name].default is None
    usual = ("find-lr", "digits", "--steps", 30, "--json")
    plain = chalknet(*usual).last
    for options in (["--hidden", "8"], ["--optimizer", "momentum"], ["--seed", "3"],
                    ["--batch-size", "64"], ["--activation", "tanh"], ["--dropout", "0.5"],
                    ["--loss", "mean_squared_error"], ["--test", "0.5"]):  # fmt: skip
        other = chalknet(*usual, *options)
        assert other.status == 0, other.err
        assert other.last["losses"] != plain["losses"], options
    assert chalknet(*usual).last["losses"] == plain["losses"]
    assert chalknet(*usual, "--optimizer", "adam", "--hidden", "256").last == plain


def test_a_file_of_ones_own_and_a_configuration(chalknet, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    rows = [f"{a},{b},{c},{'up' if a + b > c else 'down'}" for a, b, c in X]
    (tmp_path / "mine.csv").write_text("a,b,c,way\n" + "\n".join(rows))
    (tmp_path / "c.toml").write_text('data = "mine.csv"\ntarget = "way"\nhidden = [8]\n')
    first = chalknet("find-lr", "mine.csv", "--target", "way", "--hidden", 8, "--json")
    second = chalknet("find-lr", "--config", "c.toml", "--json")
    assert first.status == second.status == 0, first.err + second.err
    assert first.last == second.last


def test_what_is_printed_and_drawn(chalknet, tmp_path):
    result = chalknet("find-lr", "digits", "--output", "curve.svg")
    assert result.status == 0, result.err
    assert max(map(len, result.out.splitlines())) <= 80
    assert "Suggested learning rate: 0.00" in result.out
    assert "falls fastest" in result.out
    assert result.err == ""
    assert ET.parse(tmp_path / "curve.svg").getroot().tag.endswith("svg")
    low = chalknet("find-lr", "digits", "--highest", 1e-6, "--steps", 40)
    assert low.status == 0
    assert "The loss never fell" in low.out


def test_marks_stand_at_the_rates_that_are_named(chalknet):
    arguments = ("find-lr", "digits", "--optimizer", "sgd", "--highest", 1000, "--steps", 100)
    found = chalknet(*arguments, "--json").last
    shown = chalknet(*arguments).out
    assert max(map(len, shown.splitlines())) <= 80
    rows = [line.split() for line in shown.splitlines() if "█" in line]
    marks = {" ".join(row[4:]): row for row in rows if len(row) > 3}
    losses = [float(row[1]) for row in rows]
    assert float(marks["least"][1]) == min(losses)
    assert float(marks["least"][1]) == pytest.approx(min(found["smoothed"]), abs=1e-4)
    for mark, name in (("least", "best"), ("falls fastest", "steepest")):
        assert float(marks[mark][0]) == pytest.approx(found[name], rel=0.05)
    assert float(marks["suggested"][0]) == pytest.approx(found["suggestion"], rel=0.05)
    rates = [float(row[0]) for row in rows]
    assert rates == sorted(rates)


def test_rates_too_high_are_told_and_nothing_is_suggested(chalknet):
    arguments = ("find-lr", "digits", "--optimizer", "sgd", "--lowest", 100, "--highest", 1e6)
    result = chalknet(*arguments)
    assert result.status == 0
    assert "far above the 2.5" in result.out
    assert "Take a lower --lowest, such as 0.1." in result.out
    assert "Suggested" not in result.out
    assert "←" not in result.out
    found = chalknet(*arguments, "--json").last
    assert (found["suggestion"], found["too_high"]) == (None, True)
    assert found["losses"][5] > 4 * found["untrained"]


def test_the_drawing_says_that_rates_are_too_high(chalknet, tmp_path):
    rates = ("--lowest", 100, "--highest", 1e6, "--optimizer", "sgd")
    assert chalknet("find-lr", "digits", *rates, "--output", "curve.svg").status == 0
    assert "All rates are too high" in (tmp_path / "curve.svg").read_text()


def test_a_suggestion_below_the_sweep_is_no_row_of_it(chalknet):
    arguments = ("find-lr", "digits", "--optimizer", "sgd", "--lowest", 0.3, "--highest", 100)
    found = chalknet(*arguments, "--json").last
    assert found["suggestion"] < 0.3
    shown = chalknet(*arguments).out
    assert f"Suggested learning rate: {found['suggestion']:.2g}" in shown
    assert "← suggested" not in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "name what to train on"),
        (["digitz"], "digitz"),
        (["digits", "--lowest", "2", "--highest", "1"], "must be above 0 and below the highest"),
        (["digits", "--steps", "3"], "steps"),
        (["digits", "--optimizer", "adamm"], "did you mean 'adam'"),
        (["digits", "--target", "x"], "leave target out"),
        (["digits", "--output", "curve"], "end the name in one of them"),
        (["digits", "--epochs", "3"], "epochs"),
    ],
)
def test_mistakes_are_one_sentence(arguments, sentence, chalknet):
    result = chalknet("find-lr", *arguments)
    assert result.status == 2
    assert sentence in result.err
    assert "Traceback" not in result.err


def test_help_shows_the_panels_of_training(chalknet):
    shown = chalknet("find-lr", "--help").out
    for text in ("Raise the learning rate", "Data", "Network", "Learning", "--class-weight"):
        assert text in shown
