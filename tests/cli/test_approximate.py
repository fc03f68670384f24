"""chalknet approximate: boxes, lines, cells, samples, and what is refused."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from chalknet import Model


def test_boxes_and_their_weights(chalknet, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    found = chalknet("approximate", "sin(3x)", "--range", "-2,2", "--neurons", 40, "--json").last
    assert found["neurons"] == 40
    assert found["measured"] <= found["bound"] <= 2 * found["measured"]
    assert found["proved"] is True
    # The weights alone give the function, at points of our own.
    x = np.random.default_rng(0).uniform(-2, 2, 5000)
    Z = np.outer(x, found["w_hidden"]) + found["b_hidden"]
    outputs = (Z > 0) @ np.array(found["w_output"]) + found["b_output"]
    assert np.abs(outputs - np.sin(3 * x)).max() <= found["bound"]
    shown = chalknet("approximate", "sin(3x)", "--range", "-2,2", "--neurons", 40)
    assert "sin(3x) on [-2, 2]: 40 step neurons" in shown.out
    assert "proved for every input" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80


def test_the_two_rates_stand_side_by_side(chalknet):
    found = chalknet("approximate", "sin(x)", "--range", 3, "--neurons", 100, "--json").last
    rates = found["rates"]
    assert rates["neurons"][-1] == 256
    assert rates["boxes"][-3] / rates["boxes"][-1] == pytest.approx(4, rel=0.05)
    assert rates["lines"][-3] / rates["lines"][-1] == pytest.approx(16, rel=0.05)
    shown = chalknet("approximate", "sin(x)", "--range", 3, "--neurons", 100).out
    assert re.search(r"n\s+∝ n\^−1\.0\d\s+∝ n\^−2\.0\d", shown)


def test_adaptive_needs_fewer(chalknet):
    uniform, adaptive = (
        chalknet("approximate", "sigmoid(30x)", "--error", 0.02, *options, "--json").last
        for options in ((), ("--adaptive",))
    )
    assert adaptive["neurons"] < uniform["neurons"] / 5
    assert max(adaptive["bound"], uniform["bound"]) <= 0.02
    shown = chalknet("approximate", "sigmoid(30x)", "--error", 0.02, "--adaptive").out
    assert re.search(r"equal widths\s+would take \d+ neurons for that error", shown)


def test_lines_samples_and_models(chalknet, tmp_path):
    x = np.linspace(0, 3, 50)
    (tmp_path / "s.csv").write_text("x,y\n" + "\n".join(f"{a},{np.cos(a)}" for a in x))
    result = chalknet(
        "approximate", "s.csv", "--lines", "--error", 0.01, "--output", "m.safetensors", "--json"
    )
    assert result.status == 0, result.err
    assert (result.last["function"], result.last["range"]) == ("s.csv", [0, 3])
    model = Model.load(tmp_path / "m.safetensors")
    assert np.abs(model.predict(x[:, None]) - np.cos(x)).max() <= 0.01
    assert {layer.activation.name for layer in model.network.layers} == {"relu", "identity"}


def test_two_inputs_and_the_growth(chalknet, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    found = chalknet("approximate", "exp(-4(x1^2 + x2^2))", "--error", 0.1, "--json").last
    assert found["measured"] <= found["bound"] <= 0.1
    growth = found["growth"]
    assert growth["inputs"] == [1, 2, 3, 4, 5]
    by_inputs = np.array(growth["neurons"], float)
    # Ten times the accuracy is 10^d times the neurons.
    at, tenth = growth["errors"].index(0.1), growth["errors"].index(0.01)
    for k, d in enumerate(growth["inputs"]):
        assert by_inputs[tenth, k] / by_inputs[at, k] == pytest.approx(10.0**d, rel=0.35)
    shown = chalknet("approximate", "exp(-4(x1^2 + x2^2))", "--error", 0.1).out
    assert "Neurons that suffice, by the number of inputs" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_the_box_of_two_neurons(chalknet, tmp_path):
    found = chalknet("approximate", "--box", "3,0.5", "--plot", "box.svg", "--json").last
    assert (found["w_hidden"], found["b_hidden"]) == ([1, 1], [0, -0.5])
    assert (found["w_output"], found["neurons"]) == ([3, -3], 2)
    assert (tmp_path / "box.svg").stat().st_size > 3000
    shown = chalknet("approximate", "--box=-2,0.5").out
    assert "f(x) = −2 step(x) + 2 step(x − 0.5)" in shown
    assert "step(z) is 1 for z > 0 and 0 at z = 0" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("sin(x)",),
        ("|x|", "--adaptive"),
        ("step(x)", "--neurons", 21),
        ("x^2", "--lines"),
        ("x1 x2",),
        ("x1 + x2 + x3",),
    ],
)
def test_plots(arguments, chalknet, tmp_path):
    result = chalknet("approximate", *arguments, "--plot", "a.svg")
    assert result.status == 0, result.err
    ET.fromstring((tmp_path / "a.svg").read_bytes())
    assert result.out.splitlines()[-1].split() == ["plot", "a.svg"]


def test_a_function_longer_than_a_file_name(chalknet):
    waves = "+".join(f"sin({k}x)" for k in range(1, 40))
    assert len(waves) > 255
    found = chalknet("approximate", waves, "--range", 1, "--neurons", 4, "--json")
    assert found.status == 0, found.err
    x = np.linspace(-1, 1, 2001)
    outputs = (np.outer(x, found.last["w_hidden"]) + found.last["b_hidden"] > 0) @ np.array(
        found.last["w_output"]
    )
    errors = np.abs(outputs + found.last["b_output"] - sum(np.sin(k * x) for k in range(1, 40)))
    assert errors.max() <= found.last["bound"]


@pytest.mark.parametrize(
    "text",
    ["+".join(["x"] * 5000), "4+" * 300 + "4", "sin(x" * 100, "x" * 5000 + ".csv", "x\0y"],
)
def test_long_text_that_is_no_function_is_not_repeated(text, chalknet):
    result = chalknet("approximate", text)
    assert result.status == 2
    assert result.err.startswith("chalknet: ")
    assert "name too long" not in result.err.lower() or text.endswith(".csv")
    assert len(result.err) < 400


def test_a_leading_minus_is_written_after_two(chalknet):
    found = chalknet("approximate", "--json", "--", "-x")
    assert found.last["function"] == "-x"
    assert '-- "-x^2"' in re.sub(r"\x1b\[[0-9;]*m", "", chalknet("approximate", "--help").out)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "give a function, such as 'sin(x)', a CSV of samples, or --box HEIGHT,WIDTH."),
        (("sin(x)", "--box", "1,1"), "give a function, such as 'sin(x)'"),
        (("sinn(x)",), "did you mean 'sin'?"),
        (("__import__('os')",), "cannot be read at character 1"),
        (("1/x",), "1/x may be unbounded or undefined on"),
        (("9^9^9^9^9^9^9 x",), "choose a range on which it is finite"),
        (("sin(x)", "--range", "a,b"), "--range takes two ends with a comma between"),
        (("sin(x)", "--neurons", 1), "neurons must be a whole number from 2 to 20,000, not 1."),
        (("sin(x)", "--neurons", 5, "--error", 0.1), "give neurons or error, not both"),
        (("sin(x)", "--error", -1), "error must be a number above 0"),
        (("x1 x2", "--lines"), "lines are for functions of one input"),
        (("missing.csv",), "missing.csv: cannot be read (No such file or directory)."),
        (("sin(x)", "--plot", "a.bmp"), "a plot is written as svg, png or pdf"),
        (("sin(x)", "--output", "a.toml"), "a model is written as .safetensors"),
        (("--box", "3"), "--box takes a height and a width, as in 3,0.5, not '3'."),
        (("--box", "3,-1"), "a box has a finite height and a width above 0"),
    ],
)
def test_what_cannot_be_is_one_sentence(arguments, sentence, chalknet):
    result = chalknet("approximate", *arguments)
    assert result.status == 2
    assert result.err.startswith("chalknet: ")
    assert result.err.count("\n") == 1
    assert sentence in result.err


def test_the_help_teaches(chalknet):
    plain = re.sub(r"\x1b\[[0-9;]*m", "", chalknet("approximate", "--help").out)
    assert "Examples" in plain
    assert not re.search(r"--[\w-]+…", plain)
