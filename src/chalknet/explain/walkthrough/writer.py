"""What every part of the walkthrough writes with: the values of one round, and the board."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalknet.errors import ConfigurationError
from chalknet.explain.formula import Formula
from chalknet.explain.problem import Problem
from chalknet.explain.solution import Solution
from chalknet.explain.steps import Check, Step
from chalknet.explain.symbols import symbols_of
from chalknet.explain.walkthrough.board import Board, equals, shape_of
from chalknet.explain.walkthrough.functions import FunctionOnBoard, named, on_board
from chalknet.explain.walkthrough.losses import LossOnBoard, loss_on_board
from chalknet.operations.activations import ACTIVATIONS

__all__ = ["MANY", "Writer"]

# With more numbers than this, entries are not written out one by one: nobody would read them.
MANY = 300


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Writes the steps of one round.

    Attributes
    ----------
    solution : Solution
    number : int
        Of the round, from 1.
    board : Board
    values : mapping
        Symbol → value of this round, with what is given: x, y, W1, b1, … as they are in this round.
    checks : mapping
        Symbol → how its value was verified; a line without is refused.
    """

    solution: Solution
    number: int
    board: Board
    values: Mapping[str, Any]
    checks: Mapping[str, tuple[Check, ...]]

    @classmethod
    def of(
        cls,
        solution: Solution,
        number: int,
        board: Board,
        checks: Mapping[str, tuple[Check, ...]],
    ) -> Writer:
        """The writer of a round."""
        given = solution.given(number)
        own = symbols_of(solution.values, number)
        return cls(solution=solution, number=number, board=board, values=given | own, checks=checks)

    @property
    def problem(self) -> Problem:
        """What is worked out."""
        return self.solution.problem

    @property
    def n(self) -> int:
        """How many samples there are."""
        return len(self.problem.inputs)

    @property
    def last(self) -> int:
        """The number of the output layer."""
        return len(self.problem.layers)

    @property
    def output(self) -> str:
        """The symbol of the output: aL, or zL where the loss has a function of its own."""
        return f"a{self.last}" if f"a{self.last}" in self.values else f"z{self.last}"

    @property
    def prediction(self) -> str:
        """The symbol of what stands beside the targets in the loss."""
        return "p" if self.loss.letter == "p" else self.output

    @functools.cached_property
    def loss(self) -> LossOnBoard:
        """The loss, as it is written."""
        loss = self.solution.loss
        if loss is None:
            raise ConfigurationError("the problem has no target, so there is no loss to write.")
        return loss_on_board(loss.name, self._shown(getattr(loss, "parameters", ())))

    def function(self, layer: int) -> FunctionOnBoard:
        """The activation of a layer, as it is written."""
        given = self.problem.layers[layer - 1].activation
        known = ACTIVATIONS.get(given.name)
        if known is None or known.formula is not given.formula:
            return named(given.name)
        exact = self.solution.arithmetic.activation(given)
        return on_board(given.name, self._shown(exact.parameters))

    @property
    def total_weight(self) -> Any:
        """The sum of the samples' weights."""
        weight = self.solution.sample_weight
        return None if weight is None else self.solution.arithmetic.shown(weight.sum())

    def _shown(self, parameters: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(self.solution.arithmetic.shown(value) for value in parameters)

    def is_linear(self, layer: int) -> bool:
        """Whether a layer has no activation function."""
        return self.problem.layers[layer - 1].activation.name == "identity"

    def step(
        self,
        symbol: str,
        title: str,
        equation: Formula,
        reason: str,
        *,
        result: Formula,
        substituted: Formula | None = None,
        uses: Iterable[str] = (),
        meaning: Formula | None = None,
        shows: Iterable[str] = (),
    ) -> Step:
        """One line of the working.

        ``equation`` is the right-hand side; ``meaning`` the left, ∂loss/∂z say, if it is not the
        symbol alone. ``shows`` names values that the line shows on its way, and whose checks are
        therefore its own.
        """
        suffix = "" if self.number == 1 else f"@{self.number}"
        return Step(
            symbol=symbol + suffix,
            title=title,
            equation=equation if meaning is None else equals(meaning, equation),
            substituted=substituted,
            result=result,
            shape=shape_of(result),
            reason=reason,
            operands={name: self.values[name] for name in uses},
            checks=sum((self.checks[name + suffix] for name in (*shows, symbol)), ()),
        )
