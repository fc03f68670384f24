"""The cross entropies against 60-digit arithmetic: any logits, p = 0 and p = 1 included."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalknet.operations.losses import SigmoidCrossEntropy, SoftmaxCrossEntropy
from oracles.exact import Truth, exact, worst
from oracles.exact_activations import logistic
from oracles.exact_losses import EXACT_LOSSES, softmax, softmax_cross_entropy
from oracles.floats import FLOATS, TOLERANCE, Floats, grid

FAULTS = {"over": "raise", "invalid": "raise", "divide": "raise"}
Float = type[np.floating[Any]]
TARGETS = ("indices", "one-hot", "soft")


@functools.cache
def logits(dtype: Float, K: int) -> Floats:
    """Rows near each other, far apart, and of any magnitude up to a half of the largest float.

    Half, because the difference of two logits has to fit the type for the loss to.
    """
    rng = np.random.default_rng(K)
    near = [rng.normal(0, spread, (25, K)) for spread in (1e-9, 0.01, 1, 10, 40, 100, 300)]
    anything = rng.choice(0.5 * grid(dtype).astype(np.float64), (75, K))
    half = 0.5 * float(np.finfo(dtype).max)
    extremes = rng.choice([1e30, -1e30, 0, 1, -1, half, -half], (75, K))
    equal = np.tile(rng.choice(anything[:, 0], (25, 1)), (1, K))
    return np.concatenate([*near, anything, extremes, equal]).astype(dtype)


@functools.cache
def targets(dtype: Float, K: int, kind: str) -> npt.NDArray[Any]:
    """Half of the indices are the likeliest class (p near 1), the others any (p down to 0)."""
    o, rng = logits(dtype, K), np.random.default_rng(K)
    indices = np.where(rng.random(len(o)) < 0.5, o.argmax(axis=1), rng.integers(0, K, len(o)))
    if kind == "indices":
        return indices
    soft = rng.dirichlet(np.full(K, 0.3), len(o))
    return np.eye(K)[indices] if kind == "one-hot" else soft


@functools.cache
def exact_rows(dtype: Float, K: int) -> list[list[Any]]:
    return [[exact(o) for o in row] for row in logits(dtype, K)]


@functools.cache
def softmax_truth(dtype: Float, K: int, kind: str) -> tuple[Truth, Truth]:
    """The terms (n,), and the gradient (n · K,) of their mean."""
    kind_of_rows = "one-hot" if kind == "indices" else kind
    rows = exact_rows(dtype, K)
    answers = [
        softmax_cross_entropy(row, [exact(value) for value in t])
        for row, t in zip(rows, targets(dtype, K, kind_of_rows), strict=True)
    ]
    values = Truth.of_sums(value for value, _ in answers)
    slopes = Truth.of_sums((g for _, row in answers for g in row), factor=exact(1) / len(rows))
    return values, slopes


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("K", [1, 2, 3, 10])
@pytest.mark.parametrize("dtype", FLOATS)
class TestSoftmax:
    def test_terms(self, dtype: Float, K: int, kind: str) -> None:
        with np.errstate(**FAULTS):
            terms, _ = SoftmaxCrossEntropy().terms(logits(dtype, K), targets(dtype, K, kind))
        assert terms.dtype == np.float64
        assert worst(softmax_truth(dtype, K, kind)[0].errors(terms)) <= TOLERANCE[np.float64]

    def test_gradient(self, dtype: Float, K: int, kind: str) -> None:
        o, t = logits(dtype, K), targets(dtype, K, kind)
        with np.errstate(**FAULTS | {"over": "ignore"}):  # the mean of terms may not fit
            _, gradient = SoftmaxCrossEntropy().value_and_grad(o, t)
        assert gradient.dtype == dtype
        assert gradient.shape == o.shape
        assert worst(softmax_truth(dtype, K, kind)[1].errors(gradient)) <= TOLERANCE[dtype]

    def test_probabilities(self, dtype: Float, K: int, kind: str) -> None:
        with np.errstate(**FAULTS):
            p = SoftmaxCrossEntropy().predict(logits(dtype, K))
        assert p.dtype == dtype
        truth = Truth.of(value for row in exact_rows(dtype, K) for value in softmax(row)[0])
        assert worst(truth.errors(p)) <= TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", FLOATS)
def test_probabilities_of_the_largest_floats(dtype: Float) -> None:
    """Also where the difference of two logits does not fit the type."""
    info = np.finfo(dtype)
    largest, below = info.max, np.nextafter(info.max, dtype(0))
    o = np.array([[largest, -largest, 0], [below, largest, -1], [-largest, 1, -largest]], dtype)
    with np.errstate(**FAULTS):
        p = SoftmaxCrossEntropy().predict(o)
        _, gradient = SoftmaxCrossEntropy().value_and_grad(o, [0, 1, 1])
    assert p.tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0]]
    assert not gradient.any()


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_softmax(data: st.DataObject) -> None:
    K = data.draw(st.integers(1, 5))
    floats = st.floats(-1e30, 1e30) | st.floats(-50, 50)
    row = np.array([data.draw(st.lists(floats, min_size=K, max_size=K))])
    k = data.draw(st.integers(0, K - 1))
    terms, gradient = SoftmaxCrossEntropy().terms(row, [k])
    one_hot = [exact(j == k) for j in range(K)]
    value, slopes = softmax_cross_entropy([exact(o) for o in row[0]], one_hot)
    assert worst(Truth.of_sums([value]).errors(terms)) <= 1e-14
    assert worst(Truth.of_sums(slopes).errors(gradient)) <= 1e-14


def test_a_sure_answer_keeps_its_gradient() -> None:
    """p − 1 = −e⁻¹⁰⁰ for p = 1 to every digit: computed as a difference it would be 0."""
    o = np.array([[0.0, 100.0]])
    for t in (np.array([1]), np.array([[0.0, 1.0]])):
        value, gradient = SoftmaxCrossEntropy().value_and_grad(o, t)
        assert value == pytest.approx(np.exp(-100.0), rel=1e-14)
        assert gradient[0] == pytest.approx([np.exp(-100.0), -np.exp(-100.0)], rel=1e-14)


def test_impossible_answers_have_finite_losses() -> None:
    """Where p is exactly 0, the loss is the gap between the logits; 0 · log 0 = 0."""
    o = np.array([[0.0, 1e30], [1e30, -1e30]])
    value, gradient = SoftmaxCrossEntropy().value_and_grad(o, [0, 1])
    assert value == pytest.approx(1.5e30, rel=1e-15)
    assert gradient.tolist() == [[-0.5, 0.5], [0.5, -0.5]]
    value, gradient = SoftmaxCrossEntropy().value_and_grad(o, [[0.0, 1.0], [1.0, 0.0]])
    assert value == 0.0
    assert not gradient.any()


def test_shifting_all_logits_changes_nothing() -> None:
    o = np.array([[1.0, 2.0, 4.0]])
    here, there = (SoftmaxCrossEntropy().value_and_grad(o + s, [1]) for s in (0.0, 2.0**40))
    assert here[0] == there[0]
    assert np.array_equal(here[1], there[1])


@pytest.mark.parametrize("K", [1, 2, 10])
def test_softmax_gradient_rows_sum_to_zero(K: int) -> None:
    o, t = logits(np.float64, K), targets(np.float64, K, "indices")
    _, gradient = SoftmaxCrossEntropy().terms(o, t)
    assert np.abs(gradient.sum(axis=1)).max() <= 1e-15


# sigmoid -----------------------------------------------------------------------------------------

PROBABILITIES = (0.0, 1.0, 0.5, 0.1, 1e-20, 1 - 2**-53)


@pytest.mark.parametrize("t", PROBABILITIES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_sigmoid_cross_entropy(dtype: Float, t: float) -> None:
    o = grid(dtype)[:, None]
    column = np.full_like(o, t, dtype=np.float64)
    with np.errstate(**FAULTS):
        terms, _ = SigmoidCrossEntropy().terms(o, column)
    with np.errstate(**FAULTS | {"over": "ignore"}):  # the mean of terms may not fit
        _, gradient = SigmoidCrossEntropy().value_and_grad(o, column)
    known, target = EXACT_LOSSES["sigmoid_cross_entropy"], exact(t)
    numbers = [exact(value) for value in o[:, 0]]
    values = Truth.of_sums(known.value(number, target) for number in numbers)
    slopes = Truth.of_sums(
        (known.gradient(number, target) for number in numbers), factor=exact(1) / len(o)
    )
    assert gradient.dtype == dtype
    assert worst(values.errors(terms)) <= TOLERANCE[np.float64]
    assert worst(slopes.errors(gradient)) <= TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", FLOATS)
def test_sigmoid_probabilities(dtype: Float) -> None:
    o = grid(dtype)
    with np.errstate(**FAULTS):
        p = SigmoidCrossEntropy().predict(o[:, None])
    assert p.dtype == dtype
    assert worst(Truth.of(logistic(exact(value)) for value in o).errors(p)) <= TOLERANCE[dtype]


@given(o=st.floats(allow_nan=False, allow_infinity=False), t=st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_any_sigmoid_cross_entropy(o: float, t: float) -> None:
    terms, slopes = SigmoidCrossEntropy().terms(np.array([[o]]), np.array([t]))
    known = EXACT_LOSSES["sigmoid_cross_entropy"]
    value = Truth.of_sums([known.value(exact(o), exact(t))])
    gradient = Truth.of_sums([known.gradient(exact(o), exact(t))])
    assert worst(value.errors(terms)) <= 1e-14
    assert worst(gradient.errors(slopes)) <= 1e-14


def test_two_classes_as_sigmoid_or_as_softmax() -> None:
    """Softmax of (0, o) is sigmoid of o."""
    o = np.linspace(-40, 40, 81)[:, None]
    t = np.arange(81) % 2
    one, slope = SigmoidCrossEntropy().value_and_grad(o, t)
    two, slopes = SoftmaxCrossEntropy().value_and_grad(np.hstack([0 * o, o]), t)
    assert one == pytest.approx(two, rel=1e-15)
    assert np.allclose(slope[:, 0], slopes[:, 1], rtol=1e-14, atol=0)


# decisions ---------------------------------------------------------------------------------------


def test_softmax_decides_for_the_largest_logit_and_the_first_of_equals() -> None:
    o = np.array([[1.0, 2.0, 0.0], [3.0, 3.0, 1.0], [3.0, 3.0, 1.0]])
    assert SoftmaxCrossEntropy().correct(o, [1, 0, 1]).tolist() == [True, True, False]
    rows = np.eye(3)[[1, 0, 1]]
    assert SoftmaxCrossEntropy().correct(o, rows).tolist() == [True, True, False]


def test_sigmoid_decides_every_label_above_one_half() -> None:
    o = np.array([[0.1, -2.0], [0.0, -1.0], [0.0, -1.0]])
    t = np.array([[1, 0], [1, 0], [0, 0]])
    assert SigmoidCrossEntropy().correct(o, t).tolist() == [True, False, True]
    assert SigmoidCrossEntropy().correct(o[:, :1], [1, 1, 0]).tolist() == [True, False, True]
