"""Pieces of generated source code: numbers, texts and names, none of which can break out.

Names of models, classes and features are anybody's words. They enter code only as literals made
here, and comments only as ``title`` makes them.
"""

from __future__ import annotations

import base64
import keyword
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError
from chalknet.model import Model

__all__ = [
    "c_number",
    "c_string",
    "encoded",
    "identifier",
    "numbers",
    "plain_classes",
    "suffixed",
    "title",
    "wrapped",
]

Array = npt.NDArray[Any]
WIDTH = 96
# The longest text that every C99 compiler takes.
MAX_TEXT = 4095


def identifier(text: str, otherwise: str = "model") -> str:
    """A name that Python and C take, made from ``text``.

    >>> identifier("my net-2"), identifier("2 / 3"), identifier("class")
    ('my_net_2', 'm_2_3', 'class_')
    """
    name = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_")[:60] or otherwise
    if name[0].isdigit():
        name = f"m_{name}"
    return f"{name}_" if keyword.iskeyword(name) else name


def title(model: Model) -> str:
    """What the model is, in a line that is safe in any comment.

    Only letters, digits and a few signs are left of names, so that neither quotes nor the end of a
    comment can be among them.
    """
    name = re.sub(r"[^\w .,()+-]+", "_", model.name, flags=re.ASCII)[:60]
    widths = "-".join(map(str, model.network.widths))
    functions = dict.fromkeys(layer.activation.spec for layer in model.network.layers)
    functions.pop("identity", None)
    return " ".join([f"{name}: {widths}", ", ".join(functions)]).rstrip()


def plain_classes(model: Model) -> list[Any]:
    """The labels as plain Python values.

    Raises
    ------
    ConfigurationError
        A label is not finite, or is neither text nor a number.
    """
    classes = np.asarray(model.classes)
    if classes.dtype.kind not in "Ubiuf":
        raise ConfigurationError(
            f"classes of type {classes.dtype} cannot be written as code: use text or numbers."
        )
    if classes.dtype.kind == "f" and not np.isfinite(classes).all():
        raise ConfigurationError("a class is not a finite number: name it otherwise.")
    values: list[Any] = classes.tolist()
    return values


def numbers(values: Array) -> list[str]:
    """Each float as the shortest decimal that is read back to the same bits.

    >>> numbers(np.array([0.1, 1], np.float32))
    ['0.1', '1.0']
    """
    return [str(value) for value in values.ravel()]


def wrapped(items: Iterable[str], indent: str = "    ") -> Iterator[str]:
    """Items between commas, in lines of readable width."""
    line = indent
    for item in items:
        if len(line) + len(item) + 2 > WIDTH and line.strip():
            yield line.rstrip()
            line = indent
        line += f"{item}, "
    if line.strip():
        yield line.rstrip()


def encoded(values: Array) -> list[str]:
    """The bytes of an array, lowest first, in lines of base64."""
    raw = values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    text = base64.b64encode(raw).decode()
    return textwrap.wrap(text, WIDTH)


def c_string(text: str) -> str:
    r"""A C string in UTF-8: what is not plain ASCII as octal escapes, which end after three digits.

    A question mark too, for ``??/`` is a backslash in C99.

    >>> print(c_string('"a" \\ b?\n'))
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


def c_number(label: float | int) -> str:
    """A label as a C literal.

    >>> c_number(7), c_number(-(2**63)), c_number(2**64 - 1), c_number(0.5)
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


def suffixed(items: Iterable[str], suffix: str) -> list[str]:
    """Every item with ``suffix`` at its end."""
    return [f"{item}{suffix}" for item in items]
