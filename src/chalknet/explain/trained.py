"""From raw rows of a trained model's data to the inputs and targets of its network."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset, Task
from chalknet.errors import ShapeError
from chalknet.explain.numerals import Array
from chalknet.model import Model
from chalknet.training.batches import encode_targets

__all__ = ["encode"]


def encode(model: Model, x: npt.ArrayLike, target: Any = None) -> tuple[Array, Array | None]:
    """Inputs, preprocessed in float64, and targets: one sample's vectors, or a batch's rows.

    Parameters
    ----------
    x : array (features,) or (n, features)
        Raw, as ``model.predict`` takes it.
    target : optional
        As in the model's data: labels, marks of labels, or numbers; one, or one a row.

    Returns
    -------
    inputs : array (fan_in,) or (n, fan_in)
    targets : array (K,) or (n, K), or None

    Raises
    ------
    ShapeError, TargetError, DataFormatError
        The row or the target does not fit the model.
    """
    raw = np.asarray(x)
    single = raw.ndim == 1
    rows = raw[None] if single else raw
    fan_in = model.network.widths[0]
    if rows.ndim != 2 or rows.shape[1] != fan_in:
        raise ShapeError(
            f"x must be a row of {fan_in} values, or rows of them, not of shape {raw.shape}."
        )
    inputs = model.preprocessing.apply(rows, np.float64)
    if target is None:
        return (inputs[0] if single else inputs), None
    task: Task = "regression" if model.classes is None else "classification"
    data = Dataset(
        rows,
        np.asarray([target] if single else target),
        name="the sample" if single else "the batch",
        task="multilabel" if model.multilabel else task,
        classes=model.classes,
    )
    K = model.network.widths[-1]
    targets = encode_targets(data, model.loss, K)
    if targets.dtype.kind == "i":
        targets = np.eye(K)[targets]
    targets = targets.reshape(len(rows), K)
    return (inputs[0] if single else inputs), (targets[0] if single else targets)
