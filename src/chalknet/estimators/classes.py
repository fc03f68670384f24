"""Classes: from labels to what a loss takes, and from a network's output back to labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError, TargetError
from chalknet.operations.affine import Matrix, Vector
from chalknet.operations.losses import Loss, SigmoidCrossEntropy, SoftmaxCrossEntropy

__all__ = ["Classes"]

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Classes:
    """The classes of a classifier.

    Two classes (or one) have one output, more have one each, and so has each label where several
    may apply at once.

    Attributes
    ----------
    labels : array (K,)
        Sorted.
    multilabel : bool
    """

    labels: Array
    multilabel: bool

    @classmethod
    def of(cls, y: Array, classes: Array | None = None) -> Classes:
        """Those in ``y``, or those given, of the kind that ``y`` is.

        Raises
        ------
        ValueError
            ``y`` is no classification target, or has several classes in each of several columns.
        """
        from sklearn.utils.multiclass import check_classification_targets, type_of_target

        check_classification_targets(y)
        kind = type_of_target(y)
        if kind == "multiclass-multioutput":
            raise TargetError(
                "y has several columns with more than two classes: fit one classifier a column, "
                "as sklearn.multioutput.MultiOutputClassifier does."
            )
        if kind == "multilabel-indicator":
            return cls(np.arange(y.shape[1]), multilabel=True)
        return cls(np.unique(y if classes is None else classes), multilabel=False)

    @property
    def outputs(self) -> int:
        """How many outputs the network has."""
        return 1 if len(self.labels) <= 2 and not self.multilabel else len(self.labels)

    @property
    def link(self) -> str:
        """From outputs to probabilities: softmax for one of several classes, logistic otherwise."""
        return "logistic" if self.multilabel or self.outputs == 1 else "softmax"

    @property
    def loss(self) -> Loss:
        """The cross entropy that belongs to the link."""
        return SoftmaxCrossEntropy() if self.link == "softmax" else SigmoidCrossEntropy()

    def index(self, y: Array) -> npt.NDArray[np.int64]:
        """The place of each label among the classes.

        Raises
        ------
        TargetError
            A label is none of them.
        """
        places = np.searchsorted(self.labels, y)
        places[places == len(self.labels)] = 0
        strange = np.asarray(self.labels[places] != y)
        if strange.any():
            raise TargetError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.labels}. "
                f"'y' has {np.unique(y)}."
            )
        return places.astype(np.int64)

    def marks(self, y: Array) -> Matrix:
        """0 and 1 for each output, (n, outputs).

        Raises
        ------
        TargetError
            A label is none of the classes, or ``y`` has another number of columns.
        """
        if self.multilabel:
            if y.ndim != 2 or y.shape[1] != len(self.labels):
                raise TargetError(
                    f"y must have one column for each of the {len(self.labels)} labels, "
                    f"but has shape {y.shape}."
                )
            return y.astype(np.float64)
        places = self.index(y)
        if self.outputs == 1:
            second: Matrix = (places == 1).astype(np.float64)[:, None]
            return second
        one_hot: Matrix = np.eye(len(self.labels))[places]
        return one_hot

    def targets(self, y: Array) -> Array:
        """What the own loss takes: indices (n,) for the softmax, else marks (n, outputs)."""
        return self.index(y) if self.link == "softmax" else self.marks(y)

    def decide(self, output: Matrix) -> Array:
        """The label of each row (n,), or 0 and 1 for each label (n, K), from logits."""
        if self.multilabel:
            return (output > 0).astype(np.int64)
        if output.shape[1] == 1:
            # With a single class there is nothing to decide.
            places = ((output[:, 0] > 0) & (len(self.labels) > 1)).astype(np.intp)
        else:
            places = output.argmax(axis=1)
        decided: Array = self.labels.take(places)
        return decided

    def weights(self, class_weight: Any, y: Array) -> Vector | None:
        """The weight of each row's class; None where all are alike.

        Raises
        ------
        ValueError
            ``class_weight`` is neither ``"balanced"`` nor a mapping of classes (for several labels
            a row: a list of mappings, one a label) to weights.
        """
        if class_weight is None:
            return None
        if self.multilabel:
            from sklearn.utils.class_weight import compute_sample_weight

            weights: Vector = compute_sample_weight(class_weight, y)
            return weights
        places = self.index(y)
        if isinstance(class_weight, Mapping):
            return self._named_weights(class_weight)[places]
        if class_weight != "balanced":
            raise ConfigurationError(
                "class_weight must be 'balanced' or a dict of classes to weights, "
                f"not {class_weight!r}."
            )
        counts = np.bincount(places, minlength=len(self.labels))
        return (len(y) / (len(self.labels) * np.maximum(counts, 1)))[places]

    def _named_weights(self, class_weight: Mapping[Any, float]) -> Vector:
        """One weight a class; 1 for those that are not named."""
        known = self.labels.tolist()
        for label, weight in class_weight.items():
            if label not in known:
                raise ConfigurationError(
                    f"class_weight names the class {label!r}, but y has "
                    f"{', '.join(map(str, known[:20]))}."
                )
            if not (np.isfinite(weight) and weight >= 0):
                raise ConfigurationError(
                    f"class_weight of {label!r} must be a finite number ≥ 0, not {weight}."
                )
        return np.array([float(class_weight.get(label, 1.0)) for label in known])
