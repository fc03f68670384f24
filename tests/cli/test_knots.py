"""chalknet knots: pieces of networks on paper, of models and of runs; regions of two inputs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from chalknet import Dense, MeanSquaredError, Model, Network, Preprocessing
from chalknet.runs.folder import RunFolder

PAPER = """
input = [0]
[[layers]]
weights = [[1], ["-1/3"]]
bias = [0, "1/7"]
activation = "relu"
[[layers]]
weights = [[2, 7]]
bias = [1]
"""


def saved(widths, path, seed=0, **kwargs):
    network = Network.dense(
        widths, init="torch_default", rng=np.random.default_rng(seed), dtype=np.float64
    )
    Model(network, MeanSquaredError(), **kwargs).save(path)
    return network


def test_a_network_on_paper_has_its_knots_in_fractions(chalknet, tmp_path):
    (tmp_path / "paper.toml").write_text(PAPER)
    found = chalknet("knots", "paper.toml", "--json").last
    assert found["exact_knots"] == ["0", "3/7"]
    assert [piece["slopes"] for piece in found["pieces"]] == [[-7 / 3], [-1 / 3], [2]]
    assert found["pieces"][0]["start"] is None
    shown = chalknet("knots", "paper.toml").out
    assert "2 knots, 3 pieces" in shown
    assert re.search(r"^\s+−∞\s+0\s+−7/3\s+2$", shown, re.MULTILINE)


def test_what_fit_relu_wrote_is_read_again(chalknet):
    points = "0:8 1:6 2:4 3:2 4:0 5:2 6:4 7:2 8:0 9:2"
    chalknet("fit-relu", points, "--output", "fit.toml")
    chalknet("fit-relu", points, "--output", "fit.safetensors")
    first, second = (chalknet("knots", f"fit.{e}", "--json").last for e in ("toml", "safetensors"))
    assert first["knots"] == second["knots"] == [0, 4, 6, 8]


def test_a_run_and_its_preprocessing(chalknet, tmp_path):
    x = np.linspace(0, 10, 60)
    path = tmp_path / "wave.csv"
    path.write_text("x,y\n" + "\n".join(f"{a},{np.sin(a)}" for a in x))
    result = chalknet(
        "train", path, "--task", "regression", "--scaling", "standard", "--hidden", 8,
        "--epochs", 2, "--run-dir", "run", "--no-report",
    )  # fmt: skip
    assert result.status == 0, result.err
    found = chalknet("knots", "run", "--json").last
    model = RunFolder.open(tmp_path / "run").model()
    # Between knots the model's own outputs lie on straight lines.
    for piece in found["pieces"][1:-1]:
        a, b = piece["start"], piece["end"]
        at = np.array([[a + f * (b - a)] for f in (0.1, 0.5, 0.9)])
        outputs = model.output(at)[:, 0]
        expected = piece["slopes"][0] * at[:, 0] + piece["intercepts"][0]
        assert outputs == pytest.approx(expected, abs=1e-5)  # the run is float32


def test_a_range_and_plots(chalknet, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    saved([1, 20, 20, 1], tmp_path / "deep.safetensors")
    everything = chalknet("knots", "deep.safetensors", "--json").last
    some = chalknet("knots", "deep.safetensors", "--range", "-1,1", "--json").last
    assert 0 < len(some["pieces"]) < len(everything["pieces"])
    for ending in ("svg", "png", "pdf"):
        result = chalknet("knots", "deep.safetensors", "--plot", f"a.{ending}")
        assert result.status == 0, result.err
        assert (tmp_path / f"a.{ending}").stat().st_size > 3000
        assert max(map(len, result.out.splitlines())) <= 80


def test_what_lies_beyond_the_range_is_left_out(chalknet):
    points = "0:8 1:6 2:4 3:2 4:0 5:2 6:4 7:2 8:0 9:2 10:4"
    chalknet("fit-relu", points, "--output", "fit.toml")
    found = chalknet("knots", "fit.toml", "--range", "3,7", "--json").last
    assert (found["knots"], found["exact_knots"]) == ([4, 6], ["4", "6"])
    ends = [(piece["start"], piece["end"]) for piece in found["pieces"]]
    assert ends == [(3, 4), (4, 6), (6, 7)]
    shown = chalknet("knots", "fit.toml", "--range", "3,7").out.splitlines()
    assert shown[0] == "4 knots, 5 pieces; from 3 to 7: 2 knots, 3 pieces"
    assert [line.split() for line in shown[3:]] == [
        ["3", "4", "−2", "0"], ["4", "6", "2", "4"], ["6", "7", "−2", "2"],
    ]  # fmt: skip
    at_knots = chalknet("knots", "fit.toml", "--range", "4,8", "--json").last
    assert at_knots["knots"] == [4, 6, 8]
    between = chalknet("knots", "fit.toml", "--range", "4.5,5.5", "--json").last
    assert (between["knots"], len(between["pieces"])) == ([], 1)


def test_two_inputs(chalknet, tmp_path):
    axes = Dense([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], "relu")
    cross = Network([axes, Dense([[1.0], [1.0]], [-1.0], "relu")])
    Model(cross, MeanSquaredError()).save(tmp_path / "cross.safetensors")
    found = chalknet("knots", "cross.safetensors", "--range", 2, "--plot", "c.svg", "--json").last
    assert (found["regions"], found["after_layer"]) == (7, [4, 7])
    assert (found["low"], found["high"]) == ([-2, -2], [2, 2])
    area = 0.0
    for polygon in found["polygons"]:
        x, y = np.array(polygon).T
        area += abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    assert area == pytest.approx(16)
    assert (tmp_path / "c.svg").stat().st_size > 3000
    shown = chalknet("knots", "cross.safetensors").out
    assert "linear regions for x1 and x2" in shown
    assert "--plot FILE draws them." in shown


def test_several_outputs_and_none(chalknet, tmp_path):
    saved([1, 5, 3], tmp_path / "three.safetensors", classes=np.arange(3))
    shown = chalknet("knots", "three.safetensors").out
    assert "slope1" in shown
    assert "slope3" in shown
    network = Network([Dense([[2.0]], [1.0])])
    Model(network, MeanSquaredError(), Preprocessing()).save(tmp_path / "line.safetensors")
    assert "no knot: one straight line" in chalknet("knots", "line.safetensors").out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("three.safetensors",), "has 3 inputs, but pieces are listed for one and drawn for two."),
        (("nowhere",), "nowhere: there is no such file or folder; name a network, as .toml (on"),
        (("nowhere.toml",), "or .safetensors (a model), or the folder of a run."),
        (("n" * 5000,), "n…: there is no such file or folder"),
        ((".",), "this folder is not a run"),
        (("paper.toml", "--range", "2,1"), "--range takes two ends with a comma between"),
        (("paper.toml", "--plot", "a.jpg"), "a plot is written as svg, png or pdf"),
        (("tanh.toml",), "layer 1 has the activation tanh, but only networks of relu"),
        (("broken.safetensors",), "broken.safetensors"),
    ],
)
def test_what_has_no_knots_is_one_sentence(arguments, sentence, chalknet, tmp_path):
    saved([3, 4, 1], tmp_path / "three.safetensors")
    (tmp_path / "paper.toml").write_text(PAPER)
    (tmp_path / "tanh.toml").write_text(PAPER.replace('"relu"', '"tanh"'))
    (tmp_path / "broken.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    result = chalknet("knots", *arguments)
    assert result.status == 2
    assert result.err.startswith("chalknet: ")
    assert result.err.count("\n") == 1
    assert sentence in result.err
