"""ONNX files: sound to onnx's own checker, and computed by ONNX Runtime to the same numbers."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from chalknet import (
    Activation,
    ConfigurationError,
    Dense,
    Model,
    Network,
    Preprocessing,
)
from chalknet.export.exporting import export_model
from chalknet.export.onnx import onnx_signature, schema, write_onnx
from chalknet.operations.activations import ACTIVATIONS
from chalknet.operations.losses import LOSSES, ElementwiseLoss
from export.random_models import HOSTILE, cases, error


def session_of(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def outputs_of(path, rows):
    session = session_of(path)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"X": rows}), strict=True))


def test_the_random_models_cover_everything():
    models = [case.model for case in cases()]
    for dtype in (np.float32, np.float64):
        some = [model for model in models if model.network.dtype == dtype]
        layers = [layer for model in some for layer in model.network.layers]
        assert {layer.activation.name for layer in layers} == set(ACTIVATIONS)
        assert {model.loss.name for model in some} == set(LOSSES)
        kinds = {np.asarray(model.classes).dtype.kind for model in some}
        assert kinds == set("OiubfU")  # O is no classes
        assert {model.multilabel for model in some} == {True, False}
    assert {case.rows.dtype.name for case in cases()} == {"uint8", "float32", "float64"}
    assert np.mean([case.clear.mean() for case in cases() if case.model.classes is not None]) > 0.95


def test_onnx_runtime_agrees_on_two_hundred_random_models(tmp_path):
    path = tmp_path / "model.onnx"
    for case in cases():
        export_model(case.model, path, "onnx")
        onnx.checker.check_model(path, full_check=True)
        found = outputs_of(path, case.rows)
        label = found.pop("label", None)
        [scores] = found.values()
        assert scores.dtype == case.computed_in, case.number
        assert error(scores, case.scores) <= case.tolerance, case.number
        if label is not None:
            expected = case.model.predict(case.rows)
            assert label[case.clear].tolist() == expected[case.clear].tolist(), case.number


@pytest.mark.parametrize("rows", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_may_be_of_any_type_and_are_scaled_inside(rows, dtype, tmp_path):
    rng = np.random.default_rng(5)
    network = Network.dense([6, 5, 3], rng=rng, dtype=dtype)
    scaling = Preprocessing(rng.normal(100, 20, 6), rng.uniform(30, 60, 6))
    model = Model(network, "softmax_cross_entropy", scaling, np.array(["a", "b", "c"]))
    path = write_onnx(model, tmp_path / "m.onnx", input_type=rows)
    X = rng.integers(0, 256, (9, 6)).astype(rows)
    wide = np.float64 in (X.dtype, np.dtype(dtype))
    found = outputs_of(path, X)["probabilities"]
    assert found.dtype == (np.float64 if wide else np.float32)
    assert error(found, model.predict_proba(X)) <= (1e-12 if wide else 1e-6)


def test_the_graph_reads_like_the_textbook(tmp_path):
    network = Network.dense([4, 3, 2], activation="tanh", rng=np.random.default_rng(0))
    model = Model(network, "softmax_cross_entropy", Preprocessing(divisor=255.0), np.arange(2))
    graph = onnx.load(write_onnx(model, tmp_path / "m.onnx")).graph
    chain = [(node.op_type, *node.input, *node.output) for node in graph.node]
    assert ("Gemm", "a0", "W1", "b1", "z1") in chain
    assert ("Tanh", "z1", "a1") in chain
    assert ("Gemm", "a1", "W2", "b2", "z2") in chain
    assert ("Softmax", "z2", "probabilities") in chain
    weights = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    np.testing.assert_array_equal(weights["W1"], network.layers[0].W)
    X, outputs = onnx_signature(model)
    assert [str(port) for port in (X, *outputs)] == [
        "X uint8 (N, 4)", "label int64 (N)", "probabilities float32 (N, 2)",
    ]  # fmt: skip


def test_hostile_labels_come_back_as_they_are(tmp_path):
    labels = np.array(HOSTILE)
    K = len(labels)
    model = Model(Network([Dense(np.eye(K), np.zeros(K))]), "softmax_cross_entropy", classes=labels)
    found = outputs_of(write_onnx(model, tmp_path / "m.onnx"), np.eye(K))
    assert found["label"].tolist() == labels.tolist()


def test_the_schema_is_that_of_the_installed_onnx():
    from onnx import onnx_ml_pb2 as pb

    messages = {
        "MODEL": pb.ModelProto, "OPSET": pb.OperatorSetIdProto, "PAIR": pb.StringStringEntryProto,
        "GRAPH": pb.GraphProto, "NODE": pb.NodeProto, "ATTRIBUTE": pb.AttributeProto,
        "TENSOR": pb.TensorProto, "VALUE": pb.ValueInfoProto, "TYPE": pb.TypeProto,
        "TENSOR_TYPE": pb.TypeProto.Tensor, "SHAPE": pb.TensorShapeProto,
        "DIMENSION": pb.TensorShapeProto.Dimension,
    }  # fmt: skip
    for name, message in messages.items():
        for field, number in vars(getattr(schema, name)).items():
            assert message.DESCRIPTOR.fields_by_name[field].number == number, (name, field)
    for kind, number in vars(schema.ATTRIBUTE_KIND).items():
        assert getattr(pb.AttributeProto, kind) == number
    for name, number in schema.ELEMENT.items():
        kind = np.dtype(str if name == "text" else name)
        assert onnx.helper.np_dtype_to_tensor_dtype(kind) == number


class OwnLoss(ElementwiseLoss):
    name = "own"
    formula = staticmethod(lambda o, t: (o - t) ** 2)
    derivative = staticmethod(lambda o, t: 2 * (o - t))

    def predict(self, output):
        return output * 3


@pytest.mark.parametrize("to", ["onnx", "torch", "python", "pure-python", "c"])
def test_what_only_the_users_code_can_do_is_refused(to, tmp_path):
    cube = Activation("cube", lambda z: z**3, lambda z: 3 * z**2)
    one = [np.ones((1, 1)), np.zeros(1)]
    path = tmp_path / "m.py"
    with pytest.raises(ConfigurationError, match="'cube', which is not one of chalknet's own"):
        export_model(Model(Network([Dense(*one, cube)]), "huber"), path, to)
    with pytest.raises(ConfigurationError, match="loss 'own' makes its own predictions"):
        export_model(Model(Network([Dense(*one)]), OwnLoss()), path, to)
    broken = Network([Dense(*one)])
    broken.layers[0].b[0] = np.inf
    with pytest.raises(ConfigurationError, match="not finite: no such model is exported"):
        export_model(Model(broken, "huber"), path, to)
    assert list(tmp_path.iterdir()) == []


def test_options_that_fit_nothing_are_refused(tmp_path):
    model = Model(Network([Dense([[1.0]], [0.0])]), "huber")
    with pytest.raises(ConfigurationError, match="unknown format 'onxx': did you mean 'onnx'"):
        export_model(model, tmp_path / "m", "onxx")
    for wrong in ("int8", "numbers", object):
        with pytest.raises(ConfigurationError, match="input_type must be uint8, float32 or float"):
            export_model(model, tmp_path / "m", "onnx", input_type=wrong)
    with pytest.raises(ConfigurationError, match="input_type is for onnx and c; npz takes rows"):
        export_model(model, tmp_path / "m", "npz", input_type="uint8")
    lone = Model(
        Network([Dense([[1.0, 1.0]], [0.0, 0.0])]),
        "softmax_cross_entropy",
        classes=np.array(["\ud800", "b"]),
    )
    with pytest.raises(ConfigurationError, match="no text in UTF-8, which ONNX needs: rename it"):
        export_model(lone, tmp_path / "m", "onnx")
