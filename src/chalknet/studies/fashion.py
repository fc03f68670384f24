"""The Fashion-MNIST protocol that two studies share, run once for both, many seeds at a time."""

from __future__ import annotations

import numpy as np

from chalknet.network import Network
from chalknet.studies.protocol import Course, Recipe, train
from chalknet.studies.setting import Setting

__all__ = ["ROUNDED_BATCHES", "courses"]

EPOCHS = 25
# Of 60,000 and 10,000 samples in batches of 64, as the studies' loops count them.
ROUNDED_BATCHES = {"train": 938, "test": 157}


def courses(setting: Setting) -> list[Course]:
    """784-256-128-64-10, ReLU, SGD with η = 0.01 and batches of 64, from PyTorch's initial law."""
    return setting.once("fashion-mnist", lambda: _courses(setting))


def _courses(setting: Setting) -> list[Course]:
    split = setting.data("fashion-mnist")
    recipe = Recipe(
        loss="softmax_cross_entropy",
        learning_rate=0.01,
        epochs=EPOCHS,
        batch_size=64,
        shuffle=True,
    )

    def run(seed: int) -> Course:
        rng = np.random.default_rng(seed)
        network = Network.dense([784, 256, 128, 64, 10], init="torch_default", rng=rng)
        return train(network, split.train, recipe, test=split.test, rng=rng, threads=1)

    return setting.on_all_cores(run, range(setting.seeds), "Fashion-MNIST, 25 epochs")
