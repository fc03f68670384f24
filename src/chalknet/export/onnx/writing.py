"""From a model to an ONNX file: raw rows in; labels, probabilities or predictions out.

The graph reads like the textbook. Its tensors are called ``X a0 W1 b1 z1 a1 … zL``, weights are
(fan_in, fan_out), and scaling happens inside, so that a model of images takes their bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.preprocessing import Preprocessing
from chalknet.errors import ConfigurationError
from chalknet.export.description import describe
from chalknet.export.head import Head, checked_layers, head_of
from chalknet.export.onnx.activations import apply_activation
from chalknet.export.onnx.graph import Graph, Port
from chalknet.export.onnx.schema import ELEMENT, MODEL, OPSET, PAIR
from chalknet.export.onnx.wire import blob, integer, text
from chalknet.export.rows import computed_in, row_type
from chalknet.files import write_atomically
from chalknet.model import Model

__all__ = ["FORMAT", "add_model", "onnx_signature", "seal_of", "write_onnx"]

# Read by ONNX Runtime since 1.12 (2022); every operator used here has kept its meaning since.
IR_VERSION, OPSET_VERSION = 8, 17
FORMAT = "chalknet.onnx.1"
MAX_BYTES = 2**31 - 1

Array = npt.NDArray[Any]


def write_onnx(
    model: Model, path: str | os.PathLike[str], *, input_type: npt.DTypeLike | None = None
) -> Path:
    """Write ``model`` as one ONNX file.

    Parameters
    ----------
    model : Model
    path : path
    input_type : "uint8", "float32" or "float64", optional
        What the rows are. By default bytes where the model divides bytes by 255, and the float type
        of its parameters otherwise. float64 rows compute in float64, as everywhere.

    Raises
    ------
    ConfigurationError
        An activation or the loss is the user's own, a label has no counterpart in ONNX, or the
        model is too large for the format.
    """
    inputs, outputs = onnx_signature(model, input_type=input_type)
    graph = Graph(computed_in(model, inputs.dtype))
    add_model(graph, model, inputs.name, inputs.dtype)
    body = b"".join(
        (
            integer(MODEL.ir_version, IR_VERSION),
            text(MODEL.producer_name, "chalknet"),
            text(MODEL.doc_string, _described(model, inputs, outputs)),
            blob(MODEL.graph, graph.to_bytes("mlp", [inputs], outputs)),
            blob(MODEL.opset_import, text(OPSET.domain, ""), integer(OPSET.version, OPSET_VERSION)),
        )
    )
    if len(body) > MAX_BYTES:
        raise ConfigurationError(
            f"the model makes an ONNX file of {len(body):,} bytes, but the format ends at 2 GiB: "
            "export it to safetensors."
        )
    seal = seal_of(body, _metadata(model))
    pair = text(PAIR.key, "chalknet") + text(PAIR.value, seal)
    return write_atomically(path, body + blob(MODEL.metadata_props, pair))


def onnx_signature(
    model: Model, *, input_type: npt.DTypeLike | None = None
) -> tuple[Port, list[Port]]:
    """The graph's input and its outputs, in order: label before probabilities (or scores)."""
    input_type = row_type(model, input_type)
    dtype, head, K = computed_in(model, input_type), head_of(model), model.network.widths[-1]
    if head.decision is None:
        outputs = [Port("predictions", dtype, K)]
    else:
        each = head.decision == "each"
        kind = np.dtype(np.int64) if each else _labels(model).dtype
        scores = "probabilities" if head.probabilities else "scores"
        outputs = [
            Port("label", kind, K if each else None),
            Port(scores, dtype, 2 if head.complement and head.probabilities else K),
        ]
    return Port("X", input_type, model.network.widths[0]), outputs


