"""A network of one hidden layer of ReLU neurons through every point, in closed form.

    y(x) = b + Σⱼ aⱼ relu(wⱼ x + bⱼ),    wⱼ = ±1,    knot −bⱼ / wⱼ,    slope change aⱼ |wⱼ|

Each neuron bends the line once, so the points are joined by straight lines and every knot becomes a
neuron whose output weight is the change of slope there: sorting the points is the costliest part.
docs/construct.md states and proves how few neurons that takes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.construct.facing import Facing, choose_facing, one_way
from chalknet.construct.float_layer import FloatLayer, float_layer
from chalknet.construct.hidden_layer import HiddenLayer, exact_layer
from chalknet.construct.points import Arithmetic, Points, inline_points
from chalknet.construct.polyline import Polyline, connect, cut, cuts_of
from chalknet.construct.relu_fit import ReluFit
from chalknet.errors import ConfigurationError, DataFormatError

__all__ = ["ReluFit", "fit_relu"]

MOST_NEURONS = 20_000  # that may be asked for, unless the points need more
MINIMAL = {0: "proved", 1: "within one"}


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
        Exactly so many, at most 20,000 or as many as are needed; otherwise as few as are found.
    sparsest : bool
        Let knots lie between points where that makes them fewer: the fewest of any continuous
        piecewise-linear function through the points.
    arithmetic : "auto", "exact" or "float64"
        ``auto`` is exact where no number is a float, whole numbers aside, and points are at most
        20,000. Exact weights are Fractions with which the network meets every point. The float64
        weights of ``network``, which there always are, miss none by more than 4 units in the last
        place of the y that is largest in size (see ``ReluFit.residuals``); where so few neurons
        cannot do that, there are more, unless ``neurons`` asks for so few.

    Raises
    ------
    ShapeError, DataFormatError, TargetError
        There are fewer than two points, a number is not finite, one x has two y, or slopes are
        beyond what weights in float64 can make.
    ConfigurationError
        ``neurons`` are too few or too many.

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
    line = cut(straight, cuts_of(straight)) if sparsest else straight
    facing = choose_facing(line)
    needed, slack = _neurons(line, facing), 0 if facing.minimal == "proved" else 1
    if sparsest and needed > max(1, len(line.knots)):
        # Another function with as few knots may do with a neuron less.
        slack = 1
    if neurons is not None:
        _check_enough(neurons, needed, line, proved=not slack, sparsest=sparsest)
    found, exact = _weights(line, facing, points, neurons)
    fewest = len(found.layer.a)
    return ReluFit(
        points=points,
        line=line,
        exact_layer=exact and exact.split(neurons or fewest),
        layer=found.layer.split(neurons or fewest),  # in halves, which misses nothing more
        minimal=MINIMAL.get(slack + fewest - needed, f"within {slack + fewest - needed}"),
        fewest=fewest,
        added=fewest - needed,
        is_sparsest=sparsest,
        as_given=found.as_given,
        residuals=found.residuals,
    )


def _neurons(line: Polyline, facing: Facing) -> int:
    """One a knot, and one more where all face one way; a hidden layer has one at least."""
    return max(1, len(line.knots) + (facing.flat in (-1, len(line.slopes))))


def _weights(
    line: Polyline, facing: Facing, points: Points, most: int | None
) -> tuple[FloatLayer, HiddenLayer | None]:
    """Weights in float64 and in Fractions, with a neuron more where those miss too much."""
    found = []
    for choice in (facing, one_way(line, "within one")):
        if choice is not facing and (
            facing.flat is not None or (most or len(points)) < _neurons(line, choice)
        ):
            break
        exact = exact_layer(line, choice) if points.exact else None
        layer = float_layer(line, choice, points, exact, most)
        if layer is not None:
            found.append((layer, exact))
            if layer.keeps:
                return layer, exact
    if not found:
        raise OverflowError
    return found[0]


def _check_enough(
    neurons: int, fewest: int, line: Polyline, *, proved: bool, sparsest: bool
) -> None:
    if isinstance(neurons, bool) or not isinstance(neurons, int) or neurons < 1:
        raise ConfigurationError(f"neurons must be a positive whole number, not {neurons!r}.")
    if neurons > max(MOST_NEURONS, fewest):
        raise ConfigurationError(
            f"neurons must be a whole number from {fewest:,} to {max(MOST_NEURONS, fewest):,}, "
            f"not {neurons:,}."
        )
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
