"""The losses on the board: what one sample's loss is made of, in symbols and in numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalknet.errors import ConfigurationError
from chalknet.explain.formula import (
    Absolute,
    Cases,
    Formula,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
)
from chalknet.explain.walkthrough.board import apply, joined, minus
from chalknet.explain.walkthrough.functions import ONE, OTHERWISE, TWO

__all__ = ["HALF", "LossOnBoard", "loss_on_board"]

HALF = Quotient(ONE, TWO)


@dataclass(frozen=True, kw_only=True)
class LossOnBoard:
    """How a loss is written.

    Attributes
    ----------
    letter : str
        Of what stands beside the target y: "p", or "a" for the output itself.
    body : function
        What is summed over the outputs, from the symbols of p (or a) and y.
    term : function
        The same with the numbers p (or a), y, and the output before the loss: None if it is 0.
    can_be_written : function
        Whether the term of p (or a) and y comes out right from the numbers as they are.
    negative : bool
        Whether a minus sign stands before the sum.
    factor : Formula or None
        What else stands before the sum.
    meaning : str
        A sentence.
    slope : function
        ∂/∂output of the body, from the symbols or arrays of p (or a) and y.
    slope_factor : int
        What stands before the slope.
    slope_meaning : str
        A sentence.
    """

    letter: str
    body: Callable[[Formula, Formula], Formula]
    term: Callable[[Any, Any, Any], Formula | None]
    can_be_written: Callable[[Any, Any], bool] = lambda p, y: True  # noqa: ARG005
    negative: bool = False
    factor: Formula | None = None
    meaning: str
    slope: Callable[[Formula, Formula], Formula] = minus
    slope_factor: int = 1
    slope_meaning: str

    def around(self, total: Formula) -> Formula:
        """−Σ …, ½ Σ …, or the sum as it is."""
        if self.factor is not None:
            total = Product.of(self.factor, total)
        return Negative(total) if self.negative else total


def loss_on_board(name: str, parameters: tuple[Any, ...]) -> LossOnBoard:
    """How the loss is written, its parameters put in.

    Raises
    ------
    ConfigurationError
        It is none of chalknet's own.
    """
    if name not in _KNOWN:
        raise ConfigurationError(
            f"the loss {name!r} cannot be written out: known are {', '.join(_KNOWN)}."
        )
    return _KNOWN[name](*parameters)


def _ln(item: Formula) -> Formula:
    return apply("ln", item)


def _squared(a: Formula, y: Formula) -> Formula:
    return Power(minus(a, y), TWO)


def _softmax_cross_entropy() -> LossOnBoard:
    def term(p: Any, y: Any, z: Any) -> Formula | None:  # noqa: ARG001
        return Product.of(Number(y), _ln(Number(p)), sign="·") if y else None

    return LossOnBoard(
        letter="p",
        body=lambda p, y: Product.of(y, _ln(p)),
        term=term,
        can_be_written=lambda p, y: y == 0 or p > 0,
        negative=True,
        meaning="The cross entropy is minus the logarithm of the probability given to what is "
        "true; an output whose target is 0 adds nothing.",
        slope_meaning="With softmax and cross entropy together everything else cancels: what is "
        "left is the probabilities less the targets.",
    )


def _sigmoid_cross_entropy() -> LossOnBoard:
    def term(p: Any, y: Any, z: Any) -> Formula | None:  # noqa: ARG001
        hit = Product.of(Number(y), _ln(Number(p)), sign="·")
        miss = Product.of(Number(1 - y), _ln(minus(ONE, Number(p))), sign="·")
        return joined([*([hit] if y else []), *([miss] if y != 1 else [])])

    return LossOnBoard(
        letter="p",
        body=lambda p, y: Sum.of(
            Product.of(y, _ln(p)), Product.of(minus(ONE, y), _ln(minus(ONE, p)))
        ),
        term=term,
        # Of 1 − p a float has few digits left where p is near 1.
        can_be_written=lambda p, y: (y == 0 or p > 0) and (y == 1 or 1 - float(p) > 1e-6),
        negative=True,
        meaning="The cross entropy is minus the logarithm of the probability given to what is "
        "true: p for a target 1, 1 − p for a target 0.",
        slope_meaning="With the sigmoid and cross entropy together σ′ cancels: what is left is the "
        "probabilities less the targets.",
    )


def _mean_squared_error() -> LossOnBoard:
    return LossOnBoard(
        letter="a",
        body=_squared,
        term=lambda a, y, z: _squared(Number(a), Number(y)),  # noqa: ARG005
        meaning="The squared error, summed over the outputs.",
        slope_factor=2,
        slope_meaning="The derivative of (a − y)² with respect to a is 2(a − y).",
    )


def _half_squared_error() -> LossOnBoard:
    return LossOnBoard(
        letter="a",
        body=_squared,
        term=lambda a, y, z: _squared(Number(a), Number(y)),  # noqa: ARG005
        factor=HALF,
        meaning="Half the squared error, summed over the outputs.",
        slope_meaning="The derivative of ½(a − y)² with respect to a is a − y.",
    )


def _absolute_error() -> LossOnBoard:
    return LossOnBoard(
        letter="a",
        body=lambda a, y: Absolute(minus(a, y)),
        term=lambda a, y, z: Absolute(minus(Number(a), Number(y))),  # noqa: ARG005
        meaning="The absolute error, summed over the outputs.",
        slope=lambda a, y: apply("sign", minus(a, y)),
        slope_meaning="The slope of |a − y| is the sign of a − y; by convention sign(0) = 0.",
    )


def _huber(delta: Any) -> LossOnBoard:
    threshold = Number(delta)

    def near(a: Formula, y: Formula) -> Formula:
        return Product.of(HALF, _squared(a, y))

    def far(a: Formula, y: Formula) -> Formula:
        size = minus(Absolute(minus(a, y)), Product.of(HALF, threshold))
        return Product.of(threshold, size)

    def body(a: Formula, y: Formula) -> Formula:
        small = Relation(Absolute(minus(a, y)), "≤", threshold)
        return Cases(((near(a, y), small), (far(a, y), OTHERWISE)))

    def term(a: Any, y: Any, z: Any) -> Formula:  # noqa: ARG001
        written = near if abs(float(a) - float(y)) <= float(delta) else far
        return written(Number(a), Number(y))

    return LossOnBoard(
        letter="a",
        body=body,
        term=term,
        meaning="Huber's loss is half the squared error where that is small and grows like the "
        "absolute error beyond, so that outliers pull less.",
        slope=lambda a, y: apply("clip", minus(a, y), Negative(threshold), threshold),
        slope_meaning="The slope is a − y, but never more than Huber's threshold in size.",
    )


def _poisson() -> LossOnBoard:
    def term(p: Any, y: Any, z: Any) -> Formula:
        return minus(Number(p), Product.of(Number(y), Number(z), sign="·")) if y else Number(p)

    return LossOnBoard(
        letter="p",
        body=lambda p, y: minus(p, Product.of(y, _ln(p))),
        term=term,
        meaning="Minus the log likelihood of the counts, without the part in which the network has "
        "no say; ln p is the output itself.",
        slope_meaning="The derivative of eᶻ − y·z with respect to z is eᶻ − y: the rates less the "
        "targets.",
    )


_KNOWN: dict[str, Callable[..., LossOnBoard]] = {
    "softmax_cross_entropy": _softmax_cross_entropy,
    "sigmoid_cross_entropy": _sigmoid_cross_entropy,
    "mean_squared_error": _mean_squared_error,
    "half_squared_error": _half_squared_error,
    "absolute_error": _absolute_error,
    "huber": _huber,
    "poisson": _poisson,
}
