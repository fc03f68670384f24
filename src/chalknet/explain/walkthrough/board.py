"""The board: symbols and arrays written the way the reader is used to.

With samples as columns (``Wx + b``) or as rows (``XW + b``); lower case for one sample, capitals
for a batch; z or s, δ or dz. Arrays come in the file's orientation and are turned here only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from chalknet.explain.formula import (
    Apply,
    Array,
    Derivative,
    Formula,
    Negative,
    Number,
    Product,
    Relation,
    Sum,
    Symbol,
    Transpose,
)
from chalknet.explain.notation import Notation

__all__ = ["Board", "apply", "equals", "joined", "minus", "shape_of"]


def equals(*sides: Formula | None) -> Formula:
    """a = b = c, without the sides that are None."""
    given = [side for side in sides if side is not None]
    chain = given[0]
    for side in given[1:]:
        chain = Relation(chain, "=", side)
    return chain


def shape_of(formula: Formula) -> tuple[int, ...]:
    """Rows and columns of an array as it stands on paper; () for a number."""
    if not isinstance(formula, Array):
        return ()
    values = formula.values
    if values.ndim == 2:
        return (values.shape[0], values.shape[1])
    return (1, values.size) if formula.row else (values.size, 1)


@dataclass(frozen=True, kw_only=True)
class Board:
    """Writes for one notation, one sample or a batch.

    Attributes
    ----------
    notation : Notation
    single : bool
        One sample, written in vectors; otherwise a batch, in matrices.
    digits : int or None
        Of numbers that exact arithmetic gives with 30 digits, show so many; None for all.
    """

    notation: Notation
    single: bool
    digits: int | None = None

    @property
    def column(self) -> bool:
        """Whether samples are columns."""
        return self.notation.orientation == "column"

    @property
    def side(self) -> str:
        """What a sample is: "column" or "row"."""
        return self.notation.orientation

    # symbols ----------------------------------------------------------------------------------

    def of_samples(self, letter: str, layer: int | str = "") -> Symbol:
        """The symbol of what each sample has: x, y, z₁ …; a capital for a batch."""
        name = self.notation.pre_activation if letter == "z" else letter
        if letter == "dz":
            name = "δ" if self.notation.delta else f"d{self.notation.pre_activation}"
        if not self.single and name != "δ":
            name = name[:-1] + name[-1].upper()
        return Symbol(name, sub=str(layer), bold=True)

    def input_of(self, layer: int) -> Symbol:
        """x, or the activations of the layer below."""
        return self.of_samples("x") if layer == 1 else self.of_samples("a", layer - 1)

    def parameter(self, name: str, layer: int, sup: str = "") -> Symbol:
        """W₂, b₂, dW₂, W₂ⁿᵉʷ, and the optimizer's v of W₂ by its name ``v_W``."""
        if "_" in name:
            slot, of = name.split("_")
            letter = {"mhat": "m̂", "vhat": "v̂"}.get(slot, slot)
            return Symbol(letter, sub=Symbol(of, sub=str(layer)), sup=sup, bold=True)
        return Symbol(name, sub=str(layer), sup=sup, bold=True)

    def derivative(self, by: Formula, of: str = "loss") -> Derivative:
        """∂loss/∂by."""
        return Derivative(Symbol(of), by)

    # numbers ----------------------------------------------------------------------------------

    def number(self, value: Any) -> Number:
        """A single number."""
        return Number(self._shown(value))

    def samples(self, values: Any) -> Array:
        """What each sample has: a vector (k,), or a row a sample (n, k), as it stands on paper."""
        values = self._entries(values)
        if values.ndim == 1:
            return Array(values, row=not self.column)
        return Array(values.T if self.column else values)

    def per_sample(self, values: Any) -> Array:
        """One number a sample (n,): a row where samples are columns."""
        return Array(self._entries(values), row=self.column)

    def weights(self, values: Any) -> Array:
        """A matrix (fan_out, fan_in) with neurons as rows, or turned."""
        values = self._entries(values)
        return Array(values if self.column else values.T)

    def bias(self, values: Any) -> Array:
        """One number a neuron (fan_out,)."""
        return Array(self._entries(values), row=not self.column)

    def parameters(self, letter: str, values: Any) -> Array:
        """Weights or a bias, by the letter that its name ends in."""
        return self.weights(values) if letter.endswith("W") else self.bias(values)

    def transposed(self, array: Array) -> Array:
        """The transpose, as an array."""
        if array.values.ndim == 1:
            return Array(array.values, row=not array.row)
        return Array(array.values.T)

    # products ---------------------------------------------------------------------------------

    def through(self, weights: Formula, samples: Formula) -> Product:
        """W x, or X W."""
        return Product.of(weights, samples) if self.column else Product.of(samples, weights)

    def back_through(self, weights: Formula, dz: Formula) -> Product:
        """Wᵀ dz, or dZ Wᵀ; arrays are written transposed."""
        turned = self.transposed(weights) if isinstance(weights, Array) else Transpose(weights)
        return Product.of(turned, dz) if self.column else Product.of(dz, turned)

    def outer(self, dz: Formula, below: Formula) -> Product:
        """dz aᵀ, or Aᵀ dZ; arrays are written transposed."""
        turned = self.transposed(below) if isinstance(below, Array) else Transpose(below)
        return Product.of(dz, turned) if self.column else Product.of(turned, dz)

    def summed(self, samples: Array) -> Product:
        """A matrix times a column of ones, or a row of ones times it: the sum over the samples."""
        n = samples.values.shape[1 if self.column else 0]
        ones = Array(np.ones(n, dtype=int), row=not self.column)
        return Product.of(samples, ones) if self.column else Product.of(ones, samples)

    def entries(self, array: Array, *others: Array, write: Any) -> Array:
        """An array of the same form whose entries are the formulas that ``write`` makes."""
        written = np.frompyfunc(write, 1 + len(others), 1)(
            array.values, *(other.values for other in others)
        )
        return Array(np.asarray(written, dtype=object), row=array.row)

    # ------------------------------------------------------------------------------------------

    def _entries(self, values: Any) -> Any:
        array = np.asarray(values)
        if self.digits is None or array.dtype != object:
            return array
        shown = np.empty(array.shape, object)
        shown.flat[:] = [self._shown(value) for value in array.flat]
        return shown

    def _shown(self, value: Any) -> Any:
        """A number of 30 digits as a float, which renderers round, where fewer are wanted."""
        if self.digits is None or not isinstance(value, Decimal):
            return value
        rounded = float(value)
        return rounded if rounded and abs(rounded) != float("inf") else value


def minus(first: Formula, *others: Formula) -> Sum:
    """a − b − c."""
    return Sum((first, *(Negative(other) for other in others)))


def apply(function: str | Formula, *arguments: Formula, primes: int = 0) -> Apply:
    """f(a)."""
    return Apply(function, arguments, primes)


def joined(terms: Iterable[Formula]) -> Formula:
    """The sum of the terms; one by itself, and 0 for none."""
    listed = tuple(terms)
    if not listed:
        return Number(0)
    return listed[0] if len(listed) == 1 else Sum(listed)
