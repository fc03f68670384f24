"""A graph under construction: nodes, constants, and the bytes they make."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.export.onnx.schema import (
    ATTRIBUTE,
    ATTRIBUTE_KIND,
    DIMENSION,
    GRAPH,
    NODE,
    SHAPE,
    TENSOR,
    TENSOR_TYPE,
    TYPE,
    VALUE,
    element,
)
from chalknet.export.onnx.wire import blob, integer, real, text

__all__ = ["Graph", "Node", "Port"]

Array = npt.NDArray[Any]
Value = str | float | Array


@dataclass(frozen=True)
class Node:
    """One operator: what it takes, what it gives, and its attributes (numbers or text)."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, float | int | str]


@dataclass(frozen=True)
class Port:
    """An input or output of the graph: (N, width), or (N,) where the width is None."""

    name: str
    dtype: np.dtype[Any]
    width: int | None

    def __str__(self) -> str:
        kind = "text" if self.dtype.kind == "U" else self.dtype.name
        return f"{self.name} {kind} (N{'' if self.width is None else f', {self.width}'})"


@dataclass
class Graph:
    """Nodes in the order of computation; plain numbers among inputs become constants of ``dtype``.

    ``prefix`` goes before every name but those of inputs, so that a graph may be part of another.

    >>> graph = Graph(np.dtype(np.float32))
    >>> graph("Relu", graph("Add", "x", 1.0), name="y")
    'y'
    >>> [(node.operator, *node.inputs) for node in graph.nodes]
    [('Add', 'x', 'c1'), ('Relu', 't1')]
    """

    dtype: np.dtype[Any]
    prefix: str = ""
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    _numbers: dict[float, str] = field(default_factory=dict)

    def __call__(
        self, operator: str, *inputs: Value, name: str | None = None, **attributes: float | str
    ) -> str:
        """Add a node and return the name of what it gives."""
        names = tuple(one if isinstance(one, str) else self.constant(one) for one in inputs)
        output = self.prefix + (name or f"t{len(self.nodes) + 1}")
        self.nodes.append(Node(operator, names, output, attributes))
        return output

    def constant(self, value: float | Array, name: str | None = None) -> str:
        """Add a constant and return its name; the same number is kept once."""
        if not isinstance(value, np.ndarray):
            if value not in self._numbers:
                number = np.asarray(value, self.dtype)
                self._numbers[value] = self.constant(number, f"c{len(self._numbers) + 1}")
            return self._numbers[value]
        name = self.prefix + (name or f"k{len(self.constants) + 1}")
        self.constants[name] = value
        return name

    def to_bytes(self, name: str, inputs: list[Port], outputs: list[Port]) -> bytes:
        """ONNX's GraphProto."""
        return b"".join(
            (
                *(blob(GRAPH.node, _node(node)) for node in self.nodes),
                text(GRAPH.name, name),
                *(blob(GRAPH.initializer, _tensor(*item)) for item in self.constants.items()),
                *(blob(GRAPH.input, _port(port)) for port in inputs),
                *(blob(GRAPH.output, _port(port)) for port in outputs),
            )
        )


def _node(node: Node) -> bytes:
    return b"".join(
        (
            *(text(NODE.input, name) for name in node.inputs),
            text(NODE.output, node.output),
            text(NODE.name, f"{node.operator}:{node.output}"),
            text(NODE.op_type, node.operator),
            *(blob(NODE.attribute, _attribute(*item)) for item in node.attributes.items()),
        )
    )


def _attribute(name: str, value: float | int | str) -> bytes:
    kinds = ATTRIBUTE_KIND
    if isinstance(value, str):
        content, kind = text(ATTRIBUTE.s, value), kinds.STRING
    elif isinstance(value, float):
        content, kind = real(ATTRIBUTE.f, value), kinds.FLOAT
    else:
        content, kind = integer(ATTRIBUTE.i, value), kinds.INT
    return text(ATTRIBUTE.name, name) + content + integer(ATTRIBUTE.type, kind)


def _tensor(name: str, values: Array) -> bytes:
    # Fields in the order of their numbers, as onnx itself writes them: the bytes, and with them
    # the hash, stay the same when another program loads and saves the file.
    head = b"".join(integer(TENSOR.dims, size) for size in values.shape)
    head += integer(TENSOR.data_type, element(values.dtype))
    if values.dtype.kind == "U":
        texts = (text(TENSOR.string_data, str(value)) for value in values.ravel())
        return b"".join((head, *texts, text(TENSOR.name, name)))
    raw = values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    return head + text(TENSOR.name, name) + blob(TENSOR.raw_data, raw)


def _port(port: Port) -> bytes:
    sizes = [text(DIMENSION.dim_param, "N")]
    if port.width is not None:
        sizes.append(integer(DIMENSION.dim_value, port.width))
    shape = blob(TENSOR_TYPE.shape, *(blob(SHAPE.dim, size) for size in sizes))
    tensor = integer(TENSOR_TYPE.elem_type, element(port.dtype)) + shape
    return text(VALUE.name, port.name) + blob(VALUE.type, blob(TYPE.tensor_type, tensor))
