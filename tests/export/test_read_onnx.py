"""ONNX files read back: our own, PyTorch's, skl2onnx's and hand-made ones of Keras's shape."""

from __future__ import annotations

import json
import warnings

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import make_classification
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from chalknet import (
    ConfigurationError,
    DataNotFoundError,
    Dataset,
    Dense,
    Model,
    ModelFileError,
    Network,
)
from chalknet.export.exporting import export_model
from chalknet.export.importing import import_model
from export.random_models import cases, error


def test_our_own_files_come_back_to_the_bit(tmp_path):
    path = tmp_path / "m.onnx"
    for case in cases():
        export_model(case.model, path, "onnx")
        again, was = import_model(path), case.model
        assert again.network.parameters.tobytes() == was.network.parameters.tobytes(), case.number
        assert [layer.activation for layer in again.network.layers] == [
            layer.activation for layer in was.network.layers
        ], case.number
        wide = case.rows.astype(np.float64)
        for rows in (case.rows, wide):
            np.testing.assert_array_equal(again.output(rows), was.output(rows))
        np.testing.assert_array_equal(again.predict(case.rows), was.predict(case.rows))
        for name in ("loss", "multilabel", "name", "feature_names", "class_names", "image_shape"):
            assert getattr(again, name) == getattr(was, name), (case.number, name)
        if was.classes is not None:
            assert again.classes.dtype == was.classes.dtype


def test_onnx_may_load_and_save_our_file_and_it_is_still_ours(tmp_path):
    case = cases()[0]
    [path] = export_model(case.model, tmp_path / "m.onnx", "onnx")
    onnx.save(onnx.load(path), tmp_path / "again.onnx")
    assert import_model(tmp_path / "again.onnx").name == case.model.name


MODULES = {
    "relu": torch.nn.ReLU(),
    "leaky_relu(slope=0.3)": torch.nn.LeakyReLU(0.3),
    "elu(alpha=0.7)": torch.nn.ELU(0.7),
    "selu": torch.nn.SELU(),
    "gelu": torch.nn.GELU(),
    "silu": torch.nn.SiLU(),
    "softplus": torch.nn.Softplus(),
    "sigmoid": torch.nn.Sigmoid(),
    "tanh": torch.nn.Tanh(),
    "leaky_relu(slope=0.25)": torch.nn.PReLU(),
    "identity": torch.nn.Dropout(0.5),
}


def torch_onnx(network, rows, path, opset=17):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the exporter that needs no library
        torch.onnx.export(network.eval(), (rows,), path, dynamo=False, opset_version=opset)


@pytest.mark.parametrize("opset", [13, 17, 20])
def test_pytorchs_own_exports_are_read(opset, tmp_path):
    torch.manual_seed(3)
    for spec, module in MODULES.items():
        network = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(6, 5), module, torch.nn.Linear(5, 3),
            torch.nn.Softmax(dim=1),
        )  # fmt: skip
        rows = torch.randn(8, 1, 2, 3)
        torch_onnx(network, rows, tmp_path / "t.onnx", opset)
        model = import_model(tmp_path / "t.onnx", classes=["a", "b", "c"])
        assert model.network.layers[0].activation.spec == spec
        assert model.image_shape == (2, 3)
        expected = network(rows).detach().numpy()
        assert error(model.predict_proba(rows.numpy()), expected) <= 1e-6


def of_nodes(path, nodes, constants, *, inputs=("X", [None, 4]), outputs=("Y",), opset=17):
    """Write a graph of such nodes; ``constants`` are arrays by name."""
    name, shape = inputs
    graph = helper.make_graph(
        [helper.make_node(op, i, o, **attributes) for op, i, o, attributes in nodes],
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in outputs],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    path.write_bytes(helper.make_model(graph, opset_imports=imports).SerializeToString())
    return path


RNG = np.random.default_rng(4)
W1, b1 = RNG.normal(size=(4, 5)).astype("f4"), RNG.normal(size=5).astype("f4")
W2, b2 = RNG.normal(size=(5, 3)).astype("f4"), RNG.normal(size=3).astype("f4")
LAYERS = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
ROWS = RNG.normal(size=(7, 4)).astype("f4")


