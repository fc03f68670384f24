"""Weights as plain arrays: NPZ, and the layout that Keras 3 gives its .weights.h5."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from chalknet import Dense, Model, ModelFileError, Network, ShapeError
from chalknet.export.exporting import export_model
from chalknet.export.importing import import_model
from export.random_models import error

RNG = np.random.default_rng(6)
# As get_weights() of a Keras network gives them: kernel (fan_in, fan_out), bias, kernel, bias.
WEIGHTS = [RNG.normal(size=shape).astype("f4") for shape in ((4, 5), (5,), (5, 3), (3,))]
ROWS = RNG.normal(size=(6, 4)).astype("f4")
TOLD = {"activation": "relu", "loss": "softmax_cross_entropy", "classes": ["a", "b", "c"]}


def expected():
    W1, b1, W2, b2 = (array.astype(float) for array in WEIGHTS)
    o = np.maximum(ROWS @ W1 + b1, 0) @ W2 + b2
    e = np.exp(o - o.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def model():
    layers = [Dense(*WEIGHTS[:2], "relu"), Dense(*WEIGHTS[2:])]
    return Model(Network(layers), "softmax_cross_entropy", classes=np.array(["a", "b", "c"]))


def test_npz_holds_the_weights_in_the_order_that_keras_takes(tmp_path):
    [path] = export_model(model(), tmp_path / "w.npz", "npz")
    with np.load(path, allow_pickle=False) as file:
        assert list(file) == ["W1", "b1", "W2", "b2"]
        for found, wanted in zip(file.values(), WEIGHTS, strict=True):
            np.testing.assert_array_equal(found, wanted)
    again = import_model(path, **TOLD)
    assert again.network.parameters.tobytes() == model().network.parameters.tobytes()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_get_weights_of_keras_are_read(save, tmp_path):
    save(tmp_path / "w.npz", *WEIGHTS)
    found = import_model(tmp_path / "w.npz", **TOLD)
    assert error(found.predict_proba(ROWS), expected()) <= 1e-6


def keras_file(path, layers=("dense", "dense_1"), extra=None):
    """The layout of ``save_weights`` in Keras 3.15."""
    with h5py.File(path, "w") as file:
        for place, layer in enumerate(layers):
            file[f"layers/{layer}/vars/0"], file[f"layers/{layer}/vars/1"] = (
                WEIGHTS[2 * place], WEIGHTS[2 * place + 1]
            )  # fmt: skip
        file.create_group("layers/dropout/vars")
        file.create_group("vars")
        for name, values in (extra or {}).items():
            file[name] = values
    return path


def test_keras_weights_are_read(tmp_path):
    path = keras_file(tmp_path / "k.weights.h5", extra={"optimizer/vars/0": np.arange(3)})
    found = import_model(path, **TOLD)
    assert error(found.predict_proba(ROWS), expected()) <= 1e-6


def test_what_is_no_dense_layer_is_refused(tmp_path):
    norm = {"layers/batch_normalization/vars/2": np.ones(5, "f4")}
    with pytest.raises(ModelFileError, match="found 'layers/batch_normalization/vars/2', but exp"):
        import_model(keras_file(tmp_path / "k.weights.h5", extra=norm), **TOLD)
    odd = {"layers/layer_normalization/vars/0": np.ones(5, "f4")}
    with pytest.raises(ModelFileError, match="'layer_normalization_0' is no dense layer with weig"):
        import_model(keras_file(tmp_path / "k.weights.h5", extra=odd), **TOLD)
    (tmp_path / "k.keras").write_bytes(b"PK\3\4")
    with pytest.raises(ModelFileError, match="Keras's own archives are not read: save the weights"):
        import_model(tmp_path / "k.keras")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"W1": WEIGHTS[0]}, "expected the arrays W1, b1, W2, b2 and so on"),
        (
            {"W1": WEIGHTS[0], "b1": WEIGHTS[1], "c": WEIGHTS[1], "d": WEIGHTS[1]},
            "but found W1, b1",
        ),
        ({"W1": WEIGHTS[0], "b1": WEIGHTS[3]}, "expected (fan_in, fan_out) and (fan_out,)"),
        ({"W1": WEIGHTS[0] * np.nan, "b1": WEIGHTS[1]}, "W1 has a NaN or an infinity"),
        ({"W1": np.array([["a"]]), "b1": WEIGHTS[1]}, "must be numbers, but these are of type"),
        ({"W1": np.array([[{}]]), "b1": WEIGHTS[1]}, "holds pickled Python objects"),
        ({}, "but found none"),
    ],
)
def test_arrays_that_make_no_network_are_refused(arrays, message, tmp_path):
    np.savez(tmp_path / "w.npz", **arrays)
    with pytest.raises(ModelFileError) as caught:
        import_model(tmp_path / "w.npz", loss="huber")
    assert message in str(caught.value)
    assert str(tmp_path / "w.npz") in str(caught.value)


def test_labels_must_be_as_many_as_the_outputs(tmp_path):
    np.savez(tmp_path / "w.npz", *WEIGHTS)
    with pytest.raises(ShapeError, match="the network has 3 outputs but 2 classes were given"):
        import_model(tmp_path / "w.npz", **TOLD | {"classes": ["a", "b"]})
