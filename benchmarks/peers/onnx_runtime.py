"""ONNX Runtime: the network as a graph of Gemm, Relu or Sigmoid, and Softmax; prediction only."""

from __future__ import annotations

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmarks.problems import Array, PredictionProblem, Settings

ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid"}


class _Prediction:
    def __init__(self, problem: PredictionProblem, settings: Settings) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = settings.threads
        self.session = onnxruntime.InferenceSession(
            _graph(problem), options, providers=["CPUExecutionProvider"]
        )
        self.inputs = problem.inputs

    def reset(self) -> None:
        pass

    def work(self) -> None:
        self.probabilities: Array = self.session.run(None, {"X": self.inputs})[0]

    def result(self) -> Array:
        return self.probabilities


def _graph(problem: PredictionProblem) -> bytes:
    nodes, constants, last = [], [], len(problem.start)
    for number, (W, b) in enumerate(problem.start, start=1):
        for name, values in ((f"W{number}", W), (f"b{number}", b)):
            constants.append(numpy_helper.from_array(values.astype(np.float32), name))
        A = "X" if number == 1 else f"A{number - 1}"
        nodes.append(helper.make_node("Gemm", [A, f"W{number}", f"b{number}"], [f"Z{number}"]))
        f = "Softmax" if number == last else ACTIVATIONS[problem.activation]
        nodes.append(helper.make_node(f, [f"Z{number}"], [f"A{number}"]))
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, problem.widths[0]])],
        [helper.make_tensor_value_info(f"A{last}", TensorProto.FLOAT, [None, problem.widths[-1]])],
        constants,
    )
    # An older pair of versions, which every onnxruntime of the last years reads.
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    serialized: bytes = model.SerializeToString()
    return serialized


def predict(problem: PredictionProblem, settings: Settings) -> _Prediction:
    return _Prediction(problem, settings)
