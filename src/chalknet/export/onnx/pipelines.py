"""chalknet's estimators in scikit-learn pipelines: converters for ``skl2onnx``."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.errors import MissingLibraryError
from chalknet.export.onnx.graph import Graph, Port
from chalknet.export.onnx.schema import element
from chalknet.export.onnx.writing import add_model, onnx_signature

__all__ = ["register_onnx_converters"]


def register_onnx_converters() -> None:
    """Teach ``skl2onnx`` to convert ``MLPClassifier`` and ``MLPRegressor``.

    After one call, ``skl2onnx.to_onnx`` converts them wherever they stand: alone, at the end of a
    ``Pipeline``, inside ``CalibratedClassifierCV`` or ``VotingClassifier``. The graph computes in
    the type of the rows that ``to_onnx`` is shown: float32 or float64.

    Raises
    ------
    MissingLibraryError
        ``skl2onnx`` is not installed.
    """
    try:
        from skl2onnx import update_registered_converter
    except ImportError:
        raise MissingLibraryError(
            "converting pipelines needs skl2onnx: pip install 'chalknet[onnx]'."
        ) from None
    from chalknet.estimators.classifier import MLPClassifier
    from chalknet.estimators.regressor import MLPRegressor

    update_registered_converter(
        MLPClassifier,
        "ChalknetMLPClassifier",
        _set_types,
        _convert,
        options={
            "zipmap": [True, False, "columns"],
            "nocl": [True, False],
            "output_class_labels": [False, True],
        },
    )
    update_registered_converter(MLPRegressor, "ChalknetMLPRegressor", _set_types, _convert)


def _set_types(operator: Any) -> None:
    """Say what the operator's outputs are."""
    from skl2onnx.common import data_types as of

    tensors = {
        "int64": of.Int64TensorType,
        "bool": of.Int64TensorType,
        "float32": of.FloatTensorType,
        "float64": of.DoubleTensorType,
    }
    rows = operator.inputs[0].get_first_dimension()
    for variable, port in zip(operator.outputs, _outputs(operator), strict=True):
        kind = of.StringTensorType if port.dtype.kind == "U" else tensors[port.dtype.name]
        variable.set_type(kind([rows] if port.width is None else [rows, port.width]))


def _convert(scope: Any, operator: Any, container: Any) -> None:
    """Add the whole network to the graph that ``container`` gathers."""
    dtype = _dtype(operator)
    rows = operator.inputs[0].full_name
    graph = Graph(dtype, prefix=scope.get_unique_variable_name("mlp") + ".")
    # Whatever the rows are, such as integers, they become floats first.
    rows = graph("Cast", rows, to=element(dtype), name="X")
    names = add_model(graph, operator.raw_operator.to_model(), rows, dtype)
    _hand_over(graph, scope, container)
    for name, variable, port in zip(names, operator.outputs, _outputs(operator), strict=True):
        # As scikit-learn's own are: labels that are booleans leave as integers.
        kind = np.dtype(np.int64) if port.dtype == np.bool_ else port.dtype
        how: dict[str, Any] = {"op_type": "Cast", "to": element(kind)}
        container.add_node(
            inputs=[name],
            outputs=variable.full_name,
            name=scope.get_unique_operator_name("Output"),
            **(how if kind.kind != "U" else {"op_type": "Identity"}),
        )


def _hand_over(graph: Graph, scope: Any, container: Any) -> None:
    for name, values in graph.constants.items():
        content: Any = values.ravel()
        if values.dtype.kind == "U":
            content = [str(text).encode() for text in content]
        container.add_initializer(name, element(values.dtype), list(values.shape), content)
    for node in graph.nodes:
        name = scope.get_unique_operator_name(node.operator)
        inputs, attributes = list(node.inputs), node.attributes
        container.add_node(node.operator, inputs, node.output, name=name, **attributes)


def _outputs(operator: Any) -> list[Port]:
    """What our graph gives, in the type that it computes in."""
    model, dtype = operator.raw_operator.to_model(), _dtype(operator)
    _, ports = onnx_signature(model, input_type=dtype)
    return [
        Port(port.name, dtype if port.dtype in _FLOATS and number else port.dtype, port.width)
        for number, port in enumerate(ports, start=len(ports) == 1)
    ]


_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def _dtype(operator: Any) -> np.dtype[Any]:
    """float64 where the rows are, else float32."""
    from skl2onnx.common.data_types import DoubleTensorType

    wide = isinstance(operator.inputs[0].type, DoubleTensorType)
    return np.dtype(np.float64 if wide else np.float32)
