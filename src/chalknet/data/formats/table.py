"""What CSV and Parquet have in common: named columns, one of them the target."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence

import numpy as np

from chalknet.data.dataset import Task
from chalknet.data.formats.bounded import Allowance
from chalknet.data.formats.contents import Array
from chalknet.data.formats.labels import is_whole, string_array
from chalknet.errors import DataFormatError

__all__ = [
    "choose_columns",
    "choose_target",
    "find_columns",
    "labels_from_text",
    "number",
    "numbers_as_target",
    "require_distinct",
]

USUAL_TARGETS = ("target", "label", "class", "y")
# Whole numbers with more distinct values than this are quantities, not names of classes.
MOST_CLASSES = 50


def choose_target(names: Sequence[str], target: str | None, place: str) -> int:
    """The index of the target column: the one named, or called target, label, class or y, or last.

    Raises
    ------
    DataFormatError
        No column has that name; the message suggests the nearest and lists them.
    """
    if target is not None:
        return find_columns(names, [target], place, "target")[0]
    usual = [index for index, name in enumerate(names) if name.lower() in USUAL_TARGETS]
    return usual[0] if len(usual) == 1 else len(names) - 1


def choose_columns(
    names: Sequence[str], inputs: Sequence[str] | None, target: int | None, place: str
) -> list[int]:
    """The indices of the feature columns: those named, or all but the target."""
    if inputs is not None:
        columns = find_columns(names, inputs, place, "inputs")
        if target in columns:
            raise DataFormatError(
                f"{place}: column {names[target or 0]!r} is the target, so it cannot be an input."
            )
    else:
        columns = [index for index in range(len(names)) if index != target]
    if not columns:
        raise DataFormatError(f"{place}: no column is left for the features; it has {list(names)}.")
    return columns


def find_columns(names: Sequence[str], wanted: Sequence[str], place: str, option: str) -> list[int]:
    """The indices of the columns ``wanted``, in that order."""
    index = {name: i for i, name in enumerate(names)}
    for name in wanted:
        if name not in index:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
            hint = f": did you mean {near[0]!r}?" if near else "."
            listed = ", ".join(map(repr, names[:20])) + (", …" if len(names) > 20 else "")
            raise DataFormatError(
                f"{place} has no column {name!r} for the {option}{hint} Its columns are {listed}."
            )
    return [index[name] for name in wanted]


def require_distinct(names: Sequence[str], place: str) -> None:
    """Refuse columns without a name, and two of the same name."""
    seen: set[str] = set()
    for position, name in enumerate(names, start=1):
        if not name:
            raise DataFormatError(
                f"{place}: column {position} has no name; name it, or leave it out (pandas writes "
                "its index there: use to_csv(index=False))."
            )
        if name in seen:
            raise DataFormatError(
                f"{place}: two columns are named {name!r} (the second is column {position}); "
                "every column needs a name of its own."
            )
        seen.add(name)


def number(text: str) -> float | None:
    """The finite number that ``text`` stands for, or None.

    >>> number(" 2.5e3"), number("nan"), number("1_000"), number("")
    (2500.0, None, None, None)
    """
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def labels_from_text(
    texts: Sequence[str],
    rows: Sequence[int],
    task: Task | None,
    allowance: Allowance,
    place: str,
    *,
    decimal_comma: bool = False,
) -> Array:
    """Labels from the cells of a column; ``rows`` are the lines they stand in, for messages.

    - Whole numbers written plainly are integers, and classes, unless they take more than 50
      different values: then they are quantities, and the task is regression.
    - Other numbers are regression targets.
    - Everything else is text, and classes, exactly as written.

    ``task`` overrules this.
    """
    for text, row in zip(texts, rows, strict=True):
        if not text.strip():
            raise DataFormatError(f"{place} is empty at line {row:,}; every row needs a label.")
    if all(is_whole(text.strip()) for text in texts):
        return numbers_as_target(np.array([int(text) for text in texts]), task)
    values = [number(text.replace(",", ".", 1) if decimal_comma else text) for text in texts]
    quantity = _is_quantity(texts, values)
    if task == "regression" or (task is None and quantity):
        if None in values:
            at = values.index(None)
            raise DataFormatError(
                f"{place} holds numbers, but {texts[at][:40]!r} at line {rows[at]:,} is not a "
                "finite number; mend or drop the row, or use task='classification' if these are "
                "names of classes."
            )
        return np.array(values, np.float64)
    if quantity and all(value is not None and value.is_integer() for value in values):
        return numbers_as_target(np.array(values, np.float64), task)
    return string_array(texts, allowance, place)


def _is_quantity(texts: Sequence[str], values: Sequence[float | None]) -> bool:
    """Whether any cell is a number with a point or an exponent: names of classes have none."""
    return any(
        value is not None and not text.strip().lstrip("+-").isdigit()
        for text, value in zip(texts, values, strict=True)
    )


def numbers_as_target(values: Array, task: Task | None) -> Array:
    """Numbers of a target column as classes (integers) or regression targets (floats)."""
    if task == "classification":
        whole = values.dtype.kind == "f" and np.all(values == np.rint(values))
        return values.astype(np.int64) if whole else values
    if task == "regression" or (
        values.dtype.kind in "iu" and len(np.unique(values)) > MOST_CLASSES
    ):
        return values.astype(np.float64)
    return values
