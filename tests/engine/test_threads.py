"""Same bits for any number of threads, and no harm from whatever else the process does."""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from chalknet import SGD, Dataset, DivergenceError, Network, Preprocessing, Training
from chalknet.engine import StepRange, Totals
from chalknet.engine.compiled import threads as teams
from chalknet.engine.compiled.engine import CompiledEngine

from .runs import data_for, trained

LOSSES = ("softmax_cross_entropy", "sigmoid_cross_entropy", "huber")
OPTIMIZERS = ("sgd", "momentum", "adam", "adagrad")
ACTIVATIONS = ("relu", "tanh", "gelu", "sigmoid")
WIDTHS = ((5, 3), (33, 70, 4), (17, 64, 33, 3), (100, 129, 40, 17, 2), (8, 8, 8, 8, 5))


def configuration(number: int) -> dict[str, Any]:
    """One of twenty ways to train, as different as they come."""
    rng = np.random.default_rng(number)
    widths = WIDTHS[number % 5]
    dropout = 0.3 if number % 3 == 0 else 0.0
    return {
        "widths": widths,
        "activation": ACTIVATIONS[number % 4],
        "loss": LOSSES[number % 3],
        "optimizer": OPTIMIZERS[number % 4],
        "dtype": (np.float32, np.float64)[number % 2],
        "batch_size": int(rng.integers(1, 70)),
        "n": 130,
        "epochs": 2,
        "dropout": dropout,
        "l2": 0.01 if number % 7 == 0 else 0.0,
        "sample_weight": np.arange(130.0) if number % 4 == 1 else None,
        "seed": number,
    }


def digest(training: Training) -> str:
    """Of the trained parameters and the last loss."""
    last = repr(training.history[-1].train_loss).encode()
    return hashlib.sha256(training.network.parameters.tobytes() + last).hexdigest()


@pytest.mark.parametrize("number", range(20))
def test_same_bits_on_any_number_of_threads(number: int) -> None:
    options = configuration(number)
    digests = {
        digest(trained(CompiledEngine(exactly=threads), **options))
        for threads in (1, 2, 3, 4, 8)
        for _ in range(5)
    }
    assert len(digests) == 1


def test_same_bits_whatever_part_of_a_batch_is_worked_on_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = {"n": 200, "batch_size": 200, "epochs": 3, "optimizer": "adam", "dropout": 0.1}
    whole = digest(trained(CompiledEngine(exactly=2), **options))
    monkeypatch.setattr("chalknet.engine.compiled.workspace.MOST_ROWS", 24)
    assert digest(trained(CompiledEngine(exactly=2), **options)) == whole


def test_same_bits_however_steps_are_grouped() -> None:
    plan = trained("reference", n=100, batch_size=7, optimizer="adam").plan
    start = plan.network.parameters.copy()
    slots, t = [slot.copy() for slot in plan.state.slots], plan.state.t
    found = set()
    for grouping in ([0, 15], [0, 1, 2, 9, 15], range(16)):
        plan.network.parameters[...] = start
        plan.state.slots, plan.state.t = [slot.copy() for slot in slots], t
        engine, totals = CompiledEngine(exactly=2), Totals()
        for first, last in itertools.pairwise(grouping):
            engine.run(plan, StepRange(None, 7, first, last, np.full(15, 0.01), 0), totals)
        assert plan.state.t == t + 15
        found.add((plan.network.parameters.tobytes(), totals.loss, totals.correct))
    assert len(found) == 1


def test_predictions_have_the_same_bits_on_any_number_of_threads() -> None:
    rng = np.random.default_rng(0)
    network = Network.dense([30, 100, 7], activation="gelu", rng=rng)
    X = rng.integers(0, 256, (1500, 30)).astype(np.uint8)
    scale = Preprocessing(offset=3.0, divisor=255.0)
    outputs = [
        CompiledEngine(exactly=threads).predict(network, scale, X) for threads in (1, 2, 3, 8)
    ]
    assert len({output.tobytes() for output in outputs}) == 1
    # A row by itself gives the bits that it gives among others.
    alone = np.concatenate(
        [CompiledEngine().predict(network, scale, X[i : i + 1]) for i in range(9)]
    )
    assert alone.tobytes() == outputs[0][:9].tobytes()


def test_eight_fits_at_once() -> None:
    serial = [digest(trained(CompiledEngine(), **configuration(number))) for number in range(8)]
    for workers in (8, 3):
        with ThreadPoolExecutor(workers) as pool:
            found = pool.map(
                lambda number: digest(trained(CompiledEngine(), **configuration(number))), range(8)
            )
            assert list(found) == serial


