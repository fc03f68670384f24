"""Training runs that the tests of the engines compare."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chalknet import Dataset, Network, Training
from chalknet.engine import Engine
from chalknet.engine.compiled.engine import CompiledEngine

__all__ = ["assert_same", "data_for", "trained"]


def data_for(loss: str, n: int, features: int, outputs: int, seed: int = 0) -> Dataset:
    """Random data of the kind that a loss takes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, features))
    if loss == "softmax_cross_entropy":
        y: Any = rng.integers(0, outputs, n)
        y[:outputs] = np.arange(outputs)
    elif loss == "sigmoid_cross_entropy":
        y = rng.integers(0, 2, (n, outputs))
    else:
        y = np.abs(rng.normal(size=(n, outputs)))
    return Dataset(X, y, name="random")


def trained(
    engine: Engine | str,
    *,
    widths: tuple[int, ...] = (20, 33, 17, 5),
    activation: Any = "tanh",
    output_activation: Any = "identity",
    loss: str = "softmax_cross_entropy",
    optimizer: Any = "sgd",
    dtype: Any = np.float64,
    n: int = 50,
    batch_size: int = 16,
    epochs: int = 1,
    data: Dataset | None = None,
    seed: int = 0,
    **options: Any,
) -> Training:
    """A training run to its end."""
    rng = np.random.default_rng(seed)
    network = Network.dense(
        list(widths),
        activation=activation,
        output_activation=output_activation,
        rng=rng,
        dtype=dtype,
    )
    if data is None:
        data = data_for(loss, n, widths[0], widths[-1])
    training = Training(
        network,
        data,
        loss=loss,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch_size,
        rng=rng,
        engine=engine,
        **options,
    )
    list(training)
    return training


def assert_same(options: dict[str, Any], tolerance: float, *, by_kernels: bool = True) -> None:
    """Parameters, slots and record of both engines agree, relative to the largest number.

    ``by_kernels`` says whether kernels must have done it, or the reference engine in their place.
    """
    engine = CompiledEngine()
    expected, found = trained("reference", **options), trained(engine, **options)
    assert (engine._sessions[found.plan] is not None) == by_kernels
    vectors = [(expected.network.parameters, found.network.parameters)]
    vectors += zip(expected.plan.state.slots, found.plan.state.slots, strict=True)
    for wanted, given in vectors:
        assert given.dtype == wanted.dtype
        assert np.abs(wanted - given).max() <= tolerance * np.abs(wanted).max()
    assert found.plan.state.t == expected.plan.state.t
    was, now = expected.history[-1], found.history[-1]
    assert now.train_loss == pytest.approx(was.train_loss, rel=10 * tolerance)
    assert now.train_accuracy == was.train_accuracy
