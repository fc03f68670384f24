"""The optimizers' updates made anew, by formulas arranged in another way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from chalknet.errors import ConfigurationError
from chalknet.explain.solution import Solution
from chalknet.explain.steps import Check
from chalknet.explain.verify.reckoners import Reckoner
from chalknet.training.optimizers import Optimizer

__all__ = ["update_checks"]

METHOD = "the update made anew"
# Roots and powers lose a little more than sums do.
TERMS = 2000

# (w, g, slots before, coefficients by name, t, root) → the values after, "w" and the slots' names;
# of Adam's corrected moments the factor.
Coefficients = Mapping[str, Any]


def _sgd(w: Any, g: Any, slots: Any, c: Coefficients, t: int, root: Any) -> dict[str, Any]:  # noqa: ARG001
    return {"w": w + g * -c["learning_rate"]}


def _momentum(w: Any, g: Any, slots: Any, c: Coefficients, t: int, root: Any) -> dict[str, Any]:  # noqa: ARG001
    v = g + slots["v"] * c["momentum"]
    return {"v": v, "w": w + v * -c["learning_rate"]}


def _nesterov(w: Any, g: Any, slots: Any, c: Coefficients, t: int, root: Any) -> dict[str, Any]:  # noqa: ARG001
    v = g + slots["v"] * c["momentum"]
    step = g * c["learning_rate"] + v * (c["learning_rate"] * c["momentum"])
    return {"v": v, "w": w - step}


def _rmsprop(w: Any, g: Any, slots: Any, c: Coefficients, t: int, root: Any) -> dict[str, Any]:  # noqa: ARG001
    s = slots["s"] + (g * g - slots["s"]) * (1 - c["decay"])
    return {"s": s, "w": w - g / (root(s) + c["epsilon"]) * c["learning_rate"]}


def _adagrad(w: Any, g: Any, slots: Any, c: Coefficients, t: int, root: Any) -> dict[str, Any]:  # noqa: ARG001
    s = g * g + slots["s"]
    return {"s": s, "w": w - g / (root(s) + c["epsilon"]) * c["learning_rate"]}


def _adam(w: Any, g: Any, slots: Any, c: Coefficients, t: int, root: Any) -> dict[str, Any]:
    m = slots["m"] + (g - slots["m"]) * (1 - c["beta_1"])
    v = slots["v"] + (g * g - slots["v"]) * (1 - c["beta_2"])
    # 1 − βᵗ = (1 − β)(1 + β + … + βᵗ⁻¹).
    first = (1 - c["beta_1"]) * sum(c["beta_1"] ** k for k in range(t))
    second = (1 - c["beta_2"]) * sum(c["beta_2"] ** k for k in range(t))
    step = m * c["learning_rate"] / (first * (root(v / second) + c["epsilon"]))
    return {"m": m, "v": v, "w": w - step, "mhat": 1 / first, "vhat": 1 / second}


def _adamw(w: Any, g: Any, slots: Any, c: Coefficients, t: int, root: Any) -> dict[str, Any]:
    after = _adam(w, g, slots, c, t, root)
    after["w"] = after["w"] - w * (c["learning_rate"] * c["weight_decay"])
    return after


_UPDATES: dict[str, Callable[..., dict[str, Any]]] = {
    "sgd": _sgd,
    "momentum": _momentum,
    "nesterov": _nesterov,
    "rmsprop": _rmsprop,
    "adagrad": _adagrad,
    "adam": _adam,
    "adamw": _adamw,
}


def update_checks(
    solution: Solution, number: int, reckoner: Reckoner
) -> Iterator[tuple[str, Check]]:
    """Symbol and check for every new parameter and every slot of a round."""
    optimizer = solution.optimizer
    if optimizer is None or solution.rounds[number - 1].update is None:
        return
    if optimizer.name not in _UPDATES:
        raise ConfigurationError(
            f"the optimizer {optimizer.name!r} cannot be verified: known are {', '.join(_UPDATES)}."
        )
    values = solution.computed(number)
    before = solution.computed(number - 1) if number > 1 else {}
    for layer in range(len(solution.problem.layers), 0, -1):
        for parameter in (f"W{layer}", f"b{layer}"):
            for symbol, again, start in _updated(
                optimizer, parameter, values, before, number, reckoner
            ):
                error = reckoner.error(values[symbol], again, abs(start) + abs(again - start))
                yield (
                    symbol,
                    Check(method=METHOD, error=error, tolerance=reckoner.tolerance(TERMS)),
                )


def _updated(
    optimizer: Optimizer,
    parameter: str,
    values: Mapping[str, Any],
    before: Mapping[str, Any],
    number: int,
    reckoner: Reckoner,
) -> Iterator[tuple[str, Any, Any]]:
    """Each new quantity of one parameter: symbol, value, and the value that it started from."""
    names = list(vars(optimizer))
    slots = {name: f"{name}_{parameter}" for name in optimizer.slot_names}
    w, g, coefficients, *old = reckoner.wide(
        values[parameter],
        values[f"d{parameter}"],
        [getattr(optimizer, name) for name in names],
        *(before.get(slot, np.zeros_like(values[parameter])) for slot in slots.values()),
        rational="epsilon" not in names,  # it stands beside a root
    )
    was = dict(zip(slots, old, strict=True))
    c = dict(zip(names, coefficients, strict=True))
    after = _UPDATES[optimizer.name](w, g, was, c, number, reckoner.root)
    yield f"{parameter}_new", after.pop("w"), w
    for name, again in after.items():
        if name in was:
            yield slots[name], again, was[name]
        else:  # a corrected moment is a multiple of the moment as it stands
            [moment] = reckoner.wide(values[slots[name[0]]], rational=False)
            yield f"{name}_{parameter}", moment * again, moment * again