def keras_nodes(*middle):
    """Two dense layers as Keras's exporter writes them, with ``middle`` from z to a."""
    return [
        ("MatMul", ["X", "W1"], ["m1"], {}),
        ("Add", ["m1", "b1"], ["z"], {}),
        *middle,
        ("MatMul", ["a", "W2"], ["m2"], {}),
        ("Add", ["b2", "m2"], ["o"], {}),
        ("Softmax", ["o"], ["Y"], {}),
    ]


def expected_of(activation):
    network = Network([Dense(W1, b1, activation), Dense(W2, b2)])
    model = Model(network, "softmax_cross_entropy", classes=np.arange(3))
    return model.predict_proba(ROWS)


SPELLINGS = {
    "gelu": [
        ("Mul", ["z", "sqrt_half"], ["s"], {}), ("Erf", ["s"], ["e"], {}),
        ("Add", ["one", "e"], ["d"], {}), ("Mul", ["half", "z"], ["h"], {}),
        ("Mul", ["h", "d"], ["a"], {}),
    ],
    "softplus": [  # as PyTorch's newer exporter has it
        ("Softplus", ["z"], ["s"], {}), ("Greater", ["z", "twenty"], ["g"], {}),
        ("Where", ["g", "z", "s"], ["a"], {}),
    ],
    "relu": [("Clip", ["z", "zero"], ["a"], {})],
    "step": [("Greater", ["z", "zero"], ["g"], {}), ("Cast", ["g"], ["a"], {"to": 1})],
    "identity": [("Identity", ["z"], ["i"], {}), ("Cast", ["i"], ["a"], {"to": 1})],
}  # fmt: skip
NUMBERS = {
    "one": np.float32(1), "half": np.float32(0.5), "zero": np.float32(0),
    "twenty": np.float32(20), "sqrt_half": np.float32(np.sqrt(0.5)),
}  # fmt: skip


@pytest.mark.parametrize("activation", SPELLINGS)
def test_other_spellings_are_known(activation, tmp_path):
    path = of_nodes(tmp_path / "k.onnx", keras_nodes(*SPELLINGS[activation]), LAYERS | NUMBERS)
    model = import_model(path, classes="numbers")
    assert model.network.layers[0].activation.name == activation
    assert error(model.predict_proba(ROWS), expected_of(activation)) == 0


ALMOST = {
    "the tanh approximation of gelu": [("Gelu", ["z"], ["a"], {"approximate": "tanh"})],
    "another constant": [("Mul", ["z", "half"], ["a"], {})],
    "relu that ends at 20": [("Clip", ["z", "zero", "twenty"], ["a"], {})],
    "minimum for maximum": [("Min", ["z", "zero"], ["a"], {})],
    "the sigmoid of something else": [
        ("Mul", ["z", "half"], ["s"], {}), ("Sigmoid", ["s"], ["e"], {}),
        ("Mul", ["z", "e"], ["a"], {}),
    ],
    "silu across two layers": [("Sigmoid", ["m1"], ["e"], {}), ("Mul", ["z", "e"], ["a"], {})],
    "dropout that is switched on": [
        ("Dropout", ["z", "half", "yes"], ["a"], {}),
    ],
    "an operator of somebody's": [("Relu", ["z"], ["a"], {"domain": "evil"})],
    "half precision": [("Cast", ["z"], ["s"], {"to": 10}), ("Cast", ["s"], ["a"], {"to": 1})],
    "a normalisation": [("Softmax", ["z"], ["a"], {})],
    "a second branch": [
        ("MatMul", ["X", "W1"], ["m9"], {}), ("Relu", ["z"], ["r"], {}),
        ("Add", ["r", "m9"], ["a"], {}),
    ],
}  # fmt: skip


@pytest.mark.parametrize("what", ALMOST)
def test_what_is_almost_an_activation_is_refused(what, tmp_path):
    constants = LAYERS | NUMBERS | {"yes": np.array(True)}
    path = of_nodes(tmp_path / "k.onnx", keras_nodes(*ALMOST[what]), constants, opset=20)
    with pytest.raises(ModelFileError, match="no multilayer perceptron that chalknet knows"):
        import_model(path, classes="numbers")


