from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chalknet.data import Dataset
from chalknet.errors import ConfigurationError, DataFormatError, ShapeError, TargetError

X = np.arange(12.0).reshape(4, 3)


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=4, max_side=5)))
def test_images_become_rows_and_remember_their_shape(images) -> None:
    dataset = Dataset(images, np.zeros(len(images)), name="d")
    assert dataset.X.dtype == np.uint8
    assert np.array_equal(dataset.X, images.reshape(len(images), -1))
    assert dataset.image_shape == (images.shape[1:] if images.ndim > 2 else None)
    assert np.shares_memory(dataset.X, images)


@pytest.mark.parametrize("kind", ["?", "i1", "i2", "u2", "f2", "i4", "u4", "f4", "f8", "u1"])
def test_numbers_are_kept_exactly(kind: str) -> None:
    info = np.iinfo(kind) if kind[0] in "iu" else None
    extremes = [0, 1] if info is None else [info.min, info.max]
    values = np.array([extremes], kind)
    dataset = Dataset(values, [0.0], name="d")
    assert dataset.X.tolist() == [[float(value) for value in extremes]]
    assert dataset.X.dtype in (np.uint8, np.float32, np.float64)


labels = st.one_of(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=30),
    st.lists(
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=9),
        min_size=1,
        max_size=30,
    ),
)


@given(labels)
def test_labels_round_trip_through_targets(y) -> None:
    dataset = Dataset(np.zeros((len(y), 1)), y, name="d")
    assert dataset.classes is not None
    assert dataset.y.tolist() == y
    assert dataset.classes.tolist() == sorted(set(y))
    assert [dataset.classes[target] for target in dataset.targets] == y


@given(labels, st.randoms())
def test_rows_taken_keep_the_classes(y, chance) -> None:
    dataset = Dataset(np.arange(len(y) * 2.0).reshape(-1, 2), y, name="d")
    rows = [chance.randrange(len(y)) for _ in range(5)]
    taken = dataset.take(rows)
    assert taken.y.tolist() == [y[row] for row in rows]
    assert taken.targets.tolist() == dataset.targets[rows].tolist()
    assert np.array_equal(taken.X, dataset.X[rows])


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (np.array([3, -1, 3, 2], object), [3, -1, 3, 2]),
        (np.array(["b", "a", "b", "c"], object), ["b", "a", "b", "c"]),
        (np.array([b"b", "é".encode(), b"b", b"c"]), ["b", "é", "b", "c"]),
        (np.array([1, "a", True, 1], object), ["1", "a", "True", "1"]),
    ],
)
def test_labels_of_any_container_become_text_or_whole_numbers(given, kept: list[object]) -> None:
    dataset = Dataset(X, given, name="d")
    assert dataset.classes is not None
    assert dataset.y.tolist() == kept
    assert [dataset.classes[target].item() for target in dataset.targets] == kept


@pytest.mark.parametrize("gap", [None, float("nan"), 0.5, ("a",)])
def test_a_missing_label_is_no_class_of_its_own(gap: object) -> None:
    labels = np.empty(4, object)
    labels[:] = ["a", "b", "a", "b"]
    labels[2] = gap
    with pytest.raises(DataFormatError, match=r"y has .* at row 2 .*must be text or a whole"):
        Dataset(X, labels, name="d")


def test_classes_in_an_order_of_their_own() -> None:
    dataset = Dataset(X, ["lo", "hi", "mid", "lo"], name="d", classes=["lo", "mid", "hi"])
    assert dataset.targets.tolist() == [0, 2, 1, 0]


def test_tasks() -> None:
    assert Dataset(X, [1, 2, 1, 2], name="d").task == "classification"
    assert Dataset(X, [1.0, 2, 1, 2], name="d").task == "regression"
    assert Dataset(X, np.eye(4, dtype=int), name="d").task == "multilabel"
    assert Dataset(X, [1, 2, 1, 2], name="d", task="regression").targets.dtype == np.float64
    assert Dataset(X, np.eye(4), name="d").n_outputs == 4
    assert Dataset(X, [1.0, 2, 1, 2], name="d", task="classification").n_outputs == 2


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((X, [1, 2]), {}, ShapeError, "X has 4 rows"),
        ((X[0], [1, 2, 3]), {}, ShapeError, "X must be"),
        ((X[:0], []), {}, ShapeError, "at least one row"),
        ((X, np.zeros((4, 1, 1))), {}, ShapeError, "y must have shape"),
        ((X.astype(str), [1, 2, 1, 2]), {}, DataFormatError, "X must be numeric"),
        ((X * 1j, [1, 2, 1, 2]), {}, DataFormatError, "X must be numeric"),
        ((X, [1, 2, 1, 2]), {"image_shape": (2, 2)}, ShapeError, "4 values, but X has 3"),
        ((X, [1, 2, 1, 2]), {"classes": [1]}, TargetError, "row 1 has the label 2, which is none"),
        ((X, [1, 2, 1, 2]), {"class_names": ["a"]}, ShapeError, "class_names has 1 names"),
        ((X, [1, 2, 1, 2]), {"feature_names": ["a"]}, ShapeError, "there are 3 columns"),
        ((X, [1, 2, 1, 2]), {"task": "guess"}, ConfigurationError, "not 'guess'"),
        ((X, [1.0, np.nan, 1, 2]), {}, DataFormatError, "y has nan at row 1"),
        ((X, np.arange(4).astype("M8[D]")), {}, DataFormatError, "must be text or numbers"),
        ((X, list("abab")), {"task": "regression"}, DataFormatError, "must be numbers"),
        ((X, np.eye(4, dtype=int) * 2), {}, TargetError, "0 and 1 only"),
        ((X, np.eye(4)), {"task": "classification"}, ShapeError, r"must have shape \(n,\)"),
    ],
)
def test_what_is_refused(arguments, options, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Dataset(*arguments, name="d", **options)


@given(st.integers(0, 3), st.integers(0, 2), st.sampled_from([np.nan, np.inf, -np.inf]))
def test_the_value_that_is_not_finite_is_placed(row: int, column: int, value: float) -> None:
    broken = X.copy()
    broken[row, column] = value
    with pytest.raises(DataFormatError, match=f"{value} at row {row}, column {column}"):
        Dataset(broken, [1, 2, 1, 2], name="d")
