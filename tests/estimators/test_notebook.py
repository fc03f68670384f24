"""docs/from_scikit_learn.ipynb runs from top to bottom, and what it shows is what comes of it."""

from __future__ import annotations

import contextlib
import io
import json
import re
import warnings
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from sklearn.exceptions import ConvergenceWarning

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = json.loads((ROOT / "docs" / "from_scikit_learn.ipynb").read_text(encoding="utf-8"))
CODE = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def run(cell, namespace):
    """What the cell prints, and how many figures it shows."""
    shown = []
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        warnings.catch_warnings(),
        pytest.MonkeyPatch.context() as patch,
    ):
        warnings.simplefilter("ignore", ConvergenceWarning)
        patch.setattr(plt, "show", lambda: shown.extend(plt.get_fignums()) or plt.close("all"))
        exec(compile("".join(cell["source"]), "cell", "exec"), namespace)
    return printed.getvalue(), len(shown)


def words(text):
    """The text without its numbers, which differ in their last digits from machine to machine."""
    return re.sub(r"(error\s+)?[−-]?\d+(\.\d+)?(·10\S*)?|exact", "#", text).split()


def test_it_runs_and_shows_what_comes_of_it():
    mpl.use("Agg")
    namespace = {}
    for cell in CODE:
        printed, figures = run(cell, namespace)
        stored = [out for out in cell["outputs"] if out["output_type"] == "stream"]
        assert words(printed) == words("".join(line for out in stored for line in out["text"]))
        assert figures == sum(out["output_type"] == "display_data" for out in cell["outputs"])
    assert len(CODE) >= 8


def test_it_is_a_whole_notebook_of_a_reasonable_size():
    assert NOTEBOOK["nbformat"] == 4
    assert [cell["execution_count"] for cell in CODE] == list(range(1, len(CODE) + 1))
    assert (ROOT / "docs" / "from_scikit_learn.ipynb").stat().st_size < 200_000
    assert all(len(line.rstrip("\n")) <= 110 for cell in CODE for line in cell["source"])
