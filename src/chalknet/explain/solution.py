"""The solution of a problem: every number, computed by the textbook itself.

``Network.forward`` and ``backward``, ``Loss.value_and_grad`` and ``Optimizer.step`` are run over
float64, or, unchanged, over exact numbers. What they leave is named by the symbols of answer files:

    z1 a1 … zL p loss dzL dWL dbL … dz1 dW1 db1   WL_new bL_new … W1_new b1_new

with neurons as rows, as in the problem's file; a batch has one row a sample. What stands between
these lines has symbols too: ``losses`` (one a sample), ``penalty``, ``objective``, ``da2`` (what
comes down to a2), ``slope2`` (f′(z2)), and the optimizer's ``v_W2``, ``m_W2``, ``mhat_W2``, ….
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chalknet.errors import ConfigurationError
from chalknet.explain.arithmetic import Arithmetic, ExactNumbers, Floats
from chalknet.explain.numerals import Array
from chalknet.explain.problem import Problem
from chalknet.explain.symbols import computed_symbols, given_symbols
from chalknet.layers import Gradients, Trace
from chalknet.network import Dense, Network
from chalknet.operations.affine import Matrix, Vector, affine_backward
from chalknet.operations.losses import Loss
from chalknet.operations.penalties import l2_penalty, l2_penalty_backward
from chalknet.training.optimizers import Optimizer

__all__ = ["LossParts", "Round", "Solution", "UpdateParts", "solve"]


@dataclass(frozen=True, kw_only=True, eq=False)
class LossParts:
    """The loss of one round and what the backward sweep made of it.

    Attributes
    ----------
    prediction : array (n, K)
        What the loss makes of the output: probabilities, rates, or the output itself.
    terms : array (n,)
        Each sample's own loss.
    loss, penalty : number
        The mean of the terms, and ½ λ Σ W².
    gradients : Gradients
        Of the objective, loss + penalty.
    dA : list of arrays (n, fan_out)
        ∂loss/∂A of each layer.
    slopes : list of arrays (n, fan_out)
        f′(Z) of each layer.
    """

    prediction: Matrix
    terms: Array
    loss: Any
    penalty: Any
    gradients: Gradients
    dA: list[Matrix]
    slopes: list[Matrix]


@dataclass(frozen=True, kw_only=True, eq=False)
class UpdateParts:
    """The update of one round: the optimizer's slots before and after, the parameters after.

    The vectors are laid out like ``Network.parameters``.
    """

    slots_before: tuple[Vector, ...]
    slots: tuple[Vector, ...]
    parameters: Vector


@dataclass(frozen=True, kw_only=True, eq=False)
class Round:
    """One forward and backward pass with its update, the ``number``-th, in the network's layout."""

    number: int
    network: Network
    trace: Trace
    loss: LossParts | None
    update: UpdateParts | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Solution:
    """Every number of a problem.

    Attributes
    ----------
    problem : Problem
    arithmetic : Arithmetic
        In what kind of numbers it was computed.
    loss, optimizer, inputs, targets, sample_weight, l2
        Those of the problem, in such numbers.
    rounds : tuple of Round
        One, or one an update; arrays in the network's layout.
    values : dict
        Symbol → number, vector or matrix, neurons as rows. In exact mode entries are ``Fraction``
        or, after a transcendental function, ``Decimal`` with 30 digits. Of a second update and
        those after it the symbols end in ``@2``, ``@3``, ….
    """

    problem: Problem
    arithmetic: Arithmetic
    loss: Loss | None
    optimizer: Optimizer | None
    inputs: Matrix
    targets: Matrix | None
    sample_weight: Array | None
    l2: Any
    rounds: tuple[Round, ...]
    values: dict[str, Any]

    def given(self, number: int = 1) -> dict[str, Any]:
        """What a round starts from, by symbol: x, y, w, lambda, W1, b1, ….

        In the form of ``values``; the parameters are those before the round's update.
        """
        return {
            symbol: self.arithmetic.shown(value)
            for symbol, value in given_symbols(self, self.rounds[number - 1])
        }

    def computed(self, number: int = 1) -> dict[str, Any]:
        """All of a round by plain symbols, given and computed, with every digit there is.

        Floats, or ``Exact`` numbers, in the shapes of ``values``.
        """
        one = self.rounds[number - 1]
        return dict(given_symbols(self, one)) | dict(computed_symbols(self, one))


