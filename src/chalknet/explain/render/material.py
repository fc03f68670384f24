"""What a renderer can draw: the dozen or so things of which formulas are made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, Literal, TypeAlias, TypeVar

from chalknet.explain.formula import Array, Formula
from chalknet.explain.render.numbers import Written
from chalknet.explain.render.pieces import Piece

__all__ = ["Cell", "Dots", "Material", "Role"]

M = TypeVar("M")

Dots = Literal["⋯", "⋮", "⋱"]

# An entry of a grid: set already, a number to be aligned with its column, or dots.
Cell: TypeAlias = "M | Written | Dots"

# How a sign stands: between two things, before one (−a), or as the first on a continued line.
Role = Literal["relation", "operation", "prefix", "lead", "tight"]


class Material(ABC, Generic[M]):
    """Draws in the material ``M``: strings, boxes of characters, LaTeX or MathML."""

    @abstractmethod
    def width(self, matter: M) -> float:
        """How wide it is, in the renderer's unit."""

    @abstractmethod
    def fence_width(self, fence: str, inner: Sequence[Piece[M]]) -> float:
        """How wide one bracket around ``inner`` is."""

    @abstractmethod
    def name(self, text: str, *, upright: bool = False, bold: bool = False) -> M:
        """A letter, or a word that stands for a quantity or a function."""

    @abstractmethod
    def number(self, number: Written, *, beside: bool = False) -> M:
        """A number; ``beside`` other factors, with no sign between."""

    @abstractmethod
    def words(self, text: str) -> M:
        """Plain words."""

    @abstractmethod
    def index(self, text: str) -> M:
        """What is written below or above: "2", "1,3", "new"."""

    @abstractmethod
    def sign(self, sign: str, role: Role) -> M:
        """A sign with the space that it needs."""

    @abstractmethod
    def joined(self, parts: Sequence[M]) -> M:
        """One beside the other."""

    @abstractmethod
    def scripts(self, base: M, sub: M | None, sup: M | None) -> M:
        """What hangs below and above."""

    @abstractmethod
    def fraction(self, above: M, below: M) -> M:
        """With its bar."""

    @abstractmethod
    def root(self, inner: M) -> M:
        """√."""

    @abstractmethod
    def fenced(self, left: str, inner: M, right: str) -> M:
        """Between brackets as tall as it is; either may be "" where a formula is broken."""

    @abstractmethod
    def grid(self, rows: Sequence[Sequence[Cell[M]]], array: Array) -> M:
        """A matrix in its brackets; it has at least one entry."""

    @abstractmethod
    def table(self, rows: Sequence[Sequence[Cell[M]]]) -> M:
        """Some columns of a matrix without its brackets, for lines that cannot hold them all."""

    @abstractmethod
    def gap(self) -> M:
        """The space between two columns."""

    @abstractmethod
    def branches(self, rows: Sequence[tuple[M, M]]) -> M:
        """Values and their conditions behind a brace."""

    @abstractmethod
    def operator(self, sign: str, below: M | None, above: M | None) -> M:
        """Σ, Π, max, min or ∫ with its limits, and the space before its body."""

    @abstractmethod
    def primed(self, base: M, primes: int) -> M:
        """f′."""

    @abstractmethod
    def juxtaposed(self, before: Formula, after: Formula, phrase: bool) -> M | None:
        """The space between two factors with no sign between, or words."""

    @abstractmethod
    def thin_space(self) -> M:
        """Before the dx of an integral."""

    def stacks(self, above: Formula, below: Formula, beside: bool) -> bool:
        """Whether a fraction that stands where there is room is drawn with a bar."""
        return True
