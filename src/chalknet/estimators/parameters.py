"""What the constructors' arguments mean: checked, and resolved once into objects."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from chalknet.errors import ConfigurationError, unknown_name
from chalknet.estimators.activations import hidden_activations
from chalknet.estimators.optimizers import as_in_scikit_learn
from chalknet.estimators.rates import Rate, as_rate
from chalknet.estimators.weights import Draw, initializer_of
from chalknet.operations.activations import Activation
from chalknet.training.optimizers import Optimizer

__all__ = ["STOCHASTIC", "Settings", "settings_of"]

STOCHASTIC = ("adagrad", "adam", "adamw", "rmsprop", "sgd")
SOLVERS = ("lbfgs", *STOCHASTIC)


@dataclass(frozen=True)
class Settings:
    """The network and the solver that the arguments describe.

    Attributes
    ----------
    hidden : tuple of int
        Widths of the hidden layers.
    activations : tuple of Activation
        One a hidden layer.
    last_activation : Activation
        The last of them; where there is no hidden layer, what it would have been.
    dropout : tuple of float
        The rate of each hidden layer.
    draw : function or None
        What draws a layer's weights; None for scikit-learn's scheme.
    optimizer : Optimizer
        Of the stochastic solvers; for ``lbfgs`` one that nobody asks.
    rate : Rate
        The same.
    """

    hidden: tuple[int, ...]
    activations: tuple[Activation, ...]
    last_activation: Activation
    dropout: tuple[float, ...]
    draw: Draw | None
    optimizer: Optimizer
    rate: Rate


def settings_of(arguments: Mapping[str, Any]) -> Settings:
    """Check the arguments of an estimator, and resolve those that are names.

    Raises
    ------
    ConfigurationError
        One of them is not what it must be; the message says what it must be.
    """
    for name, (expected, holds) in RULES.items():
        if name in arguments and not holds(arguments[name]):
            raise ConfigurationError(f"{name} must be {expected}, not {arguments[name]!r}.")
    solver = arguments["solver"]
    if solver not in SOLVERS:
        raise unknown_name("solver", solver, SOLVERS)
    hidden = _widths(arguments["hidden_layer_sizes"])
    dropout = _dropout(arguments["dropout"], len(hidden))
    if solver == "lbfgs" and any(dropout):
        raise ConfigurationError(
            "lbfgs needs the same objective at every evaluation, and dropout draws a new one: "
            "take solver='adam' or 'sgd', or dropout=0."
        )
    activations = hidden_activations(arguments["activation"], len(hidden))
    # scikit-learn's weights depend on the name of an activation that no layer has.
    would_be = activations or hidden_activations(arguments["activation"] or "identity", 1)
    return Settings(
        hidden=hidden,
        activations=activations,
        last_activation=would_be[-1],
        dropout=dropout,
        draw=initializer_of(arguments["init"]),
        optimizer=as_in_scikit_learn(
            solver,
            learning_rate=float(arguments["learning_rate_init"]),
            momentum=float(arguments["momentum"]),
            nesterovs_momentum=bool(arguments["nesterovs_momentum"]),
            beta_1=float(arguments["beta_1"]),
            beta_2=float(arguments["beta_2"]),
            epsilon=float(arguments["epsilon"]),
        ),
        rate=as_rate(arguments["learning_rate"], solver, float(arguments["power_t"])),
    )


def _widths(hidden_layer_sizes: Any) -> tuple[int, ...]:
    given = np.atleast_1d(np.asarray(hidden_layer_sizes, object)).tolist()
    for width in given:
        if not (_is_integer(width) and width >= 1):
            raise ConfigurationError(
                "hidden_layer_sizes must be one width or a list of widths, each a whole number "
                f"from 1, not {hidden_layer_sizes!r}."
            )
    return tuple(int(width) for width in given)


def _dropout(dropout: Any, hidden: int) -> tuple[float, ...]:
    rates = [dropout] * hidden if _is_number(dropout) else list(np.ravel(dropout))
    if len(rates) != hidden or not all(_is_number(rate) and 0 <= rate < 1 for rate in rates):
        raise ConfigurationError(
            f"dropout must be one rate in [0, 1), or one for each of the {hidden} hidden layers, "
            f"not {dropout!r}."
        )
    return tuple(float(rate) for rate in rates)


def _is_integer(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool | np.bool_)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _is_count(value: Any) -> bool:
    return _is_integer(value) and value >= 1


def _is_from(low: float, *, below: float = math.inf) -> Callable[[Any], bool]:
    return lambda value: _is_number(value) and low <= value < below


def _is_positive(value: Any) -> bool:
    return _is_number(value) and 0 < value < math.inf


RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "alpha": ("a finite number ≥ 0", _is_from(0)),
    "batch_size": ("'auto' or a whole number from 1", lambda v: v == "auto" or _is_count(v)),
    "learning_rate_init": ("a finite number above 0", _is_positive),
    "power_t": ("a finite number ≥ 0", _is_from(0)),
    "max_iter": ("a whole number from 1", _is_count),
    "max_fun": ("a whole number from 1", _is_count),
    "shuffle": ("True or False", _is_switch),
    "tol": ("a finite number ≥ 0", _is_from(0)),
    "verbose": (
        "True, False or a whole number ≥ 0",
        lambda v: _is_switch(v) or (_is_integer(v) and v >= 0),
    ),
    "warm_start": ("True or False", _is_switch),
    "momentum": ("a number from 0 to 1", lambda v: _is_number(v) and 0 <= v <= 1),
    "nesterovs_momentum": ("True or False", _is_switch),
    "early_stopping": ("True or False", _is_switch),
    "validation_fraction": ("a number in [0, 1)", _is_from(0, below=1)),
    "beta_1": ("a number in [0, 1)", _is_from(0, below=1)),
    "beta_2": ("a number in [0, 1)", _is_from(0, below=1)),
    "epsilon": ("a finite number above 0", _is_positive),
    "n_iter_no_change": (
        "a whole number from 1, or infinity",
        lambda v: _is_count(v) or (_is_number(v) and v == math.inf),
    ),
    "n_threads": ("None or a whole number from 1", lambda v: v is None or _is_count(v)),
    "transform_layer": ("a whole number, as an index into the hidden layers", _is_integer),
}
