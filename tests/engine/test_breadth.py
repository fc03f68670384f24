"""Every schedule, layers of eight thousand neurons, vectors narrower than this processor's."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from chalknet import Dataset, Momentum
from chalknet.training.schedules import SCHEDULES

from .runs import assert_same

# Each changes the rate within four epochs; the plateau is one since no loss falls by nine tenths.
SPECS = (
    "constant",
    "step_decay(every=1, factor=0.5)",
    "exponential(factor=0.5)",
    "cosine",
    "inverse_scaling",
    "reduce_on_plateau(patience=0, threshold=0.9)",
    "warmup(2)+exponential(factor=0.5)",
)
NARROW = """
import numpy as np
from chalknet import Dataset, Network, fit
from chalknet.engine.compiled.processor import vectors
print(vectors().bits)
rng = np.random.default_rng(0)
X = rng.integers(0, 256, (70, 45)) * rng.integers(0, 2, (70, 45))
data = Dataset(X.astype(np.uint8), np.arange(70) % 3, name="random")
for batch_size in (1, 33, 70):
    networks = []
    for engine in ("reference", "compiled"):
        rng = np.random.default_rng(0)
        network = Network.dense([45, 37, 20, 3], activation="gelu", rng=rng, dtype=np.float64)
        fit(network, data, progress=False, loss="softmax_cross_entropy", optimizer="adam",
            epochs=3, batch_size=batch_size, dropout=0.2, rng=rng, engine=engine)
        networks.append(network.parameters)
    print(np.abs(networks[0] - networks[1]).max() <= 1e-11 * np.abs(networks[0]).max())
"""


def test_the_rates_of_every_schedule() -> None:
    assert [spec.partition("(")[0] for spec in SPECS] == list(SCHEDULES)
    for spec in SPECS:
        options = {"schedule": spec, "optimizer": Momentum(learning_rate=0.1), "epochs": 4}
        assert_same(options, 1e-11)


@pytest.mark.parametrize("widths", [(8192, 17, 3), (5, 8191, 3), (3, 1, 8192), (5, 1111, 1110, 4)])
def test_wide_layers(widths: tuple[int, ...]) -> None:
    rng, classes = np.random.default_rng(0), np.arange(widths[-1])
    X = rng.normal(size=(14, widths[0]))
    data = Dataset(X, np.arange(14) % widths[-1], name="wide", classes=classes)
    cases: tuple[tuple[int, Any, float], ...] = ((1, np.float32, 1e-5), (7, np.float64, 1e-11))
    for batch_size, dtype, tolerance in cases:
        options = {"widths": widths, "data": data, "batch_size": batch_size, "dtype": dtype}
        assert_same(options, tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("bits", [128, 256])
def test_vectors_narrower_than_the_processor_has(bits: int) -> None:
    """On a processor whose own are no wider, it is tested what it has."""
    done = subprocess.run(
        [sys.executable, "-c", NARROW],
        env=os.environ | {"CHALKNET_VECTOR_BITS": str(bits)},
        capture_output=True,
        text=True,
        check=True,
    )
    found, *same = done.stdout.split()
    assert int(found) <= bits
    assert same == ["True"] * 3
