"""chalknet doctor: runs, data, and the watch over training."""

from __future__ import annotations

import json

import numpy as np
import pytest

from chalknet import Model, load_dataset


def names(findings):
    return {finding["name"] for finding in findings}


@pytest.fixture
def flowers(tmp_path):
    """A table with a column that never changes, one in another unit, and a label gone wrong."""
    rng = np.random.default_rng(0)
    kind = np.arange(150) % 3
    X = rng.normal(size=(150, 3)) * 0.3 + np.eye(3)[kind] * 3
    labels = np.array(["red", "green", "blue"])[kind]
    labels[[40, 91]] = np.roll(["red", "green", "blue"], 1)[kind[[40, 91]]]
    lines = [
        f"{a!r},{b * 1000!r},{c!r},7,{label}"
        for (a, b, c), label in zip(X.tolist(), labels, strict=True)
    ]
    (tmp_path / "flowers.csv").write_text("a,b,c,d,kind\n" + "\n".join(lines) + "\n")
    return "flowers.csv"


def test_data(flowers, chalknet, tmp_path):
    result = chalknet("doctor", flowers, "--json")
    assert result.status == 0, result.err
    findings = {one["name"]: one for one in result.last["findings"]}
    assert set(findings) == {"constant_inputs", "unscaled_inputs", "suspect_labels"}
    assert findings["constant_inputs"]["figures"]["columns"] == [3]
    rows = {one["row"] for one in findings["suspect_labels"]["figures"]["rows"]}
    assert rows == {40, 91}  # as in the file
    scaled = chalknet("doctor", flowers, "--scaling", "standard", "--json").last
    assert names(scaled["findings"]) == {"constant_inputs", "suspect_labels"}
    quick = chalknet("doctor", flowers, "--no-labels", "--json").last
    assert "suspect_labels" not in names(quick["findings"])
    assert list(tmp_path.iterdir()) == [tmp_path / "flowers.csv"]  # nothing is written


def test_what_is_printed(flowers, chalknet):
    result = chalknet("doctor", flowers)
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "flowers.csv: 150 rows; 3 findings"
    assert sum(line.startswith("         Try: ") for line in lines) == 3
    assert [line[:7] for line in lines if line[:1].isalpha()][1:] == [
        "serious",
        "warning",
        "warning",
    ]


def test_a_run(flowers, chalknet, tmp_path):
    """Rows keep the numbers of the file, though only some were trained on."""
    options = ("--scaling", "standard", "--epochs", 30, "--hidden", "16,16", "--validation", 0.2)
    trained = chalknet("train", flowers, *options, "--run-dir", "run", "--no-report")
    assert trained.status == 0, trained.err
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    found = chalknet("doctor", "run", "--json").last["findings"]
    suspects = [one for one in found if one["name"] == "suspect_labels"]
    rows = {row["row"] for one in suspects for row in one["figures"]["rows"]}
    assert rows <= {40, 91}
    after = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert after == before


def test_dead_units_of_a_run(chalknet, tmp_path):
    chalknet("train", "digits", "--epochs", 2, "--hidden", 20, "--run-dir", "run", "--no-report")
    path = tmp_path / "run" / "model.safetensors"
    model = Model.load(path)
    model.network.layers[0].b[:12] = -1e4
    model.save(path)
    found = chalknet("doctor", "run", "--no-labels", "--json").last["findings"]
    (dead,) = (one for one in found if one["name"] == "dead_units")
    assert dead["severity"] == "serious"
    assert set(range(12)) <= set(dead["figures"]["units"])
    shown = chalknet("doctor", "run", "--no-labels").out
    assert shown.startswith("run: 1,442 rows, 2 epochs; ")


def test_a_run_that_was_never_finished(chalknet, tmp_path):
    chalknet("train", "digits", "--epochs", 2, "--run-dir", "run", "--no-report")
    (tmp_path / "run" / "model.safetensors").unlink()
    assert chalknet("doctor", "run", "--no-labels", "--json").status == 0
    for path in (tmp_path / "run" / "checkpoints").iterdir():
        path.unlink()
    assert chalknet("doctor", "run", "--no-labels", "--json").status == 0


