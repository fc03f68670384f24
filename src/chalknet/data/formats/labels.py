"""From what a file has as labels to what a Dataset takes as ``y``."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from chalknet.data.dataset import Task
from chalknet.data.formats.bounded import Allowance
from chalknet.data.formats.contents import Array
from chalknet.errors import DataFormatError

__all__ = ["as_labels", "is_whole", "string_array"]

MAX_LABEL = 1000
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")


def as_labels(y: Array, task: Task | None, place: str) -> Array:
    """Labels (n,) or targets (n, K) from an array as it stands in a file.

    - Bytes are text in UTF-8.
    - One column (n, 1) is (n,).
    - Rows of exactly one 1 and otherwise 0 (one-hot, of whatever type) become the class indices
      0 … K − 1, unless ``task`` says multilabel or regression.
    - Floats are regression targets; with ``task="classification"`` whole ones become integers, and
      with ``task="multilabel"`` rows of 0 and 1 do.
    """
    if y.dtype.kind == "S":
        y = _decoded(y, place)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim not in (1, 2):
        raise DataFormatError(
            f"{place}: labels must have shape (n,) or (n, K), but these have shape {y.shape}."
        )
    if y.dtype.kind not in "buifU":
        raise DataFormatError(f"{place}: labels must be numbers or text, not {y.dtype}.")
    if y.dtype.kind == "U":
        _require_unicode(y, place)
    if y.ndim == 2:
        return _columns(y, task, place)
    if task == "classification" and y.dtype.kind == "f" and np.all(y == np.rint(y)):
        return _whole(y, place)
    return y


def _columns(y: Array, task: Task | None, place: str) -> Array:
    if y.dtype.kind == "U":
        raise DataFormatError(f"{place}: text labels must have shape (n,), not {y.shape}.")
    binary = bool(np.all((y == 0) | (y == 1)))
    one_hot = binary and bool(np.all(np.count_nonzero(y, axis=1) == 1))
    if one_hot and task in (None, "classification"):
        indices: Array = np.argmax(y, axis=1).astype(np.int64)
        return indices
    if task == "classification":
        raise DataFormatError(
            f"{place}: labels of shape {y.shape} can only be classes if every row has exactly one "
            "1 and otherwise 0 (one-hot); for rows with several use task='multilabel'."
        )
    if not binary and task is None and y.dtype.kind != "f":
        raise DataFormatError(
            f"{place}: whole numbers of shape {y.shape} must be 0 or 1 to mark classes; "
            "for numbers to be predicted use task='regression'."
        )
    return y.astype(np.uint8) if binary and task == "multilabel" else y


def _whole(y: Array, place: str) -> Array:
    if np.any(np.abs(y) > 2**53):
        raise DataFormatError(
            f"{place}: labels beyond 2⁵³ in floats are not exact; store integers."
        )
    return y.astype(np.int64)


def _decoded(y: Array, place: str) -> Array:
    try:
        decoded: Array = np.char.decode(y, "utf-8")
    except UnicodeDecodeError as error:
        raise DataFormatError(f"{place}: a label is not text in UTF-8 ({error.reason}).") from None
    return decoded


def _require_unicode(y: Array, place: str) -> None:
    # NumPy keeps four bytes a character and looks at them only when a string is made of them.
    codes = np.ascontiguousarray(y).view(np.uint32)
    if np.any((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes <= 0xDFFF))):
        raise DataFormatError(f"{place}: a label holds a character that Unicode does not have.")


def string_array(labels: Sequence[str], allowance: Allowance, place: str) -> Array:
    """Text labels as an array; its elements are all as wide as the longest, so that is bounded."""
    longest = max(map(len, labels), default=0)
    if longest > MAX_LABEL:
        raise DataFormatError(
            f"{place}: a label has {longest:,} characters, and at most {MAX_LABEL:,} make sense; "
            "is this column free text?"
        )
    for row, label in enumerate(labels, start=1):
        # NumPy pads text with NUL and drops it again on the way out.
        if "\0" in label:
            raise DataFormatError(f"{place}: label {row:,} holds a NUL character; remove it.")
    allowance.charge(4 * longest * len(labels), f"{len(labels):,} labels")
    return np.array(labels, dtype=f"U{max(1, longest)}")


def is_whole(text: str) -> bool:
    """Whether ``text`` is an integer as Python would print it, so that it can become one and back.

    >>> [is_whole(text) for text in ("7", "-12", "007", "+1", "1.0", "")]
    [True, True, False, False, False, False]
    """
    return _WHOLE.fullmatch(text) is not None
