"""What the losses share: the one reduction, and sample weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chalknet.operations.losses import (
    LOSSES,
    as_loss,
)
from oracles.exact import exact, mp
from oracles.exact_losses import EXACT_LOSSES, softmax_cross_entropy

ALL = [*LOSSES, "huber(0.5)"]
ELEMENTWISE = [name for name in LOSSES if name != "softmax_cross_entropy"]


def example(name: str, n: int, K: int, seed: int = 0) -> tuple[Any, Any]:
    """Outputs (n, K) and targets that the loss of that name takes."""
    rng = np.random.default_rng(seed)
    o = rng.normal(size=(n, K))
    if name.startswith("softmax"):
        return o, rng.integers(0, K, n)
    if name.startswith("sigmoid"):
        return o, rng.integers(0, 2, (n, K))
    return o, rng.poisson(2, (n, K)) if name == "poisson" else rng.normal(size=(n, K))


def exact_terms(name: str, o: Any, t: Any) -> list[Any]:
    """Σₖ ℓ of every sample."""
    rows = [[exact(value) for value in row] for row in o]
    if name.startswith("softmax"):
        one_hot = [[exact(j == k) for j in range(o.shape[1])] for k in t]
        return [
            mp.fsum(softmax_cross_entropy(row, hot)[0])
            for row, hot in zip(rows, one_hot, strict=True)
        ]
    loss = as_loss(name)
    parameters = [exact(value) for value in getattr(loss, "parameters", ())]
    value = EXACT_LOSSES[loss.name].value
    return [
        mp.fsum(
            term
            for oi, ti in zip(row, targets, strict=True)
            for term in value(oi, exact(ti), *parameters)
        )
        for row, targets in zip(rows, t, strict=True)
    ]


# the reduction -----------------------------------------------------------------------------------


@pytest.mark.parametrize("K", [1, 3])
@pytest.mark.parametrize("name", ALL)
class TestReduction:
    def test_the_loss_is_the_mean_over_samples_of_the_sum_over_outputs(
        self, name: str, K: int
    ) -> None:
        o, t = example(name, 200, K)
        expected = mp.fsum(exact_terms(name, o, t)) / 200
        assert as_loss(name).value(o, t) == pytest.approx(float(expected), rel=1e-14)

    def test_weights_make_it_a_weighted_mean(self, name: str, K: int) -> None:
        o, t = example(name, 200, K)
        w = np.random.default_rng(1).exponential(size=200)
        exact_w = [exact(value) for value in w]
        total = mp.fsum(
            wi * term for wi, term in zip(exact_w, exact_terms(name, o, t), strict=True)
        )
        value = as_loss(name).value(o, t, w)
        assert value == pytest.approx(float(total / mp.fsum(exact_w)), rel=1e-14)

    def test_float32_outputs_are_summed_in_float64(self, name: str, K: int) -> None:
        o, t = example(name, 5000, K)
        narrow = o.astype(np.float32)
        value, gradient = as_loss(name).value_and_grad(narrow, t)
        assert isinstance(value, float)
        assert value == as_loss(name).value(narrow.astype(np.float64), t)
        assert gradient.dtype == np.float32

    def test_a_weight_of_two_is_a_sample_twice(self, name: str, K: int) -> None:
        o, t = example(name, 6, K)
        w = np.array([1, 2, 0, 1, 2, 1])
        value, gradient = as_loss(name).value_and_grad(o, t, w)
        again = np.repeat(np.arange(6), w)
        repeated, gradients = as_loss(name).value_and_grad(o[again], t[again])
        assert value == pytest.approx(repeated, rel=1e-14)
        summed = np.zeros_like(gradient)
        np.add.at(summed, again, gradients)
        assert np.allclose(gradient, summed, rtol=1e-13, atol=0)

    def test_equal_weights_are_no_weights(self, name: str, K: int) -> None:
        o, t = example(name, 8, K)
        value, gradient = as_loss(name).value_and_grad(o, t)
        for same in (np.ones(8), np.ones(8, dtype=int), [1] * 8):
            assert as_loss(name).value(o, t, same) == value
        weighted, gradients = as_loss(name).value_and_grad(o, t, np.full(8, 0.3))
        assert weighted == pytest.approx(value, rel=1e-15)
        assert np.allclose(gradients, gradient, rtol=1e-14, atol=0)

    def test_all_weights_zero(self, name: str, K: int) -> None:
        o, t = example(name, 4, K)
        value, gradient = as_loss(name).value_and_grad(o, t, np.zeros(4))
        assert value == 0.0
        assert np.array_equal(gradient, np.zeros((4, K)))

    def test_a_sample_of_weight_zero_has_no_part(self, name: str, K: int) -> None:
        o, t = example(name, 4, K)
        value, gradient = as_loss(name).value_and_grad(o, t, [1, 0, 1, 1])
        others, rest = as_loss(name).value_and_grad(o[[0, 2, 3]], t[[0, 2, 3]])
        assert value == pytest.approx(others, rel=1e-15)
        assert np.allclose(gradient[[0, 2, 3]], rest, rtol=1e-14, atol=0)
        assert not gradient[1].any()

    def test_nothing_given_is_changed(self, name: str, K: int) -> None:
        o, t = example(name, 4, K)
        w = np.arange(4.0)
        copies = o.copy(), t.copy(), w.copy()
        as_loss(name).value_and_grad(o, t, w)
        assert all(np.array_equal(x, y) for x, y in zip((o, t, w), copies, strict=True))

    def test_integer_outputs_are_not_truncated(self, name: str, K: int) -> None:
        whole = np.arange(-2, 4)[:, None] * np.arange(1, K + 1)
        t = example(name, 6, K)[1]
        value, gradient = as_loss(name).value_and_grad(whole, t)
        expected, slopes = as_loss(name).value_and_grad(whole.astype(np.float64), t)
        assert value == expected
        assert gradient.dtype == np.float64
        assert np.array_equal(gradient, slopes)
