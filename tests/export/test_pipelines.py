"""Whole scikit-learn pipelines with our estimators, converted by skl2onnx."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from chalknet import MissingLibraryError, MLPClassifier, MLPRegressor
from chalknet.export.exporting import export_model
from chalknet.export.importing import import_model
from chalknet.export.onnx.pipelines import register_onnx_converters
from export.random_models import error

RNG = np.random.default_rng(11)
ROWS = RNG.normal(size=(90, 5)) * 3 + 1
TARGETS = {
    "integers": RNG.integers(-1, 2, 90),
    "two texts": np.array(["yes", "nö"])[RNG.integers(0, 2, 90)],
    "booleans": RNG.random(90) > 0.5,
    "several labels": RNG.integers(0, 2, (90, 3)),
}


@pytest.fixture(scope="module", autouse=True)
def converters():
    register_onnx_converters()


def fitted(estimator, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(X, y)


def answers(model, feeds):
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, feeds)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", TARGETS)
def test_classifiers(kind, dtype):
    X, y = ROWS.astype(dtype), TARGETS[kind]
    pipeline = make_pipeline(
        StandardScaler(), MLPClassifier((7, 4), activation=["gelu", "elu(0.5)"], max_iter=4)
    )
    fitted(pipeline, X, y)
    labels, p = answers(to_onnx(pipeline, X[:1], options={"zipmap": False}), {"X": X})
    assert p.dtype == dtype
    assert error(p, pipeline.predict_proba(X)) <= (1e-6 if dtype == np.float32 else 1e-12)
    assert labels.tolist() == pipeline.predict(X).tolist()
    if y.ndim == 1 and dtype == np.float32:  # ZipMap is for float32 alone, in ONNX itself
        _, mapped = answers(to_onnx(pipeline, X[:1]), {"X": X})
        assert [list(row) for row in mapped] == [pipeline.classes_.tolist()] * len(X)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("loss", "outputs"), [("huber", 1), ("squared_error", 3), ("poisson", 1)])
def test_regressors(loss, outputs, dtype):
    X = ROWS.astype(dtype)
    y = np.abs(X[:, 0]) if outputs == 1 else X[:, :outputs]
    estimator = MLPRegressor(hidden_layer_sizes=(6,), loss=loss, activation="silu", max_iter=4)
    pipeline = fitted(make_pipeline(StandardScaler(), estimator), X, y)
    [found] = answers(to_onnx(pipeline, X[:1]), {"X": X})
    expected = pipeline.predict(X).reshape(-1, outputs)
    assert error(found, expected) <= (1e-6 if dtype == np.float32 else 1e-12)


def test_inside_other_estimators():
    X, y = ROWS, TARGETS["integers"]
    for estimator in (
        CalibratedClassifierCV(MLPClassifier((6,), max_iter=4), cv=2),
        VotingClassifier(
            [("a", MLPClassifier((6,), max_iter=4)), ("b", MLPClassifier((3,), max_iter=4))],
            voting="soft", flatten_transform=False,
        ),
    ):  # fmt: skip
        fitted(estimator, X, y)
        labels, p = answers(to_onnx(estimator, X[:1], options={"zipmap": False}), {"X": X})
        assert error(p, estimator.predict_proba(X)) <= 1e-6  # their own converters round
        assert labels.tolist() == estimator.predict(X).tolist()


def test_a_table_of_numbers_and_texts():
    table = pd.DataFrame(
        {
            "length": RNG.normal(size=60).astype("f4"),
            "width": RNG.normal(size=60).astype("f4"),
            "place": RNG.choice(["sea", "river", "lake"], 60),
        }
    )
    y = np.where(table["length"] > 0, table["place"], "none")
    columns = ColumnTransformer(
        [("scale", StandardScaler(), ["length", "width"]), ("one", OneHotEncoder(), ["place"])],
        sparse_threshold=0.0,
    )
    pipeline = fitted(make_pipeline(columns, MLPClassifier((8,), max_iter=20)), table, y)
    types = [
        (name, (StringTensorType if name == "place" else FloatTensorType)([None, 1]))
        for name in table
    ]
    model = to_onnx(pipeline, initial_types=types, options={"zipmap": False})
    feeds = {name: table[[name]].to_numpy() for name in table}
    labels, p = answers(model, feeds)
    assert error(p, pipeline.predict_proba(table)) <= 1e-6
    assert labels.tolist() == pipeline.predict(table).tolist()


def test_what_skl2onnx_made_of_ours_is_read_back(tmp_path):
    X = ROWS.astype(np.float32)
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((7,), activation="gelu", max_iter=4))
    fitted(pipeline, X, TARGETS["two texts"])
    path = tmp_path / "p.onnx"
    path.write_bytes(to_onnx(pipeline, X[:1], options={"zipmap": False}).SerializeToString())
    model = import_model(path)
    assert model.predict(X).tolist() == pipeline.predict(X).tolist()
    assert error(model.predict_proba(X), pipeline.predict_proba(X)) <= 1e-6


def test_an_estimator_alone_is_exported_as_a_model(tmp_path):
    estimator = fitted(MLPClassifier((4,), max_iter=4), ROWS, TARGETS["integers"])
    [path] = export_model(estimator.to_model(), tmp_path / "m.onnx", "onnx")
    again = import_model(path)
    np.testing.assert_array_equal(again.predict_proba(ROWS), estimator.predict_proba(ROWS))
    np.testing.assert_array_equal(again.predict(ROWS), estimator.predict(ROWS))


def test_a_classifier_of_one_class_has_nothing_to_decide(tmp_path):
    estimator = fitted(MLPClassifier((3,), max_iter=2), ROWS, np.full(90, "only"))
    labels, _ = answers(to_onnx(estimator, ROWS[:1], options={"zipmap": False}), {"X": ROWS})
    assert set(labels) == {"only"}


def test_skl2onnx_is_asked_for_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'chalknet\[onnx\]'"):
        register_onnx_converters()
