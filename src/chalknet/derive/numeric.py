"""The numeric reading: the same formulas at random points, in 30 digits, with no algebra at all.

Derivatives are taken by differences, integrals by quadrature and expectations by going through
every outcome, so that nothing is shared with the symbolic reading but the formulas themselves.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import mpmath as mp

from chalknet.derive.meaning import Generic, Meanings, label_of
from chalknet.derive.reading import Env, Reading
from chalknet.explain.formula import Formula, Integral

__all__ = ["DIGITS", "NumericReading"]

DIGITS = 30
CHANCE = mp.mpf(1) / 3  # of the upper of two outcomes: an even chance would hide odd moments


class NumericReading(Reading):
    """Formulas as mpmath numbers; the free quantities are drawn once from ``rng``."""

    def __init__(self, meanings: Meanings, rng: random.Random) -> None:
        super().__init__(meanings)
        self.rng = rng
        self.drawn: dict[tuple[str, tuple[int, ...]], Any] = {}
        self.touched: set[tuple[str, tuple[int, ...]]] | None = None

    constants: ClassVar[Mapping[str, Any]] = {"π": mp.pi, "e": mp.e, "∞": mp.inf}

    def number(self, value: Any) -> Any:
        """A number of 30 digits."""
        if hasattr(value, "numerator") and not isinstance(value, int):
            return mp.mpf(value.numerator) / value.denominator
        return mp.mpf(value)

    def root(self, value: Any) -> Any:
        """The square root."""
        return mp.sqrt(value)

    def matrix(self, rows: list[list[Any]]) -> Any:
        """mpmath's matrix."""
        return mp.matrix(rows)

    def free(self, name: str, places: tuple[int, ...]) -> Any:
        """A random number from the domain of the variable, the same each time it is asked for."""
        key = name, places
        if name in self.meanings.randoms and self.touched is not None:
            self.touched.add(key)
        if key not in self.drawn:
            self.drawn[key] = self._draw(name, places)
        return self.drawn[key]

    def _draw(self, name: str, places: tuple[int, ...]) -> Any:
        u = mp.mpf(self.rng.randrange(1, 10**6)) / 10**6
        if name in self.meanings.randoms:
            return 4 * u - 2
        variable = self.meanings.variables[name]
        if variable.domain == "simplex":
            last = self.meanings.bound(variable.shape[-1], {})
            if places[-1] < last:
                return u / last
            return 1 - mp.fsum(self.free(name, (*places[:-1], k)) for k in range(1, last))
        values = {"positive": 3 * u + mp.mpf("0.1"), "unit": u, "slope": 2 * u - 1}
        return values.get(variable.domain, 4 * u - 2)

    def known_function(self, name: str, arguments: tuple[Any, ...], primes: int) -> Any:
        """The function's own value."""
        known = self.meanings.functions[name]
        numeric = known.numeric
        if isinstance(known, Generic) and len(arguments) > 1:
            return numeric(*arguments)
        return self.slope(numeric, arguments[0], primes) if primes else numeric(*arguments)

    def slope(self, function: Callable[[Any], Any], at: Any, order: int) -> Any:
        """The derivative by differences."""
        return mp.diff(function, at, order) if order else function(at)

    def derivative(
        self, of: Formula, key: tuple[str, tuple[int, ...]], order: int, env: Env
    ) -> Any:
        """The derivative by differences."""

        def moved(x: Any) -> Any:
            with self.holding({key: x}):
                return self.value(of, env)

        return mp.diff(moved, self.quantity(*key), order)

    def integral(self, node: Integral, env: Env) -> Any:
        """The integral by quadrature."""
        letter = label_of(node.variable)
        low = self.value(node.below, env) if node.below is not None else -mp.inf
        high = self.value(node.above, env) if node.above is not None else mp.inf
        points = [low, 0, high] if low < 0 < high else [low, high]
        return mp.quad(lambda x: self.value(node.body, {**env, letter: x}), points)

    def expectation(self, inner: Formula, env: Env) -> Any:
        """E by going through all outcomes, or by quadrature for one Gaussian quantity."""
        keys = self._random_parts(inner, env)
        normal = [key for key in keys if self.meanings.randoms[key[0]].law == "normal"]
        if normal:
            (key,) = keys  # one at a time is all that the derivations need
            return self._gaussian(inner, env, key)
        total = mp.mpf(0)
        for outcomes in itertools.product(*(list(self._outcomes(key)) for key in keys)):
            weight = mp.fprod(chance for _, chance in outcomes)
            total += weight * self._with(inner, env, keys, [value for value, _ in outcomes])
        return total

    def _random_parts(self, inner: Formula, env: Env) -> list[tuple[str, tuple[int, ...]]]:
        """The random quantities that a formula asks for."""
        before, self.touched = self.touched, set()
        with self.holding({}):  # so that what was worked out before is asked for again
            self.value(inner, env)
        keys, self.touched = sorted(self.touched), before
        return keys

    def _with(self, inner: Formula, env: Env, keys: list[Any], values: list[Any]) -> Any:
        with self.holding(dict(zip(keys, values, strict=True))):
            return self.value(inner, env)

    def _outcomes(self, key: tuple[str, tuple[int, ...]]) -> Iterator[tuple[Any, Any]]:
        """Two values with the right mean and variance, and their chances."""
        law = self.meanings.randoms[key[0]]
        mean, spread = self.value(law.mean, {}), mp.sqrt(self.value(law.variance, {}))
        yield mean + spread * mp.sqrt((1 - CHANCE) / CHANCE), CHANCE
        yield mean - spread * mp.sqrt(CHANCE / (1 - CHANCE)), 1 - CHANCE

    def _gaussian(self, inner: Formula, env: Env, key: tuple[str, tuple[int, ...]]) -> Any:
        law = self.meanings.randoms[key[0]]
        mean, spread = self.value(law.mean, {}), mp.sqrt(self.value(law.variance, {}))
        return mp.quad(
            lambda u: mp.npdf(u) * self._with(inner, env, [key], [mean + spread * u]),
            [-mp.inf, 0, mp.inf],
        )

    def choose(self, branches: list[tuple[Callable[[], Any], Any]]) -> Any:
        """The first branch whose condition holds."""
        for branch, holds in branches:
            if holds:
                return branch()
        raise LookupError("no case applies.")
