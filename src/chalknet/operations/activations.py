"""Activation functions: A = f(Z), element by element, and backward dZ = dA ∘ f′(Z).

Each formula is a plain function of one number that NumPy broadcasts over arrays and a compiler can
take as it stands; f′ stands under f. All are exact to the last digits for any finite z: nothing
overflows, and tails keep their relative accuracy down to the smallest normal number.

At a kink the derivative is a convention, stated beside it: relu′(0) := 0, and so on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chalknet.operations.affine import Matrix
from chalknet.operations.normal import normal_density, normal_distribution
from chalknet.operations.precision import elementwise
from chalknet.specs import format_spec, resolve

__all__ = ["ACTIVATIONS", "Activation", "as_activation"]

Formula = Callable[..., Any]


# identity ------------------------------------------------------------------------------------


def identity(z: Any) -> Any:
    """f(z) = z."""
    return z


def identity_derivative(z: Any) -> Any:
    """f′(z) = 1."""
    return np.where(z == z, 1.0, np.nan)  # noqa: PLR0124 - a NaN stays a NaN


# relu ----------------------------------------------------------------------------------------


def relu(z: Any) -> Any:
    """f(z) = max(z, 0).   Source: Nair and Hinton, ICML 2010."""
    return np.maximum(z, 0.0)


def relu_derivative(z: Any) -> Any:
    """f′(z) = 1 for z > 0, else 0; relu′(0) := 0."""
    return np.where(z > 0, 1.0, 0.0)


# leaky_relu ----------------------------------------------------------------------------------


def leaky_relu(z: Any, slope: Any) -> Any:
    """f(z) = z for z > 0, else slope · z.   Source: Maas, Hannun and Ng, ICML 2013."""
    return np.where(z > 0, z, slope * np.minimum(z, 0.0))


def leaky_relu_derivative(z: Any, slope: Any) -> Any:
    """f′(z) = 1 for z > 0, else slope; leaky_relu′(0) := slope."""
    return np.where(z > 0, 1.0, slope)


# elu -----------------------------------------------------------------------------------------


def elu(z: Any, alpha: Any) -> Any:
    """f(z) = z for z > 0, else α (eᶻ − 1).   Source: Clevert, Unterthiner and Hochreiter, 2016."""
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0.0)))


def elu_derivative(z: Any, alpha: Any) -> Any:
    """f′(z) = 1 for z > 0, else α eᶻ; elu′(0) := α."""
    return np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0.0)))


# selu ----------------------------------------------------------------------------------------

SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717


def selu(z: Any) -> Any:
    """f(z) = λ · elu(z, α), with the fixed point λ ≈ 1.0507, α ≈ 1.6733.

    Source: Klambauer, Unterthiner, Mayr and Hochreiter, NeurIPS 2017.
    """
    return SELU_SCALE * elu(z, SELU_ALPHA)


def selu_derivative(z: Any) -> Any:
    """f′(z) = λ · elu′(z, α); selu′(0) := λα."""
    return SELU_SCALE * elu_derivative(z, SELU_ALPHA)


# gelu ----------------------------------------------------------------------------------------


def gelu(z: Any) -> Any:
    """f(z) = z Φ(z), with Φ the standard normal distribution; no tanh approximation.

    Source: Hendrycks and Gimpel, 2016.
    """
    return normal_distribution(z, times=z)


def gelu_derivative(z: Any) -> Any:
    """f′(z) = Φ(z) + z φ(z)."""
    return normal_distribution(z) + normal_density(z, times=z)


# silu ----------------------------------------------------------------------------------------


def silu(z: Any) -> Any:
    """f(z) = z σ(z), also called swish.   Source: Elfwing, Uchibe and Doya, 2018."""
    # e^{−|z|} taken as a product of two halves: the tail keeps its digits where e^{−|z|} has few.
    half = np.exp(-0.5 * np.abs(z))
    return np.where(z >= 0, z, z * half * half) / (1.0 + half * half)


def silu_derivative(z: Any) -> Any:
    """f′(z) = σ(z) (1 + z σ(−z))."""
    half = np.exp(-0.5 * np.abs(z))
    total = 1.0 + half * half
    right = 1.0 + z * half * half / total
    left = (1.0 + z / total) * half * half
    return np.where(z >= 0, right, left) / total


# softplus ------------------------------------------------------------------------------------


def softplus(z: Any) -> Any:
    """f(z) = log(1 + eᶻ).   Source: Dugas, Bengio, Bélisle, Nadeau and Garcia, NeurIPS 2000."""
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def softplus_derivative(z: Any) -> Any:
    """f′(z) = σ(z)."""
    return sigmoid(z)


# sigmoid -------------------------------------------------------------------------------------


def sigmoid(z: Any) -> Any:
    """f(z) = σ(z) = 1 / (1 + e⁻ᶻ), the logistic function."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


