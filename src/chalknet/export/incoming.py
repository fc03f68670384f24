"""What comes in: what a file says of a network, what its owner adds, and the model both make."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset
from chalknet.data.preprocessing import Preprocessing
from chalknet.errors import ChalknetError, ConfigurationError, ModelFileError
from chalknet.export.head import Link
from chalknet.model import Model
from chalknet.network import Dense, Network
from chalknet.operations.activations import Activation, as_activation
from chalknet.operations.losses import Loss, as_loss

__all__ = ["Answers", "Incoming", "assemble"]

Array = npt.NDArray[Any]
_USUAL_LOSS: dict[str, str] = {
    "softmax": "softmax_cross_entropy",
    "sigmoid": "sigmoid_cross_entropy",
    "exp": "poisson",
}


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """What a file says; None is what it does not say.

    Attributes
    ----------
    place : str
        The file, for messages.
    layers : list of (W (fan_in, fan_out), b (fan_out,))
    activations : list of Activation or None
        One a layer.
    link : str or None
        What follows the last layer's activation: see ``Head``.
    numbered : bool
        Whether labels, where they have no names, are the numbers of the outputs.
    marks : bool
        Whether each output decides for itself (multilabel).
    """

    place: str
    layers: list[tuple[Array, Array]]
    activations: list[Activation] | None = None
    link: Link | None = None
    loss: Loss | None = None
    classes: Array | None = None
    numbered: bool = False
    marks: bool = False
    preprocessing: Preprocessing | None = None
    class_names: tuple[str, ...] | None = None
    feature_names: tuple[str, ...] | None = None
    image_shape: tuple[int, ...] | None = None
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the owner of a file says of it, in the words of ``import_model``."""

    loss: str | Loss | None = None
    classes: npt.ArrayLike | None = None
    activation: str | Activation | Sequence[str | Activation] | None = None
    output_activation: str | Activation | None = None
    multilabel: bool = False
    preprocessing: Preprocessing | None = None
    class_names: Sequence[str] | None = None
    feature_names: Sequence[str] | None = None
    image_shape: tuple[int, ...] | None = None
    name: str | None = None
    layers: Sequence[str] | None = None
    bias: bool = True
    like: Dataset | None = None


def assemble(found: Incoming, answers: Answers) -> Model:
    """The model that the file and its owner describe together.

    Raises
    ------
    ModelFileError
        The file's layers do not fit together, or a parameter is not finite.
    ConfigurationError
        Something is said by neither, or by both and differently.
    """
    _require_sound(found)
    found = _with_words_of_data(found, answers)
    loss, activations = _loss_and_activations(found, answers)
    classes = _classes(found, answers, loss)
    multilabel = found.marks or answers.multilabel
    if multilabel and classes is None:
        classes = np.arange(found.layers[-1][0].shape[1])
    scaling = _scaling(found, answers)
    names = _first(answers.class_names, found.class_names)
    columns = _first(answers.feature_names, found.feature_names)
    try:
        network = Network(
            Dense(W, b, activation)
            for (W, b), activation in zip(found.layers, activations, strict=True)
        )
        return Model(
            network,
            loss,
            scaling,
            classes,
            class_names=_as_many(names, None if classes is None else len(classes), "class_names"),
            feature_names=_as_many(columns, network.widths[0], "feature_names"),
            image_shape=_of_size(_first(answers.image_shape, found.image_shape), network.widths[0]),
            multilabel=multilabel,
            name=_first(answers.name, found.name, "model"),
        )
    except ChalknetError as error:
        raise type(error)(f"{found.place}: {error}") from None


def _first(*values: Any) -> Any:
    """The first that is not None."""
    return next((value for value in values if value is not None), None)


def _require_sound(found: Incoming) -> None:
    """Whether the weights are matrices of finite numbers that chain."""
    below: int | None = None
    for number, (W, b) in enumerate(found.layers, start=1):
        for name, array in ((f"W{number}", W), (f"b{number}", b)):
            if array.dtype not in (np.float32, np.float64):
                raise ModelFileError(
                    f"{found.place}: {name} is of type {array.dtype}, but parameters must be "
                    "float32 or float64: convert them where the file was made."
                )
            if not np.isfinite(array).all():
                raise ModelFileError(f"{found.place}: {name} has a NaN or an infinity.")
        if W.ndim != 2 or W.size == 0 or b.shape != W.shape[1:]:
            raise ModelFileError(
                f"{found.place}: layer {number} has weights of shape {W.shape} and a bias of "
                f"shape {b.shape}: expected (fan_in, fan_out) and (fan_out,)."
            )
        if below is not None and W.shape[0] != below:
            raise ModelFileError(
                f"{found.place}: layer {number - 1} has {below} outputs, but layer {number} takes "
                f"{W.shape[0]} inputs: the layers do not chain."
            )
        below = W.shape[1]
    if not found.layers:
        raise ModelFileError(f"{found.place}: there is no layer in it.")


def _with_words_of_data(found: Incoming, answers: Answers) -> Incoming:
    """What the file does not say of classes, columns and images, from data that it is for."""
    data, features = answers.like, found.layers[0][0].shape[0]
    if data is None:
        return found
    if data.n_features != features:
        raise ConfigurationError(
            f"{found.place}: the first layer takes {features} inputs, but {data.name} has "
            f"{data.n_features} columns: this network is not for these data."
        )
    from_data = found.classes is None and answers.classes is None
    return replace(
        found,
        classes=data.classes if from_data else found.classes,
        marks=found.marks or data.task == "multilabel",
        class_names=_first(found.class_names, data.class_names if from_data else None),
        feature_names=_first(found.feature_names, data.feature_names),
        image_shape=_first(found.image_shape, data.image_shape),
        name=_first(found.name, data.name),
    )


