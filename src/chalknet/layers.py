"""What a network is made of and what its sweeps leave behind: Dense, Trace, Gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ShapeError
from chalknet.operations.activations import Activation, as_activation
from chalknet.operations.affine import Matrix, Vector
from chalknet.operations.precision import is_exact

__all__ = ["Dense", "Gradients", "Trace"]


@dataclass(frozen=True, eq=False)
class Dense:
    """A layer: A = f(XW + b).

    Parameters
    ----------
    W : array (fan_in, fan_out)
    b : array (fan_out,)
        Floats; anything else becomes float64, but for exact numbers in arrays of objects.
    activation : Activation or str

    Raises
    ------
    ShapeError
        ``W`` is not a matrix, is empty, or ``b`` does not have one value a column of ``W``.
    ConfigurationError
        The activation is unknown.
    """

    W: Matrix
    b: Vector
    activation: Activation

    def __init__(
        self, W: npt.ArrayLike, b: npt.ArrayLike, activation: Activation | str = "identity"
    ) -> None:
        W, b = _as_floats(W), _as_floats(b)
        if W.ndim != 2 or W.size == 0:
            raise ShapeError(
                f"W must have shape (fan_in, fan_out), at least (1, 1), not {W.shape}."
            )
        if b.shape != (W.shape[1],):
            raise ShapeError(
                f"W has shape {W.shape}, so b must have shape ({W.shape[1]},), not {b.shape}."
            )
        object.__setattr__(self, "W", W)
        object.__setattr__(self, "b", b)
        object.__setattr__(self, "activation", as_activation(activation))

    @property
    def fan_in(self) -> int:
        """How many inputs each neuron has."""
        return int(self.W.shape[0])

    @property
    def fan_out(self) -> int:
        """How many neurons the layer has."""
        return int(self.W.shape[1])


@dataclass(frozen=True, eq=False)
class Trace:
    """What the forward sweep computed: everything the backward sweep, and a reader, needs.

    Attributes
    ----------
    inputs : array (n, fan_in)
        X.
    pre_activations, activations : list of arrays (n, fan_out of the layer)
        Zₗ and Aₗ, indexed from 0. With dropout, Aₗ is what the next layer saw.
    masks : list of arrays or None
        The dropout mask of each layer, None where nothing was dropped.
    """

    inputs: Matrix
    pre_activations: list[Matrix]
    activations: list[Matrix]
    masks: list[Matrix | None]

    @property
    def output(self) -> Matrix:
        """The activations of the last layer (n, K)."""
        return self.activations[-1]


@dataclass(frozen=True, eq=False)
class Gradients:
    """∂loss/∂ everything, from the backward sweep.

    Attributes
    ----------
    dZ, dW, db : list of arrays
        By layer, indexed from 0, in the shapes of Z, W and b.
    dX : array (n, fan_in) or None
        ∂loss/∂X; None when it was not asked for.
    flat : array (n_parameters,)
        All dW and db in the order of ``Network.parameters``; ``dW[l]`` and ``db[l]`` are its views.
    """

    dZ: list[Matrix]
    dW: list[Matrix]
    db: list[Vector]
    dX: Matrix | None
    flat: Vector


def _as_floats(values: npt.ArrayLike) -> npt.NDArray[Any]:
    array = np.asarray(values)
    as_it_is = array.dtype in (np.float32, np.float64) or is_exact(array)
    return array if as_it_is else array.astype(np.float64)
