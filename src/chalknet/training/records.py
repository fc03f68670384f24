"""What training reports: one EpochRecord an epoch, and the History of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

__all__ = ["EpochRecord", "History"]


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """One epoch.

    Attributes
    ----------
    epoch : int
        Counted from 1.
    train_loss, train_accuracy : float
        Means over the samples as they came, each taken before the update of its batch. The loss is
        the data term alone, without the L2 penalty. Accuracy is None for regression.
    validation_loss, validation_accuracy : float or None
        On the validation set after the epoch; None without one.
    learning_rate : float
        Of the last step of the epoch.
    seconds : float
        Wall time of the epoch, its validation included; of a call of the engine for several
        trainings at once, each has an equal part.
    """

    epoch: int
    train_loss: float
    train_accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """The record as plain numbers, in the order of the attributes."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        parts = [f"epoch {self.epoch}: train loss {self.train_loss:.4f}"]
        for name, value in (
            ("train accuracy", self.train_accuracy),
            ("validation loss", self.validation_loss),
            ("validation accuracy", self.validation_accuracy),
        ):
            if value is not None:
                parts.append(f"{name} {value:.4f}")
        return ", ".join(parts)


class History(Sequence[EpochRecord]):
    """The records of a training run, and its columns by name.

    >>> record = EpochRecord(epoch=1, train_loss=2.3, train_accuracy=0.1, validation_loss=None,
    ...                      validation_accuracy=None, learning_rate=0.1, seconds=0.5)
    >>> History([record]).column("train_loss")
    [2.3]
    """

    def __init__(self, records: Sequence[EpochRecord] = (), best_epoch: int | None = None) -> None:
        self.records = list(records)
        self.best_epoch = best_epoch

    @overload
    def __getitem__(self, index: int) -> EpochRecord: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[EpochRecord]: ...

    def __getitem__(self, index: int | slice) -> EpochRecord | Sequence[EpochRecord]:
        return self.records[index]

    def __len__(self) -> int:
        """How many epochs."""
        return len(self.records)

    def column(self, name: str) -> list[Any]:
        """One quantity over the epochs: ``column("validation_loss")``."""
        return [getattr(record, name) for record in self.records]

    def __repr__(self) -> str:
        last = f", last: {self.records[-1]}" if self.records else ""
        return f"<History of {len(self)} epochs{last}>"
