"""Known activations in a graph, in chalknet's own spelling and in those of other exporters.

A pattern is matched operator by operator and constant by constant: what does not match exactly is
not guessed at. chalknet's own spellings are taken from ``activations.py`` as it writes them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from chalknet.errors import ModelFileError
from chalknet.export.onnx.activations import apply_activation
from chalknet.export.onnx.parsing import Parsed, ParsedNode
from chalknet.export.onnx.schema import ELEMENT
from chalknet.operations.activations import ACTIVATIONS, Activation, as_activation

__all__ = ["Matcher"]

Array = npt.NDArray[Any]
COMMUTATIVE = frozenset({"Add", "Mul", "Max", "Min"})
# Attributes left out mean these.
DEFAULTS: dict[str, dict[str, Any]] = {
    "LeakyRelu": {"alpha": 0.01},
    "Elu": {"alpha": 1.0},
    "Selu": {"alpha": 1.67326319217681884765625, "gamma": 1.05070102214813232421875},
    "Gelu": {"approximate": "none"},
    "Swish": {"alpha": 1.0},
    "Cast": {"saturate": 1},
}
_FLOATS = (ELEMENT["float32"], ELEMENT["float64"])


class _Hole(float):
    """A number that is read from the graph instead of being known."""

    name: str

    def __new__(cls, name: str) -> _Hole:
        hole = super().__new__(cls, math.nan)
        hole.name = name
        return hole


class _Pattern(NamedTuple):
    operator: str
    inputs: tuple[Any, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class _Spelling:
    """Takes an activation down as a pattern. The pre-activation is the text ``z``."""

    dtype: np.dtype[Any]

    def __call__(
        self,
        operator: str,
        *inputs: Any,
        name: str | None = None,  # noqa: ARG002
        **attributes: Any,
    ) -> _Pattern:
        return _Pattern(operator, inputs, attributes)


@functools.cache
def _known() -> list[tuple[Activation, _Pattern]]:
    """Every activation with every spelling of it."""
    known = []
    for usual in ACTIVATIONS.values():
        if usual.name == "identity":
            continue
        holes = {name: _Hole(name) for name in usual.parameter_names}
        open_ = usual.with_parameters(**holes) if holes else usual
        own = [
            apply_activation(_Spelling(np.dtype(dtype)), open_, "z")
            for dtype in (np.float32, np.float64)
        ]
        known += [(usual, pattern) for pattern in own]
    return [*known, *((as_activation(name), pattern) for name, pattern in _foreign())]


def _foreign() -> Iterator[tuple[str, _Pattern]]:
    """Spellings of PyTorch, Keras and their like that are not chalknet's own."""
    p = _Spelling(np.dtype(np.float32))
    yield "gelu", p("Gelu", "z")
    for scaled in (p("Div", "z", math.sqrt(2)), p("Mul", "z", math.sqrt(0.5))):
        twice = p("Add", p("Erf", scaled), 1.0)
        yield "gelu", p("Mul", p("Mul", "z", twice), 0.5)
        yield "gelu", p("Mul", p("Mul", "z", 0.5), twice)
        yield "gelu", p("Mul", "z", p("Mul", twice, 0.5))
    yield "silu", p("Swish", "z")
    yield "relu", p("Max", "z", 0.0)
    yield "relu", p("Clip", "z", 0.0)
    yield "leaky_relu", p("PRelu", "z", _Hole("slope"))
    # PyTorch takes softplus for the identity where the two differ by less than 3e-9.
    yield "softplus", p("Where", p("Greater", "z", 20.0), "z", p("Softplus", "z"))
    yield "step", p("Where", p("Greater", "z", 0.0), 1.0, 0.0)