def sigmoid_derivative(z: Any) -> Any:
    """f′(z) = σ(z) σ(−z) = e^{−|z|} / (1 + e^{−|z|})²."""
    e = np.exp(-np.abs(z))
    return e / ((1.0 + e) * (1.0 + e))


# tanh ----------------------------------------------------------------------------------------


def tanh(z: Any) -> Any:
    """f(z) = tanh z."""
    return np.tanh(z)


def tanh_derivative(z: Any) -> Any:
    """f′(z) = 1 − tanh² z = 4 e^{−2|z|} / (1 + e^{−2|z|})²; the right side does not cancel."""
    e = np.exp(-2.0 * np.minimum(np.abs(z), 400.0))  # beyond 400 the derivative underflows
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


# step ----------------------------------------------------------------------------------------


def step(z: Any) -> Any:
    """f(z) = 1 for z > 0, else 0 (Heaviside's function with f(0) := 0)."""
    return np.where(z > 0, 1.0, 0.0)


def step_derivative(z: Any) -> Any:
    """f′(z) = 0, at the jump too: a step network is built by reasoning, not trained."""
    return np.where(z == z, 0.0, np.nan)  # noqa: PLR0124 - a NaN stays a NaN


# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Activation:
    """An activation function: ``formula`` f and ``derivative_formula`` f′ with their parameters.

    Examples
    --------
    >>> relu = as_activation("relu")
    >>> relu(np.array([-1.0, 2.0])), relu.derivative(np.array([-1.0, 0.0, 2.0]))
    (array([0., 2.]), array([0., 0., 1.]))

    Your own is made the same way, and works everywhere a name does:

    >>> square = Activation("square", lambda z: z * z, lambda z: 2.0 * z)
    >>> square.backward(np.array([1.0]), np.array([3.0]))
    array([6.])
    """

    name: str
    formula: Formula
    derivative_formula: Formula
    parameter_names: tuple[str, ...] = ()
    parameters: tuple[float, ...] = ()

    def __call__(self, Z: Matrix) -> Matrix:
        """A = f(Z), any shape, in the dtype of Z (float64 for integers)."""
        return self._applied(self.formula, Z)

    def derivative(self, Z: Matrix) -> Matrix:
        """f′(Z), any shape, in the dtype of Z (float64 for integers)."""
        return self._applied(self.derivative_formula, Z)

    def backward(self, dA: Matrix, Z: Matrix) -> Matrix:
        """DZ = dA ∘ f′(Z)."""
        return dA * self.derivative(Z)

    def with_parameters(self, **values: float) -> Activation:
        """The same function with other parameters: ``with_parameters(slope=0.2)``."""
        known = dict(zip(self.parameter_names, self.parameters, strict=True))
        return dataclasses.replace(self, parameters=tuple((known | values).values()))

    @property
    def spec(self) -> str:
        """How the activation is written in files: ``leaky_relu(slope=0.2)``, or ``relu``.

        Parameters that are the usual ones are left out.
        """
        usual = ACTIVATIONS.get(self.name)
        if usual is not None and self.parameters == usual.parameters:
            return self.name
        return format_spec(self.name, dict(zip(self.parameter_names, self.parameters, strict=True)))

    def __str__(self) -> str:
        return self.spec

    def _applied(self, formula: Formula, Z: Matrix) -> Matrix:
        values = elementwise(formula, Z, parameters=self.parameters)
        # Left to itself, a formula with np.where(z > 0, 1.0, 0.0) gives float64 for float32.
        dtype = Z.dtype if Z.dtype.kind in "fO" else np.dtype(np.float64)
        return values.astype(dtype, copy=False)


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("identity", identity, identity_derivative),
        Activation("relu", relu, relu_derivative),
        Activation("leaky_relu", leaky_relu, leaky_relu_derivative, ("slope",), (0.01,)),
        Activation("elu", elu, elu_derivative, ("alpha",), (1.0,)),
        Activation("selu", selu, selu_derivative),
        Activation("gelu", gelu, gelu_derivative),
        Activation("silu", silu, silu_derivative),
        Activation("softplus", softplus, softplus_derivative),
        Activation("sigmoid", sigmoid, sigmoid_derivative),
        Activation("tanh", tanh, tanh_derivative),
        Activation("step", step, step_derivative),
    )
}


def as_activation(spec: str | Activation) -> Activation:
    """The activation that ``spec`` names: ``"relu"``, ``"leaky_relu(0.2)"``, or one already made.

    Raises
    ------
    ConfigurationError
        The name is unknown (the message suggests the nearest), or the parameters do not fit.

    >>> as_activation("leaky_relu(slope=0.2)")(np.array([-1.0, 2.0]))
    array([-0.2,  2. ])
    """
    if isinstance(spec, Activation):
        return spec
    makers = {name: usual.with_parameters for name, usual in ACTIVATIONS.items()}
    takes = {name: usual.parameter_names for name, usual in ACTIVATIONS.items()}
    return resolve("activation", spec, makers, takes)
