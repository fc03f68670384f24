"""Suspect labels: planted ones are found, sound ones are left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chalknet import Dataset, load_dataset
from chalknet.diagnose.health import check_health
from chalknet.diagnose.health.labels import (
    held_out_probabilities,
    label_findings,
    suspect_labels,
)


def flipped(data: Dataset, share: float) -> tuple[Dataset, np.ndarray]:
    rng = np.random.default_rng(1)
    wrong = np.sort(rng.choice(len(data), int(share * len(data)), replace=False))
    y = data.y.copy()
    y[wrong] = (y[wrong] + rng.integers(1, 10, len(wrong))) % 10
    return replace(data, y=y), wrong


@pytest.mark.parametrize("share", [0.02, 0.1])
def test_most_flipped_digits_are_found(share: float) -> None:
    data, wrong = flipped(load_dataset("digits").train, share)
    (finding,) = label_findings(data)
    rows = [one["row"] for one in finding.figures["rows"]]
    hits = np.isin(rows, wrong).sum()
    assert hits >= 0.6 * len(wrong)
    assert hits >= 0.7 * len(rows)
    assert np.isin(rows[:10], wrong).all()  # the most doubtful first
    assert finding.severity == "warning"
    original = load_dataset("digits").train.y
    named = [one for one in finding.figures["rows"] if one["row"] in wrong]
    right = [str(original[one["row"]]) == one["likelier"] for one in named]
    assert np.mean(right) > 0.9


def test_sound_digits_are_left_alone() -> None:
    findings = list(label_findings(load_dataset("digits").train))
    assert sum(finding.figures["count"] for finding in findings) <= 15  # of 1,442
    assert all(finding.severity == "note" for finding in findings)


def test_no_network_is_asked_about_what_it_was_trained_on() -> None:
    """Labels drawn at random cannot be predicted: held out, they are right by chance alone."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(600, 5)), rng.integers(0, 4, 600)
    probabilities = held_out_probabilities(Dataset(X, y, name="noise"))
    assert probabilities.shape == (600, 4)
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(600), abs=1e-5)
    assert abs((probabilities.argmax(axis=1) == y).mean() - 0.25) < 0.08


def test_confident_learning_by_hand() -> None:
    """Thresholds (0.9 + 0.8 + 0.01)/3 and (0.7 + 0.6)/2: only row 2 is above another's."""
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.01, 0.99], [0.3, 0.7], [0.4, 0.6]])
    assert suspect_labels(probabilities, np.array([0, 0, 0, 1, 1])).tolist() == [2]
    assert suspect_labels(probabilities[:2], np.array([0, 0])).tolist() == []


def test_rows_keep_their_numbers() -> None:
    data, wrong = flipped(load_dataset("digits").train, 0.05)
    numbers = range(5000, 5000 + len(data))
    findings = check_health(data, row_numbers=numbers)
    (finding,) = (one for one in findings if one.name == "suspect_labels")
    assert all(one["row"] >= 5000 for one in finding.figures["rows"])
    assert finding.figures["rows"][0]["row"] - 5000 in wrong


@pytest.mark.parametrize(
    "data",
    [
        Dataset(np.arange(40.0)[:, None], np.arange(40.0), name="regression"),
        Dataset(np.arange(40.0)[:, None], np.ones((40, 2), int), name="multilabel"),
        Dataset(np.arange(8.0)[:, None], np.arange(8) % 2, name="tiny"),
        Dataset(np.ones((90, 2)), np.arange(90) % 3, name="constant"),
        Dataset(np.arange(90.0)[:, None] * 1e300, np.arange(90) % 3, name="huge"),
    ],
    ids=lambda data: data.name,
)
def test_data_without_answers_is_no_error(data: Dataset) -> None:
    assert "suspect_labels" not in [finding.name for finding in check_health(data)]
