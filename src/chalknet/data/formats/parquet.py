"""Parquet: a table stored column by column, read with pyarrow.

Source: the Apache Parquet format specification, https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chalknet.data.dataset import Task, stored_type
from chalknet.data.formats.bounded import Allowance, file_size
from chalknet.data.formats.contents import Array, Contents, FilePath
from chalknet.data.formats.labels import string_array
from chalknet.data.formats.table import (
    choose_columns,
    choose_target,
    find_columns,
    numbers_as_target,
    require_distinct,
)
from chalknet.errors import DataFormatError, MissingLibraryError

__all__ = ["read_parquet", "read_parquet_inputs"]

# A label costs its index into the distinct ones, or a number.
LABEL_BYTES = 8


def read_parquet(
    path: FilePath,
    *,
    target: str | None = None,
    inputs: Sequence[str] | None = None,
    task: Task | None = None,
    max_bytes: int | None = None,
) -> Contents:
    """Read a table with a target column; the features must be numbers or booleans.

    Whole numbers in the target column are classes unless they take more than 50 different values;
    floats are regression targets; text is classes. The index that pandas keeps in columns of its
    own is left out, unless it is asked for by name.
    """
    with _opened(path) as file:
        names = _names(file, path, [*(inputs or ()), *([] if target is None else [target])])
        y_column = choose_target(names, target, str(path))
        columns = choose_columns(names, inputs, y_column, str(path))
        allowance = _allowance(path, max_bytes)
        X = _features(file, columns, names, allowance)
        allowance.charge(file.metadata.num_rows * LABEL_BYTES, "the target column")
    # A column of text can repeat a few values for ever in a few bytes: keep it as indices.
    with _opened(path, names[y_column]) as file:
        y = _labels(file, names[y_column], task, allowance)
    return Contents(X=X, y=y, feature_names=tuple(names[column] for column in columns))


def read_parquet_inputs(
    path: FilePath, *, feature_names: Sequence[str] | None = None, max_bytes: int | None = None
) -> Array:
    """Read the columns ``feature_names`` in that order, or all columns."""
    with _opened(path) as file:
        names = _names(file, path, feature_names or ())
        wanted = names if feature_names is None else feature_names
        columns = find_columns(names, wanted, str(path), "inputs")
        return _features(file, columns, names, _allowance(path, max_bytes))


def _allowance(path: FilePath, max_bytes: int | None) -> Allowance:
    # Repeated values are stored once even without compression, so only another format helps.
    return Allowance(path, file_size(path), max_bytes, otherwise="write the table as CSV")


@contextlib.contextmanager
def _opened(path: FilePath, *as_indices: str) -> Iterator[Any]:
    file_size(path)
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingLibraryError(
            'reading Parquet needs pyarrow: install it with  pip install "chalknet[tables]"'
        )
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(
            path, read_dictionary=list(as_indices), page_checksum_verification=True
        ) as file:
            yield file
    except (DataFormatError, MissingLibraryError):
        raise
    # ArrowException covers most; damaged metadata also ends in these plain Python errors.
    except (
        ArrowException, OSError, ValueError, TypeError, LookupError, OverflowError, MemoryError,
        NotImplementedError,
    ) as error:  # fmt: skip
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise DataFormatError(
            f"{path}: the Parquet file cannot be read: {reason.rstrip('.')}."
        ) from None


def _names(file: Any, path: FilePath, asked_for: Sequence[str]) -> list[str]:
    """The columns, without those in which pandas keeps a table's index: they say nothing of it."""
    names = list(file.schema_arrow.names)
    require_distinct(names, str(path))
    if file.metadata.num_rows < 1:
        raise DataFormatError(f"{path}: the table has columns, but no rows.")
    if file.metadata.num_columns != len(names):
        raise DataFormatError(f"{path}: columns must be plain values, not lists or structures.")
    about = file.schema_arrow.pandas_metadata
    index = about.get("index_columns") if isinstance(about, dict) else None
    left_out = index if isinstance(index, list) else []
    return [name for name in names if name in asked_for or name not in left_out] or names


def _features(file: Any, columns: list[int], names: list[str], allowance: Allowance) -> Array:
    import pyarrow.types as kinds

    types = []
    for column in columns:
        kind = file.schema_arrow.field(names[column]).type
        if not (kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_boolean(kind)):
            raise DataFormatError(
                f"{allowance.path}: column {names[column]!r} is of type {kind}, but every feature "
                "must be a number: leave it out, or turn categories into numbers."
            )
        types.append(stored_type(np.dtype(kind.to_pandas_dtype())))
    # Pixels stay pixels; mixed with anything else, whole numbers are numbers like the others.
    common = types[0] if len(set(types)) == 1 else np.result_type(*types, np.float32)
    rows = file.metadata.num_rows
    allowance.charge(rows * (len(columns) * common.itemsize + 8), f"{rows:,} rows")
    X = np.empty((rows, len(columns)), common)
    for place, column in enumerate(columns):
        for start, values in _column(file, names[column], allowance.path):
            if values.null_count:
                at = start + int(np.argmax(values.is_null().to_numpy(zero_copy_only=False)))
                raise DataFormatError(
                    f"{allowance.path}: row {at + 1:,}, column {names[column]!r} is empty, but "
                    "every feature must be a finite number: fill the gap or drop the row."
                )
            numbers = values.to_numpy(zero_copy_only=False)
            X[start : start + len(numbers), place] = numbers
    return X


def _column(file: Any, name: str, path: FilePath) -> Iterator[tuple[int, Any]]:
    """One column, a row group at a time: the first row's number and the values."""
    start = 0
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=[name], use_threads=False)
        table.validate(full=True)
        for chunk in table.column(0).chunks:
            yield start, chunk
            start += len(chunk)
    if start != file.metadata.num_rows:
        raise DataFormatError(
            f"{path}: the file says {file.metadata.num_rows:,} rows, but column {name!r} has "
            f"{start:,}."
        )


def _labels(file: Any, name: str, task: Task | None, allowance: Allowance) -> Array:
    import pyarrow.types as kinds

    place = f"{allowance.path}: column {name!r}"
    kind = file.schema_arrow.field(name).type
    kind = kind.value_type if kinds.is_dictionary(kind) else kind
    text = kinds.is_string(kind) or kinds.is_large_string(kind)
    if not (text or kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_boolean(kind)):
        raise DataFormatError(f"{place} is of type {kind}, but labels must be numbers or text.")
    if text and task == "regression":
        raise DataFormatError(f"{place} holds text, but regression needs numbers.")
    blocks: list[Array] = []
    for start, values in _column(file, name, allowance.path):
        if values.null_count:
            at = start + int(np.argmax(values.is_null().to_numpy(zero_copy_only=False)))
            raise DataFormatError(f"{place} is empty at row {at + 1:,}; every row needs a label.")
        if text:
            distinct = string_array(values.dictionary.to_pylist(), allowance, place)
            allowance.charge(len(values) * distinct.itemsize, f"{len(values):,} labels")
            blocks.append(distinct[values.indices.to_numpy(zero_copy_only=False)])
        else:
            blocks.append(values.to_numpy(zero_copy_only=False))
    labels = np.concatenate(blocks)
    return labels if text else numbers_as_target(labels, task)
