"""The working of a problem: its lines in the order of work, and their true values."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from chalknet.explain.check.lines import Line, Values
from chalknet.explain.check.lines.problem import lines_of
from chalknet.explain.check.precision import BEYOND_DOUBLE, Floats
from chalknet.explain.numerals import exact_array
from chalknet.explain.problem import Layer, Problem
from chalknet.explain.solution import solve

__all__ = ["Carried", "Working", "is_part", "of_weights"]

ON_PAPER = 1000  # weights; more than that nobody works out by hand

_OF_WEIGHTS = re.compile(r"(d|[a-z]+_)?W\d+(_new)?")


def of_weights(symbol: str) -> bool:
    """Whether the symbol is a matrix like W: a row a neuron on paper, a column in the textbook."""
    return _OF_WEIGHTS.fullmatch(symbol) is not None


def is_part(one: str, line: str) -> bool:
    """Whether nobody would think of ``one`` as a line of its own: da2 and slope2 belong to dz2."""
    if line.startswith("dz"):
        return one in (f"da{line[2:]}", f"slope{line[2:]}")
    return (one, line) == ("losses", "loss")


class Carried(dict[str, Floats]):
    """Values by symbol, as somebody carried them on; what is missing is computed from the rest."""

    def __init__(self, lines: Mapping[str, Line], values: Mapping[str, Floats]) -> None:
        super().__init__(values)
        self.lines = lines

    def __missing__(self, symbol: str) -> Floats:
        value = self.lines[symbol].compute(self)
        self[symbol] = value
        return value

    def __contains__(self, symbol: object) -> bool:
        return super().__contains__(symbol) or symbol in self.lines

    def copy(self) -> Carried:
        """Another with the same values so far."""
        return Carried(self.lines, self)


class _Sizes(dict[str, Floats]):
    """How large the terms are that make up each number; see ``Line.size``."""

    def __init__(self, lines: Mapping[str, Line], given: Values, true: Values) -> None:
        super().__init__({symbol: np.abs(value) for symbol, value in given.items()})
        self._lines, self._true = lines, true

    def __missing__(self, symbol: str) -> Floats:
        value = self._lines[symbol].size(self._true, self)
        self[symbol] = value
        return value


class Working:
    """A problem's lines and their true values, in the layout of the textbook.

    Attributes
    ----------
    problem : Problem
    lines : dict of Line
        By symbol, in the order of work. ``losses`` is among them even where one sample has but one.
    given : dict
        What is not computed: x, y, weight and share (of each sample in the loss), W1, b1, ….
    true : dict
        ``given``, and the value of every line.
    sizes : dict
        How large the terms are that make up each number, whatever they cancel to.
    shapes : dict
        Of every symbol that may stand on a sheet, as it stands there.

    Raises
    ------
    ConfigurationError
        A number of the solution is too large for float64.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        values = solve(problem).values
        self.given = _given(problem)
        self.lines = {line.symbol: line for line in lines_of(problem, values)}
        self.shapes = {
            symbol: np.shape(value) for symbol, value in values.items() if symbol in self.lines
        }
        self.true: dict[str, Floats] = dict(self.given)
        self.sizes: Mapping[str, Floats] = _Sizes(self.lines, self.given, self.true)
        self._take(values)
        if self._is_at_a_kink():
            self._take(solve(_in_decimals(problem), exact=True).values)
        self._ancestors: dict[str, tuple[str, ...]] = {}

    def _take(self, values: Mapping[str, Any]) -> None:
        """Take the values of a solution for the true ones."""
        for symbol in self.shapes:
            self.true[symbol] = self.textbook(symbol, np.asarray(values[symbol], np.float64))
        if "loss" in values and "losses" not in values:
            self.true["losses"] = self.true["loss"][None]

    def _is_at_a_kink(self) -> bool:
        """Whether some pre-activation is 0 but for rounding.

        On paper 0.1 + 0.2 − 0.3 is 0, and relu′(0) := 0; in floating point it is neither. A trained
        model is too large to be worked out on paper.
        """
        if sum(layer.weights.size for layer in self.problem.layers) > ON_PAPER:
            return False
        for number in range(1, len(self.problem.layers) + 1):
            z = self.true[f"z{number}"]
            if ((z != 0) & (np.abs(z) <= BEYOND_DOUBLE * self.sizes[f"z{number}"])).any():
                return True
        return False

    def textbook(self, symbol: str, array: Any) -> Any:
        """An array as on the sheet, in the layout of the textbook."""
        if of_weights(symbol):
            return array.T
        samples = symbol == "p" or re.fullmatch(r"(d?[za]|slope)\d+", symbol)
        return array[None] if samples and self.problem.single else array

    def sheet(self, symbol: str, array: Any) -> Any:
        """An array in the layout of the textbook, as on the sheet."""
        if of_weights(symbol):
            return array.T
        return array.reshape(self.shapes[symbol])

    def terms(self, symbol: str) -> Floats:
        """How large the terms are that a line is summed up from, as it stands on paper."""
        line = self.lines[symbol]
        sizes = {
            need: self.terms(need) if is_part(need, symbol) else np.abs(self.true[need])
            for need in line.needs
        }
        return line.size(self.true, sizes)

    def ancestors(self, symbol: str) -> tuple[str, ...]:
        """The lines from which a line is computed, however indirectly, in the order of work."""
        if symbol not in self._ancestors:
            found = {need for need in self.lines[symbol].needs if need in self.lines}
            found |= {other for need in found for other in self.ancestors(need)}
            self._ancestors[symbol] = tuple(name for name in self.lines if name in found)
        return self._ancestors[symbol]

    def hidden(self, symbol: str, sheet: Iterable[str]) -> list[str]:
        """The lines between a line and those on the sheet from which it is computed."""
        shown = set(sheet)
        found: set[str] = set()
        open_ends = [symbol]
        while open_ends:
            for need in self.lines[open_ends.pop()].needs:
                if need in self.lines and need not in shown and need not in found:
                    found.add(need)
                    open_ends.append(need)
        return [name for name in self.lines if name in found]


def _in_decimals(problem: Problem) -> Problem:
    """The problem with its floats as the decimals that they were written as, exactly."""

    def exact(array: Any) -> Any:
        return exact_array(array.astype(object))

    given = {
        name: exact(getattr(problem, name))
        for name in ("inputs", "targets", "sample_weight")
        if getattr(problem, name) is not None
    }
    if problem.single:
        given |= {name: given[name][0] for name in ("inputs", "targets") if name in given}
    layers = tuple(
        Layer(weights=exact(layer.weights), bias=exact(layer.bias), activation=layer.activation)
        for layer in problem.layers
    )
    return dataclasses.replace(problem, layers=layers, **given)


def _given(problem: Problem) -> dict[str, Floats]:
    given: dict[str, Floats] = {"x": problem.inputs.astype(np.float64)}
    for number, layer in enumerate(problem.layers, start=1):
        given[f"W{number}"] = layer.weights.astype(np.float64).T
        given[f"b{number}"] = layer.bias.astype(np.float64)
    if problem.targets is not None:
        given["y"] = problem.targets.astype(np.float64)
        n = len(problem.targets)
        weight = np.ones(n) if problem.sample_weight is None else problem.sample_weight
        given["weight"] = weight.astype(np.float64)
        given["share"] = given["weight"] / given["weight"].sum()
    if problem.optimizer is not None:
        given["rate"] = np.asarray(float(problem.optimizer.learning_rate))
    return given
