"""The compiled engine computes what the reference engine does, for whatever a network can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from chalknet import (
    SGD,
    Activation,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Network,
    Preprocessing,
    RMSprop,
)
from chalknet.engine import Plan, StepRange, Totals, as_engine
from chalknet.engine.compiled.engine import CompiledEngine
from chalknet.operations.activations import ACTIVATIONS
from chalknet.operations.losses import LOSSES, SoftmaxCrossEntropy

from .runs import assert_same, data_for, trained

TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
OPTIMIZERS = [
    SGD(learning_rate=0.1),
    Momentum(learning_rate=0.05),
    Nesterov(learning_rate=0.05),
    RMSprop(learning_rate=0.01),
    Adagrad(learning_rate=0.05),
    Adam(learning_rate=0.01),
    AdamW(learning_rate=0.01, weight_decay=0.1),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_a_step_with_every_activation(activation: str, dtype: Any) -> None:
    options = {"activation": activation, "dtype": dtype, "n": 16}
    assert_same(options, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_a_step_with_every_loss(loss: str, outputs: int, weighted: bool, dtype: Any) -> None:
    if loss == "softmax_cross_entropy":
        outputs += 1  # one class alone is no classification
    options: dict[str, Any] = {"loss": loss, "widths": (7, 5, outputs), "dtype": dtype, "n": 11}
    if weighted:
        options["sample_weight"] = np.arange(11.0)
    assert_same(options | {"batch_size": 11}, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("l2", [0.0, 0.01])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: optimizer.name)
def test_steps_with_every_optimizer(optimizer: Any, l2: float, dtype: Any) -> None:
    options = {"optimizer": optimizer, "l2": l2, "dtype": dtype, "n": 48}
    assert_same(options, 3 * TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [1, 2, 5, 8, 13, 64])
@pytest.mark.parametrize(
    "widths", [(3, 2), (1, 1, 2), (65, 31, 2), (20, 64, 33, 3), (9, 130, 16, 8, 4), (300, 17, 2)]
)
def test_steps_of_any_shape(widths: tuple[int, ...], batch_size: int, dtype: Any) -> None:
    options = {"widths": widths, "batch_size": batch_size, "n": 64, "dtype": dtype}
    assert_same(options, 30 * TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_dropout_drops_the_same(activation: str, dtype: Any) -> None:
    options = {"activation": activation, "dropout": (0.3, 0.5), "dtype": dtype}
    assert_same(options, 10 * TOLERANCE[dtype])


@pytest.mark.parametrize("batch_size", [1, 7, 50])
@pytest.mark.parametrize("optimizer", [SGD(learning_rate=0.1), Adam(learning_rate=0.01)])
@pytest.mark.parametrize("zeros", [0.0, 0.5, 0.9])
def test_inputs_of_bytes_with_zeros(zeros: float, optimizer: Any, batch_size: int) -> None:
    rng = np.random.default_rng(3)
    images = rng.integers(1, 256, (50, 77)).astype(np.uint8)
    images[rng.random(images.shape) < zeros] = 0
    data = data_for("softmax_cross_entropy", 50, 77, 3)
    data = type(data)(images, data.y, name="bytes")
    options = {"data": data, "widths": (77, 40, 3), "batch_size": batch_size, "epochs": 2}
    assert_same(options | {"optimizer": optimizer}, 1e-11)


def test_a_batch_of_many_slices() -> None:
    options = {"n": 3000, "batch_size": 3000, "widths": (20, 40, 5), "epochs": 3}
    assert_same(options, 1e-12)
    assert_same(options | {"optimizer": "adam", "dropout": 0.2, "l2": 0.1}, 1e-11)


def test_a_thousand_steps_stay_together() -> None:
    options = {"n": 160, "epochs": 100, "optimizer": Momentum(learning_rate=0.01)}
    assert_same(options, 1e-9)


def test_probabilities_as_targets() -> None:
    rng = np.random.default_rng(0)
    p = rng.random((20, 4)) ** 3
    p[p < 0.05] = 0
    data = data_for("mean_squared_error", 20, 6, 4)
    data = type(data)(data.X, p / p.sum(axis=1, keepdims=True), name="soft")
    runs = []
    for engine in ("reference", "compiled"):
        training = trained(engine, data=data, loss="mean_squared_error", widths=(6, 4), epochs=1)
        plan = training.plan
        plan = replace(plan, loss=SoftmaxCrossEntropy())
        totals = Totals()
        steps = StepRange(None, 20, 0, 1, np.array([0.5]), 0)
        as_engine(engine).run(plan, steps, totals)
        runs.append((plan.network.parameters.copy(), totals))
    assert np.allclose(runs[0][0], runs[1][0], rtol=0, atol=1e-14)
    assert runs[0][1].loss == pytest.approx(runs[1][1].loss, rel=1e-13)
    assert runs[0][1].correct == runs[1][1].correct


def test_an_activation_of_your_own() -> None:
    square = Activation("square", lambda z: z * z, lambda z: 2.0 * z)
    assert_same({"activation": square}, 1e-11)


def test_an_activation_that_branches_runs_on_the_reference_engine() -> None:
    def halves(z: Any) -> Any:
        return np.float64(0.5) * np.asarray(z)

    def stubborn(z: Any) -> Any:
        return np.array([0.5 * value for value in np.ravel(z)]).reshape(np.shape(z))

    for formula, by_kernels in ((halves, True), (stubborn, False)):
        own = Activation("own", formula, lambda z: np.where(z > 0, 0.5, 0.5))
        assert_same({"activation": own}, 1e-12, by_kernels=by_kernels)


@pytest.mark.parametrize("density", [0.02, 0.9])
@pytest.mark.parametrize("batch_size", [1, 20])
@pytest.mark.parametrize("optimizer", [SGD(learning_rate=0.1), Adam(learning_rate=0.01)])
def test_sparse_rows_are_taken_as_they_are(optimizer: Any, batch_size: int, density: float) -> None:
    rng = np.random.default_rng(0)
    rows = sparse.random(60, 150, density=density, format="csr", rng=rng)
    targets, order = rng.integers(0, 3, 60), rng.permutation(60)
    start = Network.dense([150, 20, 3], rng=rng, dtype=np.float64)
    scale = Preprocessing(divisor=np.linspace(1, 2, 150))
    found = []
    for engine, X in ((as_engine("reference"), rows.toarray()), (CompiledEngine(exactly=2), rows)):
        network = start.copy()
        plan = Plan(
            network=network,
            loss=SoftmaxCrossEntropy(),
            optimizer=optimizer,
            state=optimizer.init(network.parameters),
            preprocessing=scale,
            X=X,
            targets=targets,
            sample_weight=None,
            l2=0.0,
            dropout=(0.0,),
        )
        count, totals = -(-60 // batch_size), Totals()
        rates = np.full(count, optimizer.learning_rate)
        engine.run(plan, StepRange(order, batch_size, 0, count, rates, 0), totals)
        few = engine.predict(network, scale, X[:3])
        found.append((network.parameters, totals.loss, engine.predict(network, scale, X), few))
    for wanted, given in zip(*found, strict=True):
        np.testing.assert_allclose(given, wanted, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("engine", ["reference", "compiled"])
@pytest.mark.parametrize("optimizer", [SGD(learning_rate=0.1), Adam(learning_rate=0.01)])
def test_each_step_has_the_penalty_it_is_given(engine: str, optimizer: Any) -> None:
    """λ of each step: the same as one plan after the other, each with one λ."""
    data = data_for("softmax_cross_entropy", 50, 6, 3)
    start = Network.dense([6, 5, 3], rng=np.random.default_rng(0), dtype=np.float64)
    lambdas, rates = np.array([0.3, 0.0, 0.02, 1.0]), np.full(4, 0.1)
    networks = []
    for at_once in (True, False):
        network = start.copy()
        plan = Plan(
            network=network,
            loss=SoftmaxCrossEntropy(),
            optimizer=optimizer,
            state=optimizer.init(network.parameters),
            preprocessing=Preprocessing(),
            X=data.X,
            targets=data.targets,
            sample_weight=None,
            l2=0.5,
            dropout=(0.0,),
        )
        steps = StepRange(None, 13, 0, 4, rates, 0, lambdas)
        if at_once:
            runner = as_engine(engine)
            runner.run(plan, replace(steps, last=1), Totals())
            runner.run(plan, replace(steps, first=1), Totals())
        for number in range(0 if at_once else 4):
            single = replace(steps, first=number, last=number + 1, l2=None)
            as_engine("reference").run(replace(plan, l2=lambdas[number]), single, Totals())
        networks.append(network.parameters)
    assert np.abs(networks[0] - networks[1]).max() < 1e-12
    assert np.abs(networks[0] - start.parameters).max() > 1e-3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "batch_size"), [(50, 16), (50, 1), (1200, 1100)])
@pytest.mark.parametrize("optimizer", [SGD(learning_rate=0.1), Adam(learning_rate=0.01)])
def test_the_penalty_is_summed_up_where_it_is_asked_for(
    optimizer: Any, n: int, batch_size: int, dtype: Any
) -> None:
    """½ λ Σ W² as it was before each step, once for each of the step's samples."""
    data = data_for("softmax_cross_entropy", n, 37, 3)
    start = Network.dense([37, 70, 20, 3], rng=np.random.default_rng(0), dtype=dtype)
    count = -(-n // batch_size)
    lambdas = np.linspace(0.1, 0.3, count)
    steps = StepRange(None, batch_size, 0, count, np.full(count, 0.01), 0, lambdas)

    def run(engine: Any, *ranges: Any) -> tuple[Network, float]:
        network, totals = start.copy(), Totals()
        state = optimizer.init(network.parameters)
        plan = Plan(
            network=network,
            loss=SoftmaxCrossEntropy(),
            optimizer=optimizer,
            state=state,
            preprocessing=Preprocessing(),
            X=data.X,
            targets=data.targets,
            sample_weight=None,
            l2=0.5,
            dropout=(0.0, 0.0),
            sums_penalty=True,
        )
        for first, last in ranges:
            by_hand.append(
                float(sum(np.square(layer.W, dtype=float).sum() for layer in network.layers))
            )
            engine.run(plan, replace(steps, first=first, last=last), totals)
        return network, totals.penalty

    by_hand: list[float] = []
    _, step_by_step = run(as_engine("reference"), *((s, s + 1) for s in range(count)))
    samples = np.minimum(batch_size, n - batch_size * np.arange(count))
    expected = 0.5 * float(np.dot(lambdas * samples, by_hand))
    assert step_by_step == pytest.approx(expected, rel=1e-12)
    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    found = [
        run(CompiledEngine(exactly=threads), *ranges)[1]
        for threads in (1, 2, 3)
        for ranges in ([(0, count)], [(0, 1), (1, count)])
    ]
    assert found[0] == pytest.approx(expected, rel=tolerance)
    assert set(found) == {found[0]}  # the same bits
