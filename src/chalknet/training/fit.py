"""train() and fit(): the short ways into the training loop."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Required, TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset
from chalknet.data.preprocessing import Preprocessing
from chalknet.engine import Engine
from chalknet.network import Network
from chalknet.operations.losses import Loss
from chalknet.training.batches import ClassWeight
from chalknet.training.loop import Training
from chalknet.training.optimizers import Optimizer
from chalknet.training.records import EpochRecord, History
from chalknet.training.schedules import Schedule
from chalknet.training.stopping import EarlyStopping

__all__ = ["Options", "fit", "train"]


class Options(TypedDict, total=False):
    """What ``train`` and ``fit`` take by keyword; ``Training`` says what each means."""

    loss: Required[Loss | str]
    optimizer: Required[Optimizer | str]
    epochs: Required[int]
    batch_size: Required[int]
    rng: Required[np.random.Generator]
    shuffle: bool
    validation: Dataset | None
    engine: Engine | str
    threads: int | None
    l2: float
    dropout: float | Sequence[float]
    sample_weight: npt.ArrayLike | None
    class_weight: ClassWeight | None
    schedule: Schedule | str | None
    early_stopping: EarlyStopping | None
    preprocessing: Preprocessing | None


def train(network: Network, data: Dataset, **options: Unpack[Options]) -> Iterator[EpochRecord]:
    """Train ``network`` in place, yielding an ``EpochRecord`` after each epoch.

    Options are those of ``Training``: ``loss``, ``optimizer``, ``epochs``, ``batch_size`` and
    ``rng`` are required; ``shuffle=True``, ``validation``, ``engine="auto"``, ``threads``, ``l2``,
    ``dropout``, ``sample_weight``, ``class_weight``, ``schedule``, ``early_stopping`` and
    ``preprocessing`` have defaults. A ``for`` loop with a ``break`` does what callbacks do
    elsewhere.

    Raises
    ------
    ConfigurationError, ShapeError, TargetError
        Something does not fit; raised here, before the first epoch.
    DivergenceError
        While iterating; the network keeps the last parameters that were all finite.

    Examples
    --------
    >>> import numpy as np
    >>> from chalknet import Dataset, Network
    >>> rng = np.random.default_rng(0)
    >>> xor = Dataset([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0], name="xor")
    >>> network = Network.dense([2, 8, 2], activation="tanh", rng=rng)
    >>> for record in train(network, xor, loss="softmax_cross_entropy", optimizer="adam",
    ...                     epochs=2000, batch_size=4, rng=rng):
    ...     if record.train_loss < 0.1:
    ...         break
    >>> record.train_accuracy
    1.0
    """
    return iter(Training(network, data, **options))


def fit(
    network: Network, data: Dataset, *, progress: bool = True, **options: Unpack[Options]
) -> History:
    """``train`` run to its end, with a line an epoch on standard error unless ``progress`` is off.

    Returns
    -------
    History
        All records; ``best_epoch`` says which epoch's parameters early stopping restored.
    """
    training = Training(network, data, **options)
    for record in training:
        if progress:
            sys.stderr.write(f"{record}\n")
    return training.history
