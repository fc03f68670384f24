"""A line under suspicion, and what a guess about it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from chalknet.explain.check.lines import Ingredients, Line, Values
from chalknet.explain.check.precision import Floats

__all__ = ["Guess", "Guesses", "Suspect"]

Guess = tuple[Floats, str]


@dataclass(frozen=True)
class Suspect:
    """A line with what it was computed from.

    Attributes
    ----------
    line : Line
    values : mapping
        Of all lines, as the student had them in hand.
    """

    line: Line
    values: Values

    @cached_property
    def of(self) -> Ingredients:
        """The line's ingredients."""
        return self.line.ingredients(self.values)

    @cached_property
    def value(self) -> Floats:
        """The line as it should be."""
        return self.line.combine(self.of)

    def with_(self, **changed: Floats) -> Floats:
        """The line with some ingredients changed."""
        return self.line.combine(self.of | changed)


Guesses = Callable[[Suspect], Iterator[Guess]]