@pytest.mark.parametrize(
    ("nodes", "offset", "divisor"),
    [
        ([("Sub", ["X", "k"], ["x"], {}), ("Div", ["x", "s"], ["x2"], {})], 3.0, 2.0),
        ([("Mul", ["s", "X"], ["x"], {}), ("Add", ["x", "k"], ["x2"], {})], -1.5, 0.5),
        ([("Scaler", ["X"], ["x2"],
           {"domain": "ai.onnx.ml", "offset": [1.0, 2, 3, 4], "scale": [0.5] * 4})],
         np.arange(1.0, 5), np.full(4, 2.0)),
    ],
)  # fmt: skip
def test_scaling_before_the_first_layer_is_read(nodes, offset, divisor, tmp_path):
    layer = [("Gemm", ["x2", "W1", "b1"], ["Y"], {})]
    constants = LAYERS | {"k": np.float32(3), "s": np.float32(2)}
    path = of_nodes(tmp_path / "s.onnx", nodes + layer, constants)
    model = import_model(path, loss="huber")
    np.testing.assert_allclose(model.preprocessing.offset, offset)
    np.testing.assert_allclose(model.preprocessing.divisor, divisor)
    expected = (ROWS - offset) / divisor @ W1 + b1
    assert error(model.predict(ROWS), expected) <= 1e-6


@pytest.mark.parametrize("node", ["Exp", "Abs", "Relu"])
def test_what_else_is_done_to_the_rows_is_refused(node, tmp_path):
    nodes = [(node, ["X"], ["x"], {}), ("Gemm", ["x", "W1", "b1"], ["Y"], {})]
    with pytest.raises(ModelFileError, match="neither a layer nor a scaling of the rows"):
        import_model(of_nodes(tmp_path / "s.onnx", nodes, LAYERS), loss="huber")


@pytest.mark.parametrize("attributes", [{}, {"transB": 1}, {"alpha": 0.5, "beta": 2.0}])
def test_every_form_of_gemm_is_read(attributes, tmp_path):
    W = W1.T if attributes.get("transB") else W1
    path = of_nodes(tmp_path / "g.onnx", [("Gemm", ["X", "W", "b1"], ["Y"], attributes)],
                    {"W": np.ascontiguousarray(W), "b1": b1})  # fmt: skip
    alpha, beta = attributes.get("alpha", 1), attributes.get("beta", 1)
    found = import_model(path, loss="huber").predict(ROWS)
    assert error(found, alpha * (ROWS @ W1) + beta * b1) <= 1e-6


@pytest.mark.parametrize("labels", ["int", "text"])
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("zipmap", [True, False])
def test_scikit_learns_classifiers_are_read(labels, count, zipmap, tmp_path):
    from skl2onnx import to_onnx

    X, y = make_classification(
        200, 6, n_informative=5, n_redundant=0, n_classes=count, random_state=1
    )
    X = X.astype("f4")
    y = np.array(["ant", "bee", "cat"])[y] if labels == "text" else y - 1
    theirs = make_pipeline(
        StandardScaler(), MinMaxScaler(), MLPClassifier((7, 5), max_iter=3, random_state=0)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it did not converge, nor was it asked to
        theirs.fit(X, y)
    path = tmp_path / "sk.onnx"
    path.write_bytes(to_onnx(theirs, X[:1], options={"zipmap": zipmap}).SerializeToString())
    model = import_model(path)
    assert model.classes.tolist() == theirs.classes_.tolist()
    assert error(model.predict_proba(X), theirs.predict_proba(X)) <= 1e-6
    assert (model.predict(X) == theirs.predict(X)).all()


def test_scikit_learns_regressors_and_multilabel_classifiers_are_read(tmp_path):
    from skl2onnx import to_onnx

    X = RNG.normal(size=(80, 4)).astype("f4")
    marks = (X[:, :3] + RNG.normal(size=(80, 3)) > 0).astype(int)
    path = tmp_path / "sk.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        line = MLPRegressor(
            hidden_layer_sizes=(5,), activation="tanh", max_iter=3, random_state=0
        ).fit(X, X[:, 0])
        many = MLPClassifier((5,), activation="logistic", max_iter=3, random_state=0).fit(X, marks)
    path.write_bytes(to_onnx(line, X[:1]).SerializeToString())
    with pytest.raises(ConfigurationError, match="does not say what its outputs mean: add loss"):
        import_model(path)
    model = import_model(path, loss="half_squared_error")
    assert error(model.predict(X), line.predict(X)) <= 1e-6
    options = {"zipmap": False}
    path.write_bytes(to_onnx(many, X[:1], options={id(many): options}).SerializeToString())
    model = import_model(path)
    assert model.multilabel
    assert (model.predict(X) == many.predict(X)).all()
    assert error(model.predict_proba(X), many.predict_proba(X)) <= 1e-6


