"""Model: raw data in, labels out; saved, loaded, and never loaded wrong."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from chalknet import (
    Activation,
    ConfigurationError,
    DataFormatError,
    DataNotFoundError,
    Dataset,
    Dense,
    Model,
    ModelFileError,
    Network,
    Preprocessing,
    ShapeError,
    TargetError,
)
from chalknet.operations.activations import ACTIVATIONS
from chalknet.operations.losses import LOSSES


def model(K=3, loss="softmax_cross_entropy", dtype=np.float64, **changes):
    rng = np.random.default_rng(0)
    net = Network.dense([4, 5, K], activation="tanh", rng=rng, dtype=dtype)
    classes = np.array(["cat", "dog", "ox"])[:K] if K > 1 else None
    return Model(
        net,
        loss,
        Preprocessing(np.arange(4.0), np.arange(1.0, 5.0)),
        **{"classes": classes} | changes,
    )


X = np.random.default_rng(1).normal(size=(7, 4))


def test_output_is_the_network_on_preprocessed_rows():
    m = model()
    inputs = (X - np.arange(4.0)) / np.arange(1.0, 5.0)
    np.testing.assert_allclose(m.output(X), m.network.output(inputs), rtol=1e-12)
    p = np.exp(m.output(X))
    np.testing.assert_allclose(m.predict_proba(X), p / p.sum(axis=1, keepdims=True), rtol=1e-14)
    assert list(m.predict(X)) == [m.classes[k] for k in p.argmax(axis=1)]


def test_float64_data_computes_in_float64():
    m = model(dtype=np.float32)
    assert m.output(X).dtype == np.float64
    assert m.output(X.astype(np.float32)).dtype == np.float32
    assert m.output((X * 9).astype(np.uint8)).dtype == np.float32


def test_one_output_for_two_classes():
    net = Network([Dense([[1.0], [0.0], [0.0], [0.0]], [0.0])])
    m = Model(net, "sigmoid_cross_entropy", classes=np.array([-1, 1]))
    rows = np.array([[2.0, 0, 0, 0], [-2.0, 0, 0, 0], [0.0, 0, 0, 0]])
    s = 1 / (1 + np.exp(-2.0))
    np.testing.assert_allclose(m.predict_proba(rows), [[1 - s, s], [s, 1 - s], [0.5, 0.5]])
    assert m.predict(rows).tolist() == [1, -1, -1]


def test_multilabel_and_regression():
    m = model(loss="sigmoid_cross_entropy", multilabel=True)
    np.testing.assert_array_equal(m.predict(X), (m.output(X) > 0).astype(int))
    m = model(K=1, loss="poisson")
    np.testing.assert_allclose(m.predict(X), np.exp(m.output(X)[:, 0]))
    with pytest.raises(ConfigurationError, match="trained with poisson, which gives no probab"):
        m.predict_proba(X)


def test_evaluate_counts_over_more_rows_than_a_slice():
    m = model()
    rng = np.random.default_rng(2)
    many = rng.normal(size=(10_001, 4))
    y = m.classes[rng.integers(0, 3, len(many))]
    score = m.evaluate(Dataset(many, y, name="many"))
    assert score.total == 10_001
    assert score.correct == int((m.predict(many) == y).sum())
    p = m.predict_proba(many)[np.arange(len(many)), np.searchsorted(m.classes, y)]
    assert score.loss == pytest.approx(-np.log(p).mean(), rel=1e-12)


def test_what_cannot_be_predicted_is_said():
    images = model(image_shape=(2, 2))
    message = (
        "X has 64 columns but layer 1 has fan_in=4: this model was trained on 2×2 images; "
        "pass images of that size."
    )
    with pytest.raises(ShapeError) as caught:
        images.predict(np.zeros((3, 64)))
    assert str(caught.value) == message
    with pytest.raises(ShapeError, match=r"X has shape \(4,\) but layer 1 has fan_in=4: pass rows"):
        model().predict(np.zeros(4))
    with pytest.raises(DataFormatError, match="X has a NaN or an infinity"):
        model().predict(np.full((1, 4), np.nan))
    with pytest.raises(DataFormatError, match="X must be numeric"):
        model().predict([["a", "b", "c", "d"]])
    with pytest.raises(ShapeError, match="the network has 3 outputs but 4 classes were given"):
        model(classes=np.arange(4))


labels = st.one_of(
    st.lists(
        st.text(st.characters(codec="utf-8"), max_size=9).filter(lambda s: "\0" not in s),
        min_size=3,
        max_size=3,
        unique=True,
    ),
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3, unique=True),
)


@settings(max_examples=60, deadline=None)
@given(
    labels=labels,
    activation=st.sampled_from([*ACTIVATIONS, "leaky_relu(slope=0.3)", "elu(0.7)"]),
    dtype=st.sampled_from([np.float32, np.float64]),
    name=st.text(max_size=20),
)
def test_save_and_load_round_trip(labels, activation, dtype, name, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    rng = np.random.default_rng(0)
    net = Network.dense([4, 2, 3], activation=activation, rng=rng, dtype=dtype)
    saved = Model(
        net,
        "softmax_cross_entropy",
        Preprocessing(0.5, np.arange(1.0, 5.0)),
        np.array(labels),
        class_names=("a", "<b>", "ç"),
        feature_names=tuple("wxyz"),
        image_shape=(2, 2),
        name=name,
    )
    saved.save(path)
    loaded = Model.load(path)
    assert loaded.network.parameters.tobytes() == net.parameters.tobytes()
    assert loaded.network.dtype == net.dtype
    assert loaded.classes.dtype == saved.classes.dtype
    assert loaded.classes.tolist() == saved.classes.tolist()
    for field in ("class_names", "feature_names", "image_shape", "name", "loss", "multilabel"):
        assert getattr(loaded, field) == getattr(saved, field)
    assert [layer.activation for layer in loaded.network.layers] == [
        layer.activation for layer in net.layers
    ]
    np.testing.assert_array_equal(loaded.output(X), saved.output(X))


@pytest.mark.parametrize("loss", [*LOSSES, "huber(delta=0.5)"])
def test_every_loss_round_trips(loss, tmp_path):
    saved = model(K=1 if loss != "softmax_cross_entropy" else 3, loss=loss)
    assert Model.load(saved.save(tmp_path / "m.safetensors")).loss == saved.loss


def test_another_program_reads_our_file(tmp_path):
    m = model()
    path = m.save(tmp_path / "m.safetensors")
    with safe_open(path, framework="np") as file:
        assert set(file.keys()) == {
            "W1", "b1", "W2", "b2", "preprocessing.offset", "preprocessing.divisor",
        }  # fmt: skip
        np.testing.assert_array_equal(file.get_tensor("W1"), m.network.layers[0].W)
        assert list(file.metadata()) == ["chalknet"]


def test_nothing_unsound_is_saved(tmp_path):
    path = tmp_path / "m.safetensors"
    m = model()
    m.network.layers[0].W[0, 0] = np.nan
    with pytest.raises(ModelFileError, match="not finite: no such model is saved"):
        m.save(path)
    own = Activation("cube", lambda z: z**3, lambda z: 3 * z**2)
    with pytest.raises(ModelFileError, match="'cube' is not one of chalknet's own"):
        Model(Network([Dense(np.ones((1, 1)), [0.0], own)]), "mean_squared_error").save(path)
    assert not path.exists()


def test_a_damaged_foreign_or_missing_file_is_refused(tmp_path):
    path = model().save(tmp_path / "m.safetensors")
    whole = path.read_bytes()
    (header,) = struct.unpack("<Q", whole[:8])
    rng = np.random.default_rng(0)
    for place in [*range(8 + header), *rng.integers(8 + header, len(whole), 400)]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        with pytest.raises(ModelFileError):
            Model.load(path)
    for content in (b"", b"\x80\x04.", whole[:-1], whole + b"x", struct.pack("<Q", 2**62) + b"{}"):
        path.write_bytes(content)
        with pytest.raises(ModelFileError):
            Model.load(path)
    text = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"\0\0\0\0")
    with pytest.raises(ModelFileError, match="was not written by chalknet"):
        Model.load(path)
    with pytest.raises(DataNotFoundError, match="there is no such file"):
        Model.load(tmp_path / "absent.safetensors")


def test_a_test_set_may_lack_classes_or_have_them_in_another_order():
    m = model()
    y = m.predict(X)
    few = Dataset(X[:3], y[:3], name="few")
    assert m.evaluate(few).correct == 3
    turned = Dataset(X, y, name="turned", classes=np.array(["ox", "dog", "cat"]))
    assert m.evaluate(turned).correct == len(X)
    assert m.evaluate(turned).loss == pytest.approx(m.evaluate(Dataset(X, y, name="y")).loss)
    with pytest.raises(TargetError, match="the model predicts classes, but line has numbers"):
        m.evaluate(Dataset(X, X[:, 0], name="line"))
    with pytest.raises(TargetError, match="row 0 has the label 'fish'"):
        m.evaluate(Dataset(X, ["fish"] * 7, name="sea"))


def test_no_rows_give_no_predictions():
    assert model().predict(np.zeros((0, 4))).shape == (0,)
    assert model().predict_proba(np.zeros((0, 4))).shape == (0, 3)


@pytest.mark.parametrize(
    ("y", "correct"),
    [
        (["a", "b", "b", "b"], 3),  # the larger of the two outputs decides
        (np.array([[1, 0], [0, 1], [1, 0], [1, 1]], np.uint8), 3),  # each its side of one half
    ],
    ids=["classes", "multilabel"],
)
def test_classes_taught_by_a_regression_loss_are_counted_too(y, correct):
    rows = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.1, 0.7]])
    data = Dataset(rows, y, name="d")
    unchanged = Network([Dense(np.eye(2), np.zeros(2))])
    model = Model.for_data(unchanged, "mean_squared_error", Preprocessing(), data)
    score = model.evaluate(data)
    assert (score.correct, score.total, score.accuracy) == (correct, 4, correct / 4)


def test_a_loaded_model_scales_by_one_number_where_the_saved_one_did(tmp_path):
    data = Dataset(np.array([[0, 255]], np.uint8), [0], name="d", classes=[0, 1])
    network = Network.dense([2, 2], rng=np.random.default_rng(0))
    scaling = Preprocessing.for_data(data.X)
    Model.for_data(network, "softmax_cross_entropy", scaling, data).save(tmp_path / "m.safetensors")
    loaded = Model.load(tmp_path / "m.safetensors").preprocessing
    assert (loaded.offset, loaded.divisor, repr(loaded)) == (0.0, 255.0, "inputs / 255")
