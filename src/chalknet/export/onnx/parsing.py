"""From the bytes of an ONNX file to nodes and constants; nothing is believed unchecked.

Refused are values in other files, sparse tensors, functions, subgraphs, names used twice, nodes out
of order, and sizes that the bytes present do not bear out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ModelFileError
from chalknet.export.onnx.schema import (
    ATTRIBUTE,
    DIMENSION,
    GRAPH,
    MODEL,
    NODE,
    OPSET,
    PAIR,
    SHAPE,
    TENSOR,
    TENSOR_TYPE,
    TYPE,
    TYPE_NAMES,
    VALUE,
)
from chalknet.export.onnx.wire import Budget, Message

__all__ = ["Parsed", "ParsedNode", "parse", "seal_in"]

Array = npt.NDArray[Any]

MAX_FIELDS = 200_000
MAX_INTEGERS = 100_000  # of classes or of a shape; weights are no integers
MAX_AXES = 8
OPSETS = (7, 28)  # Between these, the operators read here mean the same.
# What the reader relies on: how many inputs an operator has at least, and the kind of an attribute.
_INPUTS = dict.fromkeys(("Add", "Sub", "Mul", "Div", "MatMul", "Gemm", "Greater", "Gather"), 2) | {
    "Reshape": 2, "ArrayFeatureExtractor": 2, "Constant": 0,
}  # fmt: skip
_KINDS: Mapping[str, type] = (
    dict.fromkeys(("axis", "to", "transA", "transB", "select_last_index", "saturate"), int)
    | dict.fromkeys(("alpha", "beta", "gamma", "threshold", "value_float"), float)
    | dict.fromkeys(("value", "perm", "offset", "scale"), np.ndarray)
    | dict.fromkeys(("classlabels_int64s", "classlabels_strings"), np.ndarray)
)
_RAW = {"float32": "<f4", "float64": "<f8", "int32": "<i4", "int64": "<i8", "bool": "?"}


@dataclass(frozen=True)
class ParsedNode:
    """One operator of the file."""

    operator: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.domain}.{self.operator}" if self.domain else self.operator


@dataclass(frozen=True)
class Parsed:
    """The graph of a file: what makes each tensor, and the metadata beside it.

    ``input_sizes`` are the sizes of the one input's axes, None where they are open.
    """

    place: str
    makers: dict[str, ParsedNode]
    constants: dict[str, Array]
    input_name: str
    input_sizes: tuple[int | None, ...] | None
    outputs: list[str]


def parse(data: bytes, place: str) -> Parsed:
    """Take an ONNX file apart.

    Raises
    ------
    ModelFileError
        It is no ONNX file, is damaged, or has what no multilayer perceptron needs.
    """
    budget = Budget(place, MAX_FIELDS)
    model = Message(memoryview(data), 0, budget)
    graph = model.message(MODEL.graph)
    if graph is None:
        raise ModelFileError(f"{place}: this is no ONNX file: there is no graph in it.")
    if model.has(MODEL.functions):
        raise _foreign(place, "functions of its own")
    if graph.has(GRAPH.sparse_initializer):
        raise _foreign(place, "sparse tensors")
    _require_opset(model, place)
    constants: dict[str, Array] = {}
    for message in graph.messages(GRAPH.initializer):
        name = message.text(TENSOR.name)
        if name in constants:
            raise ModelFileError(f"{place}: two tensors are called {name!r}.")
        constants[name] = _tensor(message, budget, name)
    name, sizes = _only_input(graph, constants, place)
    makers = _makers(graph, {*constants, name, ""}, budget)
    outputs = [message.text(VALUE.name) for message in graph.messages(GRAPH.output)]
    return Parsed(place, makers, constants, name, sizes, outputs)


def seal_in(data: bytes, place: str) -> tuple[str | None, memoryview]:
    """chalknet's own metadata, if any, and the bytes before them, for which they vouch."""
    view = memoryview(data)
    model = Message(view, 0, Budget(place, MAX_FIELDS))
    pairs = model.messages(MODEL.metadata_props)
    found = [pair.text(PAIR.value) for pair in pairs if pair.text(PAIR.key) == "chalknet"]
    if not found:
        return None, view
    if len(pairs) > 1 or model.end(MODEL.metadata_props) != len(data):
        raise ModelFileError(
            f"{place}: another program has added to a file that chalknet sealed: take the file as "
            "chalknet wrote it."
        )
    return found[0], view[: model.offset(MODEL.metadata_props)]


def _require_opset(model: Message, place: str) -> None:
    versions = {
        message.text(OPSET.domain) or "ai.onnx": message.integer(OPSET.version)
        for message in model.messages(MODEL.opset_import)
    }
    version = versions.get("ai.onnx", 0)
    if not OPSETS[0] <= version <= OPSETS[1]:
        raise ModelFileError(
            f"{place}: expected operators of opset {OPSETS[0]} to {OPSETS[1]}, but the file says "
            f"{version or 'none'}: export it again with opset 17."
        )