BAD = ("--optimizer", "sgd", "--learning-rate", 5, "--hidden", "32,32", "--epochs", 4)


def test_watch_while_training(chalknet, tmp_path):
    result = chalknet(
        "train", "digits", *BAD, "--watch", "--run-dir", "run", "--no-report", "--json"
    )
    assert result.status == 0, result.err
    events = [line["event"] for line in result.lines]
    assert events[0] == "start"
    assert events[-1] == "done"
    findings = [line for line in result.lines if line["event"] == "finding"]
    assert "dead_units" in names(findings)
    assert all(1 <= one["epoch"] <= 4 for one in findings)
    keys = [(one["name"], one["layer"], one["severity"]) for one in findings]
    assert len(keys) == len(set(keys))  # nothing twice
    shown = chalknet("train", "digits", *BAD, "--watch", "--run-dir", "again", "--no-report")
    assert "units of layer 2 are dead" in shown.err
    assert "Try: " in shown.err
    # Watching changes nothing.
    chalknet("train", "digits", *BAD, "--run-dir", "plain", "--no-report")
    weights = [
        Model.load(tmp_path / run / "model.safetensors").network.parameters
        for run in ("run", "again", "plain")
    ]
    assert np.array_equal(weights[0], weights[1])
    assert np.array_equal(weights[0], weights[2])


def test_watch_without_keeping(chalknet, tmp_path):
    result = chalknet("doctor", "digits", "--watch", *BAD, "--json")
    assert result.status == 0, result.err
    assert result.last["event"] == "done"
    told = [line for line in result.lines if line["event"] == "finding"]
    assert [one["title"] for one in told] == [one["title"] for one in result.last["findings"]]
    assert "dead_units" in names(told)
    assert list(tmp_path.iterdir()) == []
    sound = chalknet("doctor", "digits", "--watch", "--epochs", 3, "--hidden", 16)
    assert sound.status == 0
    # A run is trained again with its own settings.
    chalknet("train", "digits", "--epochs", 2, "--hidden", 8, "--run-dir", "run", "--no-report")
    before = sorted(tmp_path.rglob("*"))
    again = chalknet("doctor", "run", "--watch", "--json")
    assert [line["epoch"] for line in again.lines if line["event"] == "epoch"] == [1, 2]
    assert sorted(tmp_path.rglob("*")) == before


def test_divergence_under_watch_is_told(chalknet, tmp_path):
    X, y = load_dataset("digits").train.X * 1e4, load_dataset("digits").train.y
    np.savez(tmp_path / "large.npz", X=X, y=y.astype(float))
    result = chalknet("doctor", "large.npz", "--watch", "--optimizer", "sgd", "--epochs", 2)
    assert result.status == 0
    assert "diverged" in result.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.csv"], "nowhere.csv"),
        (["digitz"], "did you mean"),
        (["digits", "--hidden", "3"], "hidden is about training, which doctor does with --watch"),
        (["digits", "--target", "x"], "leave target out"),
        (["digits", "--watch", "--optimizer", "adamm"], "did you mean 'adam'"),
    ],
)
def test_mistakes_are_one_sentence(arguments, sentence, chalknet):
    result = chalknet("doctor", *arguments)
    assert result.status == 2
    assert sentence in result.err
    assert "Traceback" not in result.err
    assert result.out == ""


def test_a_runs_own_settings_hold(chalknet):
    chalknet("train", "digits", "--epochs", 1, "--run-dir", "run", "--no-report")
    result = chalknet("doctor", "run", "--scaling", "none")
    assert result.status == 2
    assert "run is a run, whose own settings hold: leave scaling out" in result.err


def test_help(chalknet):
    shown = chalknet("doctor", "--help").out
    assert "each finding with evidence" in shown.replace("\n", " ")
    json.dumps(shown)
