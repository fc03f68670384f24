"""Activation functions on the board: their names, what they mean, and one entry written out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chalknet.explain.formula import (
    Cases,
    Formula,
    Hadamard,
    Number,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    Words,
)
from chalknet.explain.walkthrough.board import apply, minus

__all__ = ["FunctionOnBoard", "named", "on_board"]

ONE, TWO = Number(1), Number(2)
E = Symbol("e")
OTHERWISE = Words("otherwise")


@dataclass(frozen=True, kw_only=True)
class FunctionOnBoard:
    """How an activation function is written.

    Attributes
    ----------
    symbol : str or Formula
        "relu", or σ.
    meaning : str
        A sentence without its full stop: "relu(z) = max(0, z), entry by entry".
    slope_meaning : str
        The same for f′.
    entry : function
        One entry of f written out, from the number z.
    slope : function
        f′ in symbols, from the symbols of z and a; None where it is only named.
    slope_entry : function
        One entry of f′ written out, from the numbers z and a.
    at_zero : str
        The convention where f has a kink or a jump; empty where it has none.
    """

    symbol: str | Formula
    meaning: str
    slope_meaning: str
    entry: Callable[[Any], Formula]
    slope: Callable[[Formula, Formula], Formula] | None = None
    slope_entry: Callable[[Any, Any], Formula]
    at_zero: str = ""

    def of(self, argument: Formula, primes: int = 0) -> Formula:
        """f(argument), or f′."""
        return apply(self.symbol, argument, primes=primes)


def on_board(name: str, parameters: tuple[Any, ...] = ()) -> FunctionOnBoard:
    """How one of chalknet's own activations is written, its parameters put in."""
    return _KNOWN[name](*parameters)


def named(name: str, **more: Any) -> FunctionOnBoard:
    """A function that is called by its name and not written out."""
    usual: dict[str, Any] = {
        "symbol": name,
        "meaning": f"The activation function {name} is applied to each entry",
        "slope_meaning": f"The derivative {name}′, entry by entry",
        "entry": lambda z: apply(name, Number(z)),
        "slope_entry": lambda z, a: apply(name, Number(z), primes=1),  # noqa: ARG005
    }
    return FunctionOnBoard(**(usual | more))


def _above_zero(above: Formula, below: Formula) -> Callable[[Formula, Formula], Formula]:
    """A slope that is ``above`` for z > 0 and ``below`` otherwise."""

    def slope(z: Formula, a: Formula) -> Formula:  # noqa: ARG001
        return Cases(((above, Relation(z, ">", Number(0))), (below, OTHERWISE)))

    return slope


def _exp(z: Any) -> Formula:
    return Power(E, Number(z))


def _exp_of_minus(z: Any) -> Formula:
    # A Decimal's own minus would round it to the digits of its context.
    return Power(E, Number(z.copy_negate() if isinstance(z, Decimal) else -z))


def _identity() -> FunctionOnBoard:
    return named(
        "identity",
        meaning="The layer has no activation function: its activations are its pre-activations",
        entry=Number,
    )


def _relu() -> FunctionOnBoard:
    return named(
        "relu",
        meaning="relu(z) = max(0, z), entry by entry: what is negative becomes 0",
        slope_meaning="relu has slope 1 where its input is positive and 0 elsewhere",
        entry=lambda z: apply("max", Number(0), Number(z)),
        slope=_above_zero(ONE, Number(0)),
        at_zero="relu has no derivative at 0; by convention relu′(0) = 0",
    )


def _leaky_relu(slope: Any) -> FunctionOnBoard:
    return named(
        "leaky_relu",
        meaning="leaky_relu(z) is z where z is positive, and a small part of z elsewhere",
        slope_meaning="leaky_relu has slope 1 where its input is positive, its small one elsewhere",
        entry=lambda z: Number(z) if z > 0 else Product.of(Number(slope), Number(z), sign="·"),
        slope=_above_zero(ONE, Number(slope)),
        at_zero="leaky_relu has no derivative at 0; by convention it takes the slope from below",
    )


