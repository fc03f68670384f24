"""The textbook's formulas as spreadsheet formulas.

The formulas of ``operations/`` and of the optimizers are plain functions of numbers, so they can be
run on references to cells: what they leave is an expression, written here in the functions that
every spreadsheet has. An activation of your own comes along the same way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from chalknet.engine.compiled.formulas import Expression, UntraceableError
from chalknet.errors import ConfigurationError
from chalknet.operations import activations
from chalknet.operations.activations import Activation
from chalknet.training.optimizers import Optimizer

__all__ = ["activation_formula", "formula_text", "slope_formula", "update_formulas"]

LONGEST = 8000  # characters; Excel takes 8192

# Formulas that a spreadsheet has a function for; spelled out in arithmetic they would be endless.
_BUILT_IN: dict[Any, str] = {
    activations.gelu: "{z}*NORMSDIST({z})",
    activations.gelu_derivative: "NORMSDIST({z})+{z}*EXP(-{z}*{z}/2)/SQRT(2*PI())",
}
_CALLS = {
    "absolute": "ABS({})",
    "exp": "EXP({})",
    "expm1": "(EXP({})-1)",
    "floor": "INT({})",
    "log": "LN({})",
    "log1p": "LN(1+{})",
    "maximum": "MAX({},{})",
    "minimum": "MIN({},{})",
    "negative": "(-{})",
    "sign": "SIGN({})",
    "sqrt": "SQRT({})",
    "tanh": "TANH({})",
    "where": "IF({},{},{})",
    "logical_and": "AND({},{})",
    "logical_or": "OR({},{})",
}
# How tightly an operator holds, with its sign; what stands to the right must hold tighter.
_SIGNS = {
    "less": (1, "<"),
    "less_equal": (1, "<="),
    "greater": (1, ">"),
    "greater_equal": (1, ">="),
    "equal": (1, "="),
    "not_equal": (1, "<>"),
    "add": (2, "+"),
    "subtract": (2, "-"),
    "multiply": (3, "*"),
    "divide": (3, "/"),
    "power": (4, "^"),
}
_ATOM = 5


class _Cell(Expression):
    """A cell in an expression; coefficients such as 1 − β₁ᵗ may take it to any whole power."""

    def __pow__(self, exponent: Any) -> Expression:
        if isinstance(exponent, int):
            return Expression("power", (self, Expression("constant", value=exponent)))
        return super().__pow__(exponent)


def activation_formula(activation: Activation, z: str) -> str:
    """f(z) of the cell ``z``."""
    return _written(activation.formula, activation, z)


def slope_formula(activation: Activation, z: str) -> str:
    """f′(z) of the cell ``z``."""
    return _written(activation.derivative_formula, activation, z)


def _written(formula: Callable[..., Any], activation: Activation, z: str) -> str:
    if formula in _BUILT_IN:
        return _BUILT_IN[formula].format(z=z)
    return formula_text(formula, [z], [*activation.parameters], name=activation.name)


def formula_text(
    formula: Callable[..., Any], cells: Sequence[str], parameters: Sequence[Any], *, name: str
) -> str:
    """A plain formula of the textbook, for these cells and parameters (numbers, or cells too).

    Raises
    ------
    ConfigurationError
        The formula does something that no spreadsheet formula can follow, or is too long.
    """
    try:
        return _text(formula(*map(_cell, cells), *map(_parameter, parameters)))
    except (UntraceableError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ConfigurationError(
            f"{name} cannot be written as a spreadsheet formula ({error}): leave the workbook out."
        ) from error


def update_formulas(
    optimizer: Optimizer,
    fields: dict[str, str],
    step: int,
    cells: Sequence[str],
) -> list[str]:
    """The optimizer's update of the cells w, g and slots: the new w, then the new slots.

    ``fields`` names the cells that hold the optimizer's coefficients.
    """
    symbolic = object.__new__(type(optimizer))  # the same rules, with cells for coefficients
    for field, cell in fields.items():
        object.__setattr__(symbolic, field, _cell(cell))
    coefficients = symbolic.coefficients(symbolic.learning_rate, step)
    try:
        return [_text(part) for part in symbolic.update(*map(_cell, cells), *coefficients)]
    except UntraceableError as error:
        raise ConfigurationError(
            f"{optimizer.name} cannot be written as spreadsheet formulas ({error})."
        ) from error


def _cell(reference: str) -> Expression:
    value: Any = reference  # its place stands for the number in it
    return _Cell("real", value=value)


def _parameter(value: Any) -> Any:
    return _cell(value) if isinstance(value, str) else float(value)


def number_text(value: float | Fraction) -> str:
    """A number as a spreadsheet formula takes it."""
    if isinstance(value, Fraction) and value.denominator != 1:
        return f"({value})"
    number = float(value)
    if not math.isfinite(number):
        return "NA()"
    text = repr(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)
    return f"({text})" if number < 0 else text.replace("e", "E")


def _text(result: Any) -> str:
    if not isinstance(result, Expression):
        return number_text(result)
    text = _tree(result, {})[1]
    if len(text) > LONGEST:
        raise UntraceableError(f"its formula has {len(text)} characters")
    return text


def _tree(expression: Expression, known: dict[int, tuple[int, str]]) -> tuple[int, str]:
    """How tightly the text of an expression holds, and the text."""
    if id(expression) not in known:
        known[id(expression)] = _node(expression, known)
    return known[id(expression)]


def _node(expression: Expression, known: dict[int, tuple[int, str]]) -> tuple[int, str]:
    op, arguments = expression.op, expression.arguments
    if op == "real":
        return _ATOM, str(expression.value)
    if op == "constant":
        return _ATOM, number_text(expression.value)
    if (
        op == "where"
        and arguments[0].op == "equal"
        and len({*map(id, arguments[0].arguments)}) == 1
    ):
        return _tree(arguments[1], known)  # z = z, which only a NaN is not
    parts = [_tree(argument, known) for argument in arguments]
    if sum(len(text) for _, text in parts) > 2 * LONGEST:
        raise UntraceableError("its formula is too long")
    if op in _SIGNS:
        holds, sign = _SIGNS[op]
        (left, first), (right, second) = parts
        first = first if left >= holds > 1 else _bracketed(left, holds, first)
        return holds, first + sign + _bracketed(right, holds, second)
    if op not in _CALLS:
        raise UntraceableError(f"{op} has no spreadsheet function")
    return _ATOM, _CALLS[op].format(*(text for _, text in parts))


def _bracketed(inner: int, outer: int, text: str) -> str:
    return f"({text})" if inner <= outer else text