def test_eight_fits_of_four_threads_each_at_once() -> None:
    serial = [
        digest(trained(CompiledEngine(exactly=1), **configuration(number))) for number in range(8)
    ]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(
            lambda number: digest(trained(CompiledEngine(exactly=4), **configuration(number))),
            range(8),
        )
        assert list(found) == serial


def _digest_of(number: int) -> str:
    return digest(trained(CompiledEngine(exactly=2), **configuration(number)))


def test_in_the_workers_of_joblib() -> None:
    from joblib import Parallel, delayed

    serial = [_digest_of(number) for number in range(4)]
    assert Parallel(n_jobs=2)(delayed(_digest_of)(number) for number in range(4)) == serial


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_after_a_fork() -> None:
    expected = _digest_of(5)  # the parent has worked with threads before
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(_digest_of, [5, 5, 5]) == [expected] * 3


def test_fewer_threads_where_the_system_grants_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = _digest_of(6)

    def refuse(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(teams, "_Worker", refuse)
    monkeypatch.setattr(teams._pool, "idle", [])
    assert digest(trained(CompiledEngine(exactly=8), **configuration(6))) == expected


def test_an_interrupt_between_threads_leaves_nobody_waiting() -> None:
    began, reached = time.monotonic(), []

    def prepare(size: int) -> tuple[Any, int]:
        word = np.zeros(1, np.int64)
        reached.append(word)

        def task(number: int) -> None:
            if number == 0:
                raise KeyboardInterrupt
            while word[0] == 0:  # as at a barrier
                time.sleep(0.001)

        return task, word.ctypes.data

    with pytest.raises(KeyboardInterrupt):
        teams.run_team(3, prepare)
    assert reached[0][0] == 1
    assert time.monotonic() - began < 5


def many_steps() -> None:
    rng = np.random.default_rng(0)
    data = Dataset(rng.normal(size=(4000, 300)), rng.integers(0, 10, 4000), name="random")
    train_for_long(data, [300, 512, 256, 10], batch_size=64)


def long_steps() -> None:
    rng = np.random.default_rng(0)
    data = Dataset(rng.normal(size=(8000, 300)), rng.integers(0, 10, 8000), name="random")
    train_for_long(data, [300, 1024, 1024, 10], batch_size=8000)


def train_for_long(data: Dataset, widths: list[int], batch_size: int) -> None:
    rng = np.random.default_rng(0)
    training = Training(
        Network.dense(widths, rng=rng),
        data,
        loss="softmax_cross_entropy",
        optimizer=SGD(learning_rate=0.01),
        epochs=10_000,
        batch_size=batch_size,
        rng=rng,
    )
    for _ in training:
        pass


def predictions() -> None:
    rng = np.random.default_rng(0)
    network = Network.dense([300, 2048, 2048, 10], rng=rng)
    rows = rng.normal(size=(30_000, 300)).astype(np.float32)
    while True:
        CompiledEngine().output(network, rows)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
@pytest.mark.parametrize("work", [many_steps, long_steps, predictions])
def test_ctrl_c_is_heeded_within_half_a_second(work: Callable[[], None]) -> None:
    sent: list[float] = []

    def interrupt() -> None:
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.6, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        work()
    assert time.monotonic() - sent[0] < 0.5


def long_training(epochs: int) -> Training:
    """An epoch is a step of a second or so."""
    rng = np.random.default_rng(0)
    data = Dataset(rng.normal(size=(20_000, 300)), rng.integers(0, 10, 20_000), name="random")
    return Training(
        Network.dense([300, 1024, 1024, 10], rng=rng),
        data,
        loss="softmax_cross_entropy",
        optimizer=SGD(learning_rate=0.01),
        epochs=epochs,
        batch_size=20_000,
        rng=rng,
    )


def test_an_interrupted_step_is_taken_whole_or_not_at_all() -> None:
    training = long_training(epochs=10_000)
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        list(training)
    undisturbed = long_training(epochs=training.position.epoch + 1)
    whole = [undisturbed.network.parameters.copy()]
    whole += [undisturbed.network.parameters.copy() for _ in undisturbed]
    assert any(np.array_equal(training.network.parameters, state) for state in whole[-2:])


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_step_that_diverges_is_not_taken(optimizer: str, threads: int) -> None:
    """The loss of step 23 is not finite: parameters and slots stay as step 22 left them."""
    data = data_for("half_squared_error", 60, 6, 2)
    data.X[46, 0] = 1e200  # in float64 its square overflows
    kept = {}
    for engine in ("reference", CompiledEngine(exactly=threads)):
        options = {"loss": "half_squared_error", "widths": (6, 4, 2), "activation": "identity"}
        with pytest.raises(DivergenceError) as caught:
            trained(engine, data=data, batch_size=2, optimizer=optimizer, shuffle=False, **options)
        assert caught.value.step == 24
        training = caught.traceback[1].frame.f_locals["training"]
        kept[str(engine)[:9]] = training
    (_, expected), (_, found) = kept.items()
    assert np.isfinite(found.network.parameters).all()
    assert np.allclose(found.network.parameters, expected.network.parameters, rtol=1e-12, atol=0)
    for wanted, given in zip(expected.plan.state.slots, found.plan.state.slots, strict=True):
        assert np.allclose(given, wanted, rtol=1e-10, atol=1e-300)
    assert found.plan.state.t == expected.plan.state.t == 23


def test_a_parameter_that_overflows_is_not_kept() -> None:
    data = data_for("half_squared_error", 20, 6, 2)
    plans = {}
    for engine in ("reference", CompiledEngine(exactly=2)):
        with pytest.raises(DivergenceError) as caught:
            trained(
                engine,
                data=data,
                loss="half_squared_error",
                widths=(6, 5, 2),
                activation="identity",
                optimizer=SGD(learning_rate=1e30),
                batch_size=1,
                shuffle=False,
            )
        training = caught.traceback[1].frame.f_locals["training"]
        plans[str(engine)[:9]] = (training.network.parameters.copy(), caught.value.step)
    (_, expected), (_, found) = plans.items()
    assert found[1] == expected[1] > 1
    assert np.isfinite(found[0]).all()
    assert np.allclose(found[0], expected[0], rtol=1e-9)


CORES = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else {0}


@pytest.mark.skipif(len(CORES) < 2 or sys.platform != "linux", reason="needs two cores of Linux")
def test_threads_of_a_team_that_begin_on_one_core_part():
    core_of = ctypes.CDLL(None).sched_getcpu
    abort = np.zeros(1, np.int64)
    apart = 0
    for number in range(50):
        crowded = sorted(CORES)[number % 2]
        found: dict[int, tuple[int, set[int]]] = {}

        def crowd(_: int, core: int = crowded) -> None:
            os.sched_setaffinity(0, {core})
            os.sched_setaffinity(0, CORES)

        def look(thread: int, found: dict[int, tuple[int, set[int]]] = found) -> None:
            found[thread] = core_of(), os.sched_getaffinity(0)

        for task in (crowd, look):
            teams.run_team(2, lambda _, task=task: (task, abort.ctypes.data))
        assert [allowed for _, allowed in found.values()] == [CORES, CORES]
        apart += found[0][0] != found[1][0]
    assert apart >= 45  # the system may move a thread at any time


STORM = """
import os, random, signal, threading, time
import numpy as np
from chalknet.engine.compiled import threads as teams

chance, words, until = random.Random(0), [], time.monotonic() + 4


def prepare(size):
    words[:] = [np.zeros(1, np.int64)]
    return (lambda number: sum(range(chance.randrange(2000)))), words[0].ctypes.data


def interrupt():
    ready.wait()
    while time.monotonic() < until:
        time.sleep(chance.random() * 0.002)
        os.kill(os.getpid(), signal.SIGINT)


def strike(*_):  # once, until armed again where it is expected
    if armed:
        armed.clear()
        raise KeyboardInterrupt


armed = []
signal.signal(signal.SIGINT, strike)
ready = threading.Event()
sender = threading.Thread(target=interrupt, daemon=True)
sender.start()
interrupts = teamed = 0
while sender.is_alive():
    try:
        ready.set()
        while sender.is_alive():
            armed[:] = [True]
            teams.run_team(3, prepare, long=bool(teamed % 2))
            teamed += 1
        armed.clear()
    except KeyboardInterrupt:
        interrupts += 1
print(interrupts > 100, teamed > 100)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_a_storm_of_interrupts_leaves_nobody_waiting() -> None:
    """Wherever one strikes: while tasks are handed out, at work, or while results come in."""
    done = subprocess.run(
        [sys.executable, "-c", STORM], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout == "True True\n", done.stderr
