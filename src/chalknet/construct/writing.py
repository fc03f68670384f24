"""Weights as people write them: numbers, terms, and the whole function on a line."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chalknet.construct.hidden_layer import HiddenLayer

__all__ = ["formula_text", "number_text", "term_text"]

MINUS = "\N{MINUS SIGN}"
LONGEST = 9  # characters of a fraction; a longer one is written as a rounded decimal
DIGITS = 6


def number_text(value: Any, *, signed: bool = False) -> str:
    """A number: a short fraction or decimal exactly, anything else to six digits.

    >>> [number_text(value) for value in (Fraction(-1, 3), Fraction(1, 10), 8, 2 / 3, 1e-7)]
    ['−1/3', '0.1', '8', '0.666667', '1e-07']
    """
    sign = MINUS if value < 0 else "+" if signed else ""
    return sign + _size_text(abs(value))


def _size_text(value: Any) -> str:
    if not isinstance(value, Fraction) or value.denominator == 1:
        whole = value < 10**15 and value == int(value)
        return str(int(value)) if whole else f"{float(value):.{DIGITS}g}"
    if 10**4 % value.denominator == 0 and value < 10**5:
        return f"{float(value):.4f}".rstrip("0")
    return str(value) if len(str(value)) <= LONGEST else f"{float(value):.{DIGITS}g}"


def term_text(w: Any, b: Any, a: Any) -> str:
    """A neuron's part, without the sign of its output weight.

    >>> term_text(1, -4, -2), term_text(-1, 3, 1), term_text(2, 0, Fraction(1, 3))
    ('2 relu(x − 4)', 'relu(3 − x)', '1/3 relu(2x)')
    """
    factor = "" if abs(a) == 1 else f"{number_text(abs(a))} "
    slope = "" if abs(w) == 1 else number_text(abs(w))
    if w == 0:
        inside = number_text(b)
    elif w > 0:
        inside = f"{slope}x" + (f" {_sign(b)} {number_text(abs(b))}" if b else "")
    else:
        inside = (f"{number_text(b)} {MINUS} " if b else MINUS) + f"{slope}x"
    return f"{factor}relu({inside})"


def _sign(value: Any) -> str:
    return MINUS if value < 0 else "+"


def formula_text(layer: HiddenLayer) -> str:
    """Y as a sum: the constant, then a term a neuron.

    >>> from chalknet.construct.relu_interpolation import fit_relu
    >>> formula_text(fit_relu("0:1 1:3 2:2").layer)
    'y = 1 + 2 relu(x) − 3 relu(x − 1)'
    """
    rows = zip(layer.w.tolist(), layer.b.tolist(), layer.a.tolist(), strict=True)
    terms = [(_sign(a), term_text(w, b, a)) for w, b, a in rows if a != 0]
    text = number_text(layer.constant) if layer.constant or not terms else ""
    for sign, term in terms:
        before = f" {sign} " if text else (MINUS if sign == MINUS else "")
        text += before + term
    return f"y = {text}"
