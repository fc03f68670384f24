"""How each kind of formula is made of what a renderer can draw: one function a kind.

Each takes the typesetter, the node, how deep it stands (see ``pieces``) and whether it stands
beside other factors with no sign between, and gives the node's pieces.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from chalknet.explain.formula import (
    Absolute,
    Apply,
    Array,
    BigOperator,
    Cases,
    Derivative,
    Formula,
    Hadamard,
    Integral,
    Negative,
    Norm,
    Number,
    Power,
    Product,
    Quotient,
    Relation,
    Root,
    Sum,
    Symbol,
    Transpose,
    Words,
    children,
)
from chalknet.explain.render.grids import array_pieces
from chalknet.explain.render.numbers import separator, written
from chalknet.explain.render.pieces import Break, Piece
from chalknet.explain.render.rounding import sign_between

if TYPE_CHECKING:
    from chalknet.explain.render.typesetter import Typesetter

__all__ = ["WALKS"]

M = TypeVar("M")


def _letter(setter: Typesetter[M], node: Symbol, _depth: int, _beside: bool) -> list[Piece[M]]:
    return [setter.piece(setter.symbol(node))]


def _words(setter: Typesetter[M], node: Words, _depth: int, _beside: bool) -> list[Piece[M]]:
    return [setter.piece(setter.words(node.text))]


def _power(setter: Typesetter[M], node: Power, _depth: int, _beside: bool) -> list[Piece[M]]:
    return [setter.piece(setter.raised(node.base, setter.script(node.exponent)))]


def _transpose(
    setter: Typesetter[M], node: Transpose, _depth: int, _beside: bool
) -> list[Piece[M]]:
    return [setter.piece(setter.raised(node.matrix, setter.index("ᵀ")))]


def _root(setter: Typesetter[M], node: Root, _depth: int, _beside: bool) -> list[Piece[M]]:
    return [setter.piece(setter.root(setter.set(node.radicand)))]


def _norm(setter: Typesetter[M], node: Norm, _depth: int, _beside: bool) -> list[Piece[M]]:
    inner = setter.fenced("‖", setter.set(node.inner), "‖")
    sub, sup = setter.script(node.sub), setter.script(node.sup)
    if sub is None and sup is None:
        return [setter.piece(inner)]
    return [setter.piece(setter.scripts(inner, sub, sup))]


def _cases(setter: Typesetter[M], node: Cases, _depth: int, _beside: bool) -> list[Piece[M]]:
    rows = [(setter.set(value), _condition(setter, when)) for value, when in node.branches]
    return [setter.piece(setter.branches(rows))]


def _relation(setter: Typesetter[M], node: Relation, depth: int, _beside: bool) -> list[Piece[M]]:
    nearest = node.left
    while isinstance(nearest, Relation):
        nearest = nearest.right
    sign = sign_between(nearest, node.sign, node.right, setter.notation)
    between = setter.breaking(depth, setter.sign(sign, "relation"), setter.sign(sign, "lead"))
    left = setter.child(node.left, setter.brackets.side(node.left, node.sign, True), depth)
    right = setter.child(node.right, setter.brackets.side(node.right, node.sign, False), depth)
    return [*left, *setter.after(between, right)]


def _number(setter: Typesetter[M], node: Number, _depth: int, beside: bool) -> list[Piece[M]]:
    return [setter.piece(setter.number(written(node.value, setter.notation), beside=beside))]


def _absolute(setter: Typesetter[M], node: Absolute, depth: int, _beside: bool) -> list[Piece[M]]:
    inner = setter.pieces(node.inner, depth + 2)
    # |a |b| c| could be read in two ways.
    if _has_bars(node.inner):
        inner = setter.fence("(", inner)
    return setter.fence("|", inner)


def _has_bars(formula: Formula) -> bool:
    return isinstance(formula, Absolute) or any(map(_has_bars, children(formula)))


def _negative(setter: Typesetter[M], node: Negative, depth: int, _beside: bool) -> list[Piece[M]]:
    inner = setter.child(node.term, setter.brackets.negated(node.term), depth)
    return [setter.piece(setter.sign("−", "prefix")), *inner]


def _sum(setter: Typesetter[M], node: Sum, depth: int, _beside: bool) -> list[Piece[M]]:
    result: list[Piece[M]] = []
    for place, term in enumerate(node.terms):
        sign, inner = ("−", term.term) if isinstance(term, Negative) else ("+", term)
        leads = place == 0 and sign == "+"
        pieces = setter.child(inner, setter.brackets.term(inner, leads), depth + 1)
        if place:
            between = setter.breaking(
                depth, setter.sign(sign, "operation"), setter.sign(sign, "lead")
            )
            pieces = setter.after(between, pieces)
        elif sign == "−":
            pieces = [setter.piece(setter.sign("−", "prefix")), *pieces]
        result += pieces
    return result


def _product(
    setter: Typesetter[M], node: Product | Hadamard, depth: int, beside: bool
) -> list[Piece[M]]:
    result: list[Piece[M]] = []
    # Words among the factors make it a phrase, "if z > 0", in which nothing is multiplied.
    phrase = any(isinstance(factor, Words) for factor in node.factors)
    beside |= len(node.factors) > 1 and not phrase and node_sign(node) in {"", "⊙"}
    for place, factor in enumerate(node.factors):
        bracketed = not phrase and setter.brackets.factor(factor, node, place)
        pieces = setter.child(factor, bracketed, depth + 1, beside=beside)
        if place:
            pieces = setter.after(_joint(setter, node, place, depth, phrase), pieces)
        result += pieces
    return result


def _joint(
    setter: Typesetter[M], node: Product | Hadamard, place: int, depth: int, phrase: bool
) -> Break[M]:
    """What stands between two factors."""
    before, after = node.factors[place - 1], node.factors[place]
    sign = node_sign(node)
    if not sign and not phrase and begins_with_digit(after):
        sign = "·"
    if not sign:
        joint = setter.juxtaposed(before, after, phrase)
        return setter.breaking(depth + 1, joint, None if phrase else setter.sign("·", "lead"))
    tight = sign == "·" and isinstance(before, Number) and isinstance(after, Number)
    joint = setter.sign(sign, "tight" if tight else "operation")
    return setter.breaking(depth + 1, joint, setter.sign(sign, "lead"))


def _quotient(setter: Typesetter[M], node: Quotient, depth: int, beside: bool) -> list[Piece[M]]:
    above, below = node.numerator, node.denominator
    if _has_bar(setter, above, below, beside):
        return [setter.piece(setter.fraction(setter.set(above), setter.set(below)))]
    brackets = setter.flat_brackets
    return [
        *setter.child(above, brackets.numerator(above), depth + 2),
        setter.piece(setter.sign("/", "tight")),
        *setter.child(below, brackets.denominator(below), depth + 2),
    ]


def _has_bar(setter: Typesetter[M], above: Formula, below: Formula, beside: bool) -> bool:
    return setter.bars and not setter.in_script and setter.stacks(above, below, beside)


def _derivative(
    setter: Typesetter[M], node: Derivative, depth: int, beside: bool
) -> list[Piece[M]]:
    d = setter.name("∂") if node.partial else setter.name("d", upright=True)
    order = setter.index(str(node.order)) if node.order != 1 else None
    above = d if order is None else setter.scripts(d, None, order)
    simple = not setter.brackets.differentiated(node.of)
    if simple:
        above = setter.joined([above, setter.set(node.of)])
    below = setter.joined([d, _differential(setter, node.by, order)])
    if _has_bar(setter, node.of, node.by, beside or not simple):
        pieces = [setter.piece(setter.fraction(above, below))]
    else:
        pieces = [setter.piece(setter.joined([above, setter.sign("/", "tight"), below]))]
    if simple:
        return pieces
    return [*pieces, setter.piece(setter.thin_space()), *setter.child(node.of, True, depth)]


def _differential(setter: Typesetter[M], by: Formula, order: M | None) -> M:
    if order is not None:
        return setter.raised(by, order)
    return setter.line(setter.child(by, setter.brackets.differentiated(by), 0))


def _apply(setter: Typesetter[M], node: Apply, depth: int, _beside: bool) -> list[Piece[M]]:
    function = node.function
    if isinstance(function, Symbol):
        head = setter.set(function)
    elif isinstance(function, str):
        head = setter.name(function, upright=not (len(function) == 1 and function.islower()))
    else:
        head = setter.line(setter.child(function, setter.brackets.base(function), depth))
    if node.primes:
        head = setter.primed(head, node.primes)
    inner: list[Piece[M]] = []
    comma = separator(setter.notation)
    for place, argument in enumerate(node.arguments):
        pieces = setter.child(argument, False, depth + 3)
        if place:
            between = setter.breaking(depth + 2, setter.sign(comma, "operation"), None)
            pieces = setter.after(between, pieces)
        inner += pieces
    return [setter.piece(head), *setter.fence("[" if node.square else "(", inner)]


def _big_operator(
    setter: Typesetter[M], node: BigOperator, depth: int, _beside: bool
) -> list[Piece[M]]:
    operator = setter.operator(node.sign, setter.script(node.below), setter.script(node.above))
    body = setter.child(node.body, setter.brackets.body(node.body), depth + 1, beside=True)
    return [setter.piece(operator), *body]


def _integral(setter: Typesetter[M], node: Integral, depth: int, _beside: bool) -> list[Piece[M]]:
    operator = setter.operator("∫", setter.script(node.below), setter.script(node.above))
    body = setter.child(node.body, setter.brackets.body(node.body), depth + 1, beside=True)
    end = [setter.name("d", upright=True), _differential(setter, node.variable, None)]
    return [setter.piece(operator), *body, setter.piece(setter.joined([setter.thin_space(), *end]))]


def _condition(setter: Typesetter[M], when: Formula) -> M:
    if isinstance(when, Words | Product):  # a phrase says "if" itself
        return setter.set(when)
    return setter.joined([setter.words("if "), setter.set(when)])


def node_sign(node: Product | Hadamard) -> str:
    """The sign between the factors; empty for none."""
    return "⊙" if isinstance(node, Hadamard) else node.sign


def begins_with_digit(formula: Formula) -> bool:
    """Whether it would run together with a number before it."""
    match formula:
        case Number():
            return True
        case Power():
            return begins_with_digit(formula.base)
        case Quotient():
            return begins_with_digit(formula.numerator)
        case Product() | Hadamard():
            return bool(formula.factors) and begins_with_digit(formula.factors[0])
    return False


WALKS: dict[type[Formula], Callable[[Any, Any, int, bool], list[Any]]] = {
    Absolute: _absolute,
    Apply: _apply,
    Array: array_pieces,
    BigOperator: _big_operator,
    Cases: _cases,
    Derivative: _derivative,
    Hadamard: _product,
    Integral: _integral,
    Negative: _negative,
    Norm: _norm,
    Number: _number,
    Power: _power,
    Product: _product,
    Quotient: _quotient,
    Relation: _relation,
    Root: _root,
    Sum: _sum,
    Symbol: _letter,
    Transpose: _transpose,
    Words: _words,
}
