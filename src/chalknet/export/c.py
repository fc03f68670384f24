"""A model as one C99 header with its weights inside; ``templates/`` shows what it looks like."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError
from chalknet.export.code import render
from chalknet.export.head import head_of
from chalknet.export.rows import computed_in, row_type
from chalknet.export.source import plain_classes
from chalknet.files import write_atomically
from chalknet.model import Model

__all__ = ["write_c"]

# The longest text that every C99 compiler takes.
MAX_TEXT = 4095
_RAW = {"uint8": "unsigned char", "float32": "float", "float64": "double"}


def write_c(
    model: Model, path: str | os.PathLike[str], *, input_type: npt.DTypeLike | None = None
) -> Path:
    """Write ``model`` as one C99 header, which needs ``<math.h>`` and nothing else.

    Every name in it begins with that of the file. ``input_type`` is as for ``write_onnx``.

    Raises
    ------
    ConfigurationError
        An activation or the loss is the user's own, or a label cannot be written in C.
    """
    rows = row_type(model, input_type)
    real, head = computed_in(model, rows), head_of(model)
    classes = [] if model.classes is None else plain_classes(model)
    text = render(
        "model.h.jinja",
        model,
        Path(path),
        filters={"c_string": _c_string, "c_number": _c_number, "suffixed": _suffixed},
        raw=_RAW[rows.name],
        real=_RAW[real.name],
        real_type=real,
        columns=2 if head.complement else model.network.widths[-1],
        classes_type=_type_of(classes),
    )
    return write_atomically(path, text)


def _type_of(classes: list[object]) -> str:
    if any(isinstance(label, float) for label in classes):
        return "double"
    beyond = any(isinstance(label, int) and label > np.iinfo(np.int64).max for label in classes)
    return "unsigned long long" if beyond else "long long"


def _c_string(text: str) -> str:
    r"""A C string in UTF-8: what is not plain ASCII as octal escapes, which end after three digits.

    A question mark too, for ``??/`` is a backslash in C99.

    >>> print(_c_string('"a" \\ b?\n'))
    "\042a\042 \134 b\077\012"
    """
    if len(text) > MAX_TEXT or "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise ConfigurationError(
            f"the name {text[:40]!a} cannot be a text in C: it must be valid Unicode without "
            f"zeros, {MAX_TEXT:,} bytes at most; rename it."
        )
    raw = text.encode()
    if len(raw) > MAX_TEXT:
        raise ConfigurationError(
            f"the name {text[:40]!a} has {len(raw):,} bytes, but texts in C have at most "
            f"{MAX_TEXT:,}: rename it."
        )
    special = b'"\\?'
    shown = (chr(b) if 32 <= b < 127 and b not in special else f"\\{b:03o}" for b in raw)
    return f'"{"".join(shown)}"'


def _c_number(label: float | int) -> str:
    """A label as a C literal.

    >>> _c_number(7), _c_number(-(2**63)), _c_number(2**64 - 1), _c_number(0.5)
    ('7', '(-9223372036854775807LL - 1)', '18446744073709551615ULL', '0.5')
    """
    if isinstance(label, float):
        return repr(label)
    label = int(label)  # booleans too
    if label == np.iinfo(np.int64).min:
        return f"({label + 1}LL - 1)"
    if label > np.iinfo(np.int64).max:
        return f"{label}ULL"
    return str(label) if abs(label) < 2**31 else f"{label}LL"


def _suffixed(items: Iterable[str], suffix: str) -> list[str]:
    return [f"{item}{suffix}" for item in items]
