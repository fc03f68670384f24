"""Small problems of the kinds that the workloads are made of."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.problems import Settings, TrainingProblem
from benchmarks.workloads.start import start


@pytest.fixture
def settings():
    return Settings(threads=1)


def small(widths, **options):
    """70 random images, half of whose pixels are zero, of every class."""
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 256, (70, widths[0]), dtype=np.uint8)
    pixels[rng.random(pixels.shape) < 0.5] = 0
    labels = rng.permutation(np.arange(len(pixels)) % max(2, widths[-1]))
    return TrainingProblem(
        pixels,
        labels,
        pixels[:20],
        labels[:20],
        start=start(widths, "torch_default", seed=1),
        learning_rate=0.1,
        dtype=np.float64,
        **options,
    )


KINDS = {
    "minibatches": lambda: small([30, 16, 8, 5], activation="relu", batch_size=16),
    "single": lambda: small([30, 8, 3], activation="sigmoid", batch_size=1),
    "binary": lambda: small([30, 8, 1], activation="sigmoid", batch_size=70, epochs=4),
}


@pytest.fixture(params=KINDS)
def problem(request):
    return KINDS[request.param]()
