"""The formulas of ``operations/``, traced: run once on symbols, they leave an expression behind.

A formula is a plain function of numbers that NumPy can broadcast: no ``if`` on its arguments, only
``np.where``. So calling it with symbols instead of numbers shows every operation it will ever do.
That expression is what ``emit.py`` turns into vector code. A formula of your own works the same
way; one that does something no symbol can follow raises ``UntraceableError``, and the network that
uses it runs on the reference engine.

Kinds of numbers follow NumPy: Python's floats (and coefficients, such as a learning rate) are
*weak*, computed in float64 among themselves and rounded to the network's type where they meet it.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Expression", "UntraceableError", "canonical", "is_costly", "trace"]


class UntraceableError(Exception):
    """The formula does something that no symbol can follow."""


@dataclass(frozen=True, eq=False)
class Expression:  # noqa: PLW1641 - the hash is set below
    """An operation on expressions, an argument (``op="real"`` or ``"weak"``) or a constant.

    >>> [expression] = trace(lambda z: np.where(z > 0, z, 0.5 * z), real=1)
    >>> canonical([expression])
    'real 0;constant 0.0;greater 0 1;constant 0.5;multiply 3 0;where 2 0 4|5'
    """

    op: str
    arguments: tuple[Expression, ...] = ()
    value: float | int = 0
    kind: str = "real"

    # NumPy asks these two before anything else when it meets a symbol.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options or ufunc.__name__ not in ARITY:
            raise UntraceableError(f"np.{ufunc.__name__} has no vector code")
        return _apply(ufunc.__name__, inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if options or function not in (np.where, np.clip) or len(args) != 3:
            raise UntraceableError(f"np.{function.__name__} has no vector code")
        if function is np.clip:
            return np.minimum(np.maximum(args[0], args[1]), args[2])
        return _apply("where", args)

    def __bool__(self) -> bool:
        raise UntraceableError("a formula cannot branch on its arguments: use np.where")

    def __pow__(self, exponent: Any) -> Expression:
        if isinstance(exponent, int) and 1 <= exponent <= 8:
            product = self
            for _ in range(exponent - 1):
                product = product * self
            return product
        if exponent == 0.5:
            return _apply("sqrt", (self,))
        raise UntraceableError("only small whole powers have vector code")

    def __add__(self, other: Any) -> Expression:
        return _apply("add", (self, other))

    def __radd__(self, other: Any) -> Expression:
        return _apply("add", (other, self))

    def __sub__(self, other: Any) -> Expression:
        return _apply("subtract", (self, other))

    def __rsub__(self, other: Any) -> Expression:
        return _apply("subtract", (other, self))

    def __mul__(self, other: Any) -> Expression:
        return _apply("multiply", (self, other))

    def __rmul__(self, other: Any) -> Expression:
        return _apply("multiply", (other, self))

    def __truediv__(self, other: Any) -> Expression:
        return _apply("divide", (self, other))

    def __rtruediv__(self, other: Any) -> Expression:
        return _apply("divide", (other, self))

    def __neg__(self) -> Expression:
        return _apply("negative", (self,))

    def __pos__(self) -> Expression:
        return self

    def __abs__(self) -> Expression:
        return _apply("absolute", (self,))

    def __lt__(self, other: Any) -> Expression:
        return _apply("less", (self, other))

    def __le__(self, other: Any) -> Expression:
        return _apply("less_equal", (self, other))

    def __gt__(self, other: Any) -> Expression:
        return _apply("greater", (self, other))

    def __ge__(self, other: Any) -> Expression:
        return _apply("greater_equal", (self, other))

    def __eq__(self, other: object) -> Expression:  # type: ignore[override]
        return _apply("equal", (self, other))

    def __ne__(self, other: object) -> Expression:  # type: ignore[override]
        return _apply("not_equal", (self, other))

    def __and__(self, other: Any) -> Expression:
        return _apply("logical_and", (self, other))

    def __or__(self, other: Any) -> Expression:
        return _apply("logical_or", (self, other))

    __rand__, __ror__, __hash__ = __and__, __or__, object.__hash__


COMPARISONS = frozenset(
    ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "isnan")
)
LOGICAL = frozenset(("logical_and", "logical_or"))
ALIASES = {"bitwise_and": "logical_and", "bitwise_or": "logical_or", "fabs": "absolute"}
COSTLY = frozenset(("exp", "expm1", "log", "log1p", "tanh"))
UNARY = (
    *("negative", "absolute", "fabs", "sqrt", "floor", "sign", "square", "isnan", "positive"),
    *("exp", "expm1", "log", "log1p", "tanh"),
)
BINARY = (
    *("add", "subtract", "multiply", "divide", "maximum", "minimum"),
    *("logical_and", "logical_or", "bitwise_and", "bitwise_or"),
    *("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"),
)
ARITY = dict.fromkeys(UNARY, 1) | dict.fromkeys(BINARY, 2)


def trace(formula: Callable[..., Any], *, real: int, weak: int = 0) -> list[Expression]:
    """What ``formula`` computes from ``real`` numbers and then ``weak`` coefficients.

    Raises
    ------
    UntraceableError
        It cannot be followed.
    """
    symbols = [Expression("real", value=number) for number in range(real)]
    symbols += [Expression("weak", value=number, kind="weak") for number in range(weak)]
    try:
        result = formula(*symbols)
        results = result if isinstance(result, tuple) else (result,)
        return [_as_expression(part) for part in results]
    except UntraceableError:
        raise
    except Exception as error:
        raise UntraceableError(f"{type(error).__name__}: {error}") from error


def is_costly(formula: Callable[..., Any], *, weak: int = 0) -> bool:
    """Whether a formula of one number has a function in it that takes many operations.

    Raises
    ------
    UntraceableError
        It cannot be followed.
    """
    waiting = trace(formula, real=1, weak=weak)
    while waiting:
        expression = waiting.pop()
        if expression.op in COSTLY:
            return True
        waiting.extend(expression.arguments)
    return False


def canonical(results: Iterable[Expression]) -> str:
    """A text, equal for equal expressions: one operation after the other, then the results."""
    numbers_of: dict[int, int] = {}
    by_text: dict[str, int] = {}
    lines: list[str] = []

    def visit(expression: Expression) -> int:
        if id(expression) not in numbers_of:
            operands = [str(visit(argument)) for argument in expression.arguments]
            own = [repr(expression.value)] if not operands else []
            line = " ".join([expression.op, *own, *operands])
            if line not in by_text:
                by_text[line] = len(lines)
                lines.append(line)
            numbers_of[id(expression)] = by_text[line]
        return numbers_of[id(expression)]

    ends = [visit(result) for result in results]
    return ";".join(lines) + "|" + " ".join(map(str, ends))


def _as_expression(value: Any) -> Expression:
    if isinstance(value, Expression):
        return value
    if isinstance(value, numbers.Real):
        return Expression("constant", value=float(value), kind="weak")
    raise UntraceableError(f"a {type(value).__name__} inside a formula")


def _apply(name: str, inputs: Iterable[Any]) -> Expression:
    arguments = tuple(_as_expression(value) for value in inputs)
    op = ALIASES.get(name, name)
    if op == "positive":
        return arguments[0]
    if op == "square":
        return _apply("multiply", (arguments[0], arguments[0]))
    kinds = {argument.kind for argument in (arguments[1:] if op == "where" else arguments)}
    if op in COMPARISONS | LOGICAL:
        kind = "truth"
    elif op == "where":
        # Which of two weak numbers it is depends on real ones, so the choice is real.
        kind = "real"
    else:
        kind = "weak" if kinds == {"weak"} else "real"
    return Expression(op, arguments, kind=kind)