def add_model(graph: Graph, model: Model, X: str, input_type: np.dtype[Any]) -> list[str]:
    """Add all of ``model`` to ``graph``, from raw rows ``X``, and return its outputs' names."""
    layers, head = checked_layers(model), head_of(model)
    A = _preprocessed(graph, model.preprocessing, X, input_type)
    for number, (W, b, activation) in enumerate(layers, start=1):
        weights = graph.constant(W.astype(graph.dtype), f"W{number}")
        bias = graph.constant(b.astype(graph.dtype), f"b{number}")
        Z = graph("Gemm", A, weights, bias, name=f"z{number}")
        A = apply_activation(graph, activation, Z, f"a{number}")
    if head.decision is None:
        return [_linked(graph, head, A, "predictions")]
    label = _decided(graph, model, head, A)
    if not head.probabilities:
        return [label, graph("Identity", A, name="scores")]
    if head.complement:
        p = _linked(graph, head, A, "p")
        return [label, graph("Concat", graph("Sub", 1.0, p), p, name="probabilities", axis=1)]
    return [label, _linked(graph, head, A, "probabilities")]


def seal_of(body: bytes | memoryview, content: str) -> str:
    """The metadata with a hash over all bytes before it, so that a changed bit is an error."""
    digest = hashlib.sha256(content.encode())
    digest.update(b"\0")
    digest.update(body)
    return json.dumps({"sha256": digest.hexdigest(), "content": content})


def _preprocessed(
    graph: Graph, preprocessing: Preprocessing, X: str, input_type: np.dtype[Any]
) -> str:
    """A₀ = (X − offset) / divisor; the difference in float64, as ``Preprocessing.apply`` has it."""
    offset, divisor = np.asarray(preprocessing.offset), np.asarray(preprocessing.divisor)
    A, dtype = X, input_type
    if np.any(offset):
        if dtype != np.float64:
            A, dtype = graph("Cast", A, to=ELEMENT["float64"]), np.dtype(np.float64)
        A = graph("Sub", A, graph.constant(offset.astype(np.float64), "offset"))
    if dtype != graph.dtype:
        A = graph("Cast", A, to=ELEMENT[graph.dtype.name])
    if np.any(divisor != 1):
        A = graph("Div", A, graph.constant(divisor.astype(graph.dtype), "divisor"), name="a0")
    return A


def _linked(graph: Graph, head: Head, output: str, name: str) -> str:
    if head.link == "softmax":
        return graph("Softmax", output, name=name, axis=-1)
    operator = {"sigmoid": "Sigmoid", "exp": "Exp", "identity": "Identity"}[head.link]
    return graph(operator, output, name=name)


def _decided(graph: Graph, model: Model, head: Head, output: str) -> str:
    """From the network's output to labels, as ``Model.decide`` has it."""
    if head.decision == "each":
        above = graph("Greater", output, head.threshold)
        return graph("Cast", above, name="label", to=ELEMENT["int64"])
    if head.decision == "one":
        above = graph("Cast", graph("Greater", output, head.threshold), to=ELEMENT["int64"])
        index = graph("Squeeze", above, graph.constant(np.array([1], np.int64), "columns"))
    else:
        index = graph("ArgMax", output, axis=1, keepdims=0)
    return graph("Gather", graph.constant(_labels(model), "classes"), index, name="label", axis=0)


def _labels(model: Model) -> Array:
    """The classes in a type that ONNX has: int64, float64, booleans or text."""
    classes = np.asarray(model.classes)
    kind = classes.dtype.kind
    if kind in "iu":
        wide = np.iinfo(np.int64)
        fits = all(wide.min <= int(label) <= wide.max for label in classes)
        return classes.astype(np.int64 if fits else np.uint64)
    if kind == "f":
        return classes.astype(np.float64)
    for label in classes if kind == "U" else ():
        if any("\ud800" <= character <= "\udfff" for character in label):
            raise ConfigurationError(
                f"the class {str(label)!a} is no text in UTF-8, which ONNX needs: rename it."
            )
    if kind not in "bU":
        raise ConfigurationError(
            f"classes of type {classes.dtype} have no counterpart in ONNX: use text or integers."
        )
    return classes


def _described(model: Model, inputs: Port, outputs: list[Port]) -> str:
    ports = ", ".join(map(str, outputs))
    return (
        f"A multilayer perceptron {'-'.join(map(str, model.network.widths))}, from chalknet. "
        f"Takes raw rows {inputs} and gives {ports}."
    )


def _metadata(model: Model) -> str:
    """What the graph cannot say, for ``read_onnx``."""
    return json.dumps({"format": FORMAT, **describe(model)})
