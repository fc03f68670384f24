"""chalknet export and import: from a run to every format, and back to what evaluate takes."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import openpyxl
import pytest
import torch
from safetensors.torch import save_file

from chalknet import Model, load_dataset
from chalknet.cli.export import Target
from chalknet.export.exporting import FORMATS
from export.compiler import compiled

FLOWERS = "height,width,kind\n" + "".join(
    f"{k % 3 + k / 100},{k % 3 - k / 50},{'abc'[k % 3]}\n" for k in range(60)
)


@pytest.fixture
def run(chalknet, tmp_path):
    """A small run on a table."""
    (tmp_path / "flowers.csv").write_text(FLOWERS)
    result = chalknet(
        "train", "flowers.csv", "--target", "kind", "--hidden", "6", "--scaling", "standard",
        "--epochs", 3, "--run-dir", "run", "--no-report",
    )  # fmt: skip
    assert result.status == 0, result.err
    return tmp_path / "run"


MODEL = "m.safetensors"
ROWS = np.array([[0.1, -0.2], [1.2, 0.7], [2.4, 1.5]], np.float32)


def test_onnx_of_a_run(run, chalknet):
    result = chalknet("export", "run", "--to", "onnx")
    assert result.out.splitlines()[1] == (
        "X float32 (N, 2) → label text (N), probabilities float32 (N, 3)"
    )
    session = onnxruntime.InferenceSession(run / "model.onnx")
    label, p = session.run(None, {"X": ROWS})
    model = Model.load(run / "model.safetensors")
    np.testing.assert_allclose(p, model.predict_proba(ROWS), atol=1e-6)
    assert label.tolist() == model.predict(ROWS).tolist()
    told = chalknet("export", "run", "--to", "onnx", "--input-type", "float64", "--json").last
    assert told["to"] == "onnx"
    assert told["files"] == ["run/model.onnx"]
    assert told["bytes"] == [(run / "model.onnx").stat().st_size]
    assert told["input"] == "X float64 (N, 2)"


@pytest.mark.parametrize(("to", "name"), [("python", "model.py"), ("pure-python", "model_pure.py")])
def test_stand_alone_programs(to, name, run, chalknet):
    assert chalknet("export", "run", "--to", to).status == 0
    table = "\n".join(",".join(map(str, row)) for row in ROWS.tolist())
    done = subprocess.run(
        [sys.executable, run / name], input=table, capture_output=True, text=True, check=True
    )
    expected = Model.load(run / "model.safetensors").predict(ROWS).tolist()
    assert done.stdout.split() == expected


def test_c_under_a_name_of_ones_own(run, chalknet, tmp_path):
    assert chalknet("export", "run/model.safetensors", "--to", "c", "--output", "net.h").status == 0
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "net.h"\n'
        "int main(void) { const float x[] = {1.2f, 0.7f};"
        " puts(net_classes[net_predict(x)]); return 0; }\n"
    )
    program = compiled(tmp_path / "main.c")
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert said.split() == Model.load(run / "model.safetensors").predict(ROWS[1:2]).tolist()


def test_torch_writes_two_files(run, chalknet):
    told = chalknet("export", "run", "--to", "torch", "--json").last
    assert told["files"] == ["run/model_torch.py", "run/model_torch.safetensors"]
    back = chalknet("import", "run/model_torch.safetensors", "--output", "again.safetensors")
    assert back.status == 0, back.err
    found = Model.load("again.safetensors").predict_proba(ROWS)
    expected = Model.load(run / "model.safetensors").predict_proba(ROWS)
    np.testing.assert_array_equal(found, expected)


def test_a_sample_as_a_workbook(run, chalknet):
    result = chalknet("export", "run", "--to", "excel", "--sample", 2)
    assert result.status == 0, result.err
    book = openpyxl.load_workbook(run / "model.xlsx")
    assert book.sheetnames[0] == "Network"
    assert any(cell.data_type == "f" for row in book["Forward"].rows for cell in row)


def test_a_copy_of_the_model(run, chalknet, tmp_path):
    result = chalknet("export", "run", "--to", "safetensors")
    assert (result.status, result.err) == (
        2, "chalknet: safetensors is what the model is in already: name the copy with --output.\n",
    )  # fmt: skip
    assert chalknet("export", "run", "--to", "safetensors", "--output", "copy.safetensors").out
    copy = (tmp_path / "copy.safetensors").read_bytes()
    assert copy == (run / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--to", "onxx"), "Invalid value for '--to': 'onxx' is not one of 'onnx'"),
        (("--to", "npz", "--input-type", "uint8"), "--input-type is for onnx and c: leave it out"),
        (("--to", "c", "--sample", "1"), "--sample is for excel: leave it out."),
        (("--to", "onnx", "--data-dir", "x"), "--data-dir is for excel: leave it out."),
        (("--to", "torch", "--output", "net.pt"), "so its name must end in .py"),
        (("--to", "excel", "--sample", "99"), "has 12 samples, counted from 0 to 11"),
        ((), "Missing option"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(arguments, sentence, run, chalknet):
    result = chalknet("export", "run", *arguments)
    assert result.status == 2
    assert sentence in result.err
    assert result.err.count("\n") == 1


def test_what_came_in_is_predicted_with_and_evaluated(run, chalknet, tmp_path):
    chalknet("export", "run", "--to", "onnx", "--output", "theirs.onnx")
    result = chalknet("import", "theirs.onnx", "--output", "ours.safetensors")
    assert result.status == 0, result.err
    assert "2 → 6        relu" in result.out
    assert "classes       a, b, c" in result.out
    (tmp_path / "rows.csv").write_text("height,width\n1.2,0.7\n")
    rows = chalknet("predict", "ours.safetensors", "rows.csv", "--json").last["predictions"]
    assert rows == chalknet("predict", "run", "rows.csv", "--json").last["predictions"]
    ours = chalknet("evaluate", "ours.safetensors", "flowers.csv", "--json").last
    assert ours == chalknet("evaluate", "run", "flowers.csv", "--json").last
    result = chalknet("evaluate", "ours.safetensors")
    assert (result.status, result.err) == (
        2, "chalknet: ours.safetensors: a model alone has no test set; name data to evaluate on.\n",
    )  # fmt: skip


def test_a_state_dict_becomes_a_run(chalknet, tmp_path):
    """PyTorch's network of the digits, with all that its file cannot say."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(64, 20), torch.nn.Tanh(), torch.nn.Linear(20, 10))
    train, test = load_dataset("digits")
    X, y = torch.tensor(train.X, dtype=torch.float32), torch.tensor(train.targets)
    for _ in range(100):
        loss = torch.nn.functional.cross_entropy(network(X), y)
        for p, slope in zip(
            network.parameters(), torch.autograd.grad(loss, network.parameters()), strict=True
        ):
            p.data -= 0.5 * slope
    save_file(network.state_dict(), tmp_path / "t.safetensors")
    result = chalknet(
        "import", "t.safetensors", "--activation", "tanh", "--loss", "softmax_cross_entropy",
        "--data", "digits", "--output", "theirs", "--json",
    )  # fmt: skip
    assert result.status == 0, result.err
    assert result.last["widths"] == [64, 20, 10]
    assert result.last["classes"] == list(range(10))
    right = network(torch.tensor(test.X, dtype=torch.float32)).argmax(dim=1).numpy() == test.targets
    assert right.mean() > 0.9
    assert chalknet("evaluate", "theirs", "--json").last["correct"] == int(right.sum())
    assert Model.load("theirs/model.safetensors").image_shape == (8, 8)
    again = chalknet("import", "t.safetensors", "--data", "digits", "--output", "theirs")
    assert again.err == "chalknet: --output theirs: there is something already: name another.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--output", MODEL), "does not say what stands between the layers: add activat"),
        (("--output", MODEL, "--activation", "relu"), "add loss (--loss)"),
        (
            ("--output", MODEL, "--activation", "tanh", "--loss", "softmax_cross_entropy"),
            "add classes (--classes)",
        ),
        (("--output", "run"), "--output run: a model's file is called NAME.safetensors; for the"),
        (("--output", MODEL, "--target", "y"), "--target says how to read --data: add it"),
        (
            ("--output", "r", "--data", "digits", "--activation", "relu", "--loss", "huber"),
            "the first layer takes 3 inputs, but digits has 64 columns",
        ),
        (
            ("--output", MODEL, "--activation", "relu", "--loss", "huber", "--divisor", 0),
            "every divisor must be finite and not zero",
        ),
        (
            ("--output", MODEL, "--layers", "a,b"),
            "layers (--layers) must name each layer once, and they are 0, 2.",
        ),
    ],
)  # fmt: skip
def test_what_a_file_cannot_say_is_asked_for(arguments, sentence, chalknet, tmp_path):
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    save_file(network.state_dict(), tmp_path / "t.safetensors")
    result = chalknet("import", "t.safetensors", *arguments)
    assert result.status == 2
    assert sentence in result.err
    assert result.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.safetensors"]


