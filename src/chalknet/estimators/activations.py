"""The activation of each hidden layer: a name, an ``Activation``, a pair of functions, a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chalknet.errors import ConfigurationError
from chalknet.operations.activations import Activation, as_activation

__all__ = ["ActivationLike", "hidden_activations"]

ActivationLike = Any  # a name, an Activation, or a function with its derivative


def hidden_activations(
    activation: ActivationLike | Sequence[ActivationLike], hidden: int
) -> tuple[Activation, ...]:
    """One activation a hidden layer.

    Raises
    ------
    ConfigurationError
        A name is unknown, a function comes without its derivative, or the number of activations is
        not that of the hidden layers.

    >>> [f.name for f in hidden_activations(["logistic", "leaky_relu(0.2)"], 2)]
    ['sigmoid', 'leaky_relu']
    >>> def square(z): return z * z
    >>> def slope(z): return 2 * z
    >>> hidden_activations((square, slope), 2)[1](np.array([3.0]))
    array([9.])
    """
    if not isinstance(activation, Sequence) or isinstance(activation, str) or _is_pair(activation):
        return (_one(activation),) * hidden
    if len(activation) != hidden:
        raise ConfigurationError(
            f"hidden layers: {hidden}, but activations: {len(activation)}: "
            "give one for all, or one a hidden layer."
        )
    return tuple(_one(each) for each in activation)


def _one(activation: ActivationLike) -> Activation:
    if isinstance(activation, str | Activation):
        return as_activation("sigmoid" if activation == "logistic" else activation)
    if _is_pair(activation):
        function, derivative = activation
        _check_pair(function, derivative)
        name = getattr(function, "__name__", type(function).__name__)
        return Activation(name, function, derivative)
    if callable(activation):
        raise ConfigurationError(
            "an activation that is a function needs its derivative beside it: give a pair, "
            "activation=(f, derivative_of_f), or chalknet.Activation(name, f, derivative_of_f)."
        )
    raise ConfigurationError(
        "activation must be a name, a chalknet.Activation, a pair (f, derivative_of_f) or a list "
        f"of these, one a hidden layer, not {activation!r}."
    )


def _is_pair(thing: Any) -> bool:
    """Whether it is two plain functions; two ``Activation`` are those of two layers."""
    return (
        isinstance(thing, tuple | list)
        and len(thing) == 2
        and all(callable(part) and not isinstance(part, Activation) for part in thing)
    )


def _check_pair(function: Any, derivative: Any) -> None:
    """Both must take an array and give one of its shape."""
    probe = np.array([[-1.0, 0.5, 2.0]])
    for part in (function, derivative):
        shape = np.shape(part(probe))
        if shape not in {probe.shape, ()}:
            raise ConfigurationError(
                f"an activation works element by element: for an array of shape {probe.shape} "
                f"{getattr(part, '__name__', part)!s} gave one of shape {shape}."
            )
