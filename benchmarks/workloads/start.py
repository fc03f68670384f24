"""Parameters to start from, in float64, drawn by chalknet's initializers and given to everyone."""

from __future__ import annotations

import numpy as np

from benchmarks.problems import Parameters
from chalknet import Network


def start(widths: list[int], init: str, seed: int = 0) -> Parameters:
    rng = np.random.default_rng(seed)
    network = Network.dense(widths, init=init, rng=rng, dtype=np.float64)
    return [(layer.W, layer.b) for layer in network.layers]