def test_labels_and_scaling_may_be_said(chalknet, tmp_path):
    network = torch.nn.Linear(4, 2)
    save_file(network.state_dict(), tmp_path / "t.safetensors")
    result = chalknet(
        "import", "t.safetensors", "--loss", "softmax_cross_entropy", "--offset", 3, "--divisor",
        2.5, "--classes", 'no,"well, yes"', "--image-size", "2x2", "--features", "a,b,c,d",
        "--name", "mine", "--output", MODEL,
    )  # fmt: skip
    assert result.status == 0, result.err
    assert "(inputs − 3) / 2.5" in result.out
    model = Model.load(MODEL)
    assert model.classes.tolist() == ["no", "well, yes"]
    assert (model.name, model.image_shape) == ("mine", (2, 2))
    assert model.feature_names == tuple("abcd")
    rows = torch.randn(5, 4)
    expected = torch.softmax(network((rows - 3) / 2.5), dim=1).detach().numpy()
    np.testing.assert_allclose(model.predict_proba(rows.numpy()), expected, atol=1e-6)


def test_a_damaged_file_is_one_sentence(run, chalknet):
    chalknet("export", "run", "--to", "onnx", "--output", "m.onnx")
    with open("m.onnx", "r+b") as file:  # noqa: PTH123
        file.seek(300)
        file.write(b"\xff")
    result = chalknet("import", "m.onnx", "--output", MODEL)
    assert result.status == 2
    assert "the content does not match its hash" in result.err