def solve(problem: Problem, exact: bool = False, *, steps: int = 1) -> Solution:
    """Work the problem out.

    Parameters
    ----------
    problem : Problem
    exact : bool
        In exact numbers instead of float64: fractions until the first transcendental function,
        then 120 digits, of which 30 are shown.
    steps : int
        How many updates to make one after the other, each after a pass of its own.

    Raises
    ------
    ConfigurationError
        A number of the solution is too large for float64, or there is no update to repeat.

    >>> from chalknet.explain.problem import Layer
    >>> values = solve(Problem(layers=[Layer(weights=[[1, -2], [3, 4]], bias=[0, "1/2"])],
    ...                        inputs=[2, 1])).values
    >>> values["z1"]
    array([ 0. , 10.5])
    """
    if steps < 1 or (steps > 1 and problem.optimizer is None):
        raise ConfigurationError(
            f"steps must be at least 1, not {steps}."
            if steps < 1
            else "further steps need an update to repeat: give the problem a learning_rate."
        )
    arithmetic: Arithmetic = ExactNumbers() if exact else Floats()
    start = _start(problem, arithmetic)
    network = Network(
        Dense(
            arithmetic.array(layer.weights.T),
            arithmetic.array(layer.bias),
            arithmetic.activation(layer.activation),
        )
        for layer in problem.layers
    )
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        rounds = tuple(_rounds(start, network, steps))
        values: dict[str, Any] = {}
        for one in rounds:
            values |= _values(start, one)
    return dataclasses.replace(start, rounds=rounds, values=values)


def _start(problem: Problem, arithmetic: Arithmetic) -> Solution:
    """The problem in numbers to compute with; nothing is computed yet."""
    loss, optimizer = problem.loss, problem.optimizer
    targets, weight = problem.targets, problem.sample_weight
    return Solution(
        problem=problem,
        arithmetic=arithmetic,
        loss=None if loss is None else arithmetic.loss(loss),
        optimizer=None if optimizer is None else arithmetic.optimizer(optimizer),
        inputs=arithmetic.array(problem.inputs),
        targets=None if targets is None else arithmetic.array(targets),
        sample_weight=None if weight is None else arithmetic.array(weight),
        l2=arithmetic.number(problem.l2),
        rounds=(),
        values={},
    )


def _rounds(solution: Solution, network: Network, steps: int) -> Iterator[Round]:
    optimizer = solution.optimizer
    state = None if optimizer is None else optimizer.init(network.parameters)
    for number in range(1, steps + 1):
        trace = network.forward(solution.inputs)
        loss = _loss(solution, network, trace)
        update = None
        after = network.copy()
        if optimizer is not None and state is not None and loss is not None:
            before = tuple(slot.copy() for slot in state.slots)
            if not optimizer.step(after.parameters, loss.gradients.flat, state):
                raise ConfigurationError(
                    f"update {number} makes a number that is not finite: take a smaller "
                    "learning_rate, or smaller weights."
                )
            update = UpdateParts(
                slots_before=before, slots=tuple(state.slots), parameters=after.parameters
            )
        yield Round(number=number, network=network, trace=trace, loss=loss, update=update)
        network = after


def _loss(solution: Solution, network: Network, trace: Trace) -> LossParts | None:
    loss, targets = solution.loss, solution.targets
    if loss is None or targets is None:
        return None
    value, d_output = loss.value_and_grad(trace.output, targets, solution.sample_weight)
    gradients = network.backward(trace, d_output)
    above = zip(gradients.dZ[1:], trace.activations[:-1], network.layers[1:], strict=True)
    dA = [affine_backward(dZ, A, layer.W)[0] for dZ, A, layer in above]
    penalty: Any = 0.0
    if solution.l2:
        penalty = l2_penalty((layer.W for layer in network.layers), solution.l2)
        for number, layer in enumerate(network.layers):
            gradients.dW[number][...] += l2_penalty_backward(layer.W, solution.l2)
    return LossParts(
        prediction=loss.predict(trace.output),
        terms=loss.terms(trace.output, targets)[0],
        loss=value,
        penalty=penalty,
        gradients=gradients,
        dA=[*dA, d_output],
        slopes=[
            layer.activation.derivative(Z)
            for layer, Z in zip(network.layers, trace.pre_activations, strict=True)
        ],
    )


def _values(solution: Solution, one: Round) -> dict[str, Any]:
    """What a round computed, in the order of the working, by symbol."""
    suffix = "" if one.number == 1 else f"@{one.number}"
    named: dict[str, Any] = {}
    for symbol, value in computed_symbols(solution, one):
        if not solution.arithmetic.finite(value):
            raise ConfigurationError(
                f"{symbol}{suffix} is too large for a number of 64 bits: the problem needs smaller "
                "inputs or weights."
            )
        named[symbol + suffix] = solution.arithmetic.shown(value)
    return named
