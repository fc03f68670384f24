"""The layers in a graph: Gemm, or MatMul and Add, and the activation after each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.export.onnx.parsing import ParsedNode
from chalknet.export.onnx.patterns import Matcher
from chalknet.operations.activations import Activation

__all__ = ["layers_of"]

Array = npt.NDArray[Any]
Layers = list[tuple[Array, Array]]


def layers_of(graph: Matcher, name: str) -> tuple[Layers, list[Activation], str]:
    """(W, b) and activation of each layer below ``name``, and the tensor under the first layer.

    Raises
    ------
    ModelFileError
        There is no layer, or what stands between two is none of chalknet's activations.
    """
    layers: Layers = []
    activations: list[Activation] = []
    while True:
        z = _pre_activation(graph, name)
        found = None if z is None else _affine(graph, z)
        if z is None or found is None:
            break
        activation = graph.activation(name, z)
        if activation is None:
            raise graph.refused(
                f"what makes {name!r} from the layer {z!r} is none of chalknet's activations"
            )
        name, W, b = found
        layers.append((np.array(W), np.array(b)))
        activations.append(activation)
    if not layers:
        raise graph.refused("there is no layer (Gemm, or MatMul and Add) in it")
    return layers[::-1], activations[::-1], name


def _pre_activation(graph: Matcher, name: str) -> str | None:
    """The layer nearest below ``name``; None where only the scaling of the rows is left."""
    while True:
        name = graph.through(name)
        if _affine(graph, name) is not None:
            return name
        node = graph.maker(name)
        inputs = [] if node is None else [one for one in node.inputs if one]
        varying = [one for one in inputs if graph.constant(one) is None]
        if not varying:
            return None
        name = varying[0]


def _affine(graph: Matcher, name: str) -> tuple[str, Array, Array] | None:
    """(what is below, W, b) where ``name`` is XW + b."""
    node = graph.maker(name)
    if node is None:
        return None
    if str(node) == "Gemm":
        return _gemm(graph, node)
    if str(node) == "MatMul":
        W = _weights(graph, node)
        return None if W is None else (node.inputs[0], W, np.zeros(W.shape[1], W.dtype))
    if str(node) == "Add":
        for product, bias in (node.inputs[:2], node.inputs[1::-1]):
            below, b = graph.maker(product), graph.constant(bias)
            if below is not None and str(below) == "MatMul" and b is not None:
                W = _weights(graph, below)
                if W is not None:
                    return below.inputs[0], W, _bias(graph, b, W)
    return None


def _gemm(graph: Matcher, node: ParsedNode) -> tuple[str, Array, Array] | None:
    W = _weights(graph, node)
    if W is None or node.attributes.get("transA", 0):
        return None
    W = W.T if node.attributes.get("transB", 0) else W
    b: Array | None = np.zeros(W.shape[1], W.dtype)
    if len(node.inputs) > 2 and node.inputs[2]:
        b = graph.constant(node.inputs[2])
    if b is None:
        return None
    kind = W.dtype.type
    alpha, beta = (kind(node.attributes.get(name, 1.0)) for name in ("alpha", "beta"))
    with np.errstate(all="ignore"):  # what is not finite is refused later, with its name
        return node.inputs[0], W * alpha, _bias(graph, b, W) * beta


def _weights(graph: Matcher, node: ParsedNode) -> Array | None:
    W = graph.constant(node.inputs[1])
    return W if W is not None and W.ndim == 2 and W.dtype.kind == "f" and W.size else None


def _bias(graph: Matcher, b: Array, W: Array) -> Array:
    if b.dtype.kind != "f" or b.shape not in ((W.shape[1],), (1, W.shape[1]), (1,), ()):
        raise graph.refused(f"a bias of shape {b.shape} stands beside weights {W.shape}")
    return np.broadcast_to(b.reshape(-1), (W.shape[1],))
