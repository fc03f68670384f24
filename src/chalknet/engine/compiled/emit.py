# ruff: noqa: ARG001, ARG005 - every operation takes the lanes, needed or not
"""From an expression to machine vectors: LLVM code that applies a formula along arrays.

Two loops surround a formula. ``map_code`` applies it element by element; ``outer_code`` applies an
update rule to the rows of W that a rank-one gradient x dzᵀ touches. An element is computed by the
same IEEE operations whether it falls into a full vector or into the remainder, which is a vector of
which only some lanes are present, so results do not depend on how arrays are split among threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from chalknet.engine.compiled import elementary
from chalknet.engine.compiled.formulas import Expression
from chalknet.engine.compiled.lanes import COMPARE, I32, I64, POINTER, Lanes, Value
from chalknet.engine.compiled.processor import Vectors

__all__ = ["ENTRY", "map_code", "outer_code"]

ENTRY = "kernel"


def _maximum(lanes: Lanes, a: Value, b: Value, comparison: str) -> Value:
    """The larger (or smaller); a NaN in either wins, as in NumPy."""
    first = a.compare(comparison, b).choose(a, b)
    first = a.not_equal(a).choose(a, first)
    return first if isinstance(b.ir, ir.Constant) else b.not_equal(b).choose(b, first)


def _sign(lanes: Lanes, x: Value) -> Value:
    zero, one = lanes.constant(0.0), lanes.constant(1.0)
    return x.greater(zero).choose(one, x.less(zero).choose(-one, x))


OPERATIONS: dict[str, Callable[..., Value]] = {
    "add": lambda lanes, a, b: a + b,
    "subtract": lambda lanes, a, b: a - b,
    "multiply": lambda lanes, a, b: a * b,
    "divide": lambda lanes, a, b: a / b,
    "negative": lambda lanes, a: -a,
    "absolute": lambda lanes, a: a.absolute(),
    "sqrt": lambda lanes, a: lanes.intrinsic("llvm.sqrt", a),
    "floor": lambda lanes, a: lanes.intrinsic("llvm.floor", a),
    "sign": _sign,
    "isnan": lambda lanes, a: a.not_equal(a),
    "maximum": lambda lanes, a, b: _maximum(lanes, a, b, "greater"),
    "minimum": lambda lanes, a, b: _maximum(lanes, a, b, "less"),
    "where": lambda lanes, condition, a, b: condition.choose(a, b),
    "logical_and": lambda lanes, a, b: Value(lanes, lanes.builder.and_(a.ir, b.ir)),
    "logical_or": lambda lanes, a, b: Value(lanes, lanes.builder.or_(a.ir, b.ir)),
    "exp": elementary.exp,
    "expm1": elementary.expm1,
    "log": elementary.log,
    "log1p": elementary.log1p,
    "tanh": elementary.tanh,
}
for _name in COMPARE:
    OPERATIONS[_name] = lambda lanes, a, b, name=_name: a.compare(name, b)


class Formula:
    """A traced formula inside a function: its weak part once, its real part wherever asked."""

    def __init__(
        self, results: Sequence[Expression], weak: Any, doubles: Lanes, dtype: np.dtype[Any]
    ) -> None:
        self.results = results
        self._doubles, self._weak_pointer = doubles, weak
        self._real: Any = ir.FloatType() if dtype.itemsize == 4 else ir.DoubleType()
        self._weak_scalars: dict[int, Any] = {}
        seen: set[int] = set()
        for result in results:
            self._prepare(result, seen)

    def at(self, lanes: Lanes, reals: Sequence[Value]) -> list[Value]:
        """The results for these arguments."""
        known: dict[int, Value] = {}
        return [self._emit(result, lanes, reals, known) for result in self.results]

    def _prepare(self, expression: Expression, seen: set[int]) -> None:
        """Compute every weak expression that a real one uses, in float64, before the loop."""
        if id(expression) in seen:
            return
        seen.add(id(expression))
        if expression.kind == "weak":
            if expression.op != "constant":
                wide = self._emit_weak(expression)
                b = self._doubles.builder
                narrow = wide.ir if self._real == wide.ir.type else b.fptrunc(wide.ir, self._real)
                self._weak_scalars[id(expression)] = narrow
            return
        for argument in expression.arguments:
            self._prepare(argument, seen)

    def _emit_weak(self, expression: Expression) -> Value:
        lanes = self._doubles
        if expression.op == "constant":
            return lanes.constant(expression.value)
        if expression.op == "weak":
            place = lanes.builder.gep(
                self._weak_pointer, [I64(expression.value)], source_etype=lanes.real
            )
            return lanes.load(place)
        operands = [self._emit_weak(argument) for argument in expression.arguments]
        return OPERATIONS[expression.op](lanes, *operands)

    def _emit(
        self, expression: Expression, lanes: Lanes, reals: Sequence[Value], known: dict[int, Value]
    ) -> Value:
        key = id(expression)
        if key not in known:
            if expression.op == "constant":
                value = lanes.constant(expression.value)
            elif expression.kind == "weak":
                value = lanes.broadcast(self._weak_scalars[key])
            elif expression.op == "real":
                value = reals[int(expression.value)]
            else:
                operands = [
                    self._emit(argument, lanes, reals, known) for argument in expression.arguments
                ]
                value = OPERATIONS[expression.op](lanes, *operands)
            known[key] = value
        return known[key]


def map_code(
    results: Sequence[Expression], n_real: int, dtype: np.dtype[Any], vectors: Vectors
) -> str:
    """``kernel(rows, n, stride, addresses, weak)``: the formula on rows of n numbers each.

    ``addresses`` are those of the arguments and then of the results, whose rows all begin
    ``stride`` numbers apart; a result may be an argument.
    """
    b, (rows, n, stride, addresses, weak) = _function([I64, I64, I64, POINTER, POINTER])
    width = vectors.lanes(dtype)
    formula = Formula(results, weak, Lanes(b, np.dtype(np.float64), 1, vectors.fma), dtype)
    lanes = Lanes(b, dtype, width, vectors.fma)
    bases = [
        b.inttoptr(_load(b, addresses, I64(number), I64), POINTER)
        for number in range(n_real + len(results))
    ]
    rest = b.srem(n, I64(width))
    full = b.sub(n, rest)
    present = lanes.first(rest)

    def element(offset: Any, present: Any = None) -> None:
        places = [b.gep(base, [offset], source_etype=lanes.real) for base in bases]
        values = formula.at(lanes, [lanes.load(place, present) for place in places[:n_real]])
        for value, place in zip(values, places[n_real:], strict=True):
            lanes.store(value, place, present)

    def row(number: Any) -> None:
        begin = b.mul(number, stride)
        _loop(b, I64(0), full, width, lambda j: element(b.add(begin, j)))
        with b.if_then(b.icmp_signed(">", rest, I64(0))):
            element(b.add(begin, full), present)

    _loop(b, I64(0), rows, 1, row)
    b.ret_void()
    return str(b.module)


def outer_code(results: Sequence[Expression], dtype: np.dtype[Any], vectors: Vectors) -> str:
    """``kernel(count, which, x, n, dz, W, stride, weak)``: W[k] ← update(W[k], x dz) for some rows.

    The rows are k = ``which[q]`` (int32), q = 0 … count−1, each with the factor ``x[k]``, and ``n``
    long: one vector or two.
    """
    b, arguments = _function([I64, POINTER, POINTER, I64, POINTER, POINTER, I64, POINTER])
    count, which, x, n, dz, W, stride, weak = arguments
    width = vectors.lanes(dtype)
    formula = Formula(results, weak, Lanes(b, np.dtype(np.float64), 1, vectors.fma), dtype)
    lanes = Lanes(b, dtype, width, vectors.fma)

    def update(held: list[Value]) -> None:
        def row(q: Any) -> None:
            k = b.sext(_load(b, which, q, I32), I64)
            factor = lanes.broadcast(_load(b, x, k, lanes.real))
            first = b.mul(k, stride)
            for number, part in enumerate(held):
                offset = b.add(first, I64(number * width))
                place = b.gep(W, [offset], source_etype=lanes.real)
                [new] = formula.at(lanes, [lanes.load(place), factor * part])
                lanes.store(new, place)

        _loop(b, I64(0), count, 1, row)

    def vector(number: int) -> Value:
        return lanes.load(b.gep(dz, [I64(number * width)], source_etype=lanes.real))

    with b.if_else(b.icmp_signed(">", n, I64(width))) as (two, one):
        with two:
            update([vector(0), vector(1)])
        with one:
            update([vector(0)])
    b.ret_void()
    return str(b.module)


def _function(kinds: Iterable[Any]) -> tuple[ir.IRBuilder, Sequence[Any]]:
    module = ir.Module(name=ENTRY)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), list(kinds)), ENTRY)
    return ir.IRBuilder(function.append_basic_block()), function.args


def _load(b: ir.IRBuilder, pointer: Any, index: Any, kind: Any) -> Any:
    return b.load(b.gep(pointer, [index], source_etype=kind), typ=kind, align=_bytes(kind))


def _bytes(kind: Any) -> int:
    return {ir.FloatType(): 4, I32: 4}.get(kind, 8)


def _loop(b: ir.IRBuilder, begin: Any, end: Any, step: int, body: Callable[[Any], None]) -> None:
    """``for i in range(begin, end, step): body(i)``, where end − begin is a multiple of step."""
    before, start = b.block, b.append_basic_block()
    after = b.append_basic_block()
    b.cbranch(b.icmp_signed("<", begin, end), start, after)
    b.position_at_end(start)
    i = b.phi(I64)
    i.add_incoming(begin, before)
    body(i)
    following = b.add(i, I64(step))
    i.add_incoming(following, b.block)
    b.cbranch(b.icmp_signed("<", following, end), start, after)
    b.position_at_end(after)
