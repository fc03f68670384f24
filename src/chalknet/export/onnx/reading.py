"""From an ONNX file to a model: graphs shaped like a multilayer perceptron, from any exporter.

The graph is read backwards from its outputs: what labels and probabilities are made of, then layer
by layer (Gemm, or MatMul and Add, then one of chalknet's activations), then the scaling of the
rows. Whatever is not recognised operator by operator is refused; nothing in the file is run.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.formats.bounded import file_size
from chalknet.data.preprocessing import Preprocessing
from chalknet.errors import DataFormatError, ModelFileError
from chalknet.export.description import Description, read_description
from chalknet.export.incoming import Incoming
from chalknet.export.onnx.heads import Labels, Scores, labels_of, scores_of
from chalknet.export.onnx.layers import layers_of
from chalknet.export.onnx.parsing import parse, seal_in
from chalknet.export.onnx.patterns import Matcher
from chalknet.export.onnx.scaling import scaling_of
from chalknet.export.onnx.writing import FORMAT, MAX_BYTES, seal_of

__all__ = ["read_onnx"]

Array = npt.NDArray[Any]


def read_onnx(path: str | os.PathLike[str]) -> Incoming:
    """What an ONNX file says of a network.

    Raises
    ------
    DataNotFoundError
        There is no such file.
    ModelFileError
        It is damaged, was altered after chalknet sealed it, or is no multilayer perceptron.
    """
    try:
        size = file_size(path)
    except DataFormatError as error:
        raise ModelFileError(str(error)) from None
    if size > MAX_BYTES:
        raise ModelFileError(f"{path}: {size:,} bytes are more than an ONNX file can have, 2 GiB.")
    data = Path(path).read_bytes()
    return _Reader(data, str(path)).read()


class _Reader:
    def __init__(self, data: bytes, place: str) -> None:
        self.place = place
        self.own = _unsealed(*seal_in(data, place), place)
        self.parsed = parse(data, place)
        self.graph = Matcher(self.parsed)

    def read(self) -> Incoming:
        """The whole network, from the outputs to the rows."""
        labels, scores = self._outputs()
        layers, activations, rows = layers_of(self.graph, scores.tensor)
        K = layers[-1][0].shape[1]
        preprocessing, image_shape = scaling_of(self.graph, rows, layers[0][0].shape[0])
        self._require_meaning(labels, scores, K)
        classes = scores.classes if labels is None or labels.classes is None else labels.classes
        found = Incoming(
            place=self.place,
            layers=layers,
            activations=activations,
            link=scores.link,
            classes=classes,
            numbered=labels is not None and labels.decision == "largest",
            marks=labels is not None and labels.decision == "each" and labels.classes is None,
            preprocessing=preprocessing,
            image_shape=image_shape,
        )
        return found if self.own is None else self._with_own_words(found, self.own)

    def _with_own_words(self, found: Incoming, own: Description) -> Incoming:
        """What chalknet's metadata add; where the graph speaks too, they must agree."""
        if found.classes is not None and found.classes.tolist() != np.asarray(own.classes).tolist():
            raise self.graph.refused("its graph and its metadata name different classes")
        if not _same_scaling(own.preprocessing, found.preprocessing):
            raise self.graph.refused("its graph and its metadata scale the rows differently")
        return replace(
            found,
            loss=own.loss,
            classes=own.classes,
            preprocessing=own.preprocessing,
            class_names=own.class_names,
            feature_names=own.feature_names,
            image_shape=own.image_shape,
            name=own.name,
        )

    def _outputs(self) -> tuple[Labels | None, Scores]:
        """All outputs, which must speak of the same tensor: the network's output."""
        labels: list[Labels] = []
        scores: list[Scores] = []
        for name in self.parsed.outputs:
            found = labels_of(self.graph, name)
            if found is None:
                scores.append(scores_of(self.graph, name))
            else:
                labels.append(found)
        if not scores:
            scores = [one.scores for one in labels]
        behind = {one.tensor for one in scores} | {one.scores.tensor for one in labels}
        if len(behind) != 1 or len(labels) > 1 or len({one.link for one in scores}) != 1:
            raise self.graph.refused(
                f"its outputs ({', '.join(self.parsed.outputs)}) are not the labels and "
                "probabilities of one network"
            )
        classes = next((one.classes for one in scores if one.classes is not None), None)
        first = scores[0]
        return (labels[0] if labels else None), Scores(
            first.tensor, first.link, any(one.complement for one in scores), classes
        )

    def _require_meaning(self, labels: Labels | None, scores: Scores, K: int) -> None:
        """Whether labels are decided as chalknet decides: by the largest, or by the middle."""
        if scores.complement and K != 1:
            raise self.graph.refused(
                "it takes one of several outputs for the second of two classes"
            )
        if labels is None or labels.decision == "largest":
            return
        middle = 0.5 if labels.scores.link == "sigmoid" else 0.0
        of_numbers = self.own is not None and not self.own.loss.classifies
        if labels.threshold != (0.5 if of_numbers else middle):
            raise self.graph.refused(f"it decides at {labels.threshold:g} instead of the middle")
        if labels.classes is not None and (K, len(labels.classes)) != (1, 2):
            raise self.graph.refused(f"it looks labels up by a threshold, but has {K} outputs")


def _same_scaling(exact: Preprocessing, rounded: Preprocessing | None) -> bool:
    """Whether they differ by no more than the graph's float32."""
    if rounded is None:
        return False
    pairs = ((exact.offset, rounded.offset), (exact.divisor, rounded.divisor))
    return all(
        (np.shape(a) == np.shape(b) or () in (np.shape(a), np.shape(b)))
        and np.allclose(a, b, rtol=1e-6, atol=0)
        for a, b in pairs
    )


def _unsealed(seal: str | None, body: memoryview, place: str) -> Description | None:
    """chalknet's own metadata, once the hash is found to be that of the bytes before it."""
    if seal is None:
        return None
    try:
        content = json.loads(seal)["content"]
        right = seal == seal_of(body, content)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        right = False
    if not right:
        raise ModelFileError(
            f"{place}: the content does not match its hash: the file is damaged or was altered. "
            "Export the model again."
        )
    try:
        metadata = json.loads(content)
        found = metadata.pop("format")
        if found != FORMAT:
            raise ValueError(f"expected metadata of kind {FORMAT}, but these are {found!r:.40}")
        return read_description(metadata)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ModelFileError(f"{place}: {error}.") from None
