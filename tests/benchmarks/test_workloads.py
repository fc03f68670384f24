"""The workloads are the published ones; the command line refuses what it does not know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fairness import score
from benchmarks.problems import PredictionProblem
from benchmarks.workloads import WORKLOADS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cases(data_dir, monkeypatch):
    monkeypatch.setenv("CHALKNET_DATA", str(data_dir))
    return lambda name: {case.name: case for case in WORKLOADS[name]()}


def benchmarks(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_w1_starts_where_the_study_did(cases):
    """nyu-s25, question 4: 1,028 of 10,000 correct, loss 2.36."""
    problem = cases("W1")["W1"].problem
    found = score(problem, problem.start)
    assert round(found.accuracy * 10_000) == 1028
    assert round(found.loss, 2) == 2.36


def test_w4_starts_where_the_study_did(cases):
    """ucr, question 1: test accuracy 0.5219721329046088 of 1,866 images."""
    for case in cases("W4").values():
        problem = case.problem
        assert (len(problem.pixels), len(problem.test_pixels)) == (2000, 1866)
        assert score(problem, problem.start).accuracy == pytest.approx(0.5219721329046088)
    assert {str(case.problem.inputs.dtype) for case in cases("W4").values()} == {
        "float32",
        "float64",
    }


def test_arithmetic_is_counted_once(cases):
    """By hand: 6 · 60,000 · (784·256 + 256·128 + 128·64 + 64·10) less 2 · 60,000 · 784·256."""
    training = cases("W2")["W2"]
    assert training.problem.flop == 63_144_960_000
    assert training.quick().problem.flop == 6_314_496_000
    one, many = (case.problem.flop for case in cases("W6").values())
    assert one == 2 * (784 * 256 + 256 * 128 + 128 * 64 + 64 * 10)
    assert many == 60_000 * one


@pytest.mark.parametrize("name", WORKLOADS)
def test_inputs_are_pixels_from_0_to_1_or_raw(cases, name):
    for case in cases(name).values():
        assert isinstance(case.problem, PredictionProblem) == (name == "W6")
        assert case.problem.inputs.max() == (255 if name == "W4" else 1)
        assert case.problem.inputs.shape[1] == case.problem.widths[0] == 784
        assert np.dtype(case.problem.dtype) == case.problem.inputs.dtype


def test_a_quick_run_writes_what_it_says(data_dir, tmp_path):
    done = benchmarks(
        "--quick", "--only", "W3", "--peers", "numpy,chalknet", "--threads", "1",
        "--engine", "reference", "--output", str(tmp_path), CHALKNET_DATA=str(data_dir),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "MNIST 784-100-10" in done.stdout
    data = json.loads((tmp_path / "workloads.json").read_text())
    assert data["machine"]["cores_in_use"] == 1
    assert data["settings"]["engine"] == "reference"
    case, as_study = data["cases"]
    assert [row["peer"] for row in case["rows"]] == ["numpy", "chalknet"]
    assert [row["peer"] for row in as_study["rows"]] == ["chalknet"]
    assert all(len(row["seconds"]) == 2 and not row["objection"] for row in case["rows"])
    assert data["peak"]["float32"]["gflops"] > 0
    assert (tmp_path / "workloads.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--only", "W7"], "--only: 'W7' is not one of W1, W2, W3, W4, W5, W6"),
        (["--scaling", "--only", "W1"], "--only: 'W1' is not one of samples, width, depth"),
        (["--peers", "tensorflow"], "--peers: 'tensorflow' is not one of chalknet, numpy"),
        (["--threads", "0"], "--threads must be from 1 to"),
        (["--repeats", "0"], "--repeats must be at least 1"),
    ],
)
def test_what_it_does_not_know_is_refused(arguments, complaint):
    done = benchmarks(*arguments)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_missing_data_are_one_sentence(tmp_path):
    done = benchmarks("--only", "W1", CHALKNET_DATA=str(tmp_path))
    assert done.returncode == 2
    assert "mnist is expected in" in done.stderr
    assert "Traceback" not in done.stderr
