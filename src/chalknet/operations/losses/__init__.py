"""The losses by name. Each is one object that gives its value and its gradient from one method."""

from __future__ import annotations

from chalknet.errors import ConfigurationError, unknown_name
from chalknet.operations.losses.cross_entropy import SigmoidCrossEntropy, SoftmaxCrossEntropy
from chalknet.operations.losses.loss import ElementwiseLoss, Loss
from chalknet.operations.losses.regression import (
    AbsoluteError,
    HalfSquaredError,
    Huber,
    MeanSquaredError,
    Poisson,
)

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
    name, bracket, value = str(spec).strip().partition("(")
    if name.lower() not in LOSSES:
        raise unknown_name("loss", name, LOSSES)
    cls = LOSSES[name.lower()]
    if not bracket:
        return cls()
    try:
        return cls(float(value.rstrip(")")))  # type: ignore[call-arg]
    except (TypeError, ValueError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(
            f"loss {spec!r}: only huber takes a value, as in huber(0.5)."
        ) from None
