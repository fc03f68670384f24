"""chalknet explain: the published question, every format, a run's sample, and bad input."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
USC = EXAMPLES / "usc-q1.toml"

# As the course's study gives them, to about 1e-7.
CORRECT = {
    "z1": [5, -5],
    "a1": [5, 0],
    "z2": [6, 15],
    "z3": [42, -31, 25],
    "p": [1 - 4.14e-8, 1.98e-32, 4.14e-8],
    "dz3": [1 - 4.14e-8, 1.98e-32, 4.14e-8 - 1],
    "W3_new": [[-1, -5.5], [3, -3], [5, 8.5]],
    "b3_new": [-0.5, -4, -1.5],
    "dz2": [0, 1],
    "W2_new": [[1, -2], [0.5, 4]],
    "b2_new": [1, -0.5],
    "dz1": [3, 0],
    "W1_new": [[-0.5, -0.5, -0.5], [3, 4, -2]],
    "b1_new": [-0.5, -2],
}


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    from chalknet.cli.app import main

    folder = tmp_path_factory.mktemp("runs") / "digits"
    options = ["--hidden", "8", "--epochs", "1", "--no-report", "--engine", "reference"]
    assert main(["train", "digits", "--run-dir", str(folder), *options]) == 0
    return folder


def test_the_published_question(chalknet):
    result = chalknet("explain", USC, "--json")
    assert result.status == 0
    assert len(result.lines) == 1
    values = result.last["values"]
    for symbol, correct in CORRECT.items():
        np.testing.assert_allclose(values[symbol], correct, atol=5e-7)
    assert values["loss"] == pytest.approx(17, abs=1e-6)
    assert [step["symbol"] for step in result.last["steps"]][:3] == ["z1", "a1", "z2"]
    first = result.last["steps"][0]
    assert first["equation"] == "z₁ = W₁ x + b₁"
    assert first["shape"] == [2, 1]
    assert first["checks"][0]["error"] <= first["checks"][0]["tolerance"]


def test_exact_values_are_strings(chalknet):
    values = chalknet("explain", EXAMPLES / "relu-regression.toml", "--exact", "--json").last[
        "values"
    ]
    assert values["z2"] == ["-3"]
    assert values["loss"] == "25"
    assert values["W2_new"] == [["1", "1/2", "-1/2", "-1"]]
    assert [Fraction(x) for x in values["b1_new"]] == [1, Fraction(1, 2), Fraction(-3, 2), 1]
    p = chalknet("explain", USC, "--exact", "--json").last["values"]["p"][0]
    assert p == "0.999999958600624526056693990764"


def test_the_terminal_fits_eighty_columns(chalknet):
    for path in sorted(EXAMPLES.glob("*.toml")):
        if "[[layers]]" not in path.read_text():
            continue
        result = chalknet("explain", path)
        assert result.status == 0, result.err
        assert result.err == ""
        assert max(map(len, result.out.splitlines())) <= 80
        assert "Verified" in result.out
        assert "\x1b" not in result.out


def test_the_notation_is_the_readers(chalknet):
    out = chalknet("explain", USC, "--row", "--names", "s,delta", "--decimal-comma").out
    assert "s₁ = x W₁ + b₁" in out
    assert "δ₃ = ∂loss/∂s₃" in out
    assert "η = 0,5" in out
    assert "0.5" not in out
    three = chalknet("explain", USC, "--digits", "3").out
    assert "4.14·10⁻⁸" in three
    assert "rounded to 3 significant digits" in " ".join(three.split())


def test_further_updates(chalknet):
    result = chalknet("explain", EXAMPLES / "momentum.toml", "--steps", "3", "--exact", "--json")
    values = result.last["values"]
    # Worked by hand: dW = 17/6 … the velocity keeps half of what it was.
    assert values["v_W1"] == [["-17/6"]]
    assert values["W1_new"] == [["47/60"]]
    assert values["v_W1@2"] == [["-359/180"]]
    assert "W1_new@3" in values
    assert "W1_new@4" not in values


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("solution.html", "<!doctype html>"),
        ("solution.tex", "\\documentclass"),
        ("solution.md", "# One step by hand"),
        ("solution.txt", "One step by hand"),
        ("solution.json", "{"),
    ],
)
def test_every_format_is_written_by_its_files_name(chalknet, tmp_path, name, begins):
    result = chalknet("explain", USC, "--output", name)
    assert result.status == 0, result.err
    assert result.out == ""
    assert result.err == f"written to {name}\n"
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert text.lower().startswith(begins.lower())
    assert "W" in text


def test_a_format_is_printed_where_no_file_is_named(chalknet):
    result = chalknet("explain", USC, "--format", "latex")
    assert result.out.startswith("\\documentclass")
    values = json.loads(chalknet("explain", USC, "--format", "json").out)["values"]
    assert values == chalknet("explain", USC, "--json").last["values"]


def test_json_beside_a_file(chalknet, tmp_path):
    result = chalknet("explain", USC, "--json", "--output", "page.html")
    assert result.last["title"] == "One step by hand"
    assert (tmp_path / "page.html").stat().st_size > 10_000


def test_a_workbook_is_written(chalknet, tmp_path):
    result = chalknet("explain", USC, "--excel", "live.xlsx")
    assert result.status == 0
    assert result.out == ""
    assert result.err == "workbook written to live.xlsx\n"
    assert (tmp_path / "live.xlsx").read_bytes().startswith(b"PK")


def test_a_workbook_that_fails_its_verification_is_not_written(chalknet, tmp_path, monkeypatch):
    from chalknet.explain.verify import reckoners

    # A second computation that never agrees.
    monkeypatch.setattr(reckoners.FloatReckoner, "total", lambda self, terms: sum(terms) + 1)
    result = chalknet("explain", USC, "--excel", "live.xlsx")
    assert result.status != 0
    assert "failed its verification" in result.err
    assert not (tmp_path / "live.xlsx").exists()


def test_all_seventeen_digits(chalknet):
    result = chalknet("explain", EXAMPLES / "xor-batch.toml", "--digits", "17")
    assert result.status == 0
    shown = re.findall(r"0\.4621171572\d+", result.out)
    assert shown
    assert all(abs(Decimal(x) - Decimal("0.46211715726000975850")) < 2e-16 for x in shown)  # tanh ½
    assert max(map(len, result.out.splitlines())) <= 80


# runs ----------------------------------------------------------------------------------------


def test_a_runs_sample_with_the_gradient_and_the_update_it_would_cause(chalknet, run_folder):
    from chalknet.data.catalogue import load_dataset
    from chalknet.model import Model

    result = chalknet("explain", run_folder, "--sample", "17", "--json")
    assert result.status == 0, result.err
    values = result.last["values"]
    model = Model.load(run_folder / "model.safetensors")
    _, test = load_dataset("digits")
    np.testing.assert_allclose(values["p"], model.predict_proba(test.X[17:18])[0], rtol=1e-4)
    assert np.shape(values["dW1"]) == (8, 64)
    # The first step of Adam is its learning rate against the gradient's sign, about.
    W, moved = model.network.layers[1].W.T, np.array(values["W2_new"])
    large = np.abs(values["dW2"]) > 1e-4
    np.testing.assert_allclose(
        (moved - W)[large], -0.001 * np.sign(values["dW2"])[large], rtol=1e-3
    )
    assert result.last["title"] == "digits, test sample 17"
    assert any("this sample alone would cause" in note for note in result.last["notes"])


def test_a_runs_other_parts(chalknet, run_folder):
    train = chalknet("explain", run_folder, "--split", "train", "--json").last
    assert train["title"] == "digits, train sample 0"
    text = chalknet("explain", run_folder, "--split", "train").out
    assert max(map(len, text.splitlines())) <= 80
    assert "⋯" in text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["--split", "validation"],
            "{run}: this run has no validation data; try --split train.",
        ),
        (
            ["--sample", "355"],
            "--sample 355: the test data of digits has 355 samples, counted from 0 to 354.",
        ),
    ],
)
def test_what_a_run_has_not(chalknet, run_folder, options, sentence):
    result = chalknet("explain", run_folder, *options)
    assert result.status == 2
    assert result.out == ""
    assert result.err == f"chalknet: {sentence.format(run=run_folder)}\n"


# bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["none.toml"], "none.toml: cannot be read (No such file or directory)."),
        (
            [USC, "--sample", "3"],
            f"--sample belongs to a run's data, but {USC} is no run.",
        ),
        (
            [USC, "--names", "zz"],
            "--names: unknown name 'zz': did you mean 'z'? Known are delta, ds, dz, s, z, δ.",
        ),
        (
            [USC, "--output", "page.pdf"],
            "--output page.pdf: the name must end in .txt, .tex, .html, .htm, .md, .json, or say "
            "what to write with --format.",
        ),
        (
            ["."],
            ".: this folder is not a run (it has no config.toml); name one that chalknet train has "
            "made.",
        ),
    ],
)
def test_bad_input_is_one_sentence(chalknet, options, sentence):
    result = chalknet("explain", *options)
    assert result.status == 2
    assert result.out == ""
    assert result.err == f"chalknet: {sentence}\n"


def test_a_mistake_in_the_file_is_said_with_its_place(chalknet, tmp_path):
    text = USC.read_text().replace("[2, 1]]", '[2, "1/0"]]')
    (tmp_path / "homework.toml").write_text(text)
    result = chalknet("explain", "homework.toml", "--json")
    assert result.status == 2
    assert result.err == (
        "chalknet: homework.toml: layers[3].weights row 3 column 2: '1/0' has a zero denominator.\n"
    )


def test_nothing_heavy_is_imported():
    heavy = ("sklearn", "scipy", "matplotlib", "sympy", "numba", "pandas", "torch", "rich", "PIL")
    program = (
        "import sys; from chalknet.cli.app import main; status = main(sys.argv[1:]); "
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr); "
        "sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "explain", str(USC)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "[]\n"
