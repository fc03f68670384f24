"""Losses by scikit-learn's names, by chalknet's, and from functions of your own.

A loss of your own is one function of the network's output and the targets, both (n, K), that gives
value and gradient together:

    loss(output, targets) → (values, slopes)

``slopes`` (n, K) is the derivative of each sample's value by its outputs; ``values`` is (n, K), to
be summed over the outputs, or (n,). One that works element by element, with formulas that also a
compiler can follow (``np.where`` instead of ``if``), is compiled; any other runs in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError, ShapeError
from chalknet.operations.affine import Matrix
from chalknet.operations.losses import (
    AbsoluteError,
    ElementwiseLoss,
    HalfSquaredError,
    Huber,
    Loss,
    Poisson,
    as_loss,
)
from chalknet.operations.losses.loss import Float64

__all__ = ["LossLike", "own_loss", "regression_loss"]

OwnLoss = Callable[[Any, Any], tuple[Any, Any]]
LossLike = str | Loss | OwnLoss

REGRESSION: dict[str, Loss] = {
    "squared_error": HalfSquaredError(),
    "absolute_error": AbsoluteError(),
    "huber": Huber(),
    "poisson": Poisson(),
}


def regression_loss(loss: Any, targets: Matrix) -> Loss:
    """The loss of a regressor for targets (n, K).

    Raises
    ------
    ConfigurationError
        It is none of the names known, or a function that does not give value and gradient.

    >>> regression_loss("huber(2)", np.zeros((5, 1)))
    Huber(delta=2)
    """
    if isinstance(loss, str):
        named = REGRESSION.get(loss) or as_loss(loss)
    elif isinstance(loss, Loss):
        named = loss
    elif callable(loss):
        return own_loss(loss, targets)
    else:
        hint = ""
        if isinstance(loss, int | list | tuple):
            hint = " The first argument of a regressor is its loss: name hidden_layer_sizes=."
        raise ConfigurationError(
            f"loss must be one of {', '.join(REGRESSION)}, a chalknet.Loss or a function that "
            f"gives value and gradient, not {loss!r}.{hint}"
        )
    if named.classifies:
        raise ConfigurationError(
            f"{named.name} is a loss for classes, and a regressor has none: use MLPClassifier."
        )
    probe = np.array([[0.25, -1.5]])
    if not isinstance(named, Poisson) and not np.array_equal(named.predict(probe), probe):
        raise ConfigurationError(
            f"{named.name} predicts something else than the network's output itself, which only "
            "poisson may: leave its predict as it is in the base class."
        )
    return named


def own_loss(function: OwnLoss, targets: Matrix) -> Loss:
    """The loss that a function of your own is; ``targets`` (n, K) are of the kind it will get.

    Raises
    ------
    ConfigurationError
        It does not give value and gradient in the shapes of the module's head.
    """
    some = np.array(targets[[0, -1]], np.float64)
    with np.errstate(all="ignore"):
        answer = function(np.zeros(some.shape), some)
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise ConfigurationError(
            "a loss of your own must give value and gradient, (values, slopes), "
            f"but gave {type(answer).__name__}."
        )
    values, slopes = (np.shape(part) for part in answer)
    if slopes != some.shape or values not in {some.shape, some.shape[:1]}:
        raise ConfigurationError(
            f"for output and targets of shape {some.shape} a loss of your own must give values of "
            f"that shape or {some.shape[:1]} and slopes of that shape, but gave {values} and "
            f"{slopes}."
        )
    if values == some.shape[:1]:
        return _OfSamples(function)
    return _of_elements(function)


def _of_elements(function: OwnLoss) -> Loss:
    class OfElements(ElementwiseLoss):
        """A function of one output and one target."""

        name = getattr(function, "__name__", "own loss")

        @staticmethod
        def formula(o: Any, t: Any) -> Any:
            """ℓ(o, t)."""
            return function(o, t)[0]

        @staticmethod
        def derivative(o: Any, t: Any) -> Any:
            """∂ℓ/∂o."""
            return function(o, t)[1]

    return OfElements()


class _OfSamples(Loss):
    """A function of a sample's outputs and targets as a whole."""

    def __init__(self, function: OwnLoss) -> None:
        self.function = function
        self.name = getattr(function, "__name__", "own loss")  # type: ignore[misc]

    def checked_targets(self, targets: npt.ArrayLike, n: int, K: int) -> npt.NDArray[Any]:
        """Floats (n, K)."""
        t = np.asarray(targets, np.float64)
        if t.shape != (n, K):
            raise ShapeError(f"{self.name} takes targets ({n}, {K}), not {t.shape}.")
        return t

    def _terms(self, o: Float64, t: npt.NDArray[Any]) -> tuple[Float64, Float64]:
        values, slopes = (np.asarray(part, np.float64) for part in self.function(o, t))
        if values.shape != o.shape[:1] or slopes.shape != o.shape:
            raise ShapeError(
                f"{self.name} must give values {o.shape[:1]} and slopes {o.shape} for outputs of "
                f"shape {o.shape}, but gave {values.shape} and {slopes.shape}."
            )
        return values, slopes

    def predict(self, output: Matrix) -> Matrix:
        """The output itself."""
        return output
