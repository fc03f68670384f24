"""The Fashion-MNIST protocol that two studies share, run once for both, many seeds at a time."""

from __future__ import annotations

import numpy as np

from chalknet.network import Network
from chalknet.studies.protocol import Course, Recipe, train
from chalknet.studies.setting import Runs, Setting

__all__ = ["EPOCHS", "ROUNDED_BATCHES", "RUNS"]

EPOCHS = 25
# Of 60,000 and 10,000 samples in batches of 64, as the studies' loops count them.
ROUNDED_BATCHES = {"train": 938, "test": 157}


def run(setting: Setting, seed: int) -> Course:
    """784-256-128-64-10, ReLU, SGD with η = 0.01 and batches of 64, from PyTorch's initial law."""
    split = setting.data("fashion-mnist")
    recipe = Recipe(
        loss="softmax_cross_entropy",
        learning_rate=0.01,
        epochs=EPOCHS,
        batch_size=64,
        shuffle=True,
    )
    rng = np.random.default_rng(seed)
    network = Network.dense([784, 256, 128, 64, 10], init="torch_default", rng=rng)
    return train(setting, network, split.train, recipe, test=split.test, rng=rng)


RUNS = Runs("Fashion-MNIST, 25 epochs", run, lambda setting: range(setting.seeds))
