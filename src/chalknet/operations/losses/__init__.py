"""The losses by name. Each is one object that gives its value and its gradient from one method."""

from __future__ import annotations

from chalknet.operations.losses.cross_entropy import SigmoidCrossEntropy, SoftmaxCrossEntropy
from chalknet.operations.losses.loss import ElementwiseLoss, Loss
from chalknet.operations.losses.regression import (
    AbsoluteError,
    HalfSquaredError,
    Huber,
    MeanSquaredError,
    Poisson,
)
from chalknet.specs import resolve

__all__ = [
    "LOSSES",
    "AbsoluteError",
    "ElementwiseLoss",
    "HalfSquaredError",
    "Huber",
    "Loss",
    "MeanSquaredError",
    "Poisson",
    "SigmoidCrossEntropy",
    "SoftmaxCrossEntropy",
    "as_loss",
]

LOSSES: dict[str, type[Loss]] = {
    cls.name: cls
    for cls in (
        SoftmaxCrossEntropy,
        SigmoidCrossEntropy,
        MeanSquaredError,
        HalfSquaredError,
        AbsoluteError,
        Huber,
        Poisson,
    )
}


def as_loss(spec: str | Loss) -> Loss:
    """The loss that ``spec`` names, ``"huber(0.5)"`` included, or one already made.

    Raises
    ------
    ConfigurationError
        The name is unknown (the message suggests the nearest), or a parameter does not fit.
    """
    if isinstance(spec, Loss):
        return spec
    return resolve("loss", spec, LOSSES, {"huber": ("delta",)})
