"""Networks are timed both ways, and must come out the same."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import results, together
from chalknet import Dataset


@pytest.fixture(autouse=True)
def little(monkeypatch):
    rng = np.random.default_rng(0)
    y = np.arange(300) % 10
    X = rng.integers(0, 256, (300, 784)).astype(np.uint8)
    monkeypatch.setattr(together, "_data", lambda _: Dataset(X, y, name="little"))
    monkeypatch.setattr(together, "SECONDS_TO_SETTLE", 0)


def test_both_ways_give_the_same(tmp_path):
    found = [together.measure(together.Group(width, 32, 2), 2, lambda _: None) for width in (8, 64)]
    assert [one.objection for one in found] == [None, None]
    assert [one.is_small for one in found] == [True, False]
    assert all(len(one.alone) == len(one.together) == 2 for one in found)
    small, wide = together.table(found).splitlines()[2:4]
    assert small.split() == ["32", "8", f"{found[0].ratio:.2f}"]
    assert wide.split() == ["32", "64", f"({found[1].ratio:.2f})"]
    results.write_json(tmp_path / "x.json", together.as_data(found[0]))
    stored = json.loads((tmp_path / "x.json").read_text())
    assert stored["ratio"] == pytest.approx(found[0].ratio)


def test_other_weights_are_invalid(monkeypatch):
    run = together._run

    def cheating(trainings, *, side_by_side):
        return run(trainings if side_by_side else trainings[:1], side_by_side=side_by_side)

    monkeypatch.setattr(together, "_run", cheating)
    found = together.measure(together.Group(8, 32, 2), 1, lambda _: None)
    assert found.objection == "invalid: the weights differ"
    assert "invalid" in together.table([found])
