"""What a graph does after its last layer: which outputs are labels, which are probabilities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt

from chalknet.export.head import Decision, Link
from chalknet.export.onnx.parsing import ParsedNode
from chalknet.export.onnx.patterns import Matcher
from chalknet.export.onnx.schema import ELEMENT

__all__ = ["Labels", "Scores", "labels_of", "scores_of"]

Array = npt.NDArray[Any]
LAST = (1, -1)  # the axis of a row's outputs
_NUMBERS = [ELEMENT[kind] for kind in ("int32", "int64", "float32", "float64")]
_OF_ROWS = ("Softmax", "LogSoftmax")
_LINKS: dict[str, Link] = {
    "Softmax": "softmax",
    "LogSoftmax": "softmax",
    "Sigmoid": "sigmoid",
    "Exp": "exp",
}


@dataclass(frozen=True)
class Scores:
    """An output that is a link function of ``tensor``; ``classes`` where it names them."""

    tensor: str
    link: Link
    complement: bool = False
    classes: Array | None = None


@dataclass(frozen=True)
class Labels:
    """An output that decides, from ``scores``; ``classes`` None where it gives numbers."""

    scores: Scores
    decision: Decision
    threshold: float
    classes: Array | None


def scores_of(graph: Matcher, name: str) -> Scores:
    """Softmax, sigmoid or exp of a tensor; or the tensor as it is."""
    name = _past_shape(graph, name)
    node = graph.maker(name)
    if node is not None and str(node) == "ai.onnx.ml.ZipMap":
        named = node.attributes
        classes = named.get("classlabels_int64s", named.get("classlabels_strings"))
        return replace(_linked(graph, _past_shape(graph, node.inputs[0])), classes=classes)
    return _linked(graph, name)


def _linked(graph: Matcher, name: str) -> Scores:
    node = graph.maker(name)
    if node is None:
        return Scores(name, "identity")
    operator = str(node)
    along_rows = operator in _OF_ROWS and node.attributes.get("axis", -1) not in LAST
    if operator in _LINKS and not along_rows:
        return Scores(graph.through(node.inputs[0]), _LINKS[operator])
    return _both_classes(graph, node) or Scores(name, "identity")


def labels_of(graph: Matcher, name: str) -> Labels | None:
    """Labels looked up by the largest output or by a threshold; None if ``name`` is no such."""
    node = _past_type_and_shape(graph, name)
    if node is None:
        return None
    if str(node) in ("Gather", "ai.onnx.ml.ArrayFeatureExtractor"):
        classes, axis = graph.constant(node.inputs[0]), node.attributes.get("axis", 0)
        index = _past_type_and_shape(graph, node.inputs[1])
        if classes is None or classes.ndim != 1 or axis != 0 or index is None:
            return None
        decided = _decided(graph, index)
        if decided is None:
            return None
        return replace(decided, classes=classes)
    return _decided(graph, node)


def _decided(graph: Matcher, node: ParsedNode) -> Labels | None:
    if str(node) == "ArgMax":
        first = node.attributes.get("select_last_index", 0) == 0
        if not first or node.attributes.get("axis", 0) not in LAST:
            return None
        scores = scores_of(graph, node.inputs[0])
        decision: Decision = "one" if scores.complement else "largest"
        return Labels(scores, decision, 0.5, None)
    if str(node) == "ai.onnx.ml.Binarizer":
        threshold = node.attributes.get("threshold", 0.0)
        return Labels(scores_of(graph, node.inputs[0]), "each", threshold, None)
    if str(node) == "Greater":
        limit = graph.number(node.inputs[1])
        if limit is None:
            return None
        return Labels(scores_of(graph, node.inputs[0]), "each", limit, None)
    return None


def _both_classes(graph: Matcher, node: ParsedNode) -> Scores | None:
    """Concat of 1 − p and p, with p the sigmoid of one output."""
    of_two = str(node) == "Concat" and len(node.inputs) == 2
    if not of_two or node.attributes.get("axis") not in LAST:
        return None
    first, second = (graph.maker(graph.through(name)) for name in node.inputs)
    if first is None or second is None or (str(first), str(second)) != ("Sub", "Sigmoid"):
        return None
    same = graph.maker(graph.through(first.inputs[1])) is second
    if not same or graph.number(first.inputs[0]) != 1.0:
        return None
    return Scores(graph.through(second.inputs[0]), "sigmoid", complement=True)


def _past_shape(graph: Matcher, name: str) -> str:
    """Past a Reshape to one column, which does nothing to one output, and past copies."""
    while True:
        name = graph.through(name)
        node = graph.maker(name)
        if node is None or str(node) != "Reshape":
            return name
        shape = graph.constant(node.inputs[1])
        if shape is None or shape.tolist() not in ([-1, 1], [0, 1], [-1]):
            return name
        name = node.inputs[0]


def _past_type_and_shape(graph: Matcher, name: str) -> ParsedNode | None:
    """The node behind what turns labels from one number type or shape to another."""
    while True:
        node = graph.maker(name)
        if node is None or str(node) not in ("Cast", "Reshape", "Squeeze", "Identity"):
            return node
        if node.operator == "Cast" and node.attributes.get("to") not in _NUMBERS:
            return node
        name = node.inputs[0]
