"""What training takes from a data set: targets in the loss's form, and weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset
from chalknet.errors import ConfigurationError, ShapeError, TargetError
from chalknet.operations.affine import Vector
from chalknet.operations.losses import Loss, SoftmaxCrossEntropy

__all__ = ["ClassWeight", "combined_weights", "encode_targets", "steps_per_epoch"]

ClassWeight = Literal["balanced"] | Mapping[Any, float]


def encode_targets(data: Dataset, loss: Loss, n_outputs: int) -> npt.NDArray[Any]:
    """The data's targets in the form that ``loss`` takes for a network with ``n_outputs`` outputs.

    Classes become indices for the softmax cross entropy; 0/1 for one output and two classes;
    and otherwise one-hot rows (n, K).

    Raises
    ------
    ShapeError
        The network does not have as many outputs as the data needs.
    TargetError
        The targets are of a kind the loss cannot take.

    >>> from chalknet.operations.losses import as_loss
    >>> data = Dataset([[1.0], [2.0], [3.0]], ["a", "b", "c"], name="letters")
    >>> encode_targets(data, as_loss("mean_squared_error"), 3)
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    targets, K = data.targets, data.n_outputs
    if data.task == "regression" and loss.classifies:
        raise TargetError(
            f"{loss.name} needs classes, but {data.name} has numbers as targets: use a regression "
            "loss such as mean_squared_error, or integer or text labels."
        )
    if data.task == "multilabel" and isinstance(loss, SoftmaxCrossEntropy):
        raise TargetError(
            f"{data.name} has several labels a sample, which softmax cross entropy cannot take: "
            "use sigmoid_cross_entropy."
        )
    if data.task == "classification" and K < 2:
        raise TargetError(
            f"{data.name} has only one class ({data.y[0]}): a classifier needs at least two."
        )
    one_output = data.task == "classification" and K == 2 and n_outputs == 1
    if n_outputs != K and not (one_output and not isinstance(loss, SoftmaxCrossEntropy)):
        unit = "target" if data.task == "regression" else "class"
        raise ShapeError(
            f"the network has {n_outputs} outputs but {data.name} has {K} "
            f"{unit}{'' if K == 1 else 'es' if unit == 'class' else 's'}: "
            f"its last layer must have fan_out={K}."
        )
    if data.task != "classification" or isinstance(loss, SoftmaxCrossEntropy):
        return targets
    if one_output:
        return targets.astype(np.float64)
    return np.eye(K)[targets]


def combined_weights(
    data: Dataset, sample_weight: npt.ArrayLike | None, class_weight: ClassWeight | None
) -> Vector | None:
    """One float64 weight a sample: the sample's own times its class's; None when all are 1.

    ``"balanced"`` gives class c the weight n / (K · n_c), so that every class counts the same.

    Raises
    ------
    ShapeError, TargetError
        The sample weights are not n finite numbers ≥ 0, not all zero.
    ConfigurationError
        Class weights are given without classes, for an unknown class, or are negative.
    """
    if sample_weight is None and class_weight is None:
        return None
    weights = np.ones(len(data))
    if sample_weight is not None:
        weights = np.array(sample_weight, dtype=np.float64)
        if weights.shape != (len(data),):
            raise ShapeError(
                f"sample_weight must have shape ({len(data)},), but has shape {weights.shape}."
            )
        if not (np.isfinite(weights) & (weights >= 0)).all() or not weights.any():
            raise TargetError("sample weights must be finite numbers ≥ 0, and not all zero.")
    if class_weight is not None:
        if data.task != "classification":
            raise ConfigurationError(f"class weights need classes, but {data.name} has none.")
        weights = weights * _weight_of_classes(data, class_weight)[data.targets]
        if not weights.any():
            raise ConfigurationError(
                f"class_weight leaves every sample of {data.name} with weight 0: give some class a "
                "weight above 0."
            )
    return weights


def _weight_of_classes(data: Dataset, class_weight: ClassWeight) -> Vector:
    classes = [] if data.classes is None else data.classes.tolist()
    if not isinstance(class_weight, Mapping):
        if class_weight != "balanced":
            raise ConfigurationError(
                f"class_weight must be 'balanced' or a weight for each class, not {class_weight!r}."
            )
        counts = np.bincount(data.targets, minlength=len(classes))
        return len(data) / (len(classes) * np.maximum(counts, 1))
    by_text = {str(label): float(value) for label, value in class_weight.items()}
    known = [str(label) for label in classes]
    for label, value in by_text.items():
        if label not in known:
            raise ConfigurationError(
                f"class_weight names the class {label!r}, but {data.name} has "
                f"{', '.join(known[:20])}."
            )
        if not (np.isfinite(value) and value >= 0):
            raise ConfigurationError(
                f"class_weight of {label!r} must be finite and ≥ 0, not {value}."
            )
    return np.array([by_text.get(label, 1.0) for label in known])


def steps_per_epoch(n: int, batch_size: int) -> int:
    """⌈n / batch_size⌉: the last batch takes what is left."""
    return -(-n // batch_size)
