"""What a model says of every sample of a data set, beside what is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset, Task
from chalknet.model import Model
from chalknet.training.batches import encode_targets
from chalknet.training.validation import slices

__all__ = ["Predictions", "predictions_of"]

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Predictions:
    """Truth and prediction, sample by sample, in the order of the data set.

    Attributes
    ----------
    task : str
        Says what the arrays hold.
    truth, decided : array
        Class indices (n,); marks 0 and 1 (n, K) for multilabel; numbers (n, K) for regression.
    scores : array (n, K)
        Probabilities of the K classes or labels where the loss gives any; otherwise what the
        network puts out for them, or the predicted numbers.
    losses : array (n,)
        Each sample's own loss, float64.
    probabilistic : bool
        Whether ``scores`` are probabilities.
    """

    task: Task
    truth: Array
    decided: Array
    scores: Array
    losses: npt.NDArray[np.float64]
    probabilistic: bool

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.losses)

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether each sample's decision is right (n,); for multilabel, all of its labels."""
        same: npt.NDArray[np.bool_] = np.equal(self.truth, self.decided)
        return same if same.ndim == 1 else np.all(same, axis=1)

    @property
    def confidence(self) -> Array:
        """The score of the class decided for (n,): how sure the model is. Classes only."""
        chosen: Array = self.scores[np.arange(len(self)), self.decided]
        return chosen


def predictions_of(model: Model, data: Dataset) -> Predictions:
    """Put every sample of ``data`` through ``model``, a slice at a time.

    Raises
    ------
    ShapeError, TargetError
        The data does not fit the model, or has labels that the model does not know.
    """
    data = model.in_own_classes(data)
    targets = encode_targets(data, model.loss, model.network.widths[-1])
    outputs, losses = [], []
    for rows in slices(len(data)):
        output = model.output(data.X[rows])
        with np.errstate(over="ignore", invalid="ignore"):
            losses.append(model.loss.losses(output, targets[rows]))
        outputs.append(output)
    output, task = np.concatenate(outputs), data.task or "regression"
    truth = data.targets.reshape(len(data), -1) if task != "classification" else data.targets
    with np.errstate(over="ignore", invalid="ignore"):
        scores = model.loss.predict(output)
    decided: Array = scores if task == "regression" else model.decide(output)
    if task == "classification":
        scores = np.hstack([1 - scores, scores]) if scores.shape[1] == 1 else scores
    elif task == "multilabel":
        truth = truth.astype(np.uint8)
    return Predictions(task, truth, decided, scores, np.concatenate(losses), model.loss.classifies)
