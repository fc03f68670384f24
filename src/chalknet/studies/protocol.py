"""One way of training for all studies, with the figures taken where the studies took them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np

from chalknet.data.dataset import Dataset
from chalknet.data.preprocessing import Preprocessing
from chalknet.model import Model, Score
from chalknet.network import Network
from chalknet.studies.setting import Setting
from chalknet.training.loop import Training
from chalknet.training.optimizers import SGD
from chalknet.training.schedules import Schedule

__all__ = ["Course", "Recipe", "train"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a study trains: plain gradient descent on averaged gradients."""

    loss: str
    learning_rate: float
    epochs: int
    batch_size: int
    shuffle: bool
    preprocessing: Preprocessing | None = None
    schedule: Schedule | None = None
    sample_weight: np.ndarray | None = None


@dataclass
class Course:
    """How a training went.

    Attributes
    ----------
    train_loss, train_accuracy : list of float
        By epoch, as the samples came, before the update of their batch.
    test : dict of int to Score
        After so many epochs; 0 is before the first.
    """

    model: Model
    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    test: dict[int, Score] = field(default_factory=dict)

    @property
    def test_loss(self) -> list[float]:
        """Each time that it was tested."""
        return [score.loss for score in self.test.values()]

    @property
    def test_accuracy(self) -> list[float]:
        """Each time that it was tested."""
        return [score.accuracy or 0.0 for score in self.test.values()]

    @property
    def test_correct(self) -> list[int]:
        """Each time that it was tested."""
        return [score.correct or 0 for score in self.test.values()]


def train(
    setting: Setting,
    network: Network,
    data: Dataset,
    recipe: Recipe,
    *,
    test: Dataset | None = None,
    test_after: Collection[int] | None = None,
    rng: np.random.Generator | None = None,
    after_epoch: Callable[[int, Course], None] | None = None,
) -> Course:
    """Train the network in place, on one thread, and keep what was measured on the way.

    It is tested after the epochs ``test_after``, by default all; 0 is before the first.
    """
    training = Training(
        network,
        data,
        loss=recipe.loss,
        optimizer=SGD(learning_rate=recipe.learning_rate),
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        rng=rng or np.random.default_rng(0),
        shuffle=recipe.shuffle,
        preprocessing=recipe.preprocessing,
        schedule=recipe.schedule,
        sample_weight=recipe.sample_weight,
        threads=1,
    )
    model = Model.for_data(network, training.plan.loss, training.plan.preprocessing, data)
    course = Course(model)
    tested = range(recipe.epochs + 1) if test_after is None else test_after
    if test is not None and 0 in tested:
        course.test[0] = model.evaluate(test)
    for record in training:
        setting.go_on()
        course.train_loss.append(record.train_loss)
        course.train_accuracy.append(record.train_accuracy or 0.0)
        if test is not None and record.epoch in tested:
            course.test[record.epoch] = model.evaluate(test)
        if after_epoch is not None:
            after_epoch(record.epoch, course)
    return course
