"""Checkpoints: a training under way, in one sealed file, resumed to the very same bits.

Saved are the parameters, the optimizer's slots, the best parameters so far, the position (epoch,
step, the generator's state, the schedule's memory, running totals) and the history. A resumed
training draws the epoch's order and dropout key again from the generator as it stood.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np

from chalknet.engine import Totals
from chalknet.errors import ModelFileError
from chalknet.sealed import Tensors, read_sealed, write_sealed
from chalknet.training.loop import Position, Training
from chalknet.training.records import EpochRecord
from chalknet.training.stopping import BestSoFar

__all__ = ["restore_checkpoint", "save_checkpoint"]

FORMAT = "chalknet.checkpoint.1"


def save_checkpoint(
    training: Training, path: str | os.PathLike[str], *, about: dict[str, str] | None = None
) -> Path:
    """Write the training as it stands between two steps, atomically.

    ``about`` is text that must be the same when the training is resumed: a hash of the data, say.

    Raises
    ------
    OSError
        The file cannot be written; an older one is then untouched.
    """
    state, best = training.plan.state, training.best
    tensors: Tensors = {"parameters": training.network.parameters}
    for name, slot in zip(training.plan.optimizer.slot_names, state.slots, strict=True):
        tensors[f"slot.{name}"] = slot
    if best.parameters is not None:
        tensors["best"] = best.parameters
    metadata = {
        "about": about or {},
        "optimizer": training.plan.optimizer.name,
        "t": state.t,
        "widths": training.network.widths,
        "position": _plain(dataclasses.asdict(training.position)),
        "rng": _plain(dict(training.rng.bit_generator.state)),
        "best": {"epoch": best.epoch, "loss": best.loss, "waited": best.waited},
        "history": [record.as_dict() for record in training.history],
    }
    return write_sealed(path, FORMAT, tensors, metadata)


def restore_checkpoint(
    training: Training, path: str | os.PathLike[str], *, about: dict[str, str] | None = None
) -> None:
    """Put ``training``, newly made with the same configuration, where the checkpoint stood.

    Raises
    ------
    DataNotFoundError
        There is no such file.
    ModelFileError
        The file is damaged, or belongs to a training of another shape, optimizer or data.
    """
    tensors, metadata = read_sealed(path, FORMAT)
    optimizer, network = training.plan.optimizer, training.network
    for what, ours, theirs in (
        ("widths", network.widths, metadata["widths"]),
        ("optimizer", optimizer.name, metadata["optimizer"]),
        *((key, value, metadata["about"].get(key)) for key, value in (about or {}).items()),
    ):
        if ours != theirs:
            raise ModelFileError(
                f"{path}: the checkpoint's {what} is {theirs}, but this training has {ours}: "
                "resume with the configuration and the data it was made with."
            )
    network.parameters[...] = _fitting(tensors["parameters"], training, path)
    training.plan.state.t = int(metadata["t"])
    training.plan.state.slots = [
        _fitting(tensors[f"slot.{name}"], training, path) for name in optimizer.slot_names
    ]
    best = tensors.get("best")
    training.best = BestSoFar(
        **metadata["best"], parameters=None if best is None else _fitting(best, training, path)
    )
    position = metadata["position"]
    totals = position.pop("totals")
    training.position = Position(**position, totals=None if totals is None else Totals(**totals))
    training.rng.bit_generator.state = _arrays(metadata["rng"])
    if training.position.rng_at_epoch is not None:
        training.position.rng_at_epoch = _arrays(training.position.rng_at_epoch)
    training.history.records[:] = [EpochRecord(**record) for record in metadata["history"]]


def _fitting(values: Any, training: Training, path: str | os.PathLike[str]) -> Any:
    ours = training.network.parameters
    if values.shape != ours.shape or values.dtype != ours.dtype:
        raise ModelFileError(
            f"{path}: expected {ours.dtype} arrays of shape {ours.shape}, but the checkpoint has "
            f"{values.dtype} {values.shape}: resume with the configuration it was made with."
        )
    return values


def _plain(value: Any) -> Any:
    """Generator states as JSON: some hold arrays of integers."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": value.dtype.str}
    return value.item() if isinstance(value, np.generic) else value


def _arrays(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"array", "dtype"}:
            return np.array(value["array"], dtype=value["dtype"])
        return {key: _arrays(item) for key, item in value.items()}
    return value
