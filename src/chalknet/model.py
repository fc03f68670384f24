"""Model: a network with what stands around it: preprocessing, loss, classes; saved and loaded."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset
from chalknet.data.preprocessing import Preprocessing
from chalknet.engine import Engine, as_engine
from chalknet.errors import (
    ConfigurationError,
    DataFormatError,
    ShapeError,
    TargetError,
)
from chalknet.network import Network
from chalknet.operations.affine import Matrix
from chalknet.operations.losses import Loss, as_loss
from chalknet.training.batches import encode_targets
from chalknet.training.validation import mean_loss_and_accuracy

__all__ = ["Model", "Score"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Score:
    """What ``Model.evaluate`` measures: mean loss, and for classes accuracy, correct and total."""

    loss: float
    accuracy: float | None
    correct: int | None
    total: int


@dataclass(frozen=True, eq=False)
class Model:
    """A trained network, ready for raw data.

    Parameters
    ----------
    network : Network
    loss : Loss or str
        Gives the output its meaning: probabilities for the cross entropies, predictions otherwise.
    preprocessing : Preprocessing
        From raw rows to network inputs.
    classes : array (K,) or None
        The labels, in the order of the outputs; None for regression.
    class_names, feature_names, image_shape, name
        As in ``Dataset``: for messages and reports.

    Examples
    --------
    >>> from chalknet import Dense
    >>> network = Network([Dense([[1.0, -1.0]], [0.0, 0.0])])
    >>> model = Model(network, "softmax_cross_entropy", classes=np.array(["up", "down"]))
    >>> model.predict([[2.0], [-3.0]])
    array(['up', 'down'], dtype='<U4')
    >>> model.predict_proba([[0.0]])
    array([[0.5, 0.5]])
    """

    network: Network
    loss: Loss
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    classes: Array | None = None
    class_names: tuple[str, ...] | None = field(default=None, kw_only=True)
    feature_names: tuple[str, ...] | None = field(default=None, kw_only=True)
    image_shape: tuple[int, ...] | None = field(default=None, kw_only=True)
    multilabel: bool = field(default=False, kw_only=True)
    name: str = field(default="model", kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "loss", as_loss(self.loss))
        if self.classes is None:
            return
        classes, K = np.asarray(self.classes), self.network.widths[-1]
        object.__setattr__(self, "classes", classes)
        if len(classes) != K and not (K == 1 and len(classes) == 2):
            raise ShapeError(
                f"the network has {K} outputs but {len(classes)} classes were given: "
                "give one class an output, or two for a single output."
            )

    @classmethod
    def for_data(
        cls, network: Network, loss: Loss | str, preprocessing: Preprocessing, data: Dataset
    ) -> Model:
        """A model that speaks of classes, columns and images as ``data`` does."""
        return cls(
            network,
            as_loss(loss),
            preprocessing,
            data.classes,
            class_names=data.class_names,
            feature_names=data.feature_names,
            image_shape=data.image_shape,
            multilabel=data.task == "multilabel",
            name=data.name,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """What to call the classes in front of people; empty for regression."""
        if self.classes is None:
            return ()
        return self.class_names or tuple(str(label) for label in self.classes)

    def output(self, X: npt.ArrayLike) -> Matrix:
        """The network's raw output (n, K) for raw data (n, features): logits or predictions.

        Raises
        ------
        ShapeError
            ``X`` does not have the model's number of columns.
        DataFormatError
            ``X`` holds a NaN or an infinity.
        """
        return _usual_engine().predict(self.network, self.preprocessing, self._checked(X))

    def predict_proba(self, X: npt.ArrayLike) -> Matrix:
        """Probabilities (n, classes): of each class, or of each label by itself (multilabel).

        Raises
        ------
        ConfigurationError
            The model's loss gives no probabilities.
        """
        if not self.loss.classifies or self.classes is None:
            raise ConfigurationError(
                f"this model was trained with {self.loss.name}, which gives no probabilities: "
                "use predict."
            )
        p = self._response(X)
        return np.hstack([1 - p, p]) if p.shape[1] < len(self.classes) else p

    def predict(self, X: npt.ArrayLike) -> Array:
        """The label of each row (n,); 0/1 for each label (n, K); or predictions (n,) or (n, K)."""
        if self.classes is None:
            predictions = self._response(X)
            return predictions[:, 0] if predictions.shape[1] == 1 else predictions
        decided = self.decide(self.output(X))
        return decided if self.multilabel else self.classes[decided]

    def decide(self, output: Matrix) -> Array:
        """From the network's output (n, K) to class indices (n,), or marks 0 and 1 (multilabel).

        The largest output decides, the first of equals; where each output decides for itself, its
        side of the middle between the targets 0 and 1, which for a logit is that of p = ½.
        """
        above = output > (0.0 if self.loss.classifies else 0.5)
        if self.multilabel:
            return above.astype(np.uint8)
        if output.shape[1] == 1:
            return above[:, 0].astype(np.intp)
        largest: Array = output.argmax(axis=1)
        return largest

    def in_own_classes(self, data: Dataset) -> Dataset:
        """The same data with its labels numbered as the model numbers them.

        A test set may lack a class, or have them in another order.

        Raises
        ------
        TargetError
            A label is none of the model's, or the data has numbers where the model has classes.
        """
        if (self.classes is None) != (data.task == "regression"):
            predicts, has = "classes", "numbers as targets"
            if self.classes is None:
                predicts, has = "numbers", f"{data.task} targets"
            raise TargetError(
                f"the model predicts {predicts}, but {data.name} has {has}: "
                "say what they are with task= when making the data set."
            )
        ours, theirs = self.classes, data.classes
        if ours is None or (theirs is not None and np.array_equal(theirs, ours)):
            return data
        return replace(data, classes=self.classes, class_names=self.class_names)

    def evaluate(self, data: Dataset) -> Score:
        """Mean loss over ``data``; for classes also how many are classified correctly.

        Raises
        ------
        ShapeError, TargetError
            The data does not fit the model.
        """
        data = self.in_own_classes(data)
        targets = encode_targets(data, self.loss, self.network.widths[-1])
        loss, accuracy = mean_loss_and_accuracy(self.output, self.loss, data.X, targets)
        n = len(data)
        if accuracy is None and self.classes is not None:
            # A regression loss can teach classes, but only the model knows how to decide for one.
            right = self.decide(self.output(data.X)) == data.targets
            accuracy = float(right.reshape(n, -1).all(axis=1).mean())
        return Score(loss, accuracy, None if accuracy is None else round(accuracy * n), n)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the model to one sealed ``.safetensors`` file, atomically.

        Its tensors are ``W1 b1 W2 b2 …`` in (fan_in, fan_out) layout, ``preprocessing.offset`` and
        ``preprocessing.divisor``; all else is in one JSON string of metadata.

        Raises
        ------
        ModelFileError
            A parameter is not finite, or an activation or the loss has no name to save it by.
        OSError
            The file cannot be written; an older one is then untouched.
        """
        from chalknet.model_file import write_model

        return write_model(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """Read a model back. Nothing in the file is executed.

        Raises
        ------
        DataNotFoundError
            There is no such file.
        ModelFileError
            The file is damaged, was altered, or is no model of chalknet's.
        """
        from chalknet.model_file import read_model

        return read_model(path)

    def _response(self, X: npt.ArrayLike) -> Matrix:
        """What the loss makes of the network's output (n, K)."""
        rows = self._checked(X)
        return _usual_engine().predict(self.network, self.preprocessing, rows, self.loss)

    def _checked(self, X: npt.ArrayLike) -> Array:
        """Rows of numbers, as many in each as there are inputs; engines see to NaNs themselves."""
        fan_in = self.network.layers[0].fan_in
        rows: Any = X
        if type(X) is not np.ndarray:
            rows = X.tocsr() if hasattr(X, "tocsr") else np.asarray(X)
        if rows.ndim > 2:
            rows = rows.reshape(len(rows), -1)
        if rows.ndim != 2 or rows.shape[1] != fan_in:
            came = f"{rows.shape[1]} columns" if rows.ndim == 2 else f"shape {rows.shape}"
            advice = f"pass rows of {fan_in} values."
            if self.image_shape is not None:
                size = "×".join(map(str, self.image_shape))
                advice = f"this model was trained on {size} images; pass images of that size."
            raise ShapeError(f"X has {came} but layer 1 has fan_in={fan_in}: {advice}")
        if rows.dtype.kind not in "buif":
            raise DataFormatError(f"X must be numeric, but its elements are of type {rows.dtype}.")
        checked: Array = rows
        return checked


@functools.cache
def _usual_engine() -> Engine:
    """Looked up once: to ask for Numba takes longer than to predict a sample."""
    return as_engine("auto")
