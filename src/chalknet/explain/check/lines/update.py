"""The lines of the update: the optimizer's first step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from chalknet.explain.check.lines.line import Ingredients, Line
from chalknet.explain.check.precision import Floats
from chalknet.training.optimizers import Optimizer

__all__ = ["STEPS", "CorrectedSlot", "Slot", "Update"]


def _momentum(_: Any, of: Ingredients) -> Floats:
    """W − η v."""
    return of["w"] - of["rate"] * of["v"]


def _nesterov(optimizer: Any, of: Ingredients) -> Floats:
    """W − η (g + μ v)."""
    return of["w"] - of["rate"] * (of["g"] + float(optimizer.momentum) * of["v"])


def _scaled(optimizer: Any, of: Ingredients) -> Floats:
    """W − η g / (√s + ε)."""
    return of["w"] - of["rate"] * of["g"] / (np.sqrt(of["s"]) + float(optimizer.epsilon))


def _adam(optimizer: Any, of: Ingredients) -> Floats:
    """W − η m̂ / (√v̂ + ε), and for AdamW − η λ W."""
    step = of["mhat"] / (np.sqrt(of["vhat"]) + float(optimizer.epsilon))
    return of["w"] - of["rate"] * (step + float(getattr(optimizer, "weight_decay", 0.0)) * of["w"])


# By the optimizer's name: what the step takes from the lines just before it, and the step.
STEPS: Mapping[str, tuple[tuple[str, ...], Callable[[Any, Ingredients], Floats]]] = {
    "momentum": (("v",), _momentum),
    "nesterov": (("v",), _nesterov),
    "rmsprop": (("s",), _scaled),
    "adagrad": (("s",), _scaled),
    "adam": (("mhat", "vhat"), _adam),
    "adamw": (("mhat", "vhat"), _adam),
}


@dataclass(frozen=True, kw_only=True)
class _OfOptimizer(Line):
    """What the optimizer's first step makes of a parameter and its gradient."""

    optimizer: Optimizer

    subtracted: ClassVar[tuple[str, ...]] = ("g",)

    def _first_step(self, of: Ingredients) -> tuple[Any, ...]:
        coefficients = [float(c) for c in self.optimizer.coefficients(float(of["rate"]), 1)]
        slots = [np.zeros_like(of["w"]) for _ in self.optimizer.slot_names]
        return type(self.optimizer).update(of["w"], of["g"], *slots, *coefficients)


@dataclass(frozen=True, kw_only=True)
class Slot(_OfOptimizer):
    """A running quantity after the first step, ``name``: m, v or s of a parameter."""

    name: str

    def combine(self, of: Ingredients) -> Floats:
        """The slot that the optimizer leaves."""
        return np.asarray(self._first_step(of)[1 + self.optimizer.slot_names.index(self.name)])


@dataclass(frozen=True, kw_only=True)
class CorrectedSlot(Line):
    """m̂ = m / (1 − β₁ᵗ), or v̂."""

    correction: float

    def combine(self, of: Ingredients) -> Floats:
        """Slot / correction."""
        return of["slot"] / self.correction


@dataclass(frozen=True, kw_only=True)
class Update(_OfOptimizer):
    """W ← W − η dW, or what the optimizer does instead."""

    def combine(self, of: Ingredients) -> Floats:
        """From the gradient alone, or with the optimizer's slots as they stand."""
        slots, step = STEPS.get(self.optimizer.name, ((), None))
        if step is not None and all(name in of for name in slots):
            return step(self.optimizer, of)
        return np.asarray(self._first_step(of)[0])
