"""Dropout masks: the generator against its published numbers, the masks against their promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from chalknet.operations.dropout import (
    dropout,
    dropout_backward,
    dropout_key,
    dropout_mask,
    scramble,
)
from oracles.floats import FLOATS
from oracles.splitmix import STEP, WORD, key_of, mask, splitmix64, uniform

words = st.integers(0, WORD - 1)

# the generator -----------------------------------------------------------------------------------

# As published with the reference implementations, for these seeds.
PUBLISHED = {
    1234567: [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ],
    0: [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC],
}


@pytest.mark.parametrize("seed", PUBLISHED)
def test_published_numbers(seed: int) -> None:
    assert splitmix64(seed, len(PUBLISHED[seed])) == PUBLISHED[seed]
    states = [(seed + STEP * (i + 1)) % WORD for i in range(len(PUBLISHED[seed]))]
    assert scramble(np.array(states, dtype=np.uint64)).tolist() == PUBLISHED[seed]


@given(st.lists(words, min_size=1, max_size=20))
@settings(max_examples=200, deadline=None)
def test_scramble_of_any_words(states: list[int]) -> None:
    expected = [splitmix64((state - STEP) % WORD, 1)[0] for state in states]
    assert scramble(np.array(states, dtype=np.uint64)).tolist() == expected


def test_scramble_is_one_to_one() -> None:
    near = np.arange(2**16, dtype=np.uint64)
    everything = np.concatenate([near, near << np.uint64(48), ~near - (near << np.uint64(32))])
    everything = np.unique(everything)
    assert len(np.unique(scramble(everything))) == len(everything)


def test_every_bit_in_moves_half_of_the_bits_out() -> None:
    states = np.random.default_rng(0).integers(0, WORD, 2000, dtype=np.uint64)
    for bit in range(64):
        changed = scramble(states) ^ scramble(states ^ (np.uint64(1) << np.uint64(bit)))
        flips = np.unpackbits(changed.view(np.uint8)).reshape(2000, 64).mean(axis=0)
        assert 0.4 < flips.min() <= flips.max() < 0.6  # 0.5 ± 9 standard deviations


# the mask ----------------------------------------------------------------------------------------


@given(
    key=words,
    n=st.integers(1, 6),
    width=st.integers(1, 9),
    rate=st.floats(0, 1, exclude_max=True),
)
@settings(max_examples=200, deadline=None)
def test_mask_by_big_integers(key: int, n: int, width: int, rate: float) -> None:
    expected = mask(key, (n, width), rate)
    assert np.array_equal(dropout_mask(key, (n, width), rate), expected)


def test_an_element_is_dropped_below_the_rate_and_kept_at_it() -> None:
    rate = uniform(42, 5)[4]
    assert dropout_mask(42, (1, 5), rate)[0, 4] > 0
    assert dropout_mask(42, (1, 5), float(np.nextafter(rate, 1)))[0, 4] == 0


@given(key=words, first=st.integers(1, 7), more=st.integers(0, 5), width=st.integers(1, 9))
@settings(max_examples=100, deadline=None)
def test_an_element_depends_on_key_and_number_alone(
    key: int, first: int, more: int, width: int
) -> None:
    """More rows, or the same elements in other shapes, change nothing that was there."""
    here = dropout_mask(key, (first, width), 0.4)
    taller = dropout_mask(key, (first + more, width), 0.4)
    flat = dropout_mask(key, (1, first * width), 0.4)
    assert np.array_equal(taller[:first], here)
    assert np.array_equal(flat.reshape(first, width), here)
    assert np.array_equal(dropout_mask(key, (first, width), 0.4), here)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.25, 0.5, 0.8, 0.999])
def test_keep_rate_and_expectation(rate: float, dtype: type[np.floating[Any]]) -> None:
    n = 1_000_000
    M = dropout_mask(2024, (1000, 1000), rate, dtype)
    assert M.dtype == dtype
    assert set(np.unique(M)) <= {dtype(0), dtype(1 / (1 - rate))}
    kept = np.count_nonzero(M)
    deviation = np.sqrt(n * rate * (1 - rate))
    assert abs(kept - n * (1 - rate)) <= 4 * deviation
    # E(A ∘ M) = A
    mean = M.mean(dtype=np.float64)
    assert abs(mean - 1) <= 4 * deviation / n / (1 - rate) + np.finfo(dtype).eps


def test_a_higher_rate_drops_the_same_and_more() -> None:
    few, many = (dropout_mask(7, (50, 50), rate) == 0 for rate in (0.2, 0.6))
    assert (many | ~few).all()
    assert many.sum() > few.sum()


def test_uniform_over_rows_and_columns() -> None:
    """Drops fall evenly on all rows and columns, and on pairs of neighbours (χ² tests)."""
    dropped = dropout_mask(99, (400, 300), 0.5) == 0
    for counts in (dropped.sum(axis=0), dropped.sum(axis=1)):
        expected = np.full(len(counts), counts.sum() / len(counts))
        # Binomial counts vary half as much as Poisson counts at rate ½.
        statistic = float(((counts - expected) ** 2 / (expected / 2)).sum())
        assert 1e-4 < stats.chi2.sf(statistic, len(counts) - 1) < 1 - 1e-4
    pairs = 2 * dropped[:, :-1:2] + dropped[:, 1::2]
    assert 1e-4 < stats.chisquare(np.bincount(pairs.ravel(), minlength=4)).pvalue < 1 - 1e-4


def test_the_numbers_behind_the_mask_are_uniform() -> None:
    """The rate at which an element falls is a number from U(0, 1): χ² over 256 intervals."""
    numbers = np.array(uniform(31337, 100_000))
    rates = np.linspace(0, 1, 257)[1:-1]
    kept = np.array([np.count_nonzero(dropout_mask(31337, (1, 100_000), r)) for r in rates])
    below = 100_000 - kept
    assert np.array_equal(below, [(numbers < r).sum() for r in rates])
    counts = np.diff(np.concatenate([[0], below, [100_000]]))
    assert 1e-4 < stats.chisquare(counts).pvalue < 1 - 1e-4


# keys --------------------------------------------------------------------------------------------


@given(epoch_key=words, step=st.integers(0, 2**40), layer=st.integers(0, 100))
@settings(max_examples=200, deadline=None)
def test_key_by_big_integers(epoch_key: int, step: int, layer: int) -> None:
    assert dropout_key(epoch_key, step, layer) == key_of(epoch_key, step, layer)


def test_keys_are_distinct() -> None:
    keys = {
        dropout_key(epoch_key, step, layer)
        for epoch_key in (0, 1, 80085, WORD - 1)
        for step in range(1000)
        for layer in range(5)
    }
    assert len(keys) == 4 * 1000 * 5


def test_masks_of_neighbouring_steps_and_layers_are_independent() -> None:
    def dropped(step: int, layer: int) -> Any:
        return dropout_mask(dropout_key(5, step, layer), (200, 200), 0.5) == 0

    here = dropped(0, 0)
    for step, layer in ((0, 1), (1, 0), (1, 1), (2, 0)):
        agree = np.count_nonzero(here == dropped(step, layer))
        assert abs(agree - 20_000) <= 4 * 100  # the standard deviation is 100


# forward and backward ----------------------------------------------------------------------------


def test_forward_and_backward_multiply_by_the_mask() -> None:
    rng = np.random.default_rng(0)
    A, dA = rng.normal(size=(5, 8)), rng.normal(size=(5, 8))
    M = dropout_mask(3, (5, 8), 0.5)
    assert np.array_equal(dropout(A, M), np.where(M == 0, 0.0, 2.0 * A))
    assert np.array_equal(dropout_backward(dA, M), np.where(M == 0, 0.0, 2.0 * dA))


def test_rate_zero_changes_nothing() -> None:
    assert np.array_equal(dropout_mask(1, (3, 3), 0.0), np.ones((3, 3)))
