"""Where brackets are needed: decided by how tightly things hold together, not by the author.

The rules, in the order in which a reader learns them:

- a sum as a term, a factor, a base or the body of Σ is bracketed, and so is whatever begins with a
  minus sign unless it stands first: 3 + (−2), 2·(−1), (−2)²;
- a product within a product is not, since it makes no difference, but is beside ⊙: (Wᵀδ) ⊙ f′(z);
- a Σ reaches over the product behind it and no further, so it is bracketed as a factor unless it is
  the last one;
- what a bar, a root or a fence encloses needs no brackets.
"""

from __future__ import annotations

from fractions import Fraction

from chalknet.explain.formula import (
    BigOperator,
    Derivative,
    Formula,
    Hadamard,
    Negative,
    Norm,
    Number,
    Precedence,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    Words,
)
from chalknet.explain.notation import Notation
from chalknet.explain.render.numbers import written

__all__ = ["Brackets"]


class Brackets:
    """Decides for each child of a node whether it is bracketed.

    Parameters
    ----------
    notation : Notation
        A number as it is shown decides: 4.14·10⁻⁸ is a product where 0.4 is none.
    bars : bool
        Whether fractions are drawn with a bar, which holds them together as factors; on a single
        line they are written a/b.
    """

    def __init__(self, notation: Notation, *, bars: bool) -> None:
        self.notation = notation
        self.bars = bars

    def term(self, term: Formula, first: bool) -> bool:
        """As a term of a sum: ``term`` without the minus sign of a ``Negative``."""
        return isinstance(term, Sum | Negative | Relation) or (
            not first and self._begins_with_minus(term)
        )

    def negated(self, term: Formula) -> bool:
        """Behind a minus sign."""
        return self.term(term, first=False)

    def factor(self, factor: Formula, kin: Product | Hadamard, place: int) -> bool:
        """As the factor number ``place`` of ``kin``."""
        if isinstance(factor, BigOperator):
            return place < len(kin.factors) - 1
        if isinstance(factor, Number):
            return self._number_as_factor(factor, kin, place)
        if isinstance(factor, Quotient | Derivative):
            return not self.bars and not (isinstance(kin, Product) and kin.sign)
        if isinstance(factor, Product) and isinstance(kin, Product):
            last = place == len(kin.factors) - 1
            return (
                (place > 0 and self._begins_with_minus(factor))
                or (not last and _reaches_on(factor))
                or (not self.bars and _has_stroke(factor))
            )
        return factor.precedence <= Precedence.PRODUCT

    def _number_as_factor(self, number: Number, kin: Product | Hadamard, place: int) -> bool:
        shown = written(number.value, self.notation)
        juxtaposed = isinstance(kin, Product) and not kin.sign
        if shown.negative and not (juxtaposed and place == 0):
            return True
        if shown.denominator:
            return not self.bars and not (isinstance(kin, Product) and kin.sign)
        return False  # a product with powers of ten, 2·4.14·10⁻⁸, is what it looks like

    def base(self, base: Formula) -> bool:
        """Under an exponent or a transposition sign."""
        if isinstance(base, Number):
            return not written(base.value, self.notation).is_plain
        if isinstance(base, Symbol):
            return bool(base.sup)
        return base.precedence < Precedence.ATOM or isinstance(base, Norm | Words)

    def body(self, body: Formula) -> bool:
        """Behind Σ, Π, max, min or ∫."""
        return isinstance(body, Sum | Negative | Relation) or self._begins_with_minus(body)

    def numerator(self, top: Formula) -> bool:
        """Before the stroke of a fraction on one line."""
        return not self._holds_beside_a_stroke(top) and not (
            isinstance(top, Product) and not self._begins_with_minus(top)
        )

    def denominator(self, below: Formula) -> bool:
        """Behind the stroke of a fraction on one line."""
        return not self._holds_beside_a_stroke(below)

    def _holds_beside_a_stroke(self, formula: Formula) -> bool:
        if isinstance(formula, Number):
            return written(formula.value, self.notation).is_plain
        return formula.precedence >= Precedence.POWER

    def side(self, side: Formula, sign: str, left: bool) -> bool:
        """Beside a relation sign: implications join relations, and a = b = c is a chain."""
        if not isinstance(side, Relation):
            return False
        if side.sign in _IMPLICATIONS:
            return not (left and sign in _IMPLICATIONS)
        return not left and sign not in _IMPLICATIONS

    def differentiated(self, of: Formula) -> bool:
        """Behind ∂/∂x."""
        return of.precedence < Precedence.ATOM

    def _begins_with_minus(self, formula: Formula) -> bool:
        match formula:
            case Negative():
                return True
            case Number():
                return written(formula.value, self.notation).negative
            case Sum():
                return bool(formula.terms) and self._begins_with_minus(formula.terms[0])
            case Product() | Hadamard():
                first = formula.factors[0] if formula.factors else Words("")
                return not self.factor(first, formula, 0) and self._begins_with_minus(first)
            case Quotient():
                return (
                    not self.bars
                    and not self.numerator(formula.numerator)
                    and (self._begins_with_minus(formula.numerator))
                )
        return False


_IMPLICATIONS = frozenset("⇒⇔")


def _reaches_on(product: Product) -> bool:
    """Whether it ends in a Σ, which would take in whatever follows."""
    last = product.factors[-1] if product.factors else None
    return isinstance(last, BigOperator) or (isinstance(last, Product) and _reaches_on(last))


def _has_stroke(product: Product) -> bool:
    """Whether a fraction among its factors would be written a/b."""
    return any(
        isinstance(factor, Quotient | Derivative)
        or (isinstance(factor, Number) and isinstance(factor.value, Fraction))
        or (isinstance(factor, Product) and _has_stroke(factor))
        for factor in product.factors
    )
