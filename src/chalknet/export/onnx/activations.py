"""chalknet's activations as ONNX operators.

ONNX Runtime has LeakyRelu, Elu, Selu, Softplus and Erf for float32 alone, so for float64 they are
composed of operators that it has for both. Compositions keep the absolute accuracy of the dtype;
they need not keep every digit of a vanishing tail, as ``operations/activations.py`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from chalknet.export.onnx.schema import ELEMENT
from chalknet.operations.activations import SELU_ALPHA, SELU_SCALE, Activation
from chalknet.operations.normal import ERFC_CHEBYSHEV, FARTHEST, SQRT_HALF

__all__ = ["apply_activation"]


class Writer(Protocol):
    """Whatever takes operators down: a graph, or the patterns of the reader."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""

    def __call__(
        self, operator: str, *inputs: Any, name: str | None = None, **attributes: Any
    ) -> Any:
        """Take down an operator and give what it makes."""


def apply_activation(g: Writer, activation: Activation, z: Any, name: str | None = None) -> Any:
    """A = f(Z) for a tensor ``z`` of ``g.dtype``; for the identity, ``z`` itself."""
    if activation.name == "identity":
        return z
    # An attribute's type is that of its value, and 1 would be an integer.
    values = [v if isinstance(v, float) else float(v) for v in activation.parameters]
    write = _WRITERS[activation.name]
    return write(g, z, name, **dict(zip(activation.parameter_names, values, strict=True)))


def _relu(g: Writer, z: Any, name: str | None) -> Any:
    return g("Relu", z, name=name)


def _leaky_relu(g: Writer, z: Any, name: str | None, slope: float) -> Any:
    if g.dtype == np.float32:
        return g("LeakyRelu", z, name=name, alpha=slope)
    return g("Add", g("Max", z, 0.0), g("Mul", g("Min", z, 0.0), slope), name=name)


def _elu(g: Writer, z: Any, name: str | None, alpha: float) -> Any:
    if g.dtype == np.float32:
        return g("Elu", z, name=name, alpha=alpha)
    below = g("Mul", g("Sub", g("Exp", g("Min", z, 0.0)), 1.0), alpha)
    return g("Add", g("Max", z, 0.0), below, name=name)


def _selu(g: Writer, z: Any, name: str | None) -> Any:
    if g.dtype == np.float32:
        return g("Selu", z, name=name, alpha=SELU_ALPHA, gamma=SELU_SCALE)
    return g("Mul", _elu(g, z, None, SELU_ALPHA), SELU_SCALE, name=name)


def _gelu(g: Writer, z: Any, name: str | None) -> Any:
    """Z Φ(z), from Erf; or, without it, max(z, 0) − |z| ½ erfc(|z|/√2), from erfc's own series."""
    if g.dtype == np.float32:
        distribution = g("Add", g("Erf", g("Mul", z, SQRT_HALF)), 1.0)
        return g("Mul", g("Mul", z, distribution), 0.5, name=name)
    x = g("Min", g("Abs", z), FARTHEST)
    y = g("Mul", x, SQRT_HALF)
    t = g("Div", g("Sub", y, 3.75), g("Add", y, 3.75))
    *lower, series = np.polynomial.chebyshev.cheb2poly(ERFC_CHEBYSHEV).tolist()
    for coefficient in reversed(lower):
        series = g("Add", g("Mul", series, t), coefficient)
    gauss = g("Exp", g("Mul", g("Mul", x, x), -0.5))
    tail = g("Mul", g("Div", series, g("Add", g("Mul", y, 2.0), 1.0)), gauss)
    return g("Sub", g("Max", z, 0.0), g("Mul", g("Mul", x, tail), 0.5), name=name)


def _silu(g: Writer, z: Any, name: str | None) -> Any:
    return g("Mul", z, g("Sigmoid", z), name=name)


def _softplus(g: Writer, z: Any, name: str | None) -> Any:
    if g.dtype == np.float32:
        return g("Softplus", z, name=name)
    rest = g("Log", g("Add", g("Exp", g("Neg", g("Abs", z))), 1.0))
    return g("Add", g("Max", z, 0.0), rest, name=name)


def _sigmoid(g: Writer, z: Any, name: str | None) -> Any:
    return g("Sigmoid", z, name=name)


def _tanh(g: Writer, z: Any, name: str | None) -> Any:
    return g("Tanh", z, name=name)


def _step(g: Writer, z: Any, name: str | None) -> Any:
    return g("Cast", g("Greater", z, 0.0), name=name, to=ELEMENT[g.dtype.name])


_WRITERS: dict[str, Callable[..., Any]] = {
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "silu": _silu,
    "softplus": _softplus,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "step": _step,
}
