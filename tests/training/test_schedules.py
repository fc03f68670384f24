"""Schedules against PyTorch's where there is one, and against their formulas."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from chalknet.errors import ConfigurationError
from chalknet.training.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    Exponential,
    InverseScaling,
    ReduceOnPlateau,
    Schedule,
    StepDecay,
    Warmup,
    as_schedule,
)

EPOCHS, RATE = 40, 0.3
Make = Callable[[torch.optim.Optimizer], Any]


def ours(schedule: Schedule, losses: list[float] | None = None, epochs: int = EPOCHS) -> Any:
    """The learning rate of every epoch."""
    state, rates = schedule.init(), []
    for epoch in range(epochs):
        rates.append(RATE * schedule.multiplier(epoch, epochs, state))
        state = schedule.observe(state, losses[epoch] if losses else 1.0)
    return np.array(rates)


def theirs(make: Make, losses: list[float] | None = None, epochs: int = EPOCHS) -> Any:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler, rates = make(optimizer), []
    for epoch in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*([losses[epoch]] if losses else []))
    return np.array(rates)


PAIRS: list[tuple[Schedule, Make]] = [
    (Constant(), lambda o: lr_scheduler.ConstantLR(o, factor=1.0)),
    (StepDecay(), lambda o: lr_scheduler.StepLR(o, step_size=10, gamma=0.1)),
    (StepDecay(every=3, factor=0.7), lambda o: lr_scheduler.StepLR(o, step_size=3, gamma=0.7)),
    (Exponential(), lambda o: lr_scheduler.ExponentialLR(o, gamma=0.95)),
    (Exponential(factor=0.5), lambda o: lr_scheduler.ExponentialLR(o, gamma=0.5)),
    (Cosine(), lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=EPOCHS)),
    (
        Cosine(minimum=0.1),
        lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=EPOCHS, eta_min=0.1 * RATE),
    ),
]


@pytest.mark.parametrize(("schedule", "make"), PAIRS, ids=[str(s.spec) for s, _ in PAIRS])
def test_rates_of_torch(schedule: Schedule, make: Make) -> None:
    assert ours(schedule) == pytest.approx(theirs(make), rel=1e-12, abs=1e-15)


def plateaus() -> Iterator[list[float]]:
    """Losses that fall, stand still, rise, and fall by hardly anything."""
    rng = np.random.default_rng(0)
    yield [1.0] * EPOCHS
    yield [math.exp(-epoch / 10) for epoch in range(EPOCHS)]
    yield [max(0.3, 1 - 0.1 * epoch) for epoch in range(EPOCHS)]
    yield [1 - 1e-6 * epoch for epoch in range(EPOCHS)]
    for _ in range(30):
        yield (np.exp(-np.arange(EPOCHS) / 15) + 0.2 * rng.random(EPOCHS)).tolist()


@pytest.mark.parametrize(
    "schedule",
    [
        ReduceOnPlateau(),
        ReduceOnPlateau(factor=0.5, patience=2),
        ReduceOnPlateau(factor=0.5, patience=0, threshold=0.0),
        ReduceOnPlateau(factor=0.3, patience=1, threshold=0.05, minimum=0.01),
    ],
    ids=lambda schedule: schedule.spec,
)
def test_plateaus_of_torch(schedule: ReduceOnPlateau) -> None:
    reductions = 0
    for losses in plateaus():
        rates = ours(schedule, losses)
        expected = theirs(
            lambda o: lr_scheduler.ReduceLROnPlateau(
                o,
                factor=schedule.factor,
                patience=schedule.patience,
                threshold=schedule.threshold,
                min_lr=schedule.minimum * RATE,
                eps=0.0,
            ),
            losses,
        )
        assert rates == pytest.approx(expected, rel=1e-12, abs=0)
        reductions += len(np.unique(rates)) - 1
    assert reductions > 0


def test_a_plateau_of_negative_losses() -> None:
    """Progress is relative to |best|, so that equal negative losses are none (Poisson's can be)."""
    schedule = ReduceOnPlateau(factor=0.5, patience=0)
    assert ours(schedule, [-1.0] * 4, epochs=4).tolist() == [RATE, RATE, RATE / 2, RATE / 4]
    falling = [-1.0, -2.0, -3.0, -4.0]
    assert ours(schedule, falling, epochs=4).tolist() == [RATE] * 4


def test_a_loss_that_is_not_a_number_is_no_progress() -> None:
    schedule = ReduceOnPlateau(factor=0.5, patience=0)
    losses = [1.0, math.nan, 0.5, 0.5]
    assert ours(schedule, losses, epochs=4).tolist() == [RATE, RATE, RATE / 2, RATE / 2]


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_inverse_scaling(power: float) -> None:
    expected = [RATE / (epoch + 1) ** power for epoch in range(EPOCHS)]
    assert ours(InverseScaling(power=power)) == pytest.approx(expected, rel=1e-15)


def test_cosine_at_its_ends_and_middle() -> None:
    schedule = Cosine(minimum=0.2)
    assert schedule.multiplier(0, 10, {}) == 1.0
    assert schedule.multiplier(5, 10, {}) == pytest.approx(0.6, rel=1e-15)
    assert schedule.multiplier(10, 10, {}) == pytest.approx(0.2, rel=1e-15)
    assert schedule.multiplier(11, 10, {}) == schedule.multiplier(10, 10, {})


# steps within an epoch ---------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", [schedule for schedule, _ in PAIRS], ids=lambda s: s.spec)
def test_all_but_warmup_keep_one_rate_through_an_epoch(schedule: Schedule) -> None:
    for epoch in range(5):
        rates = schedule.multipliers(epoch, 5, 7, schedule.init())
        assert rates.tolist() == [schedule.multiplier(epoch, 5, schedule.init())] * 7


@pytest.mark.parametrize(("epochs", "steps"), [(1, 1), (1, 7), (3, 5), (2, 100)])
def test_warmup_is_a_straight_line_that_arrives(epochs: int, steps: int) -> None:
    """As PyTorch's ``LinearLR`` from 1/N to 1 over N − 1 steps."""
    schedule = Warmup(epochs=epochs)
    total = epochs * steps
    line = np.concatenate([schedule.multipliers(e, epochs + 2, steps, {}) for e in range(epochs)])
    if total > 1:
        expected = theirs(
            lambda o: lr_scheduler.LinearLR(o, start_factor=1 / total, total_iters=total - 1),
            epochs=total,
        )
        assert RATE * line == pytest.approx(expected, rel=1e-12)
    assert line[-1] == 1.0
    assert schedule.multipliers(epochs, epochs + 2, steps, {}).tolist() == [1.0] * steps


def test_what_follows_a_warmup_begins_where_it_ends() -> None:
    both = as_schedule("warmup(2)+cosine(minimum=0.1)")
    for epoch in range(2, 10):
        expected = Cosine(minimum=0.1).multiplier(epoch - 2, 8, {})
        assert both.multipliers(epoch, 10, 3, {}).tolist() == [expected] * 3


def test_a_plateau_after_a_warmup() -> None:
    both = Warmup(epochs=1, then=ReduceOnPlateau(factor=0.5, patience=0))
    state = both.init()
    assert both.multipliers(0, 4, 2, state).tolist() == [0.5, 1.0]
    for loss in (1.0, 1.0):
        state = both.observe(state, loss)
    assert both.multipliers(2, 4, 2, state).tolist() == [0.5, 0.5]


# names and settings ------------------------------------------------------------------------------


def test_the_schedules_of_the_contract() -> None:
    contract = "constant step_decay exponential cosine inverse_scaling reduce_on_plateau warmup"
    assert set(SCHEDULES) == set(contract.split())


@pytest.mark.parametrize(
    "spec",
    [
        *SCHEDULES,
        "step_decay(every=3, factor=0.5)",
        "cosine(0.1)",
        "reduce_on_plateau(patience=3)",
        "warmup(5)+cosine",
        "warmup(5)+step_decay(every=3, factor=0.5)",
    ],
)
def test_spec_reads_back(spec: str) -> None:
    schedule = as_schedule(spec)
    assert as_schedule(schedule.spec) == schedule
    assert as_schedule(schedule) is schedule


def test_none_is_constant() -> None:
    assert as_schedule(None) == Constant()


EVERY = "constant, cosine, exponential, inverse_scaling, reduce_on_plateau, step_decay, warmup"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("cosin", f"unknown schedule 'cosin': did you mean 'cosine'? Known are {EVERY}."),
        ("warmup(2)+quux", f"unknown schedule 'quux'. Known are {EVERY}."),
        ("cosine+cosine", "schedule 'cosine+cosine': only a warmup can be followed by another."),
        ("cosine(2)", "schedule cosine: minimum must be from 0 to 1, not 2."),
        ("step_decay(every=0)", "schedule step_decay: every must be at least 1 epoch, not 0."),
        ("step_decay(factor=0)", "schedule step_decay: factor must be positive, not 0."),
        ("exponential(-1)", "schedule exponential: factor must be positive, not -1."),
        ("inverse_scaling(-1)", "schedule inverse_scaling: power must be at least 0, not -1."),
        (
            "reduce_on_plateau(1)",
            "schedule reduce_on_plateau: factor must be between 0 and 1, not 1.",
        ),
        (
            "reduce_on_plateau(patience=-1)",
            "schedule reduce_on_plateau: patience must be at least 0, not -1.",
        ),
        ("warmup(0)", "schedule warmup: epochs must be at least 1, not 0."),
        ("warmup(1, 2)", "schedule 'warmup(1, 2)': warmup takes epochs."),
    ],
)
def test_messages(spec: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        as_schedule(spec)
    assert str(error.value) == message