def _elu(alpha: Any) -> FunctionOnBoard:
    def entry(z: Any) -> Formula:
        if z > 0:
            return Number(z)
        return Product.of(Number(alpha), minus(_exp(z), ONE), sign="·")

    return named(
        "elu",
        meaning="elu(z) = z where z is positive, and α(eᶻ − 1) elsewhere",
        slope_meaning="elu has slope 1 where its input is positive and αeᶻ elsewhere",
        entry=entry,
        slope_entry=lambda z, a: (  # noqa: ARG005
            ONE if z > 0 else Product.of(Number(alpha), _exp(z), sign="·")
        ),
        at_zero="" if alpha == 1 else "elu has a kink at 0; by convention elu′(0) = α",
    )


def _selu() -> FunctionOnBoard:
    return named(
        "selu",
        meaning="selu(z) = λz where z is positive and λα(eᶻ − 1) elsewhere, λ ≈ 1.0507, α ≈ 1.6733",
        slope_meaning="selu has slope λ where its input is positive and λαeᶻ elsewhere",
        at_zero="selu has a kink at 0; by convention selu′(0) = λα",
    )


def _gelu() -> FunctionOnBoard:
    phi = Symbol("Φ")

    return named(
        "gelu",
        meaning="gelu(z) = z·Φ(z), with Φ the distribution function of a standard normal variable",
        slope_meaning="By the product rule gelu′(z) = Φ(z) + z·φ(z), with φ = Φ′ the bell curve",
        entry=lambda z: Product.of(Number(z), apply(phi, Number(z)), sign="·"),
        slope_entry=lambda z, a: Sum.of(  # noqa: ARG005
            apply(phi, Number(z)), Product.of(Number(z), apply(Symbol("φ"), Number(z)), sign="·")
        ),
    )


def _silu() -> FunctionOnBoard:
    return named(
        "silu",
        meaning="silu(z) = z·σ(z) = z / (1 + e⁻ᶻ)",
        slope_meaning="By the product rule silu′(z) = σ(z)(1 + z·σ(−z))",
        entry=lambda z: Quotient(Number(z), Sum.of(ONE, _exp_of_minus(z))),
    )


def _softplus() -> FunctionOnBoard:
    return named(
        "softplus",
        meaning="softplus(z) = ln(1 + eᶻ)",
        slope_meaning="softplus′(z) = σ(z) = 1 / (1 + e⁻ᶻ)",
        entry=lambda z: apply("ln", Sum.of(ONE, _exp(z))),
        slope_entry=lambda z, a: Quotient(ONE, Sum.of(ONE, _exp_of_minus(z))),  # noqa: ARG005
    )


def _sigmoid() -> FunctionOnBoard:
    return named(
        "sigmoid",
        symbol=Symbol("σ"),
        meaning="σ(z) = 1 / (1 + e⁻ᶻ), entry by entry, lies between 0 and 1",
        slope_meaning="σ′(z) = σ(z)(1 − σ(z)), and σ(z) is the activation a already known",
        entry=lambda z: Quotient(ONE, Sum.of(ONE, _exp_of_minus(z))),
        slope=lambda z, a: Hadamard.of(a, minus(ONE, a)),  # noqa: ARG005
        slope_entry=lambda z, a: Product.of(  # noqa: ARG005
            Number(a), minus(ONE, Number(a)), sign="·"
        ),
    )


def _tanh() -> FunctionOnBoard:
    return named(
        "tanh",
        meaning="tanh is applied to each entry and lies between −1 and 1",
        slope_meaning="tanh′(z) = 1 − tanh²(z), and tanh(z) is the activation a already known",
        slope=lambda z, a: minus(ONE, Hadamard.of(a, a)),  # noqa: ARG005
        slope_entry=lambda z, a: minus(ONE, Power(Number(a), TWO)),  # noqa: ARG005
    )


def _step() -> FunctionOnBoard:
    return named(
        "step",
        meaning="step(z) = 1 where z is positive, and 0 elsewhere",
        slope_meaning="step is flat on both sides of its jump, so nothing flows back through it",
        slope=lambda z, a: Number(0),  # noqa: ARG005
        at_zero="step jumps at 0; by convention step(0) = 0 and step′(0) = 0",
    )


_KNOWN: dict[str, Callable[..., FunctionOnBoard]] = {
    "identity": _identity,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "silu": _silu,
    "softplus": _softplus,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "step": _step,
}
