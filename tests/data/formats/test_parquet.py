from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalknet.data import read_dataset, read_inputs
from chalknet.errors import DataFormatError, MissingLibraryError

Refusal = Callable[[Path], tuple[str, int]]
FLOWERS = pd.DataFrame(
    {"length": [5.1, 6.2, 5.0], "width": [3, 2, 4], "species": ["setosa", "virginica", "setosa"]}
)


def write(tmp_path: Path, table: pa.Table | dict[str, object], **options: object) -> Path:
    path = tmp_path / "table.parquet"
    table = table if isinstance(table, pa.Table) else pa.table(table)
    pq.write_table(table, path, **options)
    return path


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd"])
def test_a_table_that_pandas_wrote(compression: str, tmp_path: Path) -> None:
    path = tmp_path / "flowers.parquet"
    FLOWERS.to_parquet(
        path, index=False, compression=None if compression == "none" else compression
    )
    dataset = read_dataset(path, target="species")
    assert dataset.X.tolist() == [[5.1, 3], [6.2, 2], [5.0, 4]]
    assert dataset.y.tolist() == ["setosa", "virginica", "setosa"]
    assert dataset.feature_names == ("length", "width")


@pytest.mark.parametrize("named", [None, "plant"])
def test_the_index_of_a_pandas_table_is_no_column(named: str | None, tmp_path: Path) -> None:
    path = tmp_path / "flowers.parquet"
    FLOWERS.rename_axis(index=named).iloc[[1, 0, 2]].to_parquet(path)
    assert len(pq.read_schema(path).names) == 4
    dataset = read_dataset(path)
    assert dataset.feature_names == ("length", "width")
    assert sorted(dataset.y.tolist()) == ["setosa", "setosa", "virginica"]
    assert read_inputs(path, feature_names=["length", "width"]).shape == (3, 2)
    index = named or "__index_level_0__"
    asked_for = read_dataset(path, inputs=[index], target="species")
    assert sorted(asked_for.X[:, 0].tolist()) == [0, 1, 2]


def test_a_category_is_text(tmp_path: Path) -> None:
    path = tmp_path / "flowers.parquet"
    FLOWERS.astype({"species": "category"}).to_parquet(path, index=False)
    assert read_dataset(path).y.tolist() == ["setosa", "virginica", "setosa"]


def test_row_groups_arrive_in_order(tmp_path: Path) -> None:
    x = np.random.default_rng(0).random(1000)
    labels = [f"class {i % 7}" for i in range(1000)]
    table = {"a": x, "b": np.arange(1000, dtype=np.int16), "y": labels}
    dataset = read_dataset(write(tmp_path, table, row_group_size=64))
    assert np.array_equal(dataset.X[:, 0], x)
    assert np.array_equal(dataset.X[:, 1], np.arange(1000))
    assert dataset.y.tolist() == labels


@pytest.mark.parametrize(
    ("kinds", "stored"),
    [("u1 u1", "uint8"), ("u1 f4", "float32"), ("f4 i2", "float32"), ("u1 f8", "float64"),
     ("i4 f4", "float64"), ("? u1", "float32")],
)  # fmt: skip
def test_the_type_that_holds_all_columns(kinds: str, stored: str, tmp_path: Path) -> None:
    first, second = kinds.split()
    table = {"a": np.array([0, 1], first), "b": np.array([1, 0], second), "y": [0, 1]}
    dataset = read_dataset(write(tmp_path, table))
    assert dataset.X.dtype == stored
    assert dataset.X.tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("labels", "task"),
    [([1, 2, 1], "classification"), ([True, False, True], "classification"),
     (["a", "b", "a"], "classification"), ([0.5, 1, 2], "regression"), ([1.0, 2, 1], "regression")],
)  # fmt: skip
def test_what_a_target_is(labels: list[object], task: str, tmp_path: Path) -> None:
    dataset = read_dataset(write(tmp_path, {"a": [1, 2, 3], "y": labels}))
    assert dataset.task == task
    assert dataset.y.tolist() == labels


def test_a_missing_target_column_suggests_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path, {"a": [1, 2], "species": ["x", "y"]})
    with pytest.raises(DataFormatError, match=r"no column 'specie' .* did you mean 'species'"):
        read_dataset(path, target="specie")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"a": [1.0, None], "y": [0, 1]}, "row 2, column 'a' is empty"),
        ({"a": [1.0, np.nan], "y": [0, 1]}, "X has nan at row 1, column 0"),
        ({"a": ["red", "blue"], "y": [0, 1]}, "column 'a' is of type string"),
        ({"a": [[1], [2]], "y": [0, 1]}, "plain values|is of type list"),
        ({"a": [1, 2], "y": ["x", None]}, "column 'y' is empty at row 2"),
        ({"a": [1, 2], "y": ["x", "x"]}, "all 2 samples have the label 'x'"),
        ({"a": pa.array([], pa.int32()), "y": pa.array([], pa.int32())}, "no rows"),
        ({"y": [1, 2]}, "no column is left"),
    ],
)
def test_tables_that_are_refused(table: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match=message):
        read_dataset(write(tmp_path, table))


def test_text_cannot_be_regressed(tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match="holds text, but regression needs numbers"):
        read_dataset(write(tmp_path, {"a": [1, 2], "y": ["x", "z"]}), task="regression")


def test_what_is_no_parquet(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 and so on")
    with pytest.raises(DataFormatError, match=r"x\.parquet: the Parquet file cannot be read"):
        read_dataset(path)


def test_a_bomb_of_numbers_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    runs = pa.array(np.zeros(20_000_000, np.int64))
    path = write(tmp_path, {"a": runs, "y": runs}, row_group_size=len(runs))
    message, grown = refusal(path)
    assert "20,000,000 rows would take" in message
    assert grown < 64e6 + 4 * path.stat().st_size


def test_a_bomb_of_labels_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    long_labels = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(1_000_000, np.int8)), pa.array(["z" * 900])
    )
    path = write(tmp_path, {"a": pa.array(np.zeros(1_000_000, np.uint8)), "y": long_labels})
    assert path.stat().st_size < 1e6
    message, grown = refusal(path)
    assert "labels would take 3.6 GB" in message
    assert grown < 64e6 + 4 * path.stat().st_size


def test_rows_to_predict(tmp_path: Path) -> None:
    path = write(tmp_path, {"y": ["a"], "width": [1.0], "length": [2.0]})
    assert read_inputs(path, feature_names=("length", "width")).tolist() == [[2, 1]]


def test_without_pyarrow_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, {"a": [1], "y": [2]})
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingLibraryError, match=r'pip install "chalknet\[tables\]"'):
        read_dataset(path)


text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)


@given(st.lists(text, min_size=1, max_size=20))
def test_any_text_labels_round_trip(tmp_path_factory, labels: list[str]) -> None:
    labels = ["first", *labels]
    path = tmp_path_factory.getbasetemp() / "labels.parquet"
    pq.write_table(pa.table({"a": np.arange(len(labels)), "y": labels}), path)
    if len(set(labels)) == 1:
        labels[-1:] = []
        return
    assert read_dataset(path).y.tolist() == labels