def _makers(graph: Message, known: set[str], budget: Budget) -> dict[str, ParsedNode]:
    makers: dict[str, ParsedNode] = {}
    for message in graph.messages(GRAPH.node):
        node = ParsedNode(
            message.text(NODE.op_type),
            message.text(NODE.domain).removesuffix("ai.onnx"),
            tuple(message.texts(NODE.input)),
            tuple(message.texts(NODE.output)),
            dict(_attribute(one, budget) for one in message.messages(NODE.attribute)),
        )
        if len(node.inputs) < _INPUTS.get(node.operator, 1):
            raise budget.damaged(message.start, f"{node} has {len(node.inputs)} inputs")
        for name in node.inputs:
            if name not in known:
                raise budget.damaged(
                    message.start, f"{node} takes {name!r}, which nothing before it makes"
                )
        for name in node.outputs:
            if name and name in known:
                raise budget.damaged(message.start, f"two things are called {name!r}")
            makers[name] = node
            known.add(name)
    return makers


def _attribute(message: Message, budget: Budget) -> tuple[str, Any]:
    name = message.text(ATTRIBUTE.name)
    for number in (ATTRIBUTE.g, ATTRIBUTE.graphs, ATTRIBUTE.sparse_tensor, ATTRIBUTE.ref_attr_name):
        if message.has(number):
            raise budget.damaged(message.start, f"attribute {name!r} holds a graph or a reference")
    readers: dict[int, Callable[[], Any]] = {
        ATTRIBUTE.t: lambda: _tensor(message.messages(ATTRIBUTE.t)[-1], budget, name),
        ATTRIBUTE.f: lambda: float(message.reals(ATTRIBUTE.f, "<f4")[-1]),
        ATTRIBUTE.s: lambda: message.text(ATTRIBUTE.s),
        ATTRIBUTE.i: lambda: message.integer(ATTRIBUTE.i),
        ATTRIBUTE.floats: lambda: message.reals(ATTRIBUTE.floats, "<f4").astype(np.float64),
        ATTRIBUTE.strings: lambda: np.array(message.texts(ATTRIBUTE.strings), np.str_),
        ATTRIBUTE.ints: lambda: np.array(message.integers(ATTRIBUTE.ints, MAX_INTEGERS), np.int64),
    }
    present = [read for number, read in readers.items() if message.has(number)]
    if len(present) != 1:
        raise budget.damaged(message.start, f"attribute {name!r} has {len(present)} values")
    value = present[0]()
    if not isinstance(value, _KINDS.get(name, object)):
        raise budget.damaged(message.start, f"attribute {name!r} is of the wrong kind")
    return name, value


def _tensor(message: Message, budget: Budget, name: str) -> Array:
    shape = tuple(message.integers(TENSOR.dims, MAX_AXES))
    kind = TYPE_NAMES.get(message.integer(TENSOR.data_type), "unknown")
    place = f"tensor {name!r}"
    if message.integer(TENSOR.data_location) or message.has(TENSOR.external_data):
        raise ModelFileError(
            f"{budget.place}: the values of {place} lie in another file, which is not followed: "
            "save the model with all values inside."
        )
    if message.has(TENSOR.segment) or any(size < 0 for size in shape):
        raise budget.damaged(message.start, f"{place} has shape {shape} or comes in parts")
    count = math.prod(shape)
    if kind == "text":
        values: Array = np.array(message.texts(TENSOR.string_data), dtype=np.str_)
    elif kind not in _RAW:
        raise budget.damaged(
            message.start,
            f"{place} is of type {kind}, but weights must be float32 or float64, and classes "
            "integers or text",
        )
    elif message.has(TENSOR.raw_data):
        values = _raw(message, kind, budget, place)
    elif kind in ("float32", "float64"):
        number = TENSOR.float_data if kind == "float32" else TENSOR.double_data
        values = message.reals(number, _RAW[kind])
    else:
        number = TENSOR.int64_data if kind == "int64" else TENSOR.int32_data
        values = np.array(message.integers(number, MAX_INTEGERS), np.int64).astype(kind)
    if values.size != count:
        raise budget.damaged(
            message.start, f"{place} has shape {shape}, but {values.size:,} values"
        )
    return values.reshape(shape)


def _raw(message: Message, kind: str, budget: Budget, place: str) -> Array:
    raw = message.blob(TENSOR.raw_data)
    if raw is None or len(raw) % np.dtype(_RAW[kind]).itemsize:
        raise budget.damaged(message.start, f"the bytes of {place} are no whole numbers")
    return np.frombuffer(raw, _RAW[kind]).astype(kind, copy=False)


def _only_input(
    graph: Message, constants: dict[str, Array], place: str
) -> tuple[str, tuple[int | None, ...] | None]:
    """The one input that is no constant, and the sizes of its axes."""
    ports = [
        message
        for message in graph.messages(GRAPH.input)
        if message.text(VALUE.name) not in constants
    ]
    if len(ports) != 1:
        raise ModelFileError(
            f"{place}: expected one input, the rows, but the graph has {len(ports)}."
        )
    [port] = ports
    kind = port.message(VALUE.type)
    tensor = None if kind is None else kind.message(TYPE.tensor_type)
    shape = None if tensor is None else tensor.message(TENSOR_TYPE.shape)
    sizes = None
    if shape is not None:
        dims = shape.messages(SHAPE.dim)
        sizes = tuple(
            dim.integer(DIMENSION.dim_value) if dim.has(DIMENSION.dim_value) else None
            for dim in dims[:MAX_AXES]
        )
    return port.text(VALUE.name), sizes


def _foreign(place: str, what: str) -> ModelFileError:
    return ModelFileError(
        f"{place}: the file has {what}, which no multilayer perceptron needs: it is not read."
    )