def test_what_a_file_cannot_say_is_asked_for(tmp_path):
    network = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    path = tmp_path / "t.onnx"
    torch_onnx(network, torch.zeros(1, 4), path)
    with pytest.raises(ConfigurationError, match=r"what its outputs mean: add loss \(--loss\), so"):
        import_model(path)
    with pytest.raises(ConfigurationError, match=r"not name its classes: add classes \(--classes"):
        import_model(path, loss="softmax_cross_entropy")
    with pytest.raises(ConfigurationError, match="a label is given twice"):
        import_model(path, loss="softmax_cross_entropy", classes=["a", "a"])
    with pytest.raises(ConfigurationError, match=r"says its activations \(relu, identity\): leave"):
        import_model(path, loss="huber", activation="tanh")
    with pytest.raises(ConfigurationError, match="layers and bias say how to read a state_dict"):
        import_model(path, loss="huber", layers=["a"])
    with pytest.raises(ConfigurationError, match="feature_names has 1 names, but there are 4"):
        import_model(path, loss="huber", feature_names=["a"])
    with pytest.raises(ConfigurationError, match="images of 3×3 have 9 values, but the first lay"):
        import_model(path, loss="huber", image_shape=(3, 3))
    model = import_model(path, loss="softmax_cross_entropy", classes=["no", "yes"])
    rows = torch.randn(5, 4)
    expected = torch.softmax(network(rows), dim=1).detach().numpy()
    assert error(model.predict_proba(rows.numpy()), expected) <= 1e-6
    with pytest.raises(DataNotFoundError):
        import_model(tmp_path / "absent.onnx")


@pytest.mark.parametrize(
    ("link", "loss", "message"),
    [
        ("Softmax", "huber", "go through softmax, which belongs to softmax_cross_entropy"),
        ("Exp", "huber", "go through exp, which belongs to poisson"),
        ("Sigmoid", "softmax_cross_entropy", "go through sigmoid, which belongs to sigmoid_cross"),
    ],
)
def test_a_loss_that_contradicts_the_graph_is_refused(link, loss, message, tmp_path):
    nodes = [("Gemm", ["X", "W1", "b1"], ["o"], {}), (link, ["o"], ["Y"], {})]
    path = of_nodes(tmp_path / "l.onnx", nodes, LAYERS)
    with pytest.raises(ConfigurationError, match=message):
        import_model(path, loss=loss, classes="numbers")


def test_a_sigmoid_at_the_end_is_what_the_loss_says_it_is(tmp_path):
    nodes = [("Gemm", ["X", "W1", "b1"], ["o"], {}), ("Sigmoid", ["o"], ["Y"], {})]
    path = of_nodes(tmp_path / "l.onnx", nodes, LAYERS)
    expected = 1 / (1 + np.exp(-(ROWS.astype(float) @ W1 + b1)))
    labels = import_model(path, multilabel=True)
    assert (labels.loss.name, labels.multilabel) == ("sigmoid_cross_entropy", True)
    assert error(labels.predict_proba(ROWS), expected) <= 1e-6
    numbers = import_model(path, loss="mean_squared_error")
    assert numbers.network.layers[-1].activation.name == "sigmoid"
    assert error(numbers.predict(ROWS), expected) <= 1e-6


