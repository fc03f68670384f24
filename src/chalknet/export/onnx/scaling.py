"""What a graph does to raw rows before its first layer: flattening them, and scaling them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.preprocessing import Preprocessing
from chalknet.errors import ConfigurationError
from chalknet.export.onnx.parsing import ParsedNode
from chalknet.export.onnx.patterns import Matcher

__all__ = ["scaling_of"]

Array = npt.NDArray[Any]


def scaling_of(
    graph: Matcher, name: str, features: int
) -> tuple[Preprocessing, tuple[int, ...] | None]:
    """The scaling of the rows under the first layer, and the shape of the images flattened there.

    Steps of addition and multiplication, Scaler's included, become one: (raw − offset) / divisor.

    Raises
    ------
    ModelFileError
        There is something else before the first layer.
    """
    offset: Array = np.zeros(())
    divisor: Array = np.ones(())
    image_shape = None
    for node in _steps(graph, name):
        if _flattens(graph, node, features):
            image_shape = _image_shape(graph, features)
            continue
        with np.errstate(all="ignore"):  # what does not come out finite is refused below
            offset, divisor = _scaled(graph, node, features, offset, divisor)
    try:
        return Preprocessing(_plain(offset), _plain(divisor)), image_shape
    except ConfigurationError as error:
        raise graph.refused(str(error).rstrip(".")) from None


def _steps(graph: Matcher, name: str) -> list[ParsedNode]:
    """The nodes from the raw rows to ``name``, each with the rows as its first input."""
    steps: list[ParsedNode] = []
    while (name := graph.through(name)) != graph.graph.input_name:
        node = graph.maker(name)
        if node is not None and str(node) in ("Add", "Mul") and graph.is_constant(node, 0):
            node = replace(node, inputs=node.inputs[::-1])
        if node is None or not node.inputs or graph.is_constant(node, 0):
            raise graph.refused(f"{name!r} is neither a layer nor a scaling of the rows")
        steps.append(node)
        name = node.inputs[0]
    return steps[::-1]


def _scaled(
    graph: Matcher, node: ParsedNode, features: int, offset: Array, divisor: Array
) -> tuple[Array, Array]:
    """One more step after (raw − offset) / divisor."""
    operator = str(node)
    if operator == "ai.onnx.ml.Scaler":
        shift, factor = (
            _each(graph, np.asarray(node.attributes.get(name, usual)), features)
            for name, usual in (("offset", 0.0), ("scale", 1.0))
        )
        return offset + shift * divisor, divisor / factor
    values = graph.constant(node.inputs[1]) if len(node.inputs) == 2 else None
    if values is None or values.dtype.kind not in "if":
        raise graph.refused(f"{node} is neither a layer nor a scaling of the rows")
    k = _each(graph, values.astype(np.float64), features)
    match operator:
        case "Sub":
            return offset + k * divisor, divisor
        case "Add":
            return offset - k * divisor, divisor
        case "Div":
            return offset, divisor * k
        case "Mul":
            return offset, divisor / k
    raise graph.refused(f"{node} is neither a layer nor a scaling of the rows")


def _each(graph: Matcher, values: Array, features: int) -> Array:
    """One number for all features, or one for each."""
    if values.size == 1:
        return values.reshape(())
    if values.size != features or values.shape[-1] == 1:
        raise graph.refused(f"rows of {features} are scaled by numbers of shape {values.shape}")
    return values.reshape(features)


def _flattens(graph: Matcher, node: ParsedNode, features: int) -> bool:
    if str(node) == "Flatten":
        return bool(node.attributes.get("axis", 1) == 1)
    shape = graph.constant(node.inputs[1]) if str(node) == "Reshape" else None
    if shape is None or shape.shape != (2,):
        return False
    # A graph may be traced for one number of rows; what it does to a row is the same for any.
    traced = (graph.graph.input_sizes or (None,))[0]
    return shape[0] in (-1, 0, traced) and shape[1] in (-1, features)


def _image_shape(graph: Matcher, features: int) -> tuple[int, ...] | None:
    """(height, width), where the rows are images of one channel."""
    sizes = [size for size in (graph.graph.input_sizes or ())[1:] if size != 1]
    known = [size for size in sizes if size is not None]
    if len(sizes) != 2 or len(known) != 2 or known[0] * known[1] != features:
        return None
    return known[0], known[1]


def _plain(values: Array) -> float | Array:
    return float(values) if values.ndim == 0 else values
