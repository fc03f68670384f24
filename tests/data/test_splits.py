from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.data import Dataset, split, split_rows
from chalknet.errors import ConfigurationError, ShapeError, TargetError


def data(labels: list[object]) -> Dataset:
    return Dataset(np.arange(len(labels), dtype=np.float64)[:, None], np.array(labels), name="d")


label_lists = st.lists(st.integers(0, 4), min_size=2, max_size=200)
fractions = st.floats(0.01, 0.99)


@given(label_lists, fractions, st.sampled_from(["random", "leading"]), st.integers(0, 99))
def test_every_row_is_on_one_side(labels, fraction, method, seed) -> None:
    kept, held_out = split_rows(
        data(labels), fraction, method=method, rng=np.random.default_rng(seed)
    )
    assert sorted([*kept, *held_out]) == list(range(len(labels)))
    assert np.all(np.diff(kept) > 0)
    assert np.all(np.diff(held_out) > 0)
    assert len(kept) >= 1
    assert len(held_out) >= 1
    assert abs(len(held_out) - fraction * len(labels)) <= 1


@given(st.lists(st.integers(2, 60), min_size=1, max_size=6), fractions, st.integers(0, 99))
def test_strata_keep_their_proportions(sizes: list[int], fraction: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    kept, held_out = split_rows(data(labels.tolist()), fraction, rng=rng)
    assert sorted([*kept, *held_out]) == list(range(sum(sizes)))
    counts = np.bincount(labels[held_out], minlength=len(sizes))
    # Each class rounds its own share, and the rounding of the total moves it a little more.
    assert np.all(np.abs(counts - fraction * np.array(sizes)) < 2)
    assert np.all(counts >= 1)
    assert np.all(counts < sizes)


def test_a_tenth_of_a_balanced_set_is_a_tenth_of_each_class() -> None:
    labels = np.tile(np.arange(10), 100)
    kept, held_out = split(data(labels.tolist()), 0.1, rng=np.random.default_rng(3))
    assert np.bincount(held_out.targets).tolist() == [10] * 10
    assert np.bincount(kept.targets).tolist() == [90] * 10


def test_the_total_is_met_by_largest_remainders() -> None:
    labels = ["a"] * 10 + ["b"] * 10 + ["c"] * 10
    _, held_out = split(data(labels), 1 / 6, rng=np.random.default_rng(0))
    assert sorted(np.bincount(held_out.targets).tolist()) == [1, 2, 2]


def test_leading_keeps_the_leading_rows() -> None:
    kept, held_out = split(data(list(range(12))), 1 / 6, method="leading")
    assert kept.X[:, 0].tolist() == list(range(10))
    assert held_out.X[:, 0].tolist() == [10, 11]
    assert held_out.n_outputs == 12


@pytest.mark.parametrize("method", ["random", "stratified"])
def test_the_seed_decides(method) -> None:
    labels = data(list(range(2)) * 50)
    rows = [
        split_rows(labels, 0.3, method=method, rng=np.random.default_rng(seed))[1].tolist()
        for seed in (1, 1, 2)
    ]
    assert rows[0] == rows[1]
    assert rows[0] != rows[2]


def test_random_is_uniform() -> None:
    counts = np.zeros(20)
    rng = np.random.default_rng(0)
    for _ in range(4000):
        counts[split_rows(data([0, 1] * 10), 0.25, method="random", rng=rng)[1]] += 1
    # Binomial(4000, 1/4): five standard deviations are 137.
    assert np.all(np.abs(counts - 1000) < 137)


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 1.5, float("nan")])
def test_fractions_outside(fraction: float) -> None:
    with pytest.raises(ConfigurationError, match="between 0 and 1, both excluded"):
        split_rows(data([1, 2]), fraction, method="leading")


def test_what_cannot_be_split() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(TargetError, match="class 'rare' has a single sample"):
        split_rows(data(["a", "a", "rare"]), 0.5, rng=rng)
    with pytest.raises(TargetError, match="this is regression; use method='random'"):
        split_rows(data([0.5, 1.5]), 0.5, rng=rng)
    with pytest.raises(ShapeError, match="a single sample cannot be split"):
        split_rows(data([1]), 0.5, method="leading")
    with pytest.raises(ConfigurationError, match="needs rng"):
        split_rows(data([1, 1, 2, 2]), 0.5)
    with pytest.raises(ConfigurationError, match="did you mean 'stratified'"):
        split_rows(data([1, 2]), 0.5, method="stratifed", rng=rng)  # type: ignore[arg-type]
