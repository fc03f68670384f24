from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from chalknet.data import Preprocessing
from chalknet.errors import ConfigurationError

TABLE = np.random.default_rng(0).normal([5, -3, 1000], [1, 0.1, 50], (40, 3))


def test_standardisation_as_scikit_learn_does_it() -> None:
    preprocessing = Preprocessing.for_data(TABLE, "standard")
    expected = StandardScaler().fit_transform(TABLE)
    assert np.allclose(preprocessing.apply(TABLE, np.float64), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e17, -3.3])
def test_a_constant_column_is_centred_and_stays_finite(constant: float) -> None:
    table = np.column_stack([np.full(37, constant), np.arange(37.0)])
    scaled = Preprocessing.for_data(table, "standard").apply(table, np.float64)
    assert np.all(scaled[:, 0] == 0)
    assert abs(scaled[:, 1].std() - 1) < 1e-14


def test_small_differences_of_large_numbers_survive_float32() -> None:
    seconds = 1.7e9 + np.arange(100.0)[:, None]
    scaled = Preprocessing.for_data(seconds, "standard").apply(seconds, np.float32)
    expected = (np.arange(100) - 49.5) / np.arange(100).std()
    assert scaled.dtype == np.float32
    assert np.allclose(scaled[:, 0], expected, rtol=1e-6)


def test_pixels_are_divided_by_255_and_floats_are_left() -> None:
    pixels = np.arange(256, dtype=np.uint8)[None]
    scaled = Preprocessing.for_data(pixels).apply(pixels, np.float64)
    assert scaled[0].tolist() == [i / 255 for i in range(256)]
    assert Preprocessing.for_data(TABLE).is_identity
    assert np.array_equal(Preprocessing.for_data(TABLE).apply(TABLE, np.float64), TABLE)
    assert Preprocessing.for_data(pixels, "none").is_identity
    assert Preprocessing.for_data(pixels).apply(pixels, np.float32).dtype == np.float32


def test_what_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="not 'log'"):
        Preprocessing.for_data(TABLE, "log")
    with pytest.raises(ConfigurationError, match="not zero"):
        Preprocessing(divisor=np.array([1.0, 0.0]))
    with pytest.raises(ConfigurationError, match="offset must be finite"):
        Preprocessing(offset=np.nan)
