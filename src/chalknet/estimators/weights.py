"""The weights to start from: as scikit-learn draws them, or by any of chalknet's initializers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError
from chalknet.layers import Dense
from chalknet.network import Network
from chalknet.operations.activations import Activation, as_activation, sigmoid
from chalknet.operations.affine import Matrix, Vector
from chalknet.operations.initializers import Initializer, as_initializer

__all__ = ["InitLike", "draw_network", "initializer_of"]

Draw = Callable[[Any, int, int], tuple[npt.NDArray[Any], npt.NDArray[Any]]]
InitLike = str | Initializer | Draw


def initializer_of(init: InitLike) -> Draw | None:
    """What draws a layer; None for scikit-learn's own scheme, which needs to know the activation.

    Raises
    ------
    ConfigurationError
        The name is unknown, or it is neither a name nor a function.
    """
    if isinstance(init, str | Initializer):
        return None if init == "auto" else as_initializer(init)
    if callable(init):
        return init
    raise ConfigurationError(
        "init must be 'auto', the name of an initializer, a chalknet.Initializer or a function "
        f"(rng, fan_in, fan_out) → (W, b), not {init!r}."
    )


def draw_network(
    widths: Sequence[int],
    activations: Sequence[Activation],
    last: Activation,
    draw: Draw | None,
    random_state: np.random.RandomState,
    dtype: npt.DTypeLike,
) -> Network:
    """A network with weights drawn layer after layer; the output layer is the identity.

    scikit-learn's scheme draws W, then b, from U(−l, l) with l = √(c / (fan_in + fan_out)), where
    c is 2 if the activation is the logistic function and 6 otherwise (after Glorot and Bengio,
    AISTATS 2010); for the output layer ``last`` decides, the activation below it.
    """
    functions = [*activations, as_activation("identity")]
    deciding = [*activations, last]
    layers = []
    for fans, function, decides in zip(
        itertools.pairwise(widths), functions, deciding, strict=True
    ):
        if draw is None:
            W, b = _as_scikit_learn(random_state, *fans, decides)
        else:
            W, b = _checked(draw(random_state, *fans), *fans)
        layers.append(Dense(W.astype(dtype), b.astype(dtype), function))
    return Network(layers)


def _as_scikit_learn(
    random_state: np.random.RandomState, fan_in: int, fan_out: int, activation: Activation
) -> tuple[Matrix, Vector]:
    c = 2.0 if activation.formula is sigmoid else 6.0
    limit = np.sqrt(c / (fan_in + fan_out))
    W = random_state.uniform(-limit, limit, (fan_in, fan_out))
    return W, random_state.uniform(-limit, limit, fan_out)


def _checked(drawn: Any, fan_in: int, fan_out: int) -> tuple[Matrix, Vector]:
    wanted = [(fan_in, fan_out), (fan_out,)]
    shapes = [np.shape(part) for part in drawn] if isinstance(drawn, tuple) else None
    if shapes != wanted:
        gave = f"an array of shape {np.shape(drawn)}" if shapes is None else f"shapes {shapes}"
        raise ConfigurationError(
            f"init must give W {wanted[0]} and b {wanted[1]} for fan_in={fan_in} and "
            f"fan_out={fan_out}, but gave {gave}."
        )
    W, b = (np.asarray(part, np.float64) for part in drawn)
    return W, b
