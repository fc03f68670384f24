"""The numbers that ONNX gives to its fields and types.

Source: ``onnx.proto``, Open Neural Network Exchange, IR version 8; a test holds them against the
installed ``onnx``.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

__all__ = [
    "ATTRIBUTE", "ATTRIBUTE_KIND", "DIMENSION", "ELEMENT", "GRAPH", "MODEL", "NODE", "OPSET",
    "PAIR", "SHAPE", "TENSOR", "TENSOR_TYPE", "TYPE", "TYPE_NAMES", "VALUE",
]  # fmt: skip

MODEL = SimpleNamespace(
    ir_version=1,
    producer_name=2,
    producer_version=3,
    doc_string=6,
    graph=7,
    opset_import=8,
    metadata_props=14,
    functions=25,
)
OPSET = SimpleNamespace(domain=1, version=2)
PAIR = SimpleNamespace(key=1, value=2)
GRAPH = SimpleNamespace(
    node=1, name=2, initializer=5, input=11, output=12, sparse_initializer=15,
)  # fmt: skip
NODE = SimpleNamespace(input=1, output=2, name=3, op_type=4, attribute=5, domain=7)
ATTRIBUTE = SimpleNamespace(
    name=1, f=2, i=3, s=4, t=5, g=6, floats=7, ints=8, strings=9, tensors=10, graphs=11,
    sparse_tensor=22, type=20, ref_attr_name=21,
)  # fmt: skip
ATTRIBUTE_KIND = SimpleNamespace(FLOAT=1, INT=2, STRING=3, TENSOR=4, FLOATS=6, INTS=7, STRINGS=8)
TENSOR = SimpleNamespace(
    dims=1, data_type=2, segment=3, float_data=4, int32_data=5, string_data=6, int64_data=7,
    name=8, raw_data=9, double_data=10, uint64_data=11, external_data=13, data_location=14,
)  # fmt: skip
VALUE = SimpleNamespace(name=1, type=2)
TYPE = SimpleNamespace(tensor_type=1)
TENSOR_TYPE = SimpleNamespace(elem_type=1, shape=2)
SHAPE = SimpleNamespace(dim=1)
DIMENSION = SimpleNamespace(dim_value=1, dim_param=2)

# Element types that may be exchanged, by the name NumPy has for them; text has none.
ELEMENT = {
    "float32": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7,
    "text": 8, "bool": 9, "float64": 11, "uint32": 12, "uint64": 13,
}  # fmt: skip
TYPE_NAMES = {number: name for name, number in ELEMENT.items()} | {
    10: "float16", 14: "complex64", 15: "complex128", 16: "bfloat16",
}  # fmt: skip


def element(dtype: np.dtype[np.generic]) -> int:
    """ONNX's number for a NumPy type.

    >>> element(np.dtype(np.float32)), element(np.dtype("U3"))
    (1, 8)
    """
    return ELEMENT["text" if dtype.kind == "U" else dtype.name]
