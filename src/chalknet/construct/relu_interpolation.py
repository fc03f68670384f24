"""A network of one hidden layer of ReLU neurons through every point, in closed form.

    y(x) = b + Σⱼ aⱼ relu(wⱼ x + bⱼ),    wⱼ = ±1,    knot −bⱼ / wⱼ,    slope change aⱼ wⱼ²

Each neuron bends the line once, so the points are joined by straight lines and every knot becomes a
neuron whose output weight is the change of slope there: sorting the points is the costliest part.
docs/construct.md states and proves how few neurons that takes.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from chalknet.construct.facing import Facing, Minimal, choose_facing
from chalknet.construct.hidden_layer import HiddenLayer, exact_layer, rounded_layer
from chalknet.construct.points import Arithmetic, Points, inline_points
from chalknet.construct.polyline import Polyline, connect, cut, cuts_of
from chalknet.errors import ConfigurationError, DataFormatError
from chalknet.layers import Dense
from chalknet.network import Network
from chalknet.operations.losses import MeanSquaredError

if TYPE_CHECKING:
    from chalknet.explain.problem import Problem
    from chalknet.model import Model

__all__ = ["ReluFit", "fit_relu"]

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
    minimal : "proved" or "within one"
        Of all networks that connect the points by straight lines (with ``sparsest``: of all through
        the points at all), whether none has fewer neurons, or one at most.
    fewest : int
        The number of neurons before any were split to have as many as asked for.
    is_sparsest : bool
        Whether knots may lie between points.
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
    minimal: Minimal
    fewest: int
    is_sparsest: bool
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
            "forward_residual": self.forward_residual,
            "exact": self.exact,
            "minimal": self.minimal,
            "fewest": self.fewest,
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


def fit_relu(
    x: Any,
    y: Any = None,
    *,
    neurons: int | None = None,
    sparsest: bool = False,
    arithmetic: Arithmetic = "auto",
) -> ReluFit:
    """Weights of a one-hidden-layer ReLU network through every point, by straight lines.

    Parameters
    ----------
    x, y : sequences (n,)
        n ≥ 2 points, in any order. ``y`` is left out where ``x`` is text such as ``"0:8 1:6"``.
    neurons : int, optional
        Exactly so many; otherwise as few as are found.
    sparsest : bool
        Let knots lie between points where that makes them fewer: the fewest of any continuous
        piecewise-linear function through the points.
    arithmetic : "auto", "exact" or "float64"
        ``auto`` is exact where no number is a float, whole numbers aside, and points are at most
        20,000. Exact weights are Fractions with which the network meets every point; the float64
        weights of ``network``, which there always are, miss none by more than 4 units in the last
        place of the y that is largest in size (see ``ReluFit.residuals``).

    Raises
    ------
    ShapeError, DataFormatError, TargetError
        There are fewer than two points, a number is not finite, or one x has two y.
    ConfigurationError
        ``neurons`` are too few.

    Examples
    --------
    >>> fit = fit_relu([0, 1, 2, 3, 4, 5], [0, 1, 2, 1, 0, 0])
    >>> fit.neurons, fit.minimal, fit.w_hidden, fit.b_hidden, fit.w_output, fit.b_output
    (2, 'proved', array([-1., -1.]), array([2., 4.]), array([-2.,  1.]), 0.0)
    >>> fit.model.predict([[2.0], [2.5]])
    array([2. , 1.5])
    """
    if y is None:
        if not isinstance(x, str):
            raise ConfigurationError('y is missing: give x and y, or text such as "0:8 1:6".')
        x, y = inline_points(x)
    points = Points.of(x, y, arithmetic)
    try:
        with np.errstate(all="ignore"):
            fit = _fitted(points, neurons, sparsest=sparsest)
    except OverflowError:
        fit = None
    if fit is None or not np.isfinite(fit.network.parameters).all():
        raise DataFormatError(
            "the slopes between these points leave the range of float64: give x and y in other "
            "units, so that they are neither huge nor nearly equal."
        )
    return fit


def _fitted(points: Points, neurons: int | None, *, sparsest: bool) -> ReluFit:
    straight = connect(points)
    cuts = cuts_of(straight) if sparsest else np.array([], int)
    line = cut(straight, cuts)
    facing, exact, layer, residuals = _best_facing(line, cut(straight.rounded(), cuts), points)
    fewest, minimal = len(layer.a), facing.minimal
    if sparsest and fewest > max(1, len(line.knots)):
        # Another function with as few knots may do with a neuron less.
        minimal = "within one"
    if neurons is not None:
        _check_enough(neurons, fewest, line, proved=minimal == "proved", sparsest=sparsest)
        exact = exact and exact.split(neurons)
        layer = layer.split(neurons)  # in halves, which misses nothing more
    return ReluFit(points, line, exact, layer, minimal, fewest, sparsest, residuals)


def _best_facing(
    line: Polyline, rounded: Polyline, points: Points
) -> tuple[Facing, HiddenLayer | None, HiddenLayer, Array]:
    """The fewest neurons; where all face one way, the way in which rounding does little harm."""
    facing = choose_facing(line)
    choices = [facing, *facing.turned()]
    unit = float(np.spacing(np.abs(points.y.astype(np.float64)).max()))
    best: tuple[float, Facing, HiddenLayer | None, HiddenLayer, Array] | None = None
    for choice in choices:
        exact = exact_layer(line, choice) if points.exact else None
        layer = rounded_layer(rounded, choice, points, exact)
        residuals = layer.errors_at(points)
        worst = float(np.abs(residuals).max())
        if best is None or worst < best[0]:
            best = worst, choice, exact, layer, residuals
        if worst <= 4 * unit:
            break
    assert best is not None  # noqa: S101 - for the type checker
    return best[1:]


def _check_enough(
    neurons: int, fewest: int, line: Polyline, *, proved: bool, sparsest: bool
) -> None:
    if isinstance(neurons, bool) or not isinstance(neurons, int) or neurons < 1:
        raise ConfigurationError(f"neurons must be a positive whole number, not {neurons!r}.")
    if neurons >= fewest:
        return
    knots = len(line.knots)
    what = "a function through these points" if sparsest else "straight lines between these points"
    needs = "needs" if sparsest else "need"
    found = f"{needs} {fewest}" if proved else f"{needs} {knots} at least, and {fewest} were found"
    advice = ""
    if not sparsest and len(cuts_of(line)):
        advice = ", or let knots lie between the points (sparsest)"
    asked = "1 neuron was" if neurons == 1 else f"{neurons} neurons were"
    raise ConfigurationError(
        f"{asked} asked for, but {what} {found}: ask for {fewest} or more{advice}."
    )
