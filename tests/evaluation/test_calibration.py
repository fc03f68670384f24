"""Calibration by hand and against scikit-learn's reliability curve."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.testing import assert_allclose
from sklearn.calibration import calibration_curve

from chalknet.evaluation.calibration import calibration_of


def test_by_hand() -> None:
    sure = np.array([0.0, 0.25, 0.5, 0.75, 0.75, 1.0])
    true = np.array([0, 1, 0, 1, 1, 1])
    result = calibration_of(sure, true, bins=2)
    low, high = result.bins
    # An edge belongs to the bin below: 0, ¼ and ½ are in the first.
    assert (low.low, low.high, low.count, low.confidence) == (0.0, 0.5, 3, 0.25)
    assert_allclose(low.frequency, float(Fraction(1, 3)))
    assert (high.low, high.high, high.count, high.frequency) == (0.5, 1.0, 3, 1.0)
    assert_allclose(high.confidence, float(Fraction(5, 6)))
    error = Fraction(3, 6) * (Fraction(1, 3) - Fraction(1, 4)) + Fraction(3, 6) * (
        1 - Fraction(5, 6)
    )
    assert_allclose(result.expected_error, float(error))


def test_empty_bins_say_so() -> None:
    result = calibration_of(np.array([0.95]), np.array([1]))
    assert [group.count for group in result.bins] == [0] * 9 + [1]
    assert result.bins[0].confidence is None
    assert result.bins[0].frequency is None


def test_against_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    sure = rng.random(2000)
    true = rng.random(2000) < sure**2
    result = calibration_of(sure, true)
    frequency, confidence = calibration_curve(true, sure, n_bins=10)
    assert_allclose([group.frequency for group in result.bins], frequency)
    assert_allclose([group.confidence for group in result.bins], confidence)
    counts, _ = np.histogram(sure, bins=10, range=(0, 1))
    assert [group.count for group in result.bins] == counts.tolist()
    assert_allclose(result.expected_error, np.sum(counts / 2000 * np.abs(frequency - confidence)))
