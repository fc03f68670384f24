"""What verbose shows: nothing, a bar for those who watch, a line an epoch for those who do not."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys

import numpy as np
import pytest

from chalknet import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(60, 4))
y = (X.sum(axis=1) > 0).astype(int)


def on_a_terminal(code):
    """What Python shows on a terminal of 80 columns, as (standard output, the terminal's bytes)."""
    master, slave = pty.openpty()
    environment = os.environ | {"COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color"}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        stdout=subprocess.PIPE,
        stderr=slave,
        env=environment,
    )
    os.close(slave)
    seen = io.BytesIO()
    try:
        while chunk := os.read(master, 65536):
            seen.write(chunk)
    except OSError:  # the terminal closes with its last writer
        pass
    out, _ = process.communicate()
    assert process.returncode == 0, seen.getvalue()
    return out.decode(), seen.getvalue().decode()


@pytest.mark.parametrize("verbose", [0, False])
def test_nothing(verbose, capfd):
    MLPClassifier(3, max_iter=3, verbose=verbose).fit(X, y)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("verbose", [True, 1, 2, 10])
def test_a_line_an_epoch_where_nobody_watches(verbose, capfd):
    estimator = MLPClassifier(3, max_iter=3, verbose=verbose, random_state=0).fit(X, y)
    out, err = capfd.readouterr()
    assert out.splitlines() == [
        f"Iteration {number}, loss = {loss:.8f}"
        for number, loss in enumerate(estimator.loss_curve_, 1)
    ]
    assert err == ""


def test_lines_tell_scores_and_why_it_stopped(capfd):
    MLPRegressor(
        hidden_layer_sizes=3, verbose=2, early_stopping=True, tol=100.0, n_iter_no_change=1
    ).fit(X, y)
    lines = capfd.readouterr().out.splitlines()
    assert lines[1].startswith("Validation score: ")
    assert lines[-1] == (
        "Validation score did not improve more than tol=100.000000 for 1 consecutive epochs. "
        "Stopping."
    )
    MLPClassifier(3, solver="lbfgs", verbose=2, max_iter=4).fit(X, y)
    assert capfd.readouterr().out.count("Iteration") == 4


CODE = """
import numpy as np
from chalknet import MLPClassifier
X = np.random.default_rng(0).normal(size=(20000, 20))
estimator = MLPClassifier(verbose={verbose}, max_iter=6, early_stopping=True)
estimator.fit(X, X.sum(axis=1) > 0)
"""


def test_a_bar_on_a_terminal():
    out, seen = on_a_terminal(CODE.format(verbose=1))
    assert out == ""
    assert "epoch 6/6" in seen
    assert "loss 0." in seen
    assert "score 0." in seen
    assert "━" in seen
    last = seen.replace("\r", "\n").strip().splitlines()
    assert all(len(line) <= 80 for line in last if "\x1b" not in line)


def test_lines_on_a_terminal_if_asked_for():
    out, seen = on_a_terminal(CODE.format(verbose=2))
    assert out.count("Iteration") == 6
    assert "━" not in seen
