"""Networks of piecewise-linear activations in whole numbers, so that nothing is ever rounded.

Every weight is a fraction, those in float64 too. Over the common denominator of its layer it is a
whole number, and an affine map goes through a layer by products and sums of whole numbers alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError
from chalknet.explain.numerals import parse_number
from chalknet.network import Network
from chalknet.operations.activations import Activation

if TYPE_CHECKING:
    from chalknet.explain.problem import Problem
    from chalknet.model import Model

__all__ = ["Maps", "WholeLayer", "whole_layers"]

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Maps:
    """Affine maps x ↦ (linear · x + constant) / denominator, one for each of h neurons.

    Attributes
    ----------
    linear : array of whole numbers (…, h, inputs)
    constant : array of whole numbers (…, h)
    denominator : int, positive
    """

    linear: Array
    constant: Array
    denominator: int


@dataclass(frozen=True, eq=False)
class WholeLayer:
    """Z = (x W + b) / denominator, and the slope left of the kink over ``slope_denominator``.

    Attributes
    ----------
    W : array of whole numbers (fan_in, fan_out)
    b : array of whole numbers (fan_out,)
    denominator : int
    slope : Fraction or None
        f(z) = z for z > 0, slope · z otherwise: 0 for ReLU; None where f(z) = z.
    """

    W: Array
    b: Array
    denominator: int
    slope: Fraction | None

    def pre_activations(self, maps: Maps) -> Maps:
        """What becomes of affine maps of the layer's inputs."""
        linear = np.swapaxes(np.swapaxes(maps.linear, -1, -2) @ self.W, -1, -2)
        constant = maps.constant @ self.W + self.b * maps.denominator
        return Maps(linear, constant, maps.denominator * self.denominator)

    def activations(self, maps: Maps, active: npt.NDArray[np.bool_]) -> Maps:
        """The maps after the activation function, where ``active`` (…, h) tells z > 0."""
        if self.slope is None:
            return maps
        factor = np.where(active, self.slope.denominator, self.slope.numerator).astype(object)
        return Maps(
            maps.linear * factor[..., np.newaxis],
            maps.constant * factor,
            maps.denominator * self.slope.denominator,
        )


def whole_layers(network: Network | Model | Problem) -> list[WholeLayer]:
    """The layers of a network of raw inputs, in whole numbers.

    Raises
    ------
    ConfigurationError
        An activation function is not piecewise linear, or a weight is not finite.
    """
    given = _given_layers(network)
    return [_whole(number, *layer) for number, layer in enumerate(given, start=1)]


def _given_layers(network: Any) -> list[tuple[Array, Array, Activation]]:
    """W (fan_in, fan_out) and b in Fractions, and the activation."""
    if hasattr(network, "inputs"):  # a problem on paper: neurons are rows
        return [(_exact(layer.weights.T), _exact(layer.bias), layer.activation)
                for layer in network.layers]  # fmt: skip
    if isinstance(network, Network):
        return [(_exact(layer.W), _exact(layer.b), layer.activation) for layer in network.layers]
    layers = _given_layers(network.network)
    preprocessing = network.preprocessing
    W, b, activation = layers[0]
    offset, divisor = (
        np.array([Fraction(float(value)) for value in np.broadcast_to(values, len(W))], object)
        for values in (preprocessing.offset, preprocessing.divisor)
    )
    W = W / divisor[:, np.newaxis]
    return [(W, b - offset @ W, activation), *layers[1:]]


def _exact(values: Array) -> Array:
    exact = np.empty(values.size, object)
    for i, value in enumerate(values.ravel().tolist()):
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigurationError("a weight is not finite, so the network has no pieces.")
        exact[i] = Fraction(value)
    return exact.reshape(values.shape)


def _whole(number: int, W: Array, b: Array, activation: Activation) -> WholeLayer:
    slopes: dict[str, Sequence[float]] = {"relu": (0,), "leaky_relu": activation.parameters}
    if activation.name not in (*slopes, "identity"):
        raise ConfigurationError(
            f"layer {number} has the activation {activation.name}, but only networks of relu, "
            "leaky_relu and identity consist of straight pieces."
        )
    numbers = [*W.ravel().tolist(), *b.tolist()]
    denominator = math.lcm(*(value.denominator for value in numbers))
    slope = None
    if activation.name in slopes:
        slope = parse_number(slopes[activation.name][0])
        slope = None if slope == 1 else slope
    return WholeLayer(_integers(W, denominator), _integers(b, denominator), denominator, slope)


def _integers(values: Array, denominator: int) -> Array:
    whole = np.empty(values.size, object)
    whole[:] = [int(value * denominator) for value in values.ravel().tolist()]
    return whole.reshape(values.shape)