def _loss_and_activations(found: Incoming, answers: Answers) -> tuple[Loss, list[Activation]]:
    activations = _activations(found, answers)
    said = None if answers.loss is None else as_loss(answers.loss)
    if said is not None and found.loss is not None and said != found.loss:
        raise ConfigurationError(
            f"{found.place}: the file itself says loss {found.loss}, not {said}: leave loss out."
        )
    loss = said or found.loss
    usual = _USUAL_LOSS.get(found.link or "")
    if loss is None and usual is None:
        raise ConfigurationError(
            f"{found.place}: the file does not say what its outputs mean: add loss (--loss), "
            "softmax_cross_entropy if they are logits of classes, sigmoid_cross_entropy if each "
            "is a logit of its own, mean_squared_error if they are numbers."
        )
    if loss is None or loss.name == usual:
        return loss or as_loss(usual or ""), activations
    if found.link == "sigmoid" and not loss.classifies and activations[-1].name == "identity":
        # The sigmoid is then no link function but the last layer's own activation.
        return loss, [*activations[:-1], as_activation("sigmoid")]
    if usual is not None:
        raise ConfigurationError(
            f"{found.place}: its outputs go through {found.link}, which belongs to {usual}, not to "
            f"{loss}: leave loss out."
        )
    return loss, activations


def _activations(found: Incoming, answers: Answers) -> list[Activation]:
    depth = len(found.layers)
    if found.activations is not None:
        if answers.activation is not None or answers.output_activation is not None:
            raise ConfigurationError(
                f"{found.place}: the file itself says its activations "
                f"({', '.join(map(str, found.activations))}): leave activation out."
            )
        return found.activations
    given = answers.activation
    if given is None and depth > 1:
        raise ConfigurationError(
            f"{found.place}: the file holds weights alone and does not say what stands between "
            "the layers: add activation (--activation), as in relu, or one a hidden layer."
        )
    several = [given] * (depth - 1) if isinstance(given, str | Activation) else list(given or [])
    if len(several) == 1:
        several *= depth - 1
    if len(several) != depth - 1:
        raise ConfigurationError(
            f"{found.place}: hidden layers: {depth - 1}, but activations: {len(several)}: "
            "give one for all, or one a hidden layer."
        )
    return [as_activation(name) for name in (*several, answers.output_activation or "identity")]


def _classes(found: Incoming, answers: Answers, loss: Loss) -> Array | None:
    K = found.layers[-1][0].shape[1]
    if isinstance(answers.classes, str):
        if answers.classes != "numbers":
            raise ConfigurationError(
                f"classes are a list of labels, or numbers for 0, 1, 2 …, not {answers.classes!r}."
            )
        return np.arange(max(K, 2))
    if answers.classes is not None:
        # The labels in the file are its own word, which an option may replace but not resize.
        classes = np.asarray(answers.classes)
        if len(set(classes.tolist())) < len(classes):
            raise ConfigurationError("classes: a label is given twice; each must be another.")
        return classes
    if found.classes is not None:
        if len(found.classes) != K and not (K == 1 and len(found.classes) == 2):
            raise ModelFileError(
                f"{found.place}: there are {K} outputs, but labels for {len(found.classes)}."
            )
        return found.classes
    if found.numbered:
        return np.arange(K)
    if loss.classifies and not (found.marks or answers.multilabel):
        example = "no,yes" if K == 1 else f"0,1,…,{K - 1}" if K > 3 else "a,b,c"[: 2 * K - 1]
        raise ConfigurationError(
            f"{found.place}: the file does not name its classes: add classes (--classes) in the "
            f"order of the {K} output{'s' * (K > 1)}, as in {example}, or numbers for 0, 1, 2 and "
            "so on."
        )
    return None


def _scaling(found: Incoming, answers: Answers) -> Preprocessing:
    said = answers.preprocessing
    features = found.layers[0][0].shape[0]
    scaling: Preprocessing = _first(said, found.preprocessing, Preprocessing())
    for name, value in (("offset", scaling.offset), ("divisor", scaling.divisor)):
        if np.shape(value) not in ((), (features,)):
            error = ModelFileError if said is None else ConfigurationError
            raise error(
                f"{found.place}: the {name} of the rows has shape {np.shape(value)}, but must be "
                f"one number or one for each of the {features} inputs."
            )
    return scaling


def _as_many(names: Sequence[str] | None, count: int | None, option: str) -> tuple[str, ...] | None:
    if names is None or count is None:
        return None
    if len(names) != count:
        raise ConfigurationError(f"{option} has {len(names)} names, but there are {count}.")
    return tuple(str(name) for name in names)


def _of_size(shape: tuple[int, ...] | None, features: int) -> tuple[int, ...] | None:
    if shape is not None and (min(shape, default=0) < 1 or math.prod(shape) != features):
        size = "×".join(map(str, shape))
        raise ConfigurationError(
            f"images of {size} have {math.prod(shape)} values, but the first layer takes "
            f"{features}."
        )
    return shape
