"""A network through points, found in closed form: its weights, and what is known of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.hidden_layer import HiddenLayer
from chalknet.construct.points import Points
from chalknet.construct.polyline import Polyline
from chalknet.layers import Dense
from chalknet.network import Network
from chalknet.operations.losses import MeanSquaredError

if TYPE_CHECKING:
    from chalknet.explain.problem import Problem
    from chalknet.model import Model

__all__ = ["ReluFit"]

Array = npt.NDArray[Any]
FORWARD_LIMIT = 10**7  # points times neurons that Network.forward is asked for


@dataclass(frozen=True, eq=False)
class ReluFit:
    """What ``fit_relu`` found.

    Attributes
    ----------
    points : Points
    line : Polyline
        The function, on the range of the points.
    exact_layer : HiddenLayer or None
        In Fractions: through every point exactly. None where the arithmetic was float64.
    layer : HiddenLayer
        In float64: the weights of ``network``.
    minimal : "proved", "within one", "within 2" …
        Of all networks that connect the points by straight lines (with ``sparsest``: of all through
        the points at all), whether none has fewer neurons than ``fewest``, or how many fewer at
        most.
    fewest : int
        The number of neurons before any were split to have as many as asked for.
    added : int
        How many of them are there only because the float64 weights of fewer miss too much.
    is_sparsest : bool
        Whether knots may lie between points.
    as_given : bool
        Whether ``residuals`` are those of the points as they were given in fractions. Otherwise
        they are those of the points rounded to float64, which is what a network gets. Where
        rounding takes points off the few lines that they lie on, no network of as few neurons goes
        through the rounded ones.
    residuals : array (n,)
        What the float64 weights give at each point, taken without further rounding, minus y. It is
        the error of the weights. Adding N terms up in float64, as ``Network.forward`` does, has one
        of its own, at most about N · 2⁻⁵³ times the sum of the terms' sizes: points of noise, whose
        slopes cancel, lose digits whoever adds them up.
    """

    points: Points
    line: Polyline
    exact_layer: HiddenLayer | None
    layer: HiddenLayer
    minimal: str
    fewest: int
    added: int
    is_sparsest: bool
    as_given: bool
    residuals: Array

    @property
    def neurons(self) -> int:
        """How many there are in the hidden layer."""
        return len(self.layer.a)

    @property
    def exact(self) -> bool:
        """Whether there are weights in Fractions, with which the network misses no point."""
        return self.exact_layer is not None

    @property
    def w_hidden(self) -> Array:
        """Weights of the hidden layer (N,): 1 or −1, or near it where that rounds better."""
        return self.layer.w

    @property
    def b_hidden(self) -> Array:
        """Biases of the hidden layer (N,)."""
        return self.layer.b

    @property
    def w_output(self) -> Array:
        """Weights of the output (N,)."""
        return self.layer.a

    @property
    def b_output(self) -> float:
        """Bias of the output."""
        return float(self.layer.constant)

    @functools.cached_property
    def network(self) -> Network:
        """The network, in float64."""
        return Network(
            [
                Dense(self.w_hidden[np.newaxis], self.b_hidden, "relu"),
                Dense(self.w_output[:, np.newaxis], [self.b_output], "identity"),
            ]
        )

    @property
    def model(self) -> Model:
        """The network as a model that predicts y from rows of one x."""
        from chalknet.model import Model

        return Model(self.network, MeanSquaredError(), feature_names=("x",), name="fit-relu")

    @property
    def problem(self) -> Problem:
        """The network and its points as a problem on paper, in fractions where there are any."""
        from chalknet.explain.problem import Layer, Problem

        layer = self.exact_layer or self.layer
        constant = np.array([layer.constant], layer.a.dtype)
        return Problem(
            layers=(
                Layer(weights=layer.w[:, np.newaxis], bias=layer.b, activation="relu"),
                Layer(weights=layer.a[np.newaxis], bias=constant),
            ),
            inputs=self.points.x[:, np.newaxis],
            targets=self.points.y[:, np.newaxis],
            loss=MeanSquaredError(),
            title=f"{self.neurons} ReLU neurons through {len(self.points)} points",
        )

    @property
    def max_abs_residual(self) -> float:
        """The largest of ``residuals``, in size."""
        return float(np.abs(self.residuals).max())

    @property
    def forward_residual(self) -> float | None:
        """The same as ``Network.forward`` computes it; None where that would take too long."""
        if len(self.points) * self.neurons > FORWARD_LIMIT:
            return None
        x, y = self.points.x.astype(np.float64), self.points.y.astype(np.float64)
        return float(np.abs(self.network.output(x[:, np.newaxis])[:, 0] - y).max())

    def as_dict(self) -> dict[str, Any]:
        """Weights and what is known of them, for JSON; exact weights as text, such as "1/3"."""
        values: dict[str, Any] = {
            "points": len(self.points),
            "knots": len(self.line.knots),
            "neurons": self.neurons,
            "w_hidden": self.w_hidden.tolist(),
            "b_hidden": self.b_hidden.tolist(),
            "w_output": self.w_output.tolist(),
            "b_output": self.b_output,
            "max_abs_residual": self.max_abs_residual,
            "residual_of": "given points" if self.as_given else "rounded points",
            "forward_residual": self.forward_residual,
            "exact": self.exact,
            "minimal": self.minimal,
            "fewest": self.fewest,
            "added": self.added,
            "sparsest": self.is_sparsest,
        }
        if self.exact_layer is not None:
            values["fractions"] = {
                "w_hidden": [str(value) for value in self.exact_layer.w.tolist()],
                "b_hidden": [str(value) for value in self.exact_layer.b.tolist()],
                "w_output": [str(value) for value in self.exact_layer.a.tolist()],
                "b_output": str(self.exact_layer.constant),
            }
        return values
