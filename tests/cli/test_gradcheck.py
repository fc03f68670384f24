"""chalknet gradcheck: runs, networks on paper, functions of one's own."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from chalknet import Model

PAPER = """
input = [1, -1, 1]
target = [0, 0, 1]
loss = "softmax_cross_entropy"
[[layers]]
weights = [[1, -2, 1], [3, 4, -2]]
bias = [1, -2]
activation = "relu"
[[layers]]
weights = [["1/3", 2], [0, 1], [1, 1]]
bias = [0, 0, 0]
"""

MINE = """
import numpy as np
import beside

SCALE = beside.three


def right(x):
    return np.sum(x**3), SCALE * x**2


def wrong(x):
    gradient = 3 * x**2
    gradient[1] += 1e-3
    return np.sum(x**3), gradient


def broken(x):
    return x.nothing, x


if __name__ == "__main__":
    raise SystemExit("not to be run as a program")
"""


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.py").write_text(MINE)
    (tmp_path / "folder" / "beside.py").write_text("three = 3\n")
    yield "folder/mine.py"
    sys.modules.pop("beside", None)


@pytest.mark.parametrize(
    "options",
    [
        ["--hidden", "8", "--activation", "gelu"],
        ["--loss", "sigmoid_cross_entropy", "--hidden", "6"],
    ],
)
def test_a_run(options, chalknet, tmp_path):
    arguments = ("train", "digits", "--epochs", 1, "--run-dir", "run", "--no-report")
    assert chalknet(*arguments, *options).status == 0
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    result = chalknet("gradcheck", "run", "--json", "--at-most", 20)
    assert result.status == 0, result.err
    found = result.last
    assert found["passed"] is True
    network = Model.load(tmp_path / "run" / "model.safetensors").network
    sizes = [part.size for layer in network.layers for part in (layer.W, layer.b)]
    assert [array["size"] for array in found["arrays"]] == [*sizes, 16 * 64]
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before
    shown = chalknet("gradcheck", "run", "--at-most", 20).out
    assert max(map(len, shown.splitlines())) <= 80
    assert shown.rstrip().endswith("The gradient is right.")


def test_a_network_on_paper(chalknet, tmp_path):
    (tmp_path / "paper.toml").write_text(PAPER)
    found = chalknet("gradcheck", "paper.toml", "--json").last
    assert found["passed"] is True
    assert found["method"] == "complex step"
    # By hand: z₁ = (5, −5), a₁ = (5, 0), logits (5/3, 0, 5).
    logits = np.array([5 / 3, 0, 5])
    assert found["value"] == pytest.approx(np.log(np.exp(logits).sum()) - 5, rel=1e-12)
    assert [array["checked"] for array in found["arrays"]] == [6, 2, 6, 3, 3]
    (tmp_path / "open.toml").write_text(PAPER.replace('loss = "softmax_cross_entropy"', "")
                                        .replace("target = [0, 0, 1]", ""))  # fmt: skip
    result = chalknet("gradcheck", "open.toml")
    assert result.status == 2
    assert "open.toml: a gradient needs a loss" in result.err


def test_a_function_of_ones_own(mine, chalknet):
    result = chalknet("gradcheck", f"{mine}:right", "--at", "1,-2,0.5")
    assert result.status == 0, result.err
    assert "The gradient is right." in result.out
    result = chalknet("gradcheck", f"{mine}:wrong", "--at", "1,-2,0.5")
    assert result.status == 1
    assert "The gradient is wrong." in result.out
    found = chalknet("gradcheck", f"{mine}:wrong", "--size", 5, "--json")
    assert found.status == 1
    assert found.last["arrays"][0]["worst"]["index"] == [1]
    assert found.last["arrays"][0]["wrong"] == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{mine}:broken", "--size", "2"], "broken failed: AttributeError in line 19"),
        (["{mine}:rigth", "--size", "2"], "did you mean 'right'?"),
        (["{mine}:np", "--size", "2"], "unknown function"),
        (["{mine}"], "name the function in the file too"),
        (["{mine}:right"], "say where to check the function"),
        (["{mine}:right", "--at", "1", "--size", "1"], "say where to check the function"),
        (["{mine}:right", "--at", "1,nan"], "--at takes finite numbers"),
        (["folder/none.py:right", "--at", "1"], "folder/none.py: there is no such file"),
        (["mine:right", "--at", "1"], "--at is for a function of your own"),
        (["os:getcwd"], "there is no such folder"),
        (["nowhere"], "nowhere: there is no such folder"),
        (["nowhere.toml"], "nowhere.toml"),
    ],
)
def test_mistakes_are_one_sentence(arguments, sentence, mine, chalknet):
    result = chalknet("gradcheck", *(text.format(mine=mine) for text in arguments))
    assert result.status == 2
    assert sentence in result.err
    assert "Traceback" not in result.err


def test_a_file_that_cannot_be_run(chalknet, tmp_path):
    (tmp_path / "bad.py").write_text("x = 1\ny = x + z\n")
    result = chalknet("gradcheck", "bad.py:f", "--size", "1")
    assert result.status == 2
    assert "bad.py cannot be run: NameError in line 2" in result.err


def test_help(chalknet):
    assert "exit status 1 if" in chalknet("gradcheck", "--help").out
