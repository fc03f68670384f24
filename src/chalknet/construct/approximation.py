"""Approximating a function by a network that is written down, with a proof of how far it is off.

Boxes of step neurons are off by half of what the function varies on a box: at most L h / 2 on boxes
of width h, with L the steepest slope, so an error of E takes about L (b − a) / 2E of them. Straight
lines of ReLU neurons are off by max|f″| h² / 8: with n neurons 1/n² instead of 1/n. In d inputs it
is so many boxes along each, and the number of neurons is that to the power d.

The bound that is reported is not that formula but the function itself, bounded on thousands of
small boxes (``functions``), against the network; it holds for every input in the range, with the
rounding of the network's own sums included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from chalknet.construct.functions import Function, as_function
from chalknet.construct.measured_error import measured_error, rounding_of_sums
from chalknet.construct.placement import (
    Boxes,
    Cells,
    Lines,
    adaptive_boxes,
    fewest,
    uniform_boxes,
    uniform_cells,
    uniform_lines,
)
from chalknet.construct.relu_interpolation import fit_relu
from chalknet.construct.step_networks import boxes_network, cells_network, count_of_neurons
from chalknet.errors import ConfigurationError, unknown_name
from chalknet.network import Network
from chalknet.operations.losses import MeanSquaredError

if TYPE_CHECKING:
    from chalknet.model import Model

__all__ = ["Approximation", "Kind", "Placement", "approximate"]

Array = npt.NDArray[Any]
Kind = Literal["boxes", "lines"]
Placement = Literal["uniform", "adaptive"]

MOST_NEURONS = 20_000
USUAL_NEURONS = 20


@dataclass(frozen=True, eq=False)
class Approximation:
    """A function and the network that approximates it.

    Attributes
    ----------
    function : Function
    kind : "boxes" (step neurons) or "lines" (ReLU neurons)
    placement : "uniform" or "adaptive"
    low, high : float
        The range of every input.
    layout : Boxes, Lines or Cells
        Where the walls or knots are, and the heights or values.
    network : Network
    bound : float
        The error is no larger anywhere in the range.
    proved : bool
        Whether that is proved, or only seen on samples of a callable of which nothing is known.
    measured : float
        The largest error found on a grid of samples.
    worst : array (inputs,)
        Where it was found.
    """

    function: Function
    kind: Kind
    placement: Placement
    low: float
    high: float
    layout: Boxes | Lines | Cells
    network: Network
    bound: float
    proved: bool
    measured: float
    worst: Array

    @property
    def neurons(self) -> int:
        """All hidden neurons."""
        return sum(self.network.widths[1:-1])

    @property
    def model(self) -> Model:
        """The network as a model of raw inputs."""
        from chalknet.model import Model

        d = self.function.inputs
        names = ("x",) if d == 1 else tuple(f"x{a}" for a in range(1, d + 1))
        return Model(self.network, MeanSquaredError(), feature_names=names, name=self.function.name)

    def as_dict(self) -> dict[str, Any]:
        """What is known of it, for JSON; weights as in ``Network.layers``."""
        return {
            "function": self.function.name,
            "inputs": self.function.inputs,
            "kind": self.kind,
            "placement": self.placement,
            "range": [self.low, self.high],
            "neurons": self.neurons,
            "widths": self.network.widths,
            "bound": self.bound,
            "proved": self.proved,
            "measured": self.measured,
            "worst_at": self.worst.tolist(),
        }


def approximate(
    function: str | Callable[[Any], Any] | Function,
    low: float = -1.0,
    high: float = 1.0,
    *,
    neurons: int | None = None,
    error: float | None = None,
    kind: Kind = "boxes",
    placement: Placement = "uniform",
    inputs: int | None = None,
    lipschitz: float | Sequence[float] | None = None,
) -> Approximation:
    """A network that is within a known distance of a function on [low, high], or a cube of it.

    Parameters
    ----------
    function : str, callable or Function
        Text such as ``"sin(3x)"`` or ``"exp(-x1^2 - x2^2)"``; a callable of arrays x (n,), or
        X (n, inputs); or samples, as ``SampledFunction``.
    neurons : int, optional
        As many hidden neurons as this, or where the layout does not allow it the next fewer.
    error : float, optional
        As few neurons as it takes for the bound to be no larger.
    kind : "boxes" or "lines"
        Step neurons, or ReLU neurons (one input).
    placement : "uniform" or "adaptive"
        Boxes of equal width, or narrow where the function is steep (one input).
    inputs : int, optional
        Of a callable (1); otherwise as many as the function has.
    lipschitz : float, or one an input, optional
        Bounds the slope of a callable; without it the bound is not proved.

    Raises
    ------
    ConfigurationError
        Options do not go together, the function is not finite, or it takes too many neurons.

    Examples
    --------
    >>> steps = approximate("sin(x)", -3, 3, error=0.01)
    >>> steps.neurons, 0.009 < steps.measured <= steps.bound <= 0.01
    (301, True)
    >>> lines = approximate("sin(x)", -3, 3, error=0.01, kind="lines")
    >>> lines.neurons, lines.measured <= lines.bound <= 0.01
    (21, True)
    """
    wanted = as_function(function, inputs=inputs, lipschitz=lipschitz)
    _check(wanted, low, high, neurons, error, kind, placement)
    if neurons is None and error is None:
        usual = USUAL_NEURONS if wanted.inputs == 1 else count_of_neurons(10, wanted.inputs)
        neurons = min(usual, MOST_NEURONS)
    layout: Boxes | Lines | Cells
    if wanted.inputs > 1:
        layout = _cells(wanted, low, high, neurons, error)
        network = cells_network(layout.edges, layout.heights)
    elif kind == "lines":
        layout = _lines(wanted, low, high, neurons, error)
        network = fit_relu(layout.edges, layout.values, arithmetic="float64").network
    else:
        layout = _boxes(wanted, low, high, neurons, error, placement)
        network = boxes_network(layout.edges, layout.heights)
    bound = float(layout.errors.max()) + rounding_of_sums(network, low, high)
    measured, worst = measured_error(wanted, layout, network)
    return Approximation(
        wanted, kind, placement, low, high, layout, network, bound, wanted.proved, measured, worst
    )


# how many -------------------------------------------------------------------------------------


def _boxes(
    function: Function, low: float, high: float, neurons: int | None, error: float | None,
    placement: Placement,
) -> Boxes:  # fmt: skip
    if placement == "adaptive":
        boxes = None if neurons is None else neurons - 1
        found = adaptive_boxes(function, low, high, boxes=boxes, error=_less(error))
        if len(found.edges) > MOST_NEURONS:
            raise _too_many(error, f"{len(found.edges):,}")
        return found
    if error is not None:
        within = _less(error)
        neurons = 1 + fewest(
            lambda m: bool(uniform_boxes(function, low, high, m).errors.max() <= within),
            MOST_NEURONS - 1,
            str(_too_many(error, f"more than {MOST_NEURONS:,}")),
        )
    return uniform_boxes(function, low, high, (neurons or 2) - 1)


def _lines(
    function: Function, low: float, high: float, neurons: int | None, error: float | None
) -> Lines:
    if error is not None:
        within = _less(error)
        neurons = fewest(
            lambda m: bool(uniform_lines(function, low, high, m).errors.max() <= within),
            MOST_NEURONS,
            str(_too_many(error, f"more than {MOST_NEURONS:,}")),
        )
    return uniform_lines(function, low, high, neurons or 1)


def _cells(
    function: Function, low: float, high: float, neurons: int | None, error: float | None
) -> Cells:
    if error is None:
        return uniform_cells(function, low, high, _cells_of(neurons or 0, function))
    within, most = _less(error), _cells_of(MOST_NEURONS, function)
    cells = fewest(
        lambda m: bool(uniform_cells(function, low, high, m).errors.max() <= within),
        most,
        str(_too_many(error, f"more than {count_of_neurons(most, function.inputs):,}")),
    )
    return uniform_cells(function, low, high, cells)


def _cells_of(neurons: int, function: Function) -> int:
    """How many cells a side so many neurons make."""
    d, cells = function.inputs, 0
    while count_of_neurons(cells + 1, d) <= neurons:
        cells += 1
    if cells == 0:
        raise ConfigurationError(
            f"{d} inputs take {count_of_neurons(1, d)} neurons at least, for one cell, but "
            f"{neurons} were asked for."
        )
    return cells


def _less(error: float | None) -> float | None:
    """A little less, for the rounding of sums."""
    return None if error is None else error * (1 - 1e-9)


def _too_many(error: float | None, count: str) -> ConfigurationError:
    return ConfigurationError(
        f"an error of {error:g} takes {count} neurons, more than are built, or cannot be had at "
        "all where the function jumps: allow a larger error, or for one input choose adaptive "
        "boxes, or lines."
    )


def _check(
    function: Function, low: float, high: float, neurons: int | None, error: float | None,
    kind: str, placement: str,
) -> None:  # fmt: skip
    if kind not in ("boxes", "lines"):
        raise unknown_name("kind", kind, ("boxes", "lines"))
    if placement not in ("uniform", "adaptive"):
        raise unknown_name("placement", placement, ("uniform", "adaptive"))
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ConfigurationError(f"the range from {low:g} to {high:g} has no inside.")
    if neurons is not None and error is not None:
        raise ConfigurationError("give neurons or error, not both: one follows from the other.")
    if error is not None and not (np.isfinite(error) and error > 0):
        raise ConfigurationError(f"error must be a number above 0, not {error!r}.")
    least = 1 if kind == "lines" else 2
    if neurons is not None and not (isinstance(neurons, int) and least <= neurons <= MOST_NEURONS):
        raise ConfigurationError(
            f"neurons must be a whole number from {least} to {MOST_NEURONS:,}, not {neurons!r}."
        )
    if function.inputs > 1 and (kind == "lines" or placement == "adaptive"):
        what = "lines" if kind == "lines" else "adaptive boxes"
        raise ConfigurationError(
            f"{what} are for functions of one input, but {function.name} has {function.inputs}."
        )
