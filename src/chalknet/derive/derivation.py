"""A derivation: lines that are verified as they are written, or not written at all."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import mpmath as mp

from chalknet.derive.meaning import Meanings
from chalknet.derive.numeric import DIGITS, NumericReading
from chalknet.derive.reading import Reading
from chalknet.derive.symbolic import SymbolicReading, all_signs, is_nonnegative, is_zero
from chalknet.errors import VerificationError
from chalknet.explain.formula import Apply, BigOperator, Formula, Relation, Symbol
from chalknet.explain.notation import Notation
from chalknet.explain.steps import Check, Explanation, Section, Step

__all__ = ["Derivation"]

TOLERANCE = 1e-12


class Derivation:
    """A sequence of lines, each verified when it is added.

    ``define`` writes a definition, ``show`` a claim: an equation or a chain of them, or an
    inequality. A claim is proved by SymPy for the sizes of ``meanings``, for every value of its
    free indices and both signs of quantities that are only known not to be zero; then both its
    sides are computed at random points, for these sizes and for ``other_sizes``, by a second
    reading of the formulas that knows no algebra.

    Raises
    ------
    VerificationError
        The two sides of a claim are not equal: the line cannot be shown.
    """

    def __init__(
        self,
        name: str,
        title: str,
        meanings: Meanings,
        *,
        other_sizes: Sequence[Mapping[str, int]] = (),
        points: int = 5,
        source: str = "",
        notes: Sequence[str] = (),
    ) -> None:
        self.name, self.title, self.meanings = name, title, meanings
        self.other_sizes, self.points = other_sizes, points
        self.source, self.notes = source, tuple(notes)
        self._sections: list[tuple[str, str, list[Step]]] = []
        self._rng = random.Random(name)  # noqa: S311 - points to verify at, not secrets

    def section(self, title: str, introduction: str = "") -> None:
        """Begin a new section."""
        self._sections.append((title, introduction, []))

    def define(self, line: Relation, reason: str, *, title: str = "Definition") -> None:
        """Write a definition: from here on the left-hand side stands for the right-hand side."""
        self.meanings = self.meanings.with_definition(line)
        self._add(line, title, reason, ())

    def show(
        self,
        claim: Relation,
        reason: str,
        *,
        title: str,
        when: Relation | None = None,
        **where: range,
    ) -> None:
        """Write a claim, if it is true.

        ``when`` restricts it to indices for which a relation holds, and ``where`` narrows the
        values of one index; the title or the reason should say so.
        """
        try:
            checks = self._verified(claim, when, where)
        except _FalseLineError as line:
            raise VerificationError(
                f"{self.name}: the line {title!r} is not true and cannot be shown: {line}."
            ) from None
        self._add(claim, title, reason, checks)

    def explanation(self, notation: Notation | None = None) -> Explanation:
        """The derivation, ready to be rendered."""
        sizes = ", ".join(f"{name} = {size}" for name, size in self.meanings.sizes.items())
        verified = (
            "Every claim was proved by computer algebra"
            + (f" for {sizes}" if sizes else "")
            + " and computed at random points in 30 digits by a second reading of the formulas"
            + (", for other sizes too." if self.other_sizes else ".")
        )
        source = (f"Source: {self.source}.",) if self.source else ()
        return Explanation(
            title=self.title,
            sections=tuple(
                Section(title=title, introduction=introduction, steps=tuple(steps))
                for title, introduction, steps in self._sections
            ),
            notation=notation or Notation(),
            notes=(*self.notes, *source, verified),
        )

    def _add(self, line: Relation, title: str, reason: str, checks: tuple[Check, ...]) -> None:
        if not self._sections:
            self.section("Derivation")
        steps = self._sections[-1][2]
        number = 1 + sum(len(section[2]) for section in self._sections)
        steps.append(
            Step(
                symbol=f"{self.name}-{number}",
                title=title,
                equation=line,
                reason=reason,
                checks=checks,
            )
        )

    def _verified(
        self, claim: Relation, when: Relation | None, where: Mapping[str, range]
    ) -> tuple[Check, ...]:
        for signs in all_signs(self.meanings):
            reading = SymbolicReading(self.meanings, signs)
            for env in self._places(claim, when, where, reading):
                for left, sign, right in _links(claim):
                    sides = reading.value(left, env), reading.value(right, env)
                    if not _proved(*sides, sign):
                        raise _FalseLineError(env, *sides)
        proof = Check(method="proved by computer algebra", error=0.0, tolerance=0.0)
        return proof, self._computed(claim, when, where)

    def _computed(
        self, claim: Relation, when: Relation | None, where: Mapping[str, range]
    ) -> Check:
        worst = 0.0
        with mp.workdps(DIGITS):
            for sizes in ({}, *self.other_sizes):
                meanings = self.meanings.with_sizes(sizes)
                for _ in range(self.points):
                    reading = NumericReading(meanings, self._rng)
                    for env in self._places(claim, when, where, reading):
                        for left, sign, right in _links(claim):
                            sides = reading.value(left, env), reading.value(right, env)
                            error = _error(*sides, sign)
                            if not error <= TOLERANCE:
                                raise _FalseLineError(env, *sides)
                            worst = max(worst, float(error))
        return Check(method="computed at random points", error=worst, tolerance=TOLERANCE)

    def _places(
        self,
        claim: Relation,
        when: Relation | None,
        where: Mapping[str, range],
        reading: Reading,
    ) -> Iterator[dict[str, int]]:
        """Every choice of the claim's free indices."""
        meanings = reading.meanings
        letters = sorted(free_indices(claim, meanings))
        ranges = [
            where[letter] if letter in where else meanings.range_of(letter, {})
            for letter in letters
        ]
        for values in itertools.product(*ranges):
            env = dict(zip(letters, values, strict=True))
            if when is None or reading.holds(when, env):
                yield env