@pytest.mark.parametrize("command", ["export", "import"])
def test_help_teaches_by_example(command, chalknet):
    result = chalknet(command, "--help")
    assert result.status == 0
    assert f"chalknet {command} " in result.out
    assert "Examples" in result.out


ROOT = Path(__file__).resolve().parents[2]
DOCUMENTATION = (ROOT / "docs" / "exchange.md").read_text(encoding="utf-8")


def test_the_commands_of_the_documentation_work(chalknet, tmp_path):
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("*.png"))
    [block] = re.findall(r"```console\n(.*?)```", DOCUMENTATION, re.DOTALL)
    shown = block.split("$ chalknet ")[1:]
    assert len(shown) >= 5
    for command, *lines in (part.splitlines() for part in shown):
        result = chalknet(*shlex.split(command))
        assert result.status == 0, result.err
        found = result.out.splitlines()[: len(lines)]
        assert [without_sizes(line) for line in found] == [without_sizes(line) for line in lines]


def without_sizes(line):
    """Decimals of the weights, and so the sizes, may differ between processors."""
    return re.sub(r"[\d,]+ bytes", "bytes", line)


def test_the_documentation_and_the_command_name_the_same_formats(chalknet):
    named = re.findall(r"^\| `(\w[\w-]*)` \|", DOCUMENTATION, re.MULTILINE)
    assert named == [target.value for target in Target]
    assert set(named) == {*FORMATS, "excel"}
