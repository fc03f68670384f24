"""What stands behind the last layer: from the network's output to probabilities and labels.

Every exporter writes the same three steps after the layers, and all read them here: a link function
from outputs to predictions, a decision for labels, and the labels themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError
from chalknet.model import Model
from chalknet.operations.activations import ACTIVATIONS, Activation
from chalknet.operations.losses import (
    ElementwiseLoss,
    Loss,
    Poisson,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)

__all__ = ["Decision", "Head", "Link", "checked_layers", "head_of"]

Link = Literal["identity", "softmax", "sigmoid", "exp"]
Decision = Literal["largest", "one", "each"]

# By what makes predictions of outputs: a formula of one output, or a method of a whole row.
_LINKS: dict[Any, Link] = {
    ElementwiseLoss.response: "identity",
    SigmoidCrossEntropy.response: "sigmoid",
    Poisson.response: "exp",
    SoftmaxCrossEntropy.predict: "softmax",
}


@dataclass(frozen=True)
class Head:
    """What becomes of the network's output o (n, K).

    Attributes
    ----------
    link : str
        How o becomes predictions or probabilities: ``softmax``, ``sigmoid``, ``exp``, ``identity``.
    decision : str or None
        How o becomes labels: the ``largest`` of a row, the first of equals; the side of
        ``threshold`` on which the ``one`` output lies, or ``each`` of several does (multilabel);
        None for regression.
    threshold : float
        0 for logits, ½ where targets 0 and 1 were learned with a regression loss.
    probabilities : bool
        Whether link(o) are probabilities of the classes.
    complement : bool
        Whether the one output is the second of two classes, so that the first has 1 − p.
    """

    link: Link
    decision: Decision | None
    threshold: float
    probabilities: bool
    complement: bool


def head_of(model: Model) -> Head:
    """The head of ``model``, as ``Model.predict`` and ``predict_proba`` have it.

    Raises
    ------
    ConfigurationError
        The loss is the user's own and makes predictions that only its own code can.
    """
    K, classes = model.network.widths[-1], model.classes
    decision: Decision | None = "largest"
    if classes is None:
        decision = None
    elif model.multilabel:
        decision = "each"
    elif K == 1 and len(classes) == 2:
        decision = "one"
    return Head(
        link=_link_of(model.loss),
        decision=decision,
        threshold=0.0 if model.loss.classifies else 0.5,
        probabilities=model.loss.classifies and classes is not None,
        complement=K == 1 and classes is not None and len(classes) == 2,
    )


def checked_layers(model: Model) -> list[tuple[npt.NDArray[Any], npt.NDArray[Any], Activation]]:
    """(W, b, activation) of each layer, once all of them are found fit to be written down.

    Raises
    ------
    ConfigurationError
        An activation is the user's own, or a parameter is not finite.
    """
    layers = [(layer.W, layer.b, layer.activation) for layer in model.network.layers]
    for number, (W, b, activation) in enumerate(layers, start=1):
        usual = ACTIVATIONS.get(activation.name)
        if usual is None or usual.formula is not activation.formula:
            raise ConfigurationError(
                f"layer {number} has the activation {activation.name!r}, which is not one of "
                "chalknet's own: only its Python code knows what it does, so it cannot be exported."
            )
        if not (np.isfinite(W).all() and np.isfinite(b).all()):
            raise ConfigurationError(
                f"layer {number} has a parameter that is not finite: no such model is exported."
            )
    return layers


def _link_of(loss: Loss) -> Link:
    made_by: Any = type(loss).predict
    if made_by is ElementwiseLoss.predict and isinstance(loss, ElementwiseLoss):
        made_by = type(loss).response
    link = _LINKS.get(made_by)
    if link is None:
        raise ConfigurationError(
            f"the loss {loss.name!r} makes its own predictions, which only its Python code can: "
            "it cannot be exported."
        )
    return link
