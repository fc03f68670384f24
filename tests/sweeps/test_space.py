"""What a sweep varies, and what is said when it cannot be varied."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from chalknet.errors import ConfigurationError
from chalknet.sweeps.plan import SweepPlan
from chalknet.sweeps.space import Choices, Range, Space, parse_choices, parse_range


def space(*texts: str, ranges: tuple[str, ...] = ()) -> Space:
    return Space(dict([*map(parse_choices, texts), *map(parse_range, ranges)]))


def test_a_grid_is_every_combination() -> None:
    made = space("activation=relu,tanh", "learning_rate=1e-5,1e-4,1e-3")
    points = list(made.grid())
    wanted = itertools.product(("relu", "tanh"), ("1e-5", "1e-4", "1e-3"))
    assert [tuple(point.values()) for point in points] == list(wanted)
    plan = SweepPlan.make({"data": "digits"}, made, seeds=5)
    assert (plan.engine, plan.trials, plan.points()) == ("grid", 6, points)
    config = plan.config(points[4], seed=2)
    assert (config.activation, config.learning_rate, config.seed) == (["tanh"], 1e-4, 2)
    assert config.validation == 0.1


def test_values_are_those_of_train() -> None:
    made = space("hidden=100,256-128,none", "activation=leaky_relu(slope=0.2)", "dropout=0,0.5")
    plan = SweepPlan.make({"data": "digits"}, made)
    configs = [plan.config(point) for point in plan.points()]
    assert [config.hidden for config in configs[::2]] == [[100], [256, 128], []]
    assert configs[1].dropout == [0.5]
    assert configs[0].activation == ["leaky_relu(slope=0.2)"]


def test_random_points_lie_within_and_come_again() -> None:
    made = space("optimizer=sgd,adam", ranges=("learning_rate=1e-5:1e-1:log", "batch_size=8:64"))
    plan = SweepPlan.make({"data": "digits", "seed": 3}, made, trials=200)
    assert plan.engine == "random"
    points = plan.points()
    assert points == SweepPlan.make({"data": "digits", "seed": 3}, made, trials=200).points()
    rates = np.array([point["learning_rate"] for point in points])
    assert ((rates >= 1e-5) & (rates <= 1e-1)).all()
    assert 0.35 < (rates < 1e-3).mean() < 0.65  # evenly in the logarithm
    sizes = [point["batch_size"] for point in points]
    assert all(isinstance(size, int) and 8 <= size <= 64 for size in sizes)
    assert {point["optimizer"] for point in points} == {"sgd", "adam"}


def test_a_plan_survives_the_database() -> None:
    made = space("activation=relu,tanh", ranges=("learning_rate=1e-5:1e-1:log",))
    plan = SweepPlan.make({"data": "digits"}, made, engine="tpe", trials=9, seeds=3, prune=True)
    again = SweepPlan.from_json(plan.to_json())
    assert again.to_json() == plan.to_json()
    assert again.space.axes == {
        "activation": Choices(("relu", "tanh")),
        "learning_rate": Range(1e-5, 1e-1, log=True),
    }
    assert again.points() == [None] * 9


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("activation", "--grid takes an option and values, as in activation=relu,tanh, not act"),
        ("activation=", "--grid takes an option and values"),
        ("activation=relu,,tanh", "a value is missing between the commas"),
        ("activatoin=relu", "unknown option 'activatoin': did you mean 'activation'"),
        ("data=mnist,digits", "all runs of a sweep share the same data"),
        ("seed=1,2", "seed cannot vary"),
    ],
)
def test_a_wrong_grid_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse_choices(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("learning_rate=1e-5", "give low:high, or low:high:log"),
        ("learning_rate=1e-5:high", "give low:high, or low:high:log"),
        ("learning_rate=1e-5:1:lin", "give low:high, or low:high:log"),
        ("learning_rate=1:1e-5", "the first number must be the smaller"),
        ("l2=0:1:log", "the first number must be the smaller, and above 0 for log"),
        ("learning_rate=nan:1", "give low:high"),
    ],
)
def test_a_wrong_range_is_named(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse_range(text)


@pytest.mark.parametrize(
    ("axes", "options", "message"),
    [
        ((), {}, "a sweep needs something to vary"),
        (("activation=relu,rellu",), {}, "--grid activation=rellu: unknown activation 'rellu'"),
        (("learning_rate=-1",), {}, "--grid learning_rate=-1: learning_rate must be"),
        (("epochs=ten",), {}, "--grid epochs=ten: epochs must be a whole number, not 'ten'"),
        (("l2=0,1",), {"trials": 3, "engine": "grid"}, "a grid runs all its combinations"),
        (("l2=0,1",), {"engine": "tpe"}, "--engine tpe needs --trials"),
        (("l2=0,1",), {"seeds": 0}, "seeds must be from 1 to 1000"),
        (("l2=0,1",), {"base": {"validation": 0.0}}, "ranks its runs on validation data"),
    ],
)
def test_a_wrong_plan_is_named(
    axes: tuple[str, ...], options: dict[str, Any], message: str
) -> None:
    base = {"data": "digits", **options.pop("base", {})}
    with pytest.raises(ConfigurationError, match=message):
        SweepPlan.make(base, space(*axes), **options)


def test_a_range_is_no_grid() -> None:
    with pytest.raises(ConfigurationError, match="a range has no end of points"):
        SweepPlan.make({"data": "digits"}, space(ranges=("l2=0:1",)), engine="grid")
