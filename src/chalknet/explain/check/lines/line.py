"""What all lines of the working share: what they are made of, and by which ways."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from chalknet.explain.check.precision import Floats

__all__ = ["Ingredients", "Line", "Values", "Way"]

Values = Mapping[str, Floats]
Ingredients = dict[str, Floats]
Way = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Line(ABC):
    """A line of the working: some ingredients, combined.

    Arrays have the layout of the textbook (one row a sample, W as (fan_in, fan_out)), and any
    number of leading axes, so that many suspicions are worked out in one sweep.

    Attributes
    ----------
    symbol : str
        As in answer files.
    layer : int
        From 1; 0 for what belongs to no layer.
    ways : tuple of mappings
        The right ways to the line, the usual one first. A way is a mapping from the letters of the
        equation to the symbols of what they stand for.
    """

    symbol: str
    layer: int = 0
    ways: tuple[Way, ...]

    subtracted: ClassVar[tuple[str, ...]] = ()
    linear: ClassVar[bool] = True

    @property
    def needs(self) -> tuple[str, ...]:
        """The symbols of what the line may be computed from."""
        return tuple(dict.fromkeys(symbol for way in self.ways for symbol in way.values()))

    def ingredients(self, values: Values, way: Way | None = None) -> Ingredients:
        """What the line is made of, by letter; the usual way by default."""
        return {letter: values[symbol] for letter, symbol in (way or self.ways[0]).items()}

    @abstractmethod
    def combine(self, of: Ingredients) -> Floats:
        """The equation, with these ingredients."""

    def compute(self, values: Values) -> Floats:
        """The line's value from those of others."""
        return self.combine(self.ingredients(values))

    def by_every_way(self, values: Values) -> Iterator[Floats]:
        """The line's value by every right way; they differ if the values do not fit together."""
        for way in self.ways:
            yield self.combine(self.ingredients(values, way))

    def size(self, values: Values, sizes: Values) -> Floats:
        """How large the terms are that make up each number, whatever they cancel to.

        ``sizes`` has those of the lines before. Where an equation is not linear, the value's own
        size is taken.
        """
        if not self.linear:
            return np.abs(values[self.symbol])
        of = self.ingredients(sizes)
        return np.abs(self.combine(of | {letter: -of[letter] for letter in self.subtracted}))
