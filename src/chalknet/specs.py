"""Names at the edge: text such as ``relu``, ``huber(0.5)`` or ``step_decay(every=10, factor=0.5)``.

Strings are for files and command lines; they are resolved once, here, into objects.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chalknet.errors import ConfigurationError, unknown_name

__all__ = ["format_spec", "resolve"]

Thing = TypeVar("Thing")

_CALL = re.compile(r"\s*(?P<name>[A-Za-z]\w*)\s*(?:\((?P<values>[^()]*)\))?\s*")


def resolve(
    kind: str,
    text: object,
    makers: Mapping[str, Callable[..., Thing]],
    parameters: Mapping[str, tuple[str, ...]],
) -> Thing:
    """Make what ``text`` names by calling its maker with the numbers in the brackets.

    Parameters
    ----------
    kind : str
        What is named, for the messages: "activation", "loss", …
    makers, parameters : mapping
        By name: what to call, and the names of the numbers it takes.

    Raises
    ------
    ConfigurationError
        The name is unknown (the message suggests the nearest), a value is no finite number, or
        there are too many values.

    >>> resolve("activation", "leaky_relu(0.2)", {"leaky_relu": lambda slope: slope},
    ...         {"leaky_relu": ("slope",)})
    0.2
    """
    call = _CALL.fullmatch(text) if isinstance(text, str) else None
    name = call["name"].lower() if call else str(text)
    if call is None or name not in makers:
        raise unknown_name(kind, name, makers)
    names = parameters.get(name, ())
    values = [value.strip() for value in (call["values"] or "").split(",") if value.strip()]
    keywords: dict[str, Any] = {}
    for position, value in enumerate(values):
        key, equals, number = value.rpartition("=")
        key = key.strip() if equals else (names[position] if position < len(names) else "")
        if key not in names or key in keywords:
            takes = f"takes {', '.join(names)}" if names else "takes no values"
            raise ConfigurationError(f"{kind} {text!r}: {name} {takes}.")
        keywords[key] = _number(kind, str(text), key, number)
    return makers[name](**keywords)


def format_spec(name: str, values: Mapping[str, float]) -> str:
    """The text that ``resolve`` reads back: ``huber(delta=0.5)``, or the bare name.

    >>> format_spec("huber", {"delta": 0.5})
    'huber(delta=0.5)'
    """
    inside = ", ".join(f"{key}={value!r}" for key, value in values.items())
    return f"{name}({inside})" if inside else name


def _number(kind: str, text: str, key: str, value: str) -> float | int:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigurationError(
            f"{kind} {text!r}: {key} must be a finite number, not {value.strip()!r}."
        )
    return int(number) if re.fullmatch(r"\s*[+-]?\d+\s*", value) else number
