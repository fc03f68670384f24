"""Findings about the data: each where it was planted, and none where nothing was."""

from __future__ import annotations

import json

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.datasets import load_iris

from chalknet import Dataset, Preprocessing, load_dataset
from chalknet.diagnose.health import check_health
from chalknet.diagnose.health.inputs import _Columns, data_findings


def sound(n: int = 90, features: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, features)), np.arange(n) % 3


def names(findings) -> list[str]:
    return [finding.name for finding in findings]


def only(findings):
    (finding,) = findings
    return finding


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    X, y = sound()
    assert data_findings(Dataset(X, y, name="sound")) == []
    assert data_findings(Dataset(X, X[:, 0], name="sound")) == []
    assert data_findings(Dataset(X, (X > 0).astype(int), name="sound")) == []


def test_constant_inputs_are_counted_exactly() -> None:
    X, y = sound(features=6)
    X[:, 2], X[:, 5] = 0.1 + 0.2, -7e9
    X[:, 4] = 1e9 + np.arange(90) % 2  # nearly constant is not constant
    feature_names = ("a", "b", "c", "d", "e", "f")
    data = Dataset(X, y, name="d", feature_names=feature_names)
    findings = [one for one in data_findings(data) if one.name == "constant_inputs"]
    assert only(findings).figures["columns"] == [2, 5]
    assert "c, f" in only(findings).evidence
    assert only(findings).severity == "warning"
    images = Dataset(np.zeros((30, 4, 4)) + np.arange(30)[:, None, None] * np.eye(4), y[:30] % 3,
                     name="images")  # fmt: skip
    found = [one for one in data_findings(images) if one.name == "constant_inputs"]
    assert only(found).figures["columns"] == [k for k in range(16) if k % 5]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X: X * [1, 1, 1000, 1], "x3 has standard deviation"),
        (lambda X: X * 300, "root mean square is"),
        (lambda X: X * 1e-4, "root mean square is"),
        (lambda X: X * [1, 1, 1, 0.2] + [0, 0, 0, 5], "x4 has mean 5"),
    ],
)
def test_unscaled_inputs(change, words) -> None:
    X, y = sound()
    data = Dataset(change(X), y, name="d", feature_names=("x1", "x2", "x3", "x4"))
    finding = only(data_findings(data))
    assert finding.name == "unscaled_inputs"
    assert words in finding.evidence
    assert "--scaling standard" in finding.advice
    assert data_findings(data, Preprocessing.for_data(data.X, "standard")) == []


def test_images_of_bytes_need_their_scaling() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (60, 5, 5)).astype(np.uint8)
    data = Dataset(X, np.arange(60) % 3, name="bytes")
    assert data_findings(data) == []
    finding = only(data_findings(data, Preprocessing()))
    assert finding.name == "unscaled_inputs"
    assert finding.severity == "serious"
    assert "--scaling pixels" in finding.advice


def test_means_and_deviations_are_numpys() -> None:
    """Taken slice by slice, for large numbers that differ little too."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(9000, 3)) * [1.0, 1e-3, 50.0] + [0.0, 1e6, -3.0]
    for rows in (X, scipy.sparse.csr_matrix(X)):
        columns = _Columns.of(Dataset(rows, np.arange(9000) % 2, name="d"), Preprocessing())
        assert columns.mean == pytest.approx(X.mean(axis=0), rel=1e-12, abs=1e-12)
        assert columns.deviation == pytest.approx(X.std(axis=0), rel=1e-6)
        assert not columns.constant.any()


def test_class_imbalance() -> None:
    X, _ = sound(120)
    y = np.array(["cat"] * 100 + ["dog"] * 15 + ["owl"] * 5)
    finding = only(data_findings(Dataset(X, y, name="d")))
    assert finding.name == "class_imbalance"
    assert finding.severity == "serious"
    assert finding.figures["counts"] == {"cat": 100, "dog": 15, "owl": 5}
    assert finding.figures["ratio"] == 20
    assert "83.3%" in finding.evidence
    rare = Dataset(X, ["a"] * 60 + ["b"] * 58 + ["c"] * 2, name="d")
    assert names(data_findings(rare)) == ["class_imbalance", "rare_classes"]


def test_targets_of_a_regression() -> None:
    X, _ = sound()
    assert names(data_findings(Dataset(X, 500 * X[:, 0], name="d"))) == ["unscaled_targets"]
    assert names(data_findings(Dataset(X, np.full(90, 2.0), name="d"))) == ["constant_target"]


def test_twins_and_contradictions() -> None:
    X, y = sound()
    X[10] = X[40] = X[70]  # y: 1, 1, 1
    X[5] = X[6]  # y: 2, 0
    data = Dataset(X, y, name="d")
    copies, contradiction = sorted(data_findings(data), key=lambda one: one.name, reverse=True)
    assert copies.figures == {"count": 2}
    assert "rows 10 and 40" in copies.evidence
    assert contradiction.figures == {"rows": 2, "groups": [[5, 6]]}
    assert "row 5 2, row 6 0" in contradiction.evidence
    numbered = data_findings(data, row_numbers=range(1000, 1090))
    assert {"rows": 2, "groups": [[1005, 1006]]} in [one.figures for one in numbered]
    assert names(data_findings(Dataset(X, X[:, 1] + y, name="regression"))) == ["duplicate_rows"]


def test_the_famous_twin_among_the_irises() -> None:
    """Rows 102 and 143 of Fisher's table, counted from 1."""
    X, y = load_iris(return_X_y=True)
    finding = only(one for one in data_findings(Dataset(X, y, name="iris")) if "rows" in one.name)
    assert finding.figures == {"count": 1}
    assert "101 and 142" in finding.evidence


def test_test_rows_in_training() -> None:
    X, y = sound()
    test = Dataset(np.concatenate([X[[3, 50]], X[:20] + 1]), np.arange(22) % 3, name="test")
    finding = only(data_findings(Dataset(X, y, name="d"), test=test))
    assert finding.name == "test_rows_in_training"
    assert finding.figures == {"rows": [0, 1], "count": 2}
    assert finding.severity == "warning"


def test_digits_are_sound() -> None:
    train, test = load_dataset("digits")
    findings = check_health(train, test=test, labels=False)
    assert [one.severity for one in findings] == ["note"]  # three pixels that never change


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_whatever_the_data_it_is_examined(data: st.DataObject) -> None:
    """Every finding is plain text and numbers, whatever the rows and labels are."""
    n = data.draw(st.integers(1, 40))
    features = data.draw(st.integers(1, 5))
    values = st.floats(-1e150, 1e150) if data.draw(st.booleans()) else st.sampled_from([0.0, 1.0])
    X = data.draw(hnp.arrays(np.float64, (n, features), elements=values))
    y = data.draw(
        st.one_of(
            hnp.arrays(np.int64, n, elements=st.integers(0, 3)),
            hnp.arrays(np.float64, n, elements=st.floats(-1e9, 1e9)),
            hnp.arrays(np.int64, (n, 2), elements=st.integers(0, 1)),
        )
    )
    for finding in check_health(Dataset(X, y, name="any"), labels=False):
        assert json.loads(json.dumps(finding.as_dict()))["name"] == finding.name
        assert finding.title
        assert finding.evidence.endswith(".")
        assert finding.advice.endswith(".")
