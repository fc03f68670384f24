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

__all__ = ["encoded", "identifier", "numbers", "plain_classes", "title", "wrapped"]

Array = npt.NDArray[Any]
WIDTH = 96


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