DECISIONS = {
    "the smallest": [("ArgMin", ["o"], ["label"], {"axis": 1, "keepdims": 0})],
    "the last of equals": [
        ("ArgMax", ["o"], ["label"], {"axis": 1, "keepdims": 0, "select_last_index": 1})
    ],
    "across the rows": [("ArgMax", ["o"], ["label"], {"axis": 0, "keepdims": 0})],
    "another threshold": [
        ("Greater", ["o", "limit"], ["g"], {}), ("Cast", ["g"], ["label"], {"to": 7}),
    ],
    "another layer": [("ArgMax", ["X"], ["label"], {"axis": 1, "keepdims": 0})],
}  # fmt: skip


@pytest.mark.parametrize("what", DECISIONS)
def test_labels_decided_otherwise_are_refused(what, tmp_path):
    nodes = [
        ("Gemm", ["X", "W1", "b1"], ["o"], {}),
        ("Softmax", ["o"], ["Y"], {}),
        *DECISIONS[what],
    ]
    constants = LAYERS | {"limit": np.float32(0.3)}
    path = of_nodes(tmp_path / "d.onnx", nodes, constants, outputs=("label", "Y"))
    with pytest.raises(ModelFileError, match="no multilayer perceptron that chalknet knows"):
        import_model(path, classes="numbers")


def test_a_sealed_file_whose_graph_and_metadata_disagree_is_refused(tmp_path):
    """Whoever makes such a file can compute its hash as well."""
    from chalknet.export.onnx.writing import seal_of

    network = Network([Dense(np.eye(2), np.zeros(2))])
    model = Model(network, "softmax_cross_entropy", classes=np.array(["benign", "virus"]))
    [path] = export_model(model, tmp_path / "m.onnx", "onnx")
    proto = onnx.load(path)
    [pair] = proto.metadata_props
    content = json.loads(json.loads(pair.value)["content"])
    for name, value in (
        ("classes", ["virus", "benign"]), ("loss", "sofmax"), ("loss", 3), ("classes", [[1], [2]]),
        ("classes_dtype", "O"), ("multilabel", 1), ("name", None), ("offset", "1"),
        ("offset", 1.0), ("divisor", 255.0), ("divisor", [1.0, 1.0, 1.0]),
        ("format", "chalknet.model.1"),
    ):  # fmt: skip
        del proto.metadata_props[:]
        body = proto.SerializeToString()
        seal = seal_of(body, json.dumps(content | {name: value}))
        proto.metadata_props.add(key="chalknet", value=seal)
        path.write_bytes(proto.SerializeToString())
        with pytest.raises(ModelFileError):
            import_model(path)


def test_labels_without_names_are_numbers_or_those_of_the_data(tmp_path):
    nodes = [
        ("Gemm", ["X", "W1", "b1"], ["o"], {}),
        ("Softmax", ["o"], ["Y"], {}),
        ("ArgMax", ["o"], ["label"], {"axis": -1, "keepdims": 0}),
    ]
    path = of_nodes(tmp_path / "n.onnx", nodes, LAYERS, outputs=("label", "Y"))
    numbers = import_model(path)
    assert numbers.predict(ROWS).tolist() == (ROWS @ W1 + b1).argmax(axis=1).tolist()
    y = np.array(["v", "w", "x", "y", "z", "v", "v"])
    data = Dataset(ROWS, y, name="letters", feature_names=("p", "q", "r", "s"))
    named = import_model(path, like=data)
    assert named.predict(ROWS).tolist() == ["vwxyz"[k] for k in numbers.predict(ROWS)]
    assert (named.feature_names, named.name) == (("p", "q", "r", "s"), "letters")
    chosen = import_model(path, like=data, classes=[5, 4, 3, 2, 1])
    assert chosen.predict(ROWS).tolist() == [5 - k for k in numbers.predict(ROWS)]
    with pytest.raises(ConfigurationError, match="takes 4 inputs, but narrow has 3 columns"):
        import_model(path, like=Dataset(ROWS[:, :3], y, name="narrow"))
