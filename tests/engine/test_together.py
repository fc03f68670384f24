"""Networks that train together have the bits that each has alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from chalknet import (
    SGD,
    Activation,
    Adam,
    Dataset,
    Dense,
    Momentum,
    Network,
    Preprocessing,
    RMSprop,
    Training,
)
from chalknet.engine import Request, StepRange, Totals
from chalknet.engine.compiled import together
from chalknet.engine.compiled.density import COLUMNS_TO_SAVE
from chalknet.engine.compiled.engine import CompiledEngine
from chalknet.engine.compiled.processor import vectors
from chalknet.engine.plan import Plan
from chalknet.engine.small import is_small

OPTIMIZERS = (
    Adam(learning_rate=0.01),
    SGD(learning_rate=0.1),
    Momentum(learning_rate=0.01),
    RMSprop(learning_rate=0.001),
)
ACTIVATIONS = ("relu", "tanh", "gelu", "sigmoid")
LOSSES = ("softmax_cross_entropy", "sigmoid_cross_entropy", "mean_squared_error")
N, FEATURES, OUTPUTS, MARGIN = 300, 150, 4, 0.8

Chains = list[list[tuple[int, int]]]


@pytest.fixture
def chains(monkeypatch: pytest.MonkeyPatch) -> Chains:
    """Call by call, of each chain: how many networks share inputs, how many of them go abreast.

    All that may share do, whether it is quicker or not.
    """
    seen: Chains = []
    chained = together.chained

    def noted(attempts: Sequence[Any]) -> list[int]:
        heads = chained(attempts)
        first = [one.session for one in attempts if one.session.address in heads]
        seen.append(sorted((one.get("NETWORKS"), one.get("ABREAST")) for one in first))
        return heads

    monkeypatch.setattr("chalknet.engine.compiled.engine.chained", noted)
    monkeypatch.setattr(together, "is_small", lambda *_: True)
    return seen


def abreast(widths: Sequence[int], dtype: Any) -> int:
    """How many first layers are taken at once: those one vector wide, where zeros are listed."""
    lanes = vectors().lanes(np.dtype(dtype))
    columns = sum(-(-width // lanes) * lanes for width in widths)
    narrow = sum(width <= lanes for width in widths)
    return narrow if MARGIN * columns > COLUMNS_TO_SAVE and narrow > 1 else 0


def pixels(kind: str = "some zeros") -> Any:
    """Rows of bytes in which as many are zero as in images, or numbers with none or nearly all."""
    rng = np.random.default_rng(0)
    if kind == "no zeros":
        return rng.normal(size=(N, FEATURES))
    bytes_ = rng.integers(1, 256, (N, FEATURES)).astype(np.uint8)
    bytes_[:, : int(MARGIN * FEATURES)] = 0
    if kind == "compressed":
        return sparse.csr_array(bytes_ * (rng.random(bytes_.shape) < 0.05) / 255.0)
    return bytes_


def plan(number: int, X: Any, hidden: Sequence[int], dtype: Any, **options: Any) -> Plan:
    """As different from the plan before as plans for the same data can be."""
    loss = LOSSES[number % 3]
    labels = np.random.default_rng(1).integers(0, OUTPUTS, N)
    y: Any = labels
    if loss == "sigmoid_cross_entropy":
        y = np.eye(OUTPUTS, dtype=int)[labels]
    elif loss == "mean_squared_error":
        y = np.eye(OUTPUTS)[labels]
    network = Network.dense(
        [FEATURES, *hidden, OUTPUTS],
        activation=ACTIVATIONS[number % 4],
        rng=np.random.default_rng(number),
        dtype=dtype,
    )
    settings: dict[str, Any] = {
        "loss": loss,
        "optimizer": OPTIMIZERS[(number + number // 4) % 4],
        "dropout": 0.3 if number % 3 == 1 else 0.0,
        "l2": 0.01 if number % 4 == 2 else 0.0,
        "sample_weight": np.arange(1.0, N + 1) if number % 5 == 3 else None,
    } | options
    data = Dataset(X, y, name="pixels")
    rng = np.random.default_rng(0)
    return Training(network, data, epochs=1, batch_size=1, rng=rng, **settings).plan


def state(one: Plan, totals: Totals) -> tuple[Any, ...]:
    """Every bit that a call may change."""
    slots = b"".join(slot.tobytes() for slot in one.state.slots)
    counts = (totals.loss, totals.weight, totals.correct, totals.samples, totals.diverged_at)
    return one.network.parameters.tobytes(), slots, one.state.t, counts


def steps(number: int, batch_size: int, first: int = 0, last: int | None = None) -> StepRange:
    """The same samples for all, at rates and with dropout of their own."""
    count = -(-N // batch_size)
    rates = np.linspace(0.01, 0.02 / (number + 1), count)
    order = np.random.default_rng(5).permutation(N)
    return StepRange(order, batch_size, first, count if last is None else last, rates, 100 + number)


def both_ways(
    make: Callable[[int], Plan], networks: int, batch_size: int, threads: int = 1
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The states after an epoch in three calls: alone, and together."""
    alone, beside = [make(k) for k in range(networks)], [make(k) for k in range(networks)]
    totals = [[Totals() for _ in range(networks)] for _ in range(2)]
    engine, count = CompiledEngine(exactly=threads), -(-N // batch_size)
    cuts = sorted({0, 1, count // 2, count})
    for first, last in itertools.pairwise(cuts):
        for k, one in enumerate(alone):
            engine.run(one, steps(k, batch_size, first, last), totals[0][k])
        engine.run_together(
            [
                Request(one, steps(k, batch_size, first, last), totals[1][k])
                for k, one in enumerate(beside)
            ]
        )
    return (
        [state(one, total) for one, total in zip(alone, totals[0], strict=True)],
        [state(one, total) for one, total in zip(beside, totals[1], strict=True)],
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [1, 32, 100, N])
@pytest.mark.parametrize("kind", ["no zeros", "some zeros", "compressed"])
def test_the_same_bits_together_as_alone(
    kind: str, batch_size: int, dtype: Any, chains: Chains
) -> None:
    X = pixels(kind)
    networks, width = (3, 5) if batch_size == 32 else (4, 9)
    alone, beside = both_ways(lambda k: plan(k, X, [width], dtype), networks, batch_size)
    assert beside == alone
    listed = kind == "some zeros" and batch_size > 1
    assert chains
    assert all(call == [(networks, listed * abreast([width] * networks, dtype))] for call in chains)


@pytest.mark.parametrize("networks", range(1, 9))
def test_any_number_of_networks(networks: int, chains: Chains) -> None:
    X = pixels()
    alone, beside = both_ways(lambda k: plan(k, X, [4, 5], np.float32), networks, 40)
    assert beside == alone
    wanted = {1: [], 2: [2], 3: [3], 4: [4], 5: [2, 3], 6: [3, 3], 7: [3, 4], 8: [4, 4]}[networks]
    assert bool(chains) == bool(wanted)
    expected = [(length, abreast([4] * length, np.float32)) for length in wanted]
    assert all(call == expected for call in chains)


@pytest.mark.parametrize("threads", [2, 3])
def test_each_thread_has_some_of_the_networks(threads: int, chains: Chains) -> None:
    X = pixels()
    alone, beside = both_ways(lambda k: plan(k, X, [8], np.float32), 5, 32, threads)
    assert beside == alone
    lengths = [length for call in chains for length, _ in call]
    assert max(lengths) == -(-5 // threads)
    assert sum(lengths) % 5 == 0


def test_networks_of_different_shape(chains: Chains) -> None:
    X, shapes = pixels(), ([5], [31, 7], [3, 3, 3], [17])
    alone, beside = both_ways(lambda k: plan(k, X, shapes[k], np.float32), 4, 25)
    assert beside == alone
    expected = abreast([widths[0] for widths in shapes], np.float32)
    assert all(call == [(4, expected)] for call in chains)


def test_slices_of_a_batch(monkeypatch: pytest.MonkeyPatch, chains: Chains) -> None:
    X = pixels()
    monkeypatch.setattr("chalknet.engine.compiled.workspace.MOST_ROWS", 24)
    alone, beside = both_ways(lambda k: plan(k, X, [9], np.float64), 3, 100)
    assert beside == alone
    assert all(call == [(3, 0)] for call in chains)


def test_one_that_overflows_leaves_the_others_alone() -> None:
    """It keeps what it had before the step to blame; the others lose nothing."""
    X = pixels()

    def make(number: int) -> Plan:
        if number != 1:
            return plan(number, X, [9], np.float32)
        return plan(0, X, [9], np.float32, optimizer=SGD(learning_rate=1.0))

    def of(number: int) -> StepRange:
        found = steps(number, 20)
        if number == 1:
            found.learning_rates[6:] = 1e38
        return found

    engine, totals = CompiledEngine(1), [[Totals() for _ in range(3)] for _ in range(2)]
    alone, beside = [make(k) for k in range(3)], [make(k) for k in range(3)]
    for k, one in enumerate(alone):
        engine.run(one, of(k), totals[0][k])
    requests = [Request(one, of(k), totals[1][k]) for k, one in enumerate(beside)]
    engine.run_together(requests)
    for k in range(3):
        assert state(beside[k], totals[1][k]) == state(alone[k], totals[0][k])
    assert [total.diverged_at is None for total in totals[1]] == [True, False, True]
    assert totals[1][1].diverged_at >= 6


def test_who_leads_and_who_follows_may_change() -> None:
    """Whoever was first takes inputs in; later it may be another, or each alone."""
    X = pixels()
    engine = CompiledEngine(1)
    alone, beside = ([plan(k, X, [9], np.float32) for k in range(3)] for _ in range(2))
    totals = [[Totals() for _ in range(3)] for _ in range(2)]
    for turn, members in enumerate([(0, 1, 2), (2, 1, 0), (1, 2), (1,), (2, 0), (0,), (1, 0, 2)]):
        of_turn = [steps(k, 30, turn, turn + 1) for k in range(3)]
        for k in members:
            engine.run(alone[k], of_turn[k], totals[0][k])
        engine.run_together([Request(beside[k], of_turn[k], totals[1][k]) for k in members])
    for k in range(3):
        assert state(beside[k], totals[1][k]) == state(alone[k], totals[0][k])


def test_only_those_share_that_see_the_same(chains: Chains) -> None:
    """Other data, steps, orders, scales and types of numbers are for others."""
    X = pixels()
    scale = Preprocessing(offset=0.0, divisor=100.0)
    plans = [
        plan(0, X, [9], np.float32),
        plan(1, X, [9], np.float32),
        plan(2, X.copy(), [9], np.float32),
        plan(3, X, [9], np.float64),
        plan(4, X, [9], np.float32, preprocessing=scale),
        plan(5, X, [9], np.float32),
        plan(6, X, [9], np.float32),
    ]
    asked = [steps(k, 30) for k in range(7)]
    asked[5] = StepRange(None, 30, 0, 10, asked[5].learning_rates, 0)
    asked[6] = steps(6, 31)
    totals = [Totals() for _ in plans]
    requests = [Request(*each) for each in zip(plans, asked, totals, strict=True)]
    CompiledEngine(1).run_together(requests)
    assert [[length for length, _ in call] for call in chains] == [[2]]
    assert [total.samples for total in totals] == [N] * 7


@pytest.mark.parametrize(
    ("hidden", "batch_size", "dtype", "shares"),
    [
        ([32], 32, np.float32, True),
        ([33], 32, np.float32, False),
        ([128], 64, np.float32, True),
        ([129], 64, np.float32, False),
        ([64], N, np.float64, True),
        ([65], N, np.float64, False),
        ([16], 32, np.float64, True),
        ([17], 32, np.float64, False),
        ([16], 8, np.float32, True),
        ([17], 8, np.float32, False),
        ([4], 7, np.float32, False),
        ([16, 260, 300], 64, np.float32, False),
    ],
)
def test_only_those_share_that_are_quicker_for_it(
    hidden: list[int],
    batch_size: int,
    dtype: Any,
    shares: bool,
    chains: Chains,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(together, "is_small", is_small)
    X = pixels()
    requests = [
        Request(plan(k, X, hidden, dtype), steps(k, batch_size), Totals()) for k in range(2)
    ]
    CompiledEngine(1).run_together(requests)
    assert bool(chains) == shares


def test_what_no_kernel_can_do_runs_on_the_reference_engine(chains: Chains) -> None:
    X = pixels()
    odd = Activation("odd", np.sin, np.cos)

    def make(number: int) -> Plan:
        one = plan(number, X, [9], np.float32)
        if number == 1:
            below, above = one.network.layers
            odd_one = Network([Dense(below.W, below.b, odd), above])
            one = replace(one, network=odd_one)
        return one

    alone, beside = both_ways(make, 3, 30)
    assert beside == alone
    assert all([length for length, _ in call] == [2] for call in chains)
