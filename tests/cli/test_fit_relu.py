"""chalknet fit-relu: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import json
import re
import tomllib
from fractions import Fraction
from xml.etree import ElementTree as ET

import numpy as np
import openpyxl
import pytest

from chalknet import Model
from chalknet.explain.problem import read_problem

D1 = "0:8 1:6 2:4 3:2 4:0 5:2 6:4 7:2 8:0 9:2 10:4 11:6 12:8"
D2 = "0:0 1:1 2:2 3:3 4:2 5:1 6:2 7:3 8:4 9:5 10:6"


def evaluated(found, x):
    rows = zip(found["w_hidden"], found["b_hidden"], found["w_output"], strict=True)
    return found["b_output"] + sum(a * max(0.0, w * x + b) for w, b, a in rows)


@pytest.mark.parametrize(("points", "neurons"), [(D1, 4), (D2, 3)])
def test_the_published_points(points, neurons, chalknet):
    found = chalknet("fit-relu", points, "--json").last
    assert (found["neurons"], found["minimal"], found["exact"]) == (neurons, "proved", True)
    assert found["max_abs_residual"] == 0
    assert found["seconds"] < 1
    pairs = [tuple(map(float, pair.split(":"))) for pair in points.split()]
    assert all(evaluated(found, x) == y for x, y in pairs)
    table = found["table"]
    assert table["target"] == table["prediction"] == [y for _, y in pairs]
    assert np.array(table["z"]).shape == np.array(table["relu"]).shape == (len(pairs), neurons)
    assert np.maximum(table["z"], 0).tolist() == table["relu"]


def test_what_a_person_sees(chalknet, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = chalknet("fit-relu", D1)
    assert shown.status == 0
    assert shown.err == ""
    lines = shown.out.splitlines()
    assert lines[0] == "13 points, 3 knots, 4 neurons"
    assert lines[1] == "The fewest neurons that join these points by straight lines: 4, proved."
    assert "y = 8 − 2 relu(x) + 4 relu(x − 4) − 4 relu(x − 6) + 4 relu(x − 8)" in lines
    assert max(map(len, lines)) <= 80
    # The sheet of the homework: x, the z's, the ReLUs, prediction, target.
    row = next(line for line in lines if line.split()[:1] == ["5"])
    assert row.split() == ["5", "5", "1", "−1", "−3", "5", "1", "0", "0", "2", "2"]
    assert "0 exactly, in fractions; 0 with weights in float64" in shown.out


def test_a_long_fit_is_abbreviated(chalknet, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    rng = np.random.default_rng(0)
    rows = [f"{i},{y:.3f}" for i, y in enumerate(rng.normal(size=300))]
    (tmp_path / "long.csv").write_text("x,y\n" + "\n".join(rows))
    shown = chalknet("fit-relu", "long.csv", "--arithmetic", "float64")
    assert shown.status == 0, shown.err
    assert shown.out.count("…") > 3
    assert len(shown.out.splitlines()) < 65
    assert "The fewest neurons that join these points by straight lines: 298 or 299." in shown.out
    assert "in fractions" not in shown.out


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_plots(ending, chalknet, tmp_path):
    result = chalknet("fit-relu", D1, "--plot", f"fit.{ending}")
    assert result.status == 0, result.err
    assert result.out.splitlines()[-1] == f"plot      fit.{ending}"
    content = (tmp_path / f"fit.{ending}").read_bytes()
    assert content.startswith({"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[ending])
    if ending == "svg":
        ET.fromstring(content)


def test_a_plot_of_many_neurons(chalknet, tmp_path):
    (tmp_path / "noise.csv").write_text(
        "\n".join(f"{i},{y}" for i, y in enumerate(np.random.default_rng(0).normal(size=60)))
    )
    arguments = ("noise.csv", "--arithmetic", "float64", "--plot", "n.svg")
    assert chalknet("fit-relu", *arguments).status == 0
    assert (tmp_path / "n.svg").stat().st_size > 5000


def test_the_sheet_is_live(chalknet, tmp_path):
    result = chalknet("fit-relu", D1, "--excel", "fit.xlsx", "--json")
    assert result.status == 0, result.err
    assert result.last["sheet"] == "fit.xlsx"
    values, formulas = (
        openpyxl.load_workbook(tmp_path / "fit.xlsx", data_only=values_only)["Table"]
        for values_only in (True, False)
    )
    heads = [cell.value for cell in values[3]][1:]
    assert heads[:10] == ["x", "Z1", "Z2", "Z3", "Z4", "ReLU1", "ReLU2", "ReLU3", "ReLU4", "output"]
    assert heads[10:] == ["prediction", "target", "error"]
    row = [cell.value for cell in values[9]][1:]
    assert row == [5, 5, 1, -1, -3, 5, 1, 0, 0, 2, 2, 2, 0]
    live = [str(cell.value).startswith("=") for cell in formulas[9]][1:]
    assert live == [False, *[True] * 10, False, True]  # all but x and the target


def test_the_network_is_written(chalknet, tmp_path):
    assert chalknet("fit-relu", "0:0 1:1/3 2:1", "--output", "fit.toml").status == 0
    with (tmp_path / "fit.toml").open("rb") as stream:
        assert len(tomllib.load(stream)["layers"]) == 2
    problem = read_problem(tmp_path / "fit.toml")
    assert problem.layers[1].weights.tolist() == [[Fraction(1, 3), Fraction(1, 3)]]
    assert chalknet("fit-relu", D1, "--output", "fit.safetensors").status == 0
    model = Model.load(tmp_path / "fit.safetensors")
    assert model.predict([[5.0], [12.0]]).tolist() == [2.0, 8.0]
    assert model.feature_names == ("x",)


def test_options(chalknet):
    assert chalknet("fit-relu", D1, "--neurons", 7, "--json").last["neurons"] == 7
    found = chalknet("fit-relu", "0:0 1:0 2:1 3:3", "--sparsest", "--json").last
    assert (found["neurons"], found["knots"], found["sparsest"]) == (1, 1, True)
    assert "7 neurons" in chalknet("fit-relu", D1, "--neurons", 7).out


def test_the_search_beside_it(chalknet):
    arguments = ("fit-relu", D2, "--train", "--starts", 60, "--seed", 1, "--neurons", 4)
    found = chalknet(*arguments, "--json").last["search"]
    assert 0 < found["found"] < found["starts"] == 60
    shown = chalknet(*arguments)
    assert f"{found['found']} of 60" in shown.out
    assert "closed form" in shown.out
    nothing = chalknet("fit-relu", D1, "--train", "--starts", 1)
    assert "No start found the points: try more with --starts." in nothing.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("0:8",), "a line needs two points, but there is one"),
        (("0:8 0:9",), "x = 0 has two values, y = 8 and y = 9"),
        (("0:8 1:x",), "y of point 2: 'x' is not a number"),
        (("0:8 1:nan",), "y of point 2: 'nan' is not a number"),
        (("0:8 1",), "point 2 is '1', but points are written x:y"),
        (("",), 'no points were given: write x:y set apart by spaces, as in "0:8 1:6 2:4", or'),
        (("  ",), "no points were given"),
        (("1 2 " * 3000,), "1 2 1 2 1 2 1 2 1 2 1 2 1 2 1 2 1 2 1 2 1 2 1 2 1 2 1 2 1…: cannot"),
        (("1 2\0",), "'1 2\\x00' is not the name of a file."),
        (("0:1 1:2\0",), "y of point 2: '2\\x00' is not a number"),
        (("missing.csv",), "missing.csv: cannot be read (No such file or directory)."),
        ((D1, "--neurons", 3), "straight lines between these points need 4: ask for 4 or more."),
        (
            (D1, "--neurons", 300_000),
            "neurons must be a whole number from 4 to 20,000, not 300,000",
        ),
        ((D1, "--plot", "fit.gif"), "a plot is written as svg, png or pdf"),
        ((D1, "--excel", "fit.csv"), "fit.csv: the sheet is a workbook; end its name in .xlsx."),
        ((D1, "--output", "fit.json"), "a network is written as .toml (on paper) or .safetensors"),
        ((D1, "--arithmetic", "decimal"), "unknown arithmetic 'decimal'"),
        (("0:0 1:1e400",), "is out of range: numbers reach to 1.8e308."),
    ],
)
def test_what_cannot_be_is_one_sentence(arguments, sentence, chalknet):
    result = chalknet("fit-relu", *arguments)
    assert result.status == 2
    assert result.err.startswith("chalknet: ")
    assert result.err.count("\n") == 1
    assert sentence in result.err
    assert result.out == ""


def test_more_points_than_a_file_name_has_room_for(chalknet):
    points = " ".join(f"{k}:{k % 3}" for k in range(90))
    assert len(points) > 255
    assert chalknet("fit-relu", points, "--json").last["points"] == 90


def test_json_is_one_line_and_the_help_teaches(chalknet):
    result = chalknet("fit-relu", D1, "--json")
    assert result.out.count("\n") == 1
    assert result.out.strip() == json.dumps(result.last, separators=(",", ":"), ensure_ascii=False)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", chalknet("fit-relu", "--help").out)
    assert "Examples" in plain
    assert not re.search(r"--[\w-]+…", plain)


def test_what_rounding_costs_is_said(chalknet, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    line = "1000000:0 3000001/3:1/3 3000002/3:2/3 1000001:1"
    found = chalknet("fit-relu", line, "--json").last
    assert (found["neurons"], found["minimal"], found["added"]) == (1, "proved", 0)
    assert found["residual_of"] == "given points"
    assert found["max_abs_residual"] <= 4 * 2**-52 < found["forward_residual"]
    shown = chalknet("fit-relu", line).out
    assert "(at x as given: points with x in float64 leave their lines)" in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80
    # A jump so steep that a neuron alone has not the digits to end it.
    jump = ("--arithmetic", "float64", "--", "-1:0.3 0:0 4.9e-91:1 1:0.3 2:0.9")
    found = chalknet("fit-relu", "--json", *jump).last
    added = found["added"]
    assert added > 0
    assert found["max_abs_residual"] <= 4 * 2**-52
    assert (found["fewest"], found["minimal"]) == (4 + added, f"within {added + 1}")
    said = f"by straight lines: 3 to {4 + added}. Without rounding it would be {added} less."
    assert said in " ".join(chalknet("fit-relu", *jump).out.split())
    asked = chalknet("fit-relu", "--neurons", 4, "--json", *jump).last
    assert (asked["neurons"], asked["added"]) == (4, 0)
    assert asked["max_abs_residual"] > 0.1
