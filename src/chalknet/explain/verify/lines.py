"""The lines of one round computed anew, each from the values that it uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chalknet.errors import ConfigurationError
from chalknet.explain.numerals import Array
from chalknet.explain.solution import Solution
from chalknet.explain.steps import Check
from chalknet.explain.verify.reckoners import Reckoner
from chalknet.explain.verify.second_formulas import (
    FUNCTIONS,
    LOSS_SLOPES,
    LOSS_TERMS,
    RATIONAL,
    SLOPE_SIZES,
    SLOPES,
    logistic,
    softmax,
)
from chalknet.operations import activations
from chalknet.operations.activations import ACTIVATIONS, Activation

__all__ = ["Lines", "is_known"]

Line = tuple[str, Check]

# Functions of single numbers lose a little more than sums do.
FUNCTION_TERMS = 20_000


def is_known(activation: Activation) -> bool:
    """Whether it is one of chalknet's own, of which there is a second formula."""
    known = ACTIVATIONS.get(activation.name)
    return known is not None and known.formula is activation.formula


class Lines:
    """Checks of every line of a round that can be made anew from the lines before it.

    Parameters
    ----------
    solution : Solution
    number : int
        Of the round.
    reckoner : Reckoner
    """

    def __init__(self, solution: Solution, number: int, reckoner: Reckoner) -> None:
        self.solution, self.reckoner = solution, reckoner
        self.values = solution.computed(number)
        self.problem = solution.problem

    def checks(self) -> Iterator[Line]:
        """Symbol and check, line after line."""
        yield from self._forward()
        if self.solution.loss is not None:
            yield from self._loss()
            yield from self._backward()

    # one value against another ----------------------------------------------------------------

    def _check(self, symbol: str, again: Any, scale: Any, method: str, terms: int = 1) -> Line:
        value = self.values[symbol]
        error = self.reckoner.error(value, np.reshape(again, np.shape(value)), scale=scale)
        return symbol, Check(method=method, error=error, tolerance=self.reckoner.tolerance(terms))

    def _function(self, symbol: str, again: Any, method: str) -> Line:
        scale = self.reckoner.each(abs, self.reckoner.numbers(self.values[symbol]))
        return self._check(symbol, again, scale, method, FUNCTION_TERMS)

    def _rows(self, symbol: str) -> Array:
        """What each sample has, a row a sample."""
        rows: Array = np.atleast_2d(self.values[symbol])
        return rows

    # forward ----------------------------------------------------------------------------------

    def _forward(self) -> Iterator[Line]:
        for number, layer in enumerate(self.problem.layers, start=1):
            below = self._rows("x" if number == 1 else f"a{number - 1}")
            W, b = self.values[f"W{number}"], self.values[f"b{number}"]
            # The bias is one more weight, of an input that is always 1.
            inputs = np.hstack([below, np.ones((len(below), 1), below.dtype)])
            again, scale = self.reckoner.product(inputs, np.vstack([W.T, b]))
            yield self._check(
                f"z{number}",
                again,
                _as(self.values[f"z{number}"], scale),
                self.reckoner.sum_method,
                layer.fan_in,
            )
            if f"a{number}" in self.values:
                yield self._activation(f"a{number}", number, FUNCTIONS)
        if "p" in self.values:
            yield self._predictions()

    def _activation(self, symbol: str, number: int, formulas: Any) -> Line:
        activation = self.problem.layers[number - 1].activation
        z = self.values[f"z{number}"]
        if not is_known(activation):
            formula = activation.formula if formulas is FUNCTIONS else activation.derivative_formula
            again = self.reckoner.each(lambda x: formula(x, *activation.parameters), z)
            return self._function(symbol, again, "evaluated anew, number by number")
        given = activation.parameters
        if activation.name == "selu":
            given = (activations.SELU_SCALE, activations.SELU_ALPHA)
        numbers, parameters = self.reckoner.alike(
            z,
            [self.solution.arithmetic.number(value) for value in given],
            rational=activation.name in RATIONAL,
        )
        m, formula = self.reckoner.functions, formulas[activation.name]
        again = self.reckoner.each(lambda x: formula(m, x, *parameters), numbers)
        size = self.reckoner.each(abs, again)
        if formulas is SLOPES and activation.name in SLOPE_SIZES:
            size = self.reckoner.each(lambda x: SLOPE_SIZES[activation.name](m, x), numbers)
        return self._check(symbol, again, size, "a second formula of the function", FUNCTION_TERMS)

    def _output(self) -> Array:
        last = len(self.problem.layers)
        return self._rows(f"a{last}" if f"a{last}" in self.values else f"z{last}")

    def _predictions(self) -> Line:
        m, total = self.reckoner.functions, self.reckoner.total
        o = self.reckoner.numbers(self._output(), rational=False)
        function = self.problem.output_function
        if function == "softmax":
            again = np.array([softmax(m, row, total) for row in o.tolist()], dtype=object)
            method = "pₖ = 1 / Σⱼ exp(oⱼ − oₖ)"
        else:
            formula = logistic if function == "sigmoid" else lambda m, z: m.exp(z)
            again = self.reckoner.each(lambda z: formula(m, z), o)
            method = "a second formula of the function"
        return self._function("p", again, method)

    # loss -------------------------------------------------------------------------------------

    def _loss(self) -> Iterator[Line]:
        reckoner, loss = self.reckoner, self.solution.loss
        assert loss is not None  # noqa: S101 - for the type checker
        if loss.name not in LOSS_TERMS:
            raise ConfigurationError(
                f"the loss {loss.name!r} cannot be verified: known are {', '.join(LOSS_TERMS)}."
            )
        o, t, parameters = (
            numbers.tolist()
            for numbers in reckoner.alike(
                self._output(),
                self._rows("y"),
                list(getattr(loss, "parameters", ())),
                rational=loss.name in RATIONAL,
            )
        )
        of_one = LOSS_TERMS[loss.name]
        m, total = reckoner.functions, reckoner.total
        terms = [of_one(m, *pair, total, *parameters) for pair in zip(o, t, strict=True)]
        method = "the terms computed anew and added up"
        sizes = [
            total(abs(one * target) for one, target in zip(*pair, strict=True)) + abs(term)
            for pair, term in zip(zip(o, t, strict=True), terms, strict=True)
        ]
        if loss.name != "poisson":  # the only one whose terms may cancel
            sizes = [abs(term) for term in terms]
        if self.problem.single:
            yield self._check("loss", terms[0], sizes[0], method, FUNCTION_TERMS)
        else:
            yield self._check("losses", _vector(terms), _vector(sizes), method, FUNCTION_TERMS)
            yield self._mean()
        if "penalty" in self.values:
            yield self._penalty()
            again = total(reckoner.numbers([self.values["loss"], self.values["penalty"]]).tolist())
            yield self._check("objective", again, abs(again), "added up anew")

    def _mean(self) -> Line:
        losses, shares = self.reckoner.alike(self.values["losses"], self._shares())
        pairs = (shares * losses).tolist()
        scale = self.reckoner.total(map(abs, pairs))
        return self._check(
            "loss", self.reckoner.total(pairs), scale, "the mean taken anew", len(pairs)
        )

    def _shares(self) -> Array:
        """Each sample's weight as a share of their sum (n,)."""
        n = len(self.problem.inputs)
        weight = self.values.get("w")
        ones = [self.solution.arithmetic.number(1)] * n
        numbers = self.reckoner.numbers(ones if weight is None else weight)
        shares: Array = numbers / self.reckoner.total(numbers.tolist())
        return shares

    def _penalty(self) -> Line:
        layers = range(1, len(self.problem.layers) + 1)
        strength, *weights = self.reckoner.alike(
            [self.values["lambda"]], *(self.values[f"W{number}"] for number in layers)
        )
        squares = [x * x for W in weights for x in W.ravel().tolist()]
        again = self.reckoner.total(squares) * strength[0] / 2
        return self._check("penalty", again, again, "the squares added up anew", len(squares))

    # backward ---------------------------------------------------------------------------------

    def _backward(self) -> Iterator[Line]:
        last = len(self.problem.layers)
        for number in range(last, 0, -1):
            if number == last:
                yield self._at_the_output(
                    f"da{last}" if f"da{last}" in self.values else f"dz{last}"
                )
            else:
                yield self._arriving(number)
            if f"slope{number}" in self.values:
                yield self._activation(f"slope{number}", number, SLOPES)
            if f"da{number}" in self.values:
                yield self._through(number)
            yield self._weights(number)
            yield self._bias(number)

    def _at_the_output(self, symbol: str) -> Line:
        loss = self.solution.loss
        assert loss is not None  # noqa: S101 - for the type checker
        predicted = self._rows("p") if "p" in self.values else self._output()
        numbers, y, shares, parameters = self.reckoner.alike(
            predicted,
            self._rows("y"),
            self._shares()[:, None],
            list(getattr(loss, "parameters", ())),
        )
        # Targets of a trained model may miss a sum of 1 by their rounding.
        whole = y.sum(axis=1, keepdims=True) if loss.name == "softmax_cross_entropy" else 1
        slopes = self.reckoner.each(
            lambda a, t: LOSS_SLOPES[loss.name](a, t, *parameters), numbers * whole, y
        )
        scale = shares * (abs(numbers) + abs(y) + abs(slopes))
        return self._check(
            symbol,
            slopes * shares,
            _as(self.values[symbol], scale),
            "the slope of the loss computed anew",
            8,
        )

    def _arriving(self, number: int) -> Line:
        above = self._rows(f"dz{number + 1}")
        again, scale = self.reckoner.product(above, self.values[f"W{number + 1}"])
        symbol = f"da{number}"
        return self._check(
            symbol,
            again,
            _as(self.values[symbol], scale),
            self.reckoner.sum_method,
            above.shape[1],
        )

    def _through(self, number: int) -> Line:
        arriving = self.values[f"da{number}"]
        again, slope = self.reckoner.alike(arriving, self.values.get(f"slope{number}", 1))
        again = again * slope
        return self._check(f"dz{number}", again, abs(again), "multiplied anew")

    def _weights(self, number: int) -> Line:
        dz, below = self._rows(f"dz{number}"), self._rows("x" if number == 1 else f"a{number - 1}")
        if "lambda" in self.values:
            return self._weights_with_penalty(number, dz, below)
        again, scale = self.reckoner.product(dz.T, below)
        return self._check(f"dW{number}", again, scale, self.reckoner.sum_method, len(dz))

    def _weights_with_penalty(self, number: int, dz: Array, below: Array) -> Line:
        products, sizes = self.reckoner.product(dz.T, below)
        again, scale, W, strength = self.reckoner.alike(
            products, sizes, self.values[f"W{number}"], self.values["lambda"]
        )
        decay = W * strength
        method = f"{self.reckoner.sum_method}, and λW added"
        return self._check(f"dW{number}", again + decay, scale + abs(decay), method, len(dz) + 1)

    def _bias(self, number: int) -> Line:
        dz = self._rows(f"dz{number}")
        ones = np.ones((1, len(dz)), dz.dtype)
        again, scale = self.reckoner.product(ones, dz)
        return self._check(f"db{number}", again, scale.ravel(), "added up anew", len(dz))


def _as(value: Any, like: Any) -> Any:
    return np.reshape(like, np.shape(value))


def _vector(numbers: list[Any]) -> Array:
    vector = np.empty(len(numbers), object)
    vector[:] = numbers
    return vector
