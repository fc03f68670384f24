"""What the letters of a derivation mean: sizes, indices, variables, definitions, functions.

A derivation is written once, as the formulas that the reader sees. To be verified they must mean
something, so each derivation declares its letters here; the two readings, ``symbolic`` and
``numeric``, give the very same formulas their values. There is no second, hidden copy of a line
that could differ from the one shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from chalknet.explain.formula import Apply, Formula, Relation, Symbol

__all__ = [
    "Definition",
    "Function",
    "Generic",
    "Meanings",
    "Random",
    "Variable",
    "indices_of",
    "label_of",
]

Domain = Literal["real", "positive", "nonzero", "unit", "slope", "simplex"]
Bound = int | str | Callable[[Mapping[str, int]], int]


@dataclass(frozen=True)
class Variable:
    """A free quantity: real, positive, "unit" in (0, 1), "slope" in (−1, 1), or nonzero.

    A "nonzero" one has no index. A "simplex" sums to 1: its last entry is 1 − the others.
    ``shape`` names the sizes of the indices.
    """

    domain: Domain = "real"
    shape: tuple[Bound, ...] = ()


@dataclass(frozen=True)
class Random:
    """A random quantity, independent of all others, each entry of it too.

    "any" means that nothing but mean and variance is used; "normal" that it is Gaussian.
    """

    mean: Formula
    variance: Formula
    law: Literal["any", "normal"] = "any"
    shape: tuple[Bound, ...] = ()


@dataclass(frozen=True)
class Definition:
    """A quantity or function that a line ``left := right`` has defined.

    ``places`` are what stood in its indices, letters or integers; ``arguments`` what stood in the
    brackets of a function.
    """

    body: Formula
    places: tuple[str | int, ...] = ()
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Function:
    """A known function: how SymPy and how mpmath call it."""

    symbolic: str
    numeric: Callable[..., Any]


@dataclass(frozen=True)
class Generic:
    """Any smooth function of so many arguments (0: of a whole matrix), nothing else known of it.

    ``numeric`` is one that stands for all of them at random points.
    """

    arguments: int
    numeric: Callable[..., Any]


@dataclass(frozen=True)
class Meanings:
    """The declarations of one derivation."""

    sizes: Mapping[str, int] = field(default_factory=dict)
    indices: Mapping[str, tuple[Bound, Bound]] = field(default_factory=dict)
    variables: Mapping[str, Variable] = field(default_factory=dict)
    randoms: Mapping[str, Random] = field(default_factory=dict)
    functions: Mapping[str, Function | Generic] = field(default_factory=dict)
    definitions: Mapping[str, tuple[Definition, ...]] = field(default_factory=dict)

    def with_sizes(self, sizes: Mapping[str, int]) -> Meanings:
        """The same letters for other sizes."""
        return replace(self, sizes={**self.sizes, **sizes})

    def with_definition(self, line: Relation) -> Meanings:
        """The meanings after a line ``left := right``."""
        left: Any = line.left
        if isinstance(left, Apply):
            name = left.function if isinstance(left.function, str) else label_of(left.function)
            names = tuple(label_of(argument) for argument in left.arguments)
            new = Definition(line.right, (), names)
        else:
            known = {**self.sizes, **self.variables, **self.randoms}
            name, places = indices_of(left, known)
            new = Definition(line.right, places)
        # An exact index (v₀) is looked at before a letter (vₜ), whichever was defined first.
        older = [old for old in self.definitions.get(name, ()) if old.places != new.places]
        every = sorted([*older, new], key=lambda one: sum(isinstance(p, str) for p in one.places))
        return replace(self, definitions={**self.definitions, name: tuple(every)})

    def bound(self, limit: Bound, env: Mapping[str, int]) -> int:
        """A size or a limit of an index as a number."""
        if isinstance(limit, str):
            return self.sizes[limit] if limit in self.sizes else env[limit]
        return limit if isinstance(limit, int) else limit(env)

    def range_of(self, index: str, env: Mapping[str, int]) -> range:
        """The values of an index."""
        first, last = self.indices[index]
        return range(self.bound(first, env), self.bound(last, env) + 1)

    def is_declared(self, label: str) -> bool:
        """Whether a letter, with its fixed subscript if it has one, stands for something."""
        return any(
            label in table for table in (self.sizes, self.variables, self.randoms, self.definitions)
        )


def label_of(symbol: Any) -> str:
    """A symbol's letter with its fixed marks: "n_in", "x*", "σ"."""
    sub = f"_{symbol.sub}" if isinstance(symbol.sub, str) and symbol.sub else ""
    sup = f"^{symbol.sup}" if isinstance(symbol.sup, str) and symbol.sup else ""
    return str(symbol.name) + sub + sup


def indices_of(symbol: Symbol, known: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """A symbol's name and what stands in its indices: letters, integers or formulas.

    Fixed marks belong to the name: those of a symbol that is declared with them, and words.
    """
    fixed = isinstance(symbol.sub, str) and isinstance(symbol.sup, str)
    if fixed and label_of(symbol) in known:
        return label_of(symbol), ()
    places: list[Any] = []
    name = symbol.name
    for mark, hook in ((symbol.sup, "^"), (symbol.sub, "_")):
        if isinstance(mark, Formula):
            places.append(mark)
        elif mark and not mark.replace(",", "").isalnum():
            name += hook + mark  # a star, a hat: part of the name
        else:
            places += [int(c) if c.isdigit() else c for c in mark if c != ","]
    return name, tuple(places)