class _FalseLineError(Exception):
    """The two sides of a claim are not as it says."""

    def __init__(self, env: Mapping[str, int], left: Any, right: Any) -> None:
        at = "".join(f"{name} = {value}, " for name, value in env.items())
        super().__init__(
            f"for {at}its left side is {left} and its right side {right}".replace("for its", "its")
        )


def free_indices(formula: Any, meanings: Meanings) -> set[str]:
    """The indices of a formula that no Σ runs over."""
    parts: list[Any] = []
    bound = ""
    match formula:
        case Symbol(name, "", "") if name in meanings.indices:
            return {name}
        case Symbol(name, sub) if meanings.is_declared(f"{name}_{sub}"):
            return set()
        case Symbol(_, sub, sup):
            parts = [sub, sup]
        case str():
            return {mark for mark in formula if mark in meanings.indices}
        case BigOperator(_, below, above, body):
            parts = [below, above, body]
            letter = below.left if isinstance(below, Relation) else below
            bound = letter.name if isinstance(letter, Symbol) else ""
        case Apply(_, arguments):
            parts = [*arguments]
        case tuple():
            parts = [*formula]
        case Formula():
            parts = [value for value in vars(formula).values() if not isinstance(value, str)]
    return set().union(*(free_indices(part, meanings) for part in parts)) - {bound}


def _links(claim: Relation) -> Iterator[tuple[Formula, str, Formula]]:
    """A chain a = b = c as its pairs."""
    left = claim.left
    if isinstance(left, Relation):
        yield from _links(left)
        left = left.right
    yield left, claim.sign, claim.right


def _proved(left: Any, right: Any, sign: str) -> bool:
    match sign:
        case "=":
            return is_zero(left - right)
        case "≥":
            return is_nonnegative(left - right)
        case "≤":
            return is_nonnegative(right - left)
    raise LookupError(f"a claim with {sign} cannot be verified.")


def _error(left: Any, right: Any, sign: str) -> Any:
    """How far two values, or matrices, are from the relation, relative to their size."""
    if isinstance(left, mp.matrix):
        if (left.rows, left.cols) != (right.rows, right.cols):
            return mp.inf
        return max(_error(a, b, sign) for a, b in zip(left, right, strict=True))
    difference = {"=": abs(left - right), "≥": right - left, "≤": left - right}[sign]
    return max(difference, mp.mpf(0)) / max(1, abs(left), abs(right))
