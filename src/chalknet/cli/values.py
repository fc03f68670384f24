"""From the text of a command line to the values of a configuration."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from chalknet.errors import ConfigurationError

__all__ = ["names", "parsed", "widths"]


def parsed(options: dict[str, Any]) -> dict[str, Any]:
    """Lists, sizes and weights taken apart; everything else as it came.

    >>> parsed({"hidden": "256,128", "activation": "relu, leaky_relu(slope=0.2)", "epochs": 3})
    {'hidden': [256, 128], 'activation': ['relu', 'leaky_relu(slope=0.2)'], 'epochs': 3}
    """
    readers: dict[str, Callable[[str], Any]] = {
        "hidden": widths,
        "activation": names,
        "dropout": _rates,
        "class_weight": _weights,
        "image_size": _size,
    }
    return {
        name: readers[name](value) if name in readers else value for name, value in options.items()
    }


def names(text: str) -> list[str]:
    """Names separated by commas that are outside brackets."""
    return [name.strip() for name in re.split(r",(?![^(]*\))", text)]


def widths(text: str, option: str = "--hidden") -> list[int]:
    """Widths separated by commas; none of them for "none"."""
    if text.strip().lower() in ("", "none"):
        return []
    try:
        return [int(width) for width in text.split(",")]
    except ValueError:
        raise ConfigurationError(
            f"{option} takes widths separated by commas, as in 256,128, or none, not {text!r}."
        ) from None


def _rates(text: str) -> list[float]:
    try:
        return [float(rate) for rate in text.split(",")]
    except ValueError:
        raise ConfigurationError(
            f"--dropout takes one rate, or one a hidden layer, as in 0.2,0.5, not {text!r}."
        ) from None


def _weights(text: str) -> str | dict[str, float]:
    if "=" not in text:
        return text
    try:
        pairs = [pair.rsplit("=", 1) for pair in text.split(",")]
        return {label.strip(): float(weight) for label, weight in pairs}
    except ValueError:
        raise ConfigurationError(
            f"--class-weight takes balanced, or weights as in cat=2,dog=1, not {text!r}."
        ) from None


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"\s*(\d+)\s*[x×,]\s*(\d+)\s*", text)
    if match is None:
        raise ConfigurationError(f"--image-size takes height and width, as in 28x28, not {text!r}.")
    return int(match[1]), int(match[2])
