"""What every library is given: the same data, the same start, the same sequence of updates."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Parameters = list[tuple[Array, Array]]  # W (fan_in, fan_out) and b (fan_out,) of each layer


class _Layers:
    """What can be said of a problem from its layers alone."""

    start: Parameters

    @property
    def widths(self) -> list[int]:
        return [self.start[0][0].shape[0], *(W.shape[1] for W, _ in self.start)]

    @property
    def binary(self) -> bool:
        """One output with a sigmoid, instead of a softmax."""
        return self.widths[-1] == 1

    @property
    def products(self) -> list[int]:
        """Multiplications in XW for one sample, of each layer."""
        return [fan_in * fan_out for fan_in, fan_out in itertools.pairwise(self.widths)]


@dataclass(frozen=True, eq=False)
class TrainingProblem(_Layers):
    """Plain gradient descent on the mean cross entropy of each batch, from ``start``.

    Inputs are ``pixels`` / ``divisor``. With ``shuffle`` each library draws an order of its own;
    otherwise batches come in the order of the data. A short last batch counts as a batch. With
    ``evaluates`` the loss and accuracy on the test set are part of the work of every epoch, as they
    were in the studies.
    """

    pixels: Array
    labels: Array
    test_pixels: Array
    test_labels: Array
    start: Parameters
    activation: str
    batch_size: int
    learning_rate: float
    epochs: int = 1
    shuffle: bool = False
    evaluates: bool = False
    divisor: float = 255.0
    dtype: npt.DTypeLike = np.float32

    @cached_property
    def inputs(self) -> Array:
        inputs: Array = self.pixels.astype(self.dtype) / np.asarray(self.divisor, self.dtype)
        return inputs

    @property
    def flop(self) -> int:
        """Operations in the matrix products XW, Xᵀ dZ and, but for the first layer, dZ Wᵀ."""
        per_sample = 6 * sum(self.products) - 2 * self.products[0]
        return per_sample * len(self.pixels) * self.epochs

    def updates(self, count: int) -> TrainingProblem:
        """The first ``count`` updates, and half a batch more where there is one; in order."""
        rows = count * self.batch_size + self.batch_size // 2
        epochs = count if self.batch_size >= len(self.pixels) else 1
        return replace(self._first(rows), epochs=epochs, shuffle=False)

    def tenth(self) -> TrainingProblem:
        if self.epochs > 1:
            return replace(self, epochs=max(1, self.epochs // 10))
        return self._first(max(1, len(self.pixels) // 10))

    def _first(self, rows: int) -> TrainingProblem:
        return replace(self, pixels=self.pixels[:rows], labels=self.labels[:rows])


@dataclass(frozen=True, eq=False)
class PredictionProblem(_Layers):
    """Probabilities (n, K) for ``inputs`` (n, fan_in), which each library is given as they are."""

    inputs: Array
    start: Parameters
    activation: str

    @property
    def dtype(self) -> npt.DTypeLike:
        return self.inputs.dtype

    @property
    def flop(self) -> int:
        return 2 * sum(self.products) * len(self.inputs)

    def tenth(self) -> PredictionProblem:
        return replace(self, inputs=self.inputs[: max(1, len(self.inputs) // 10)])


Problem = TrainingProblem | PredictionProblem


@dataclass(frozen=True)
class Case:
    """A problem to be timed.

    Attributes
    ----------
    calls : int
        How often the work is done in one timing; more than once where it takes microseconds.
    accuracy_tolerance, loss_tolerance : float
        How far the test accuracy may lie from the median of all libraries, absolutely, and the test
        loss, relatively. Wide where each library shuffles for itself.
    """

    name: str
    title: str
    problem: Problem
    calls: int = 1
    accuracy_tolerance: float = 0.005
    loss_tolerance: float = 0.01

    def quick(self) -> Case:
        """A tenth of the work. Less training scatters more, so the tolerances widen."""
        return replace(
            self,
            title=f"{self.title}; a tenth of it",
            problem=self.problem.tenth(),
            calls=max(1, self.calls // 10),
            accuracy_tolerance=4 * self.accuracy_tolerance,
            loss_tolerance=4 * self.loss_tolerance,
        )


@dataclass(frozen=True)
class Settings:
    """How chalknet and its peers are to run."""

    threads: int
    engine: str = "auto"
