"""Functions written as text, such as ``sin(3x) + |x1 - x2|^2``, read without running anything.

A parser of our own turns the text into a list of operations on a stack, of a fixed set, and only
numbers ever go through them: there are no names but the ones below, no attributes, no calls of
anything else, and no whole numbers that grow without end.

::

    sum     = product { ("+" | "-") product }
    product = sign { ("*" | "/" | nothing) sign }
    sign    = ("+" | "-") sign | power
    power   = atom [ ("^" | "**") sign ]
    atom    = number | variable | constant | function "(" sum { "," sum } ")"
            | "(" sum ")" | "|" sum "|"
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from chalknet.errors import ConfigurationError, unknown_name

__all__ = ["CONSTANTS", "FUNCTIONS", "Expression", "Operation", "parse_expression"]

LONGEST, DEEPEST, MOST_INPUTS = 1000, 40, 9

CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e}
# How many values each takes.
FUNCTIONS = {
    **dict.fromkeys(("abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "exp", "floor"), 1),
    **dict.fromkeys(("log", "log10", "log2", "relu", "sigmoid", "sign", "sin", "sinh"), 1),
    **dict.fromkeys(("softplus", "sqrt", "step", "tan", "tanh"), 1),
    **dict.fromkeys(("max", "min"), 2),
}
_OTHER_NAMES = {"ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "sgn": "sign"}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-zπ][A-Za-z0-9_]*)|(?P<mark>\*\*|[-+*/^(),|−·×]))"
)
_MARKS = {"−": "-", "·": "*", "×": "*", "**": "^"}


@dataclass(frozen=True)
class Operation:
    """One step: push a ``number`` or an ``input`` (from 0), or replace values on the stack.

    ``kind`` is "number", "input", "add", "subtract", "multiply", "divide", "power", "negate", or
    the name of a function.
    """

    kind: str
    number: float = 0.0
    input: int = 0


@dataclass(frozen=True)
class Expression:
    """A function of ``inputs`` numbers: operations on a stack, which at the end holds its value."""

    text: str
    operations: tuple[Operation, ...]
    inputs: int


def parse_expression(text: str) -> Expression:
    """Read a function of x, or of x1, x2, … x9.

    Raises
    ------
    ConfigurationError
        The text is none: the message shows the place. Also where it is longer than 1,000
        characters or nested more than 40 deep.

    >>> [operation.kind for operation in parse_expression("2 sin(x)^2").operations]
    ['number', 'input', 'sin', 'number', 'power', 'multiply']
    """
    if len(text) > LONGEST:
        raise ConfigurationError(
            f"the function has {len(text):,} characters, but at most {LONGEST:,} are read: give a "
            "Python callable or a CSV of samples."
        )
    parser = _Parser(text)
    parser.sum()
    if parser.kind != "end":
        raise parser.unexpected("an operator")
    if not parser.variables:
        raise ConfigurationError(
            f"the function {_shown(text.strip())!r} has no x in it: write one of x, or of x1, x2, …"
        )
    if "x" in parser.variables and len(parser.variables) > 1:
        raise ConfigurationError(
            f"the function {_shown(text.strip())!r} has both x and {max(parser.variables)}: "
            "write x1, x2, … for several inputs."
        )
    numbers = [int(name[1:] or 1) for name in parser.variables]
    return Expression(text.strip(), tuple(parser.operations), max(numbers))


class _Parser:
    """Recursive descent; the recursion's depth is bounded, the result is flat."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.operations: list[Operation] = []
        self.variables: set[str] = set()
        self.depth = 0
        self.bars = 0  # how many | … | are open
        self.end = 0
        self.advance()

    def advance(self) -> None:
        """Read the next token into ``kind`` and ``token``."""
        self.start = self.end
        rest = self.text[self.end :]
        if not rest.strip():
            self.kind, self.token = "end", "the end"
            return
        match = _TOKEN.match(self.text, self.end)
        if match is None:
            self.start += len(rest) - len(rest.lstrip())
            raise self.error(f"{self.text[self.start]!r} is none of its signs")
        self.kind = match.lastgroup or ""
        self.token = match[self.kind]
        self.start, self.end = match.start(self.kind), match.end()
        if self.kind == "mark":
            self.kind = self.token = _MARKS.get(self.token, self.token)

    def error(self, what: str) -> ConfigurationError:
        return ConfigurationError(
            f"the function {_shown(self.text)!r} cannot be read at character {self.start + 1}: "
            f"{what}."
        )

    def unexpected(self, expected: str) -> ConfigurationError:
        found = "it ends" if self.kind == "end" else f"{_short(self.token)!r} stands"
        return self.error(f"{found} where {expected} was expected")

    def emit(self, kind: str, number: float = 0.0, index: int = 0) -> None:
        self.operations.append(Operation(kind, number, index))

    def sum(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"it is nested more than {DEEPEST} deep")
        self.product()
        while self.kind in ("+", "-"):
            kind = "add" if self.kind == "+" else "subtract"
            self.advance()
            self.product()
            self.emit(kind)
        self.depth -= 1

    def product(self) -> None:
        self.sign()
        while True:
            if self.kind in ("*", "/"):
                kind = "multiply" if self.kind == "*" else "divide"
                self.advance()
            elif self.kind in ("number", "name", "(") or (self.kind == "|" and not self.bars):
                kind = "multiply"  # 2x, 3 sin(x), 2(x + 1)
            else:
                return
            self.sign()
            self.emit(kind)

    def sign(self) -> None:
        negative = False
        while self.kind in ("+", "-"):
            negative ^= self.kind == "-"
            self.advance()
        self.power()
        if negative:
            self.emit("negate")

    def power(self) -> None:
        self.atom()
        if self.kind == "^":
            self.advance()
            self.depth += 1
            if self.depth > DEEPEST:
                raise self.error(f"it is nested more than {DEEPEST} deep")
            self.sign()
            self.depth -= 1
            self.emit("power")

    def atom(self) -> None:
        if self.kind == "number":
            value = float(self.token)
            if not math.isfinite(value):
                raise self.error(f"{_short(self.token)} is out of range: they reach to 1.8e308")
            self.emit("number", value)
            self.advance()
        elif self.kind == "name":
            self.name()
        elif self.kind == "(":
            bars, self.bars = self.bars, 0
            self.advance()
            self.sum()
            self.close(")")
            self.bars = bars
        elif self.kind == "|":
            self.bars += 1
            self.advance()
            self.sum()
            self.bars -= 1
            self.close("|")
            self.emit("abs")
        else:
            raise self.unexpected("a number, x or a function")

    def close(self, mark: str) -> None:
        if self.kind != mark:
            raise self.unexpected(f"{mark!r}")
        self.advance()

    def name(self) -> None:
        name = _OTHER_NAMES.get(self.token, self.token)
        if re.fullmatch(rf"x[1-{MOST_INPUTS}]?", name):
            self.variables.add(name)
            self.emit("input", index=int(name[1:] or 1) - 1)
            self.advance()
        elif name in CONSTANTS:
            self.emit("number", CONSTANTS[name])
            self.advance()
        elif name in FUNCTIONS:
            self.advance()
            self.arguments(name)
        else:
            known = unknown_name(
                "name", _short(self.token), ["x", "x1", "x2", *CONSTANTS, *FUNCTIONS]
            )
            raise self.error(str(known).rstrip("."))

    def arguments(self, name: str) -> None:
        if self.kind != "(":
            raise self.unexpected(f"the bracket after {name}")
        bars, self.bars = self.bars, 0
        self.advance()
        self.sum()
        count = 1
        while self.kind == ",":
            self.advance()
            self.sum()
            count += 1
        if count != FUNCTIONS[name]:
            raise self.error(f"{name} takes {FUNCTIONS[name]} values, not {count}")
        self.close(")")
        self.bars = bars
        self.emit(name)


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


def _short(token: str) -> str:
    return token if len(token) <= 30 else f"{token[:29]}…"
