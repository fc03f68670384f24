"""The Fashion-MNIST protocol that two studies share, run once for both, many seeds at a time."""

from __future__ import annotations

import numpy as np

from chalknet.network import Network
from chalknet.studies.figures import published
from chalknet.studies.protocol import Course, Recipe, train
from chalknet.studies.setting import Runs, Setting

__all__ = ["EPOCHS", "ROUNDED_BATCHES", "RUNS", "tested_after"]

EPOCHS = 25
# Of 60,000 and 10,000 samples in batches of 64, as the studies' loops count them.
ROUNDED_BATCHES = {"train": 938, "test": 157}


def tested_after(name: str) -> int:
    """How many epochs had gone by when a figure of nyu-s25 was printed: 1 for "epoch 0"."""
    return 1 + int(name.removeprefix("epoch "))


def run(setting: Setting, seed: int) -> Course:
    """784-256-128-64-10, ReLU, SGD with η = 0.01 and batches of 64, from PyTorch's initial law.

    The first is tested after every epoch, for its curve; the others where a figure was printed.
    """
    printed = {
        *range(len(published("nyu-f23")["p4"]["test"])),  # there the test comes before the epoch
        *map(tested_after, published("nyu-s25")["q3"]),
    }
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
    return train(
        setting, network, split.train, recipe,
        test=split.test, test_after=printed if seed else None, rng=rng,
    )  # fmt: skip


RUNS = Runs("Fashion-MNIST, 25 epochs", run, lambda setting: range(setting.seeds), seconds=6.5)
