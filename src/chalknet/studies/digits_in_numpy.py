"""784-32-32-10 with sigmoids on MNIST, one sample at a time: two studies' program in NumPy."""

from __future__ import annotations

import numpy as np

from chalknet.data.dataset import Dataset
from chalknet.data.preprocessing import Preprocessing
from chalknet.network import Dense, Network
from chalknet.studies.protocol import Course, Recipe, train
from chalknet.studies.setting import Setting

__all__ = ["START_SEED", "course", "start"]

START_SEED = 80085


def start(seed: int = START_SEED) -> Network:
    """W ~ N(0, 1/max(fan_in, fan_out)), layers in order; biases 0; float64."""
    return Network.dense(
        [784, 32, 32, 10],
        activation="sigmoid",
        init="max_fan_normal",
        rng=np.random.default_rng(seed),
        dtype=np.float64,
    )


def course(
    setting: Setting,
    *,
    scaled: bool,
    order: np.ndarray | None = None,
) -> Course:
    """Train in the order of the file with η = 0.003.

    ``scaled`` divides the pixels by 255. ``order`` sums over the pixels in another order: the same
    mathematics, other roundings.
    """
    mnist, network = setting.data("mnist"), start()
    data, test = mnist.train, mnist.test
    if order is not None:
        data, test = (
            Dataset(np.take(part.X, order, axis=1), part.y, name=part.name) for part in (data, test)
        )
        first, *others = network.layers
        network = Network([Dense(first.W[order], first.b, first.activation), *others])
    recipe = Recipe(
        loss="softmax_cross_entropy",
        learning_rate=0.003,
        epochs=3,
        batch_size=1,
        shuffle=False,
        preprocessing=Preprocessing(divisor=255.0 if scaled else 1.0),
    )
    return train(setting, network, data, recipe, test=test)
