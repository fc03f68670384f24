"""The gradient checker: whether a gradient is that of its function.

Every number of the gradient, or a random sample of many, is held against a derivative found from
values of the function alone: by the complex step where the function as written is analytic, by
extrapolated central differences otherwise. Errors are relative to the largest number of the array,
since one near zero has no digits of its own. At a kink any slope between the two sides is right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.diagnose.gradient_comparison import ArrayCheck, Comparison
from chalknet.diagnose.gradient_suspects import suspects
from chalknet.errors import ShapeError
from chalknet.layers import Dense, Gradients, Trace
from chalknet.network import Network
from chalknet.operations.affine import affine
from chalknet.operations.losses import Loss, as_loss
from chalknet.operations.penalties import l2_penalty_backward

__all__ = ["GradientCheck", "check_gradient", "check_gradients"]

Array = npt.NDArray[Any]
Function = Callable[[Array], Any]


@dataclass(frozen=True, kw_only=True)
class GradientCheck:
    """The outcome; true in a condition if the gradient is right.

    Attributes
    ----------
    method : "complex step" or "central differences"
    tolerance : float
        The largest error that passes, relative to the largest number of each array.
    value : float
        The function at the point.
    arrays : list of ArrayCheck
    suspects : list of str
        Where the gradient of a network is wrong, sentences on what is likely to be.
    """

    method: str
    tolerance: float
    value: float
    arrays: list[ArrayCheck]
    suspects: list[str]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return all(array.passed for array in self.arrays)

    @property
    def largest_error(self) -> float:
        """Of all arrays."""
        return max(array.largest_error for array in self.arrays)

    def __bool__(self) -> bool:
        return self.passed

    def as_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "passed": self.passed,
            "method": self.method,
            "tolerance": self.tolerance,
            "largest_error": self.largest_error,
            "value": self.value,
            "arrays": [array.as_dict() for array in self.arrays],
            "suspects": self.suspects,
        }

    def __str__(self) -> str:
        checked = sum(array.checked for array in self.arrays)
        size = sum(array.size for array in self.arrays)
        what = f"{checked:,} of {size:,} numbers by {self.method}"
        if self.passed:
            return (
                f"the gradient is right: {what}, largest error {self.largest_error:.1e} "
                f"(allowed {self.tolerance:.0e})"
            )
        wrong = ", ".join(array.name for array in self.arrays if not array.passed)
        return f"the gradient is wrong in {wrong}: {what}"


def check_gradient(
    function_and_gradient: Callable[[Array], tuple[Any, npt.ArrayLike]],
    x: npt.ArrayLike,
    *,
    tolerance: float | None = None,
    at_most: int = 200,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check the gradient of a function of your own.

    Parameters
    ----------
    function_and_gradient : callable
        Takes an array like ``x`` and returns (value, gradient of the same shape). If the value can
        be computed for complex numbers and is analytic, the check is exact.
    x : array
        The point; any shape.
    tolerance : float, optional
        By default 10⁻⁹ with the complex step, 10⁻⁶ with differences.
    at_most : int
        How many numbers to check; of more, so many at random, and three random directions.
    rng : numpy.random.Generator, optional
        By default ``numpy.random.default_rng(0)``.

    Raises
    ------
    ShapeError
        The value is not one number, or the gradient does not have the shape of ``x``.
    ConfigurationError
        The value or the gradient is not finite at ``x``.

    Examples
    --------
    >>> def slipped(x):
    ...     return np.sum(x**3), 2 * x**2
    >>> check = check_gradient(slipped, [1.0, -2.0])
    >>> bool(check), check.arrays[0].worst.given, round(check.arrays[0].worst.numerical, 9)
    (False, 8.0, 12.0)
    >>> print(check_gradient(lambda x: (np.sum(x**3), 3 * x**2), [1.0, -2.0]))
    the gradient is right: 2 of 2 numbers by complex step, largest error ... (allowed 1e-09)
    """
    point = np.array(x, dtype=np.float64)
    value, gradient = function_and_gradient(point.copy())
    given = np.asarray(gradient, dtype=np.float64)
    if np.asarray(value).size != 1:
        raise ShapeError(
            f"the function must return one number and its gradient, but its value has shape "
            f"{np.asarray(value).shape}."
        )
    if given.shape != point.shape:
        raise ShapeError(
            f"x has shape {point.shape}, so the gradient must have that shape, not {given.shape}."
        )

    def function(flat: Array) -> Any:
        return np.asarray(function_and_gradient(flat.reshape(point.shape).copy())[0]).reshape(())[
            ()
        ]

    comparison = Comparison(function, point.ravel(), tolerance, at_most, rng)
    return GradientCheck(
        method=comparison.method,
        tolerance=comparison.tolerance,
        value=float(np.real(np.asarray(value).item())),
        arrays=[comparison.of_array("x", given)],
        suspects=[],
    )


