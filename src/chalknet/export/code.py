"""From a model to source code: what a template is told, and how it is filled in."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.export.head import Head, checked_layers, head_of
from chalknet.export.source import (
    c_number,
    c_string,
    encoded,
    identifier,
    numbers,
    plain_classes,
    suffixed,
    title,
    wrapped,
)
from chalknet.model import Model
from chalknet.operations.activations import Activation

__all__ = ["render"]

Array = npt.NDArray[Any]
# As many numbers are still worth reading; more are kept as base64, half the size.
READABLE = 10_000
_CALLS = {"selu": ("elu",), "silu": ("sigmoid",)}
_GIVES = {
    "largest": "the label of",
    "one": "the label of",
    "each": "a 0 or 1 for each label of",
    None: "the prediction for",
}


@dataclass(frozen=True)
class _Layer:
    number: int
    W: Array
    b: Array
    of: Activation

    @property
    def fan_in(self) -> int:
        return int(self.W.shape[0])

    @property
    def fan_out(self) -> int:
        return int(self.W.shape[1])

    @property
    def activation(self) -> str:
        return self.of.spec

    @property
    def function(self) -> str:
        return self.of.name

    def call(self, z: str, suffix: str = "") -> str:
        """The activation of ``z`` in code; numbers end in ``suffix``."""
        if self.of.name == "identity":
            return z
        parameters = "".join(f", {float(value)!r}{suffix}" for value in self.of.parameters)
        return f"{self.of.name}({z}{parameters})"


@dataclass(frozen=True)
class _Subject:
    """What a template knows of a model, as ``m``."""

    model: Model
    path: Path
    head: Head
    layers: list[_Layer]
    version: str

    @property
    def title(self) -> str:
        return title(self.model)

    @property
    def module(self) -> str:
        return identifier(self.path.stem)

    @property
    def file(self) -> str:
        return identifier(self.path.stem) + self.path.suffix

    @property
    def gives(self) -> str:
        return _GIVES[self.head.decision]

    @property
    def used(self) -> set[str]:
        """The functions that the code calls."""
        names = {layer.function for layer in self.layers} | {self.head.link}
        return names.union(*(_CALLS.get(name, ()) for name in names))

    @property
    def features(self) -> int:
        return self.layers[0].fan_in

    @property
    def K(self) -> int:
        return self.layers[-1].fan_out

    @property
    def widest(self) -> int:
        return max(layer.fan_out for layer in self.layers)

    @property
    def readable(self) -> bool:
        return len(self.model.network.parameters) <= READABLE

    @property
    def dtype(self) -> str:
        return self.model.network.dtype.name

    @property
    def letter(self) -> str:
        return self.model.network.dtype.char

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def classes(self) -> list[Any] | None:
        return None if self.model.classes is None else plain_classes(self.model)

    @property
    def class_names(self) -> tuple[str, ...] | None:
        return self.model.class_names

    @property
    def feature_names(self) -> tuple[str, ...] | None:
        return self.model.feature_names

    @property
    def offset(self) -> Array:
        """One number or one a feature; one where none is wanted."""
        offset = np.asarray(self.model.preprocessing.offset, np.float64)
        return offset if np.any(offset) else np.zeros(())

    @property
    def divisor(self) -> Array:
        divisor = np.asarray(self.model.preprocessing.divisor, np.float64)
        return divisor if np.any(divisor != 1) else np.ones(())

    @property
    def shifts(self) -> bool:
        return bool(np.any(self.offset))

    @property
    def divides(self) -> bool:
        return bool(np.any(self.divisor != 1))

    @property
    def scales(self) -> bool:
        return self.shifts or self.divides


def render(template: str, model: Model, path: Path, **more: Any) -> str:
    """Fill in a template; ``more`` is what only this template asks for.

    Raises
    ------
    ConfigurationError
        The model has something of the user's own that only its own code can do.
    """
    from chalknet import __version__

    layers = [_Layer(number, *layer) for number, layer in enumerate(checked_layers(model), start=1)]
    subject = _Subject(model, path, head_of(model), layers, __version__)
    text: str = _environment().get_template(template).render(m=subject, **more)
    return text


@functools.cache
def _environment() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("chalknet.export"),
        autoescape=False,  # noqa: S701 - code, not HTML; all names go through repr or c_string
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pieces = (numbers, wrapped, encoded, suffixed, c_string, c_number, repr)
    environment.filters |= {piece.__name__: piece for piece in pieces}
    return environment