@dataclass
class Matcher:
    """Looks into a parsed graph."""

    graph: Parsed
    _memory: dict[tuple[int, str, str], dict[str, float] | None] = field(default_factory=dict)

    def maker(self, name: str) -> ParsedNode | None:
        """The node that makes a tensor; None for constants and the input."""
        return self.graph.makers.get(name)

    def constant(self, name: str) -> Array | None:
        """A tensor's values where they are constant: stored, or copied or transposed from such."""
        if name in self.graph.constants:
            return self.graph.constants[name]
        node = self.maker(name)
        operator = "" if node is None else str(node)
        if node is None or operator not in ("Constant", "Identity", "Transpose"):
            return None
        if operator == "Constant":
            given = node.attributes
            if "value_float" in given:
                return np.asarray(given["value_float"], np.float32)
            values = given.get("value")
            return values if isinstance(values, np.ndarray) else None
        source = self.graph.constants.get(node.inputs[0]) if node.inputs else None
        if operator == "Identity" or source is None:
            return source
        turned = source.ndim == 2 and np.array_equal(node.attributes.get("perm", [1, 0]), [1, 0])
        return source.T if turned else None

    def is_constant(self, node: ParsedNode, place: int) -> bool:
        """Whether one of a node's inputs is constant."""
        return len(node.inputs) > place and self.constant(node.inputs[place]) is not None

    def refused(self, why: str) -> ModelFileError:
        """The error for a graph that is something else than a multilayer perceptron."""
        return ModelFileError(
            f"{self.graph.place}: the graph is no multilayer perceptron that chalknet knows: {why}."
        )

    def number(self, name: str) -> float | None:
        """A constant that is one number."""
        values = self.constant(name)
        if values is None or values.size != 1 or values.dtype.kind not in "if":
            return None
        return float(values.reshape(()))

    def through(self, name: str) -> str:
        """The tensor of which ``name`` is only a copy: past Identity, Dropout and float casts."""
        while True:
            node = self.maker(name)
            if node is None or not _copies(node):
                return name
            name = node.inputs[0]

    def activation(self, name: str, z: str) -> Activation | None:
        """The activation by which ``name`` comes of ``z``, if it is one of chalknet's."""
        if self.through(name) == z:
            return as_activation("identity")
        for activation, pattern in _known():
            holes = self._match(pattern, name, z)
            if holes is not None:
                return activation.with_parameters(**holes)
        return None

    def _match(self, pattern: Any, name: str, z: str) -> dict[str, float] | None:
        """What stands in the pattern's holes, or None if ``name`` does not come about as it says.

        Remembered, because a hostile graph could have the same question asked without end.
        """
        key = (id(pattern), name, z)
        if key not in self._memory:
            self._memory[key] = None
            self._memory[key] = self._matched(pattern, name, z)
        return self._memory[key]

    def _matched(self, pattern: Any, name: str, z: str) -> dict[str, float] | None:
        if isinstance(pattern, str):
            return {} if self.through(name) == z else None
        if isinstance(pattern, float):
            return self._matched_number(pattern, name)
        node = self.maker(name)
        if node is not None and str(node) != pattern.operator and _copies(node):
            return self._match(pattern, self.through(name), z)
        if node is None or str(node) != pattern.operator:
            return None
        return self._matched_node(pattern, node, z)

    def _matched_node(self, pattern: _Pattern, node: ParsedNode, z: str) -> dict[str, float] | None:
        holes = _matched_attributes(node, pattern)
        inputs = [one for one in node.inputs if one]
        if holes is None or len(inputs) != len(pattern.inputs):
            return None
        orders = [inputs, inputs[::-1]] if node.operator in COMMUTATIVE else [inputs]
        for order in orders:
            found = [self._match(p, i, z) for p, i in zip(pattern.inputs, order, strict=True)]
            if all(one is not None for one in found):
                return functools.reduce(lambda a, b: a | (b or {}), found, holes)
        return None

    def _matched_number(self, wanted: float, name: str) -> dict[str, float] | None:
        values = self.constant(name)
        number = self.number(name)
        if values is None or number is None or not math.isfinite(number):
            return None
        if isinstance(wanted, _Hole):
            return {wanted.name: _shortest(number, values.dtype)}
        tolerance = 1e-6 if values.dtype == np.float32 else 1e-14
        return {} if math.isclose(number, wanted, rel_tol=tolerance, abs_tol=0.0) else None


def _copies(node: ParsedNode) -> bool:
    """Whether a node gives what it takes, number for number."""
    if node.domain or not node.inputs:
        return False
    if node.operator == "Dropout":
        return len(node.inputs) < 3  # a third input may switch training on
    if node.operator == "Cast":
        return node.attributes.get("to") in _FLOATS
    return node.operator == "Identity"


def _matched_attributes(node: ParsedNode, pattern: _Pattern) -> dict[str, float] | None:
    usual = DEFAULTS.get(node.operator, {})
    has, wanted = usual | node.attributes, usual | pattern.attributes
    holes: dict[str, float] = {}
    if has.keys() != wanted.keys():
        return None
    for name, value in wanted.items():
        came = has[name]
        if isinstance(value, _Hole):
            if not isinstance(came, float) or not math.isfinite(came):
                return None
            holes[value.name] = _shortest(came, np.dtype(np.float32))
        elif isinstance(value, float):
            if not isinstance(came, float) or not math.isclose(came, value, rel_tol=1e-6):
                return None
        elif name == "to":
            if came not in _FLOATS:
                return None
        elif came != value:
            return None
    return holes


def _shortest(number: float, dtype: np.dtype[Any]) -> float:
    """The number as people write it: float32's neighbour of 0.3 is 0.3."""
    return float(str(np.float32(number))) if dtype == np.float32 else number