def check_gradients(
    network: Network,
    loss: Loss | str,
    X: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    sample_weight: npt.ArrayLike | None = None,
    l2: float = 0.0,
    tolerance: float | None = None,
    at_most: int = 200,
    rng: np.random.Generator | None = None,
) -> GradientCheck:
    """Check all gradients of a network: ∂loss/∂W and ∂loss/∂b of every layer, and ∂loss/∂X.

    What ``network.backward`` and ``loss.value_and_grad`` give is compared with derivatives of the
    loss, all in float64, whatever the type of the network. Your own activations and losses are
    checked like any other; if something is wrong, each is looked at by itself to say which it is.

    Parameters
    ----------
    network : Network
        Left as it is.
    loss : Loss or str
    X : array (n, fan_in)
        Inputs as the network takes them, preprocessed. A few rows are enough.
    targets : array
        As the loss takes them.
    sample_weight : array (n,), optional
    l2 : float
        λ of the penalty ½ λ Σ W², which is then part of the function and of its gradient.
    tolerance, at_most, rng
        As for ``check_gradient``; at most so many of every array.

    Raises
    ------
    ShapeError, TargetError
        X or targets do not fit the network or the loss.
    ConfigurationError
        The loss or a gradient is not finite.

    Examples
    --------
    >>> network = Network.dense([4, 8, 3], activation="tanh", rng=np.random.default_rng(0))
    >>> check = check_gradients(network, "softmax_cross_entropy", np.eye(4), [0, 1, 2, 0])
    >>> check.passed, check.method, check.largest_error < 1e-12
    (True, 'complex step', True)
    """
    double = Network(
        Dense(layer.W.astype(np.float64), layer.b.astype(np.float64), layer.activation)
        for layer in network.layers
    )
    objective = _Objective(
        network=double,
        loss=as_loss(loss),
        X=np.asarray(X, dtype=np.float64),
        targets=np.asarray(targets),
        weight=None if sample_weight is None else np.asarray(sample_weight, np.float64),
        l2=l2,
    )
    trace, gradients = objective.sweeps()
    comparison = Comparison(objective.of_parameters, double.parameters, tolerance, at_most, rng)
    arrays, start = [], 0
    for number, (dW, db) in enumerate(zip(gradients.dW, gradients.db, strict=True), start=1):
        for name, given in ((f"W{number}", dW), (f"b{number}", db)):
            arrays.append(comparison.of_array(name, given, start))
            start += given.size
    if gradients.dX is not None:
        of_inputs = comparison.at(objective.of_inputs, trace.inputs.ravel())
        arrays.append(of_inputs.of_array("X", gradients.dX))
    right = all(array.passed for array in arrays)
    return GradientCheck(
        method=comparison.method,
        tolerance=comparison.tolerance,
        value=float(objective.of_parameters(double.parameters)),
        arrays=arrays,
        suspects=[]
        if right
        else suspects(double, trace, objective.loss, objective.targets, objective.weight),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Objective:
    """Loss plus penalty as a function of parameters or inputs, and the gradient by sweeps."""

    network: Network
    loss: Loss
    X: Array
    targets: Array
    weight: Array | None
    l2: float

    def sweeps(self) -> tuple[Trace, Gradients]:
        """What is to be checked."""
        trace = self.network.forward(self.X)
        _, d_output = self.loss.value_and_grad(trace.output, self.targets, self.weight)
        gradients = self.network.backward(trace, d_output)
        for number, layer in enumerate(self.network.layers):
            gradients.dW[number][...] += l2_penalty_backward(layer.W, self.l2)
        return trace, gradients

    def of_parameters(self, parameters: Array) -> Any:
        """The objective with other parameters."""
        return self._value(parameters, self.X)

    def of_inputs(self, flat: Array) -> Any:
        """The objective with other inputs."""
        return self._value(self.network.parameters, flat.reshape(self.X.shape))

    def _value(self, parameters: Array, A: Array) -> Any:
        """For complex numbers too: the formulas as they are, nothing turned to floats."""
        penalty: Any = 0.0
        for (W, b), layer in zip(self.network.views(parameters), self.network.layers, strict=True):
            activation = layer.activation
            A = activation.formula(affine(A, W, b), *activation.parameters)
            penalty = penalty + 0.5 * self.l2 * (W * W).sum()
        terms, _ = self.loss.terms(A, self.targets)
        if self.weight is None:
            return terms.mean() + penalty
        return (self.weight * terms).sum() / (self.weight.sum() or 1.0) + penalty
