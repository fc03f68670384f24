"""Where a run's data comes from, and how it is parted into training, validation and test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from chalknet.data.catalogue import NAMES, load_dataset
from chalknet.data.dataset import Dataset, Split
from chalknet.data.download import Progress
from chalknet.data.reading import read_split
from chalknet.data.splits import split
from chalknet.errors import ConfigurationError
from chalknet.model import Model
from chalknet.runs.config import TrainConfig

__all__ = ["Parts", "load_like", "load_parts", "load_split", "parted"]

# Of data that names no test set, this much is held out unless --test says otherwise.
USUAL_TEST_FRACTION = 0.2
# Streams of their own for the splits, so that the initial weights are the seed's first numbers.
TEST_STREAM, VALIDATION_STREAM = 1, 2


@dataclass(frozen=True)
class Parts:
    """What to train on, what to watch, and what to test on."""

    train: Dataset
    validation: Dataset | None
    test: Dataset | None


def load_parts(config: TrainConfig, progress: Progress | None = None) -> Parts:
    """Read the data of ``config`` and part it; the same configuration gives the same parts.

    Raises
    ------
    DataNotFoundError, DataFormatError, DownloadError, ConfigurationError
        The data cannot be had, is damaged, or cannot be parted as asked.
    """
    return parted(load_split(config, progress), config)


def parted(whole: Split, config: TrainConfig) -> Parts:
    """What ``load_parts`` makes of the data once it is read; which rows go where depends on ``y``.

    Raises
    ------
    ConfigurationError
        The data cannot be parted as asked.
    """
    train, test = whole
    if test is None or config.test is not None:
        fraction = USUAL_TEST_FRACTION if config.test is None else config.test
        train, test = _held_out(train, fraction, config, TEST_STREAM)
    train, validation = _held_out(train, config.validation_fraction, config, VALIDATION_STREAM)
    return Parts(train, validation, test)


def load_split(config: TrainConfig, progress: Progress | None = None) -> Split:
    """The data as its source gives it: a named set, or the user's own file or folder.

    Raises
    ------
    ConfigurationError
        No set has that name, or an option is given that the source cannot follow.
    """
    if _is_name(config.data):
        _refuse(config, ("target", "inputs", "task", "image_size", "max_bytes"), "a set by name")
        return load_dataset(config.data, config.data_dir, progress=progress)
    if Path(config.data).is_file():
        _refuse(config, ("image_size",), "no folder of images")
    return read_split(
        config.data,
        target=config.target,
        inputs=config.inputs,
        task=config.task,
        image_size=config.image_size,
        max_bytes=config.max_bytes,
    )


def load_like(
    model: Model,
    config: TrainConfig,
    data: str,
    progress: Progress | None = None,
) -> Dataset:
    """Other labelled data for a trained model: its classes and its columns, from ``data``.

    Of a source that has both, the test set is taken.
    """
    classification = model.classes is not None and not model.multilabel
    if _is_name(data):
        train, test = load_dataset(data, config.data_dir, progress=progress)
    else:
        train, test = read_split(
            data,
            target=config.target,
            inputs=model.feature_names or config.inputs,
            task="classification" if classification else config.task,
            classes=model.classes,
            image_size=(model.image_shape[0], model.image_shape[1]) if model.image_shape else None,
            max_bytes=config.max_bytes,
        )
    found = test or train
    return replace(found, classes=model.classes, class_names=model.class_names)


def _is_name(data: str) -> bool:
    """Whether ``data`` is, or was meant to be, a named set: nothing is there, nor looks a path."""
    path = Path(data)
    return not path.exists() and (data in NAMES or (path.name == data and not path.suffix))


def _refuse(config: TrainConfig, options: tuple[str, ...], because: str) -> None:
    for option in options:
        if getattr(config, option) is not None:
            raise ConfigurationError(
                f"{option} says how to read data of your own, but {config.data} is {because}: "
                f"leave {option} out."
            )


def _held_out(
    data: Dataset, fraction: float, config: TrainConfig, stream: int
) -> tuple[Dataset, Dataset | None]:
    if fraction == 0:
        return data, None
    method = config.split or ("stratified" if data.task == "classification" else "random")
    rng = np.random.default_rng([config.seed, stream])
    return split(data, fraction, method=method, rng=rng)
