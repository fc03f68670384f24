"""In what kind of numbers a problem is worked out: float64, or exact ones."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np

from chalknet.explain.exact import Exact
from chalknet.explain.numerals import Array
from chalknet.operations import activations
from chalknet.operations.activations import Activation
from chalknet.operations.losses import Loss
from chalknet.training.optimizers import Optimizer

__all__ = ["Arithmetic", "ExactNumbers", "Floats"]

Configuration = TypeVar("Configuration", Loss, Optimizer)


class Arithmetic(ABC):
    """How written numbers become numbers to compute with, and how results are shown."""

    exact: bool = False

    @abstractmethod
    def number(self, value: Any) -> Any:
        """A written number, or a coefficient, as one to compute with."""

    @abstractmethod
    def array(self, values: Array) -> Array:
        """The same for an array, any shape."""

    @abstractmethod
    def shown(self, value: Any) -> Any:
        """A computed number or array in the form in which it is handed out."""

    @abstractmethod
    def finite(self, value: Any) -> bool:
        """Whether a computed number, or every entry of an array, is finite."""

    def activation(self, activation: Activation) -> Activation:
        """The activation with its parameters as numbers to compute with."""
        return dataclasses.replace(
            activation, parameters=tuple(self.number(value) for value in activation.parameters)
        )

    def loss(self, loss: Loss) -> Loss:
        """The loss with its parameters as numbers to compute with."""
        return self._configured(loss)

    def optimizer(self, optimizer: Optimizer) -> Optimizer:
        """The optimizer with its coefficients as numbers to compute with."""
        return self._configured(optimizer)

    def _configured(self, thing: Configuration) -> Configuration:
        if not dataclasses.is_dataclass(thing):
            return thing
        fields = [field.name for field in dataclasses.fields(thing)]
        return dataclasses.replace(
            thing, **{name: self.number(getattr(thing, name)) for name in fields}
        )


class Floats(Arithmetic):
    """float64, as the network itself computes."""

    def number(self, value: Any) -> float:
        """The nearest float64."""
        return float(value)

    def array(self, values: Array) -> Array:
        """The nearest float64s, in an array of their own."""
        return values.astype(np.float64)

    def shown(self, value: Any) -> Any:
        """The value itself, without minus signs before zeros; a number as a float."""
        return value + 0.0 if isinstance(value, np.ndarray) else float(value) + 0.0

    def finite(self, value: Any) -> bool:
        """Whether there is neither a NaN nor an infinity."""
        return bool(np.isfinite(value).all())


class ExactNumbers(Arithmetic):
    """Fractions and, after a transcendental function, 120 digits."""

    exact = True

    def number(self, value: Any) -> Exact:
        """The number as written: a float is the decimal that names it."""
        return Exact(value)

    def array(self, values: Array) -> Array:
        """Exact numbers; floats of a trained model are taken bit by bit."""
        exact = np.empty(values.size, object)
        exact[:] = [Exact(Fraction(value)) for value in values.ravel().tolist()]
        return exact.reshape(values.shape)

    def shown(self, value: Any) -> Any:
        """Fractions and Decimals."""
        if isinstance(value, np.ndarray):
            shown: Array = np.frompyfunc(lambda x: Exact(x).shown(), 1, 1)(value)
            return shown
        return Exact(value).shown()

    def finite(self, value: Any) -> bool:
        """Whether a float could hold it, too: larger numbers are no exercise."""
        return all(math.isfinite(float(x)) for x in np.asarray(value, dtype=object).flat)

    def activation(self, activation: Activation) -> Activation:
        """The activation with exact parameters, and without bounds made for floats."""
        exact = super().activation(activation)
        return dataclasses.replace(
            exact,
            formula=_UNBOUNDED.get(exact.formula, exact.formula),
            derivative_formula=_UNBOUNDED.get(exact.derivative_formula, exact.derivative_formula),
        )


# The two formulas of the textbook that serve floats only: an approximation to the last digit of
# a float, and a bound beyond which floats underflow.


def _gelu(z: Exact) -> Any:
    return z * z.normal_distribution()


def _gelu_derivative(z: Exact) -> Any:
    return z.normal_distribution() + z * z.normal_density()


def _tanh_derivative(z: Exact) -> Any:
    e = (-2 * abs(z)).exp()
    return 4 * e / ((1 + e) * (1 + e))


_UNBOUNDED: dict[Callable[..., Any], Callable[..., Any]] = {
    activations.gelu: _gelu,
    activations.gelu_derivative: _gelu_derivative,
    activations.tanh_derivative: _tanh_derivative,
}
