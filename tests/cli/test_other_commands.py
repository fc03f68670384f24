"""evaluate, report, data, --help and --version; and what importing costs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from chalknet import Model, load_dataset
from chalknet.cli.data import NAMED
from chalknet.data.catalogue import NAMES
from chalknet.operations.activations import ACTIVATIONS
from chalknet.operations.initializers import INITIALIZERS
from chalknet.operations.losses import LOSSES
from chalknet.training.optimizers import OPTIMIZERS
from chalknet.training.schedules import SCHEDULES


@pytest.fixture
def digits_run(chalknet, tmp_path):
    result = chalknet(
        "train", "digits", "--epochs", 5, "--run-dir", "run", "--no-report", "--validation", 0.1
    )
    assert result.status == 0, result.err
    return tmp_path / "run"


def test_evaluate_agrees_with_scikit_learn(digits_run, chalknet):
    test = load_dataset("digits").test
    predicted = Model.load(digits_run / "model.safetensors").predict(test.X)
    figures = chalknet("evaluate", "run", "--json").last
    assert figures["correct"] == int((predicted == test.y).sum())
    expected = f1_score(test.y, predicted, average=None)
    assert [row["f1"] for row in figures["per_class"]] == pytest.approx(list(expected), rel=1e-12)
    shown = chalknet("evaluate", "run").out
    assert f"{figures['correct']:,} of 355" in shown
    assert "precision" in shown


def test_evaluate_on_other_data(digits_run, chalknet, tmp_path):
    test = load_dataset("digits").test
    np.savez(tmp_path / "some.npz", X=test.X[:50].reshape(-1, 8, 8), y=test.y[:50])
    figures = chalknet("evaluate", "run", "some.npz", "--json").last
    model = Model.load(digits_run / "model.safetensors")
    assert figures["total"] == 50
    assert figures["correct"] == model.evaluate(test.take(range(50))).correct
    np.savez(tmp_path / "other.npz", X=test.X[:50], y=test.y[:50] + 5)
    result = chalknet("evaluate", "run", "other.npz")
    assert result.status == 2
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("labels", "others"),
    [
        (["7", "other"], ["7", "7"]),  # a file of one class, which alone looks like integers
        (["1", "2"], ["1", "2"]),  # integers in the CSV, text in the other
        (["False", "True"], [False, True]),
    ],
)
def test_evaluate_on_labels_that_another_format_writes_otherwise(
    labels, others, chalknet, tmp_path
):
    rows = [f"{k % 2 + k / 100},{labels[k % 2]}" for k in range(40)]
    (tmp_path / "a.csv").write_text("x,kind\n" + "\n".join(rows))
    chalknet("train", "a.csv", "--epochs", 1, "--run-dir", "run", "--no-report")
    pd.DataFrame({"x": [0.1, 1.1], "kind": others}).to_parquet(tmp_path / "b.parquet")
    result = chalknet("evaluate", "run", "b.parquet", "--json")
    assert result.status == 0, result.err
    assert result.last["names"] == labels
    counts = {row["name"]: row["support"] for row in result.last["per_class"]}
    assert counts == {label: [str(o) for o in others].count(label) for label in labels}


def test_pixels_that_were_scaled_before_raise_a_doubt(chalknet, tmp_path):
    test = load_dataset("digits").test
    pixels = (test.X.reshape(-1, 8, 8) * 255).astype(np.uint8)
    np.savez(tmp_path / "bytes.npz", X=pixels, y=test.y)
    np.savez(tmp_path / "floats.npz", X=pixels / 255, y=test.y)
    chalknet("train", "bytes.npz", "--epochs", 1, "--run-dir", "run", "--no-report")
    for command in ("evaluate", "predict"):
        assert "note: floats" in chalknet(command, "run", "floats.npz").err
        assert "note" not in chalknet(command, "run", "bytes.npz").err


def test_report_is_written_again(digits_run, chalknet, tmp_path):
    assert not (digits_run / "report.html").exists()
    result = chalknet("report", "run", "--json")
    assert result.status == 0, result.err
    assert result.last == {"report": "run/report.html"}
    page = (digits_run / "report.html").read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    result = chalknet("report", "run", "--output", "elsewhere.html")
    assert result.out.strip() == "elsewhere.html"
    assert (tmp_path / "elsewhere.html").read_text(encoding="utf-8") == page


def test_data_lists_the_catalogue_and_describes_a_set(chalknet):
    assert list(NAMED) == list(NAMES)
    listed = chalknet("data").out
    assert all(name in listed for name in NAMES)
    assert list(chalknet("data", "--json").last["datasets"]) == list(NAMES)
    facts = chalknet("data", "digits", "--json").last
    assert facts["train"]["samples"] + facts["test"]["samples"] == 1797
    assert sum(facts["train"]["classes"].values()) == facts["train"]["samples"]
    assert (facts["train"]["smallest"], facts["train"]["largest"]) == (0.0, 1.0)
    assert "8×8 images, 10 classes" in chalknet("data", "digits").out


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "report", "data"])
def test_help_teaches_by_example(command, chalknet):
    result = chalknet(command, "--help")
    assert result.status == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", result.out)
    assert "Examples" in plain
    assert f"chalknet {command}" in plain
    assert not re.search(r"--[\w-]+…", plain)  # no option's name is cut off


@pytest.mark.parametrize("known", [ACTIVATIONS, INITIALIZERS, LOSSES, SCHEDULES, OPTIMIZERS])
def test_the_help_of_train_names_everything_there_is(known, chalknet):
    plain = re.sub(r"\x1b\[[0-9;]*m", "", chalknet("train", "--help").out)
    assert [name for name in known if not re.search(rf"\b{name}\b", plain)] == []


def test_a_terminal_that_knows_only_ascii_is_no_failure(chalknet, tmp_path):
    np.savez(tmp_path / "é.npz", X=np.arange(40.0).reshape(20, 2), y=["ä", "b"] * 10)
    chalknet("train", "é.npz", "--epochs", 1, "--run-dir", "run", "--no-report")
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "chalknet", "evaluate", "run"]
    ran = subprocess.run(command, cwd=tmp_path, env=ascii_only, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert b"\\xe9: 4 samples" in ran.stdout


def test_commands_are_grouped_and_the_version_is_told(chalknet):
    plain = re.sub(r"\x1b\[[0-9;]*m", "", chalknet("--help").out)
    assert plain.index("Train") < plain.index("evaluate") < plain.index("Share")
    import chalknet as package

    assert chalknet("--version").out == f"chalknet {package.__version__}\n"
    assert chalknet().status in (0, 2)


def test_a_place_in_no_folder_is_told_with_what_to_do(digits_run, chalknet, tmp_path):
    result = chalknet("export", "run", "--to", "onnx", "--output", "no/such/model.onnx")
    assert result.status == 2
    assert result.err.strip().endswith(
        "no/such/model.onnx: there is no folder no/such; make it first, or name another place."
    )
    assert not (tmp_path / "no").exists()


def test_too_little_memory_is_one_sentence(chalknet, monkeypatch):
    def exhausted(*_, **__):
        raise MemoryError

    monkeypatch.setattr("chalknet.runs.sources.load_split", exhausted)
    result = chalknet("data", "digits")
    assert result.status == 1
    assert result.err.strip().endswith("there is not as much memory as this takes.")
    assert "Traceback" not in result.err


def test_an_imported_model_has_no_training_to_go_on_with(digits_run, chalknet, tmp_path):
    given = ("--data", "digits", "--output", "imported")
    exported = chalknet("export", "run", "--to", "onnx", "--output", "model.onnx")
    assert exported.status == 0, exported.err
    assert chalknet("import", "model.onnx", *given).status == 0
    before = {path: path.read_bytes() for path in (tmp_path / "imported").rglob("*.*")}
    result = chalknet("train", "--resume", "imported")
    assert result.status == 2
    assert "there is a model but no checkpoint, as after an import" in result.err
    assert before == {path: path.read_bytes() for path in (tmp_path / "imported").rglob("*.*")}


def test_an_unknown_command_and_a_run_that_is_none(chalknet):
    for arguments in (("trian",), ("evaluate", "nowhere"), ("predict", "nowhere", "x.png")):
        result = chalknet(*arguments)
        assert result.status == 2
        assert result.err.startswith("chalknet: ")
        assert "Traceback" not in result.err


HEAVY = ("matplotlib", "sklearn", "pydantic", "jinja2", "pooch", "pandas", "scipy", "numba", "rich")


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import chalknet", (*HEAVY, "numpy", "typer")),
        ("import chalknet; chalknet.Network, chalknet.train, chalknet.Model", HEAVY),
        (
            "from chalknet.cli.app import main; main(['--help'])",
            (*(name for name in HEAVY if name != "rich"), "numpy"),
        ),
    ],
)
def test_heavy_libraries_are_not_imported_before_they_are_needed(statement, absent):
    script = f"import sys\n{statement}\nprint([m for m in {absent!r} if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip().splitlines()[-1] == "[]"


def test_every_public_name_is_there_and_sorted():
    import chalknet as package

    assert list(package.__all__) == sorted(package.__all__)
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Perceptron'"):
        _ = package.Perceptron


def test_json_is_one_compact_object_a_line(digits_run, chalknet):
    result = chalknet("evaluate", "run", "--json")
    assert result.out.count("\n") == 1
    assert result.out.strip() == json.dumps(result.last, separators=(",", ":"), ensure_ascii=False)
