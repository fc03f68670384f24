"""Optimizers: the promises of a single step, names and settings."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chalknet.errors import ConfigurationError
from chalknet.training.optimizers import (
    OPTIMIZERS,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
    as_optimizer,
)

ALL = [cls(learning_rate=0.05) for cls in OPTIMIZERS.values()]
names = pytest.mark.parametrize("optimizer", ALL, ids=list(OPTIMIZERS))


@names
def test_a_step_is_in_place_and_leaves_the_gradient_alone(optimizer: Optimizer) -> None:
    w, g = np.array([1.0, -2.0, 0.5]), np.array([0.3, -0.1, 0.0])
    state = optimizer.init(w)
    vector, gradient = w, g.copy()
    assert optimizer.step(w, g, state)
    assert w is vector
    assert w[0] < 1.0
    assert w[1] > -2.0
    assert np.array_equal(g, gradient)
    assert state.t == 1
    assert [slot.shape for slot in state.slots] == [(3,)] * len(optimizer.slot_names)


@names
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_step_that_would_not_be_finite_is_not_taken(optimizer: Optimizer, bad: float) -> None:
    w = np.array([1.0, -2.0])
    state = optimizer.init(w)
    assert optimizer.step(w, np.array([0.1, 0.2]), state)
    before = w.copy(), state.t, [slot.copy() for slot in state.slots]
    assert not optimizer.step(w, np.array([0.1, bad]), state)
    assert np.array_equal(w, before[0])
    assert state.t == before[1]
    assert all(np.array_equal(x, y) for x, y in zip(state.slots, before[2], strict=True))
    assert optimizer.step(w, np.array([0.1, 0.2]), state)


@names
def test_large_parameters_are_finite_though_their_sum_is_not(optimizer: Optimizer) -> None:
    w = np.full(4, 1e308)
    assert optimizer.step(w, np.zeros(4), optimizer.init(w))


@names
def test_float32_stays_float32(optimizer: Optimizer) -> None:
    rng = np.random.default_rng(0)
    wide, narrow = np.linspace(-1, 1, 50), np.linspace(-1, 1, 50).astype(np.float32)
    states = optimizer.init(wide), optimizer.init(narrow)
    for _ in range(20):
        g = rng.normal(size=50).astype(np.float32)
        assert optimizer.step(wide, g.astype(np.float64), states[0])
        assert optimizer.step(narrow, g, states[1])
    assert narrow.dtype == np.float32
    assert all(slot.dtype == np.float32 for slot in states[1].slots)
    assert np.abs(wide - narrow).max() < 2e-5


def test_rate_zero_moves_nothing() -> None:
    for optimizer in ALL:
        w = np.array([1.0, -2.0])
        assert optimizer.step(w, np.array([0.1, 0.2]), optimizer.init(w), 0.0)
        assert w.tolist() == [1.0, -2.0]


def test_without_momentum_both_are_plain_descent() -> None:
    g = np.array([0.25, -0.5])
    ends = []
    for optimizer in (
        SGD(learning_rate=0.5),
        Momentum(learning_rate=0.5, momentum=0.0),
        Nesterov(learning_rate=0.5, momentum=0.0),
    ):
        w = np.array([1.0, 1.0])
        state = optimizer.init(w)
        for _ in range(3):
            optimizer.step(w, g, state)
        ends.append(w.tolist())
    assert ends == [[0.625, 1.75]] * 3


def test_first_step_of_adam_is_the_rate_whatever_the_gradient() -> None:
    w = np.zeros(3)
    Adam(learning_rate=0.1, epsilon=1e-300).step(
        w, np.array([1e-8, -3.0, 1e9]), Adam(learning_rate=0.1).init(w)
    )
    assert np.allclose(w, [-0.1, 0.1, -0.1], rtol=1e-14)


def test_adamw_without_decay_is_adam() -> None:
    ends = []
    for optimizer in (Adam(learning_rate=0.1), AdamW(learning_rate=0.1, weight_decay=0.0)):
        w = np.array([1.0, -1.0])
        state = optimizer.init(w)
        for g in ([0.1, 0.2], [-0.3, 0.1]):
            optimizer.step(w, np.array(g), state)
        ends.append(w.tolist())
    assert ends[0] == ends[1]


# names and settings ------------------------------------------------------------------------------


def test_ways_to_name_an_optimizer() -> None:
    assert as_optimizer("Adam") == Adam(learning_rate=0.001)
    assert as_optimizer("sgd", learning_rate=0.5) == SGD(learning_rate=0.5)
    assert as_optimizer("momentum", momentum=0.8) == Momentum(learning_rate=0.01, momentum=0.8)
    mine = AdamW(learning_rate=1.0)
    assert as_optimizer(mine) is mine


SETTINGS: list[tuple[Callable[[], Any], str]] = [
    (lambda: SGD(learning_rate=-1.0), "sgd: learning_rate must be a finite number ≥ 0, not -1.0."),
    (
        lambda: SGD(learning_rate=math.nan),
        "sgd: learning_rate must be a finite number ≥ 0, not nan.",
    ),
    (
        lambda: Adam(learning_rate=math.inf),
        "adam: learning_rate must be a finite number ≥ 0, not inf.",
    ),
    (
        lambda: Momentum(learning_rate=0.1, momentum=1.0),
        "momentum: momentum must be below 1, not 1.0.",
    ),
    (lambda: RMSprop(learning_rate=0.1, decay=1.5), "rmsprop: decay must be below 1, not 1.5."),
    (lambda: Adam(learning_rate=0.1, beta_2=1.0), "adam: beta_2 must be below 1, not 1.0."),
    (
        lambda: AdamW(learning_rate=0.1, weight_decay=-0.1),
        "adamw: weight_decay must be a finite number ≥ 0, not -0.1.",
    ),
    (
        lambda: as_optimizer("adma"),
        "unknown optimizer 'adma': did you mean 'adam'? Known are adagrad, adam, adamw, momentum, "
        "nesterov, rmsprop, sgd.",
    ),
    (
        lambda: as_optimizer("sgd", momentum=0.9),
        "sgd has no option 'momentum': its options are learning_rate.",
    ),
]


@pytest.mark.parametrize(("make", "message"), SETTINGS)
def test_messages(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        make()
    assert str(error.value) == message


@pytest.mark.parametrize("optimizer", [RMSprop, Adagrad, Adam, AdamW])
def test_epsilon_keeps_zero_gradients_from_dividing_by_zero(optimizer) -> None:
    with pytest.raises(ConfigurationError, match="epsilon must be positive"):
        optimizer(learning_rate=0.1, epsilon=0.0)
    w = np.ones(2)
    usual = optimizer(learning_rate=0.0 if optimizer is AdamW else 0.1)
    assert usual.step(w, np.zeros(2), usual.init(w))
    assert w.tolist() == [1.0, 1.0]
