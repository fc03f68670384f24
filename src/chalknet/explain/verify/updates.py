"""The optimizers' updates made anew, by formulas arranged in another way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from chalknet.errors import ConfigurationError
from chalknet.explain.solution import Solution
from chalknet.explain.steps import Check
from chalknet.explain.verify.reckoners import Reckoner

__all__ = ["update_checks"]

METHOD = "the update made anew"
# Roots and powers lose a little more than sums do.
TERMS = 2000

# (w, g, slots before, coefficients by name, t, root) → the values after, "w" and the slots' names.
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
    return {"m": m, "v": v, "mhat": m / first, "vhat": v / second, "w": w - step}


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
    optimizer, update = solution.optimizer, solution.rounds[number - 1].update
    if optimizer is None or update is None:
        return
    if optimizer.name not in _UPDATES:
        raise ConfigurationError(
            f"the optimizer {optimizer.name!r} cannot be verified: known are {', '.join(_UPDATES)}."
        )
    values = solution.computed(number)
    before = solution.computed(number - 1) if number > 1 else {}
    names = list(vars(optimizer))
    for layer in range(len(solution.problem.layers), 0, -1):
        for parameter in (f"W{layer}", f"b{layer}"):
            old = {
                slot: before.get(f"{slot}_{parameter}", np.zeros_like(values[parameter]))
                for slot in optimizer.slot_names
            }
            coefficients = [getattr(optimizer, name) for name in names]
            w, g, c, *slots = reckoner.wide(
                values[parameter],
                values[f"d{parameter}"],
                coefficients,
                *old.values(),
                rational="epsilon" not in names,  # it stands beside a root
            )
            after = _UPDATES[optimizer.name](
                w,
                g,
                dict(zip(old, slots, strict=True)),
                dict(zip(names, c, strict=True)),
                number,
                reckoner.root,
            )
            was = dict(zip(old, slots, strict=True)) | {"w": w}
            for name, again in after.items():
                symbol = f"{parameter}_new" if name == "w" else f"{name}_{parameter}"
                start = was.get(name, again)
                error = reckoner.error(values[symbol], again, abs(start) + abs(again - start))
                yield (
                    symbol,
                    Check(method=METHOD, error=error, tolerance=reckoner.tolerance(TERMS)),
                )
