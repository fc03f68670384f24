# ruff: noqa: ARG001 - the names of an intrinsic's arguments are its signature
"""What the kernels say directly to LLVM: the register tile, a transpose, atomics, raw addresses.

Everything else in this folder is plain Python that Numba compiles. The functions below look like
functions there (``tile(…)``) and become the instructions that they describe.
"""

from __future__ import annotations

import sys
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from chalknet.engine.compiled.processor import Vectors

__all__ = [
    "add_atomically",
    "address_of",
    "call_map",
    "call_outer",
    "converted",
    "fused",
    "lanes_of",
    "load_atomically",
    "make_compress",
    "make_sparse_tile",
    "make_tile",
    "make_transpose",
    "pointer",
    "shifted",
    "store_atomically",
    "yield_processor",
]

I32, I64 = ir.IntType(32), ir.IntType(64)


# addresses ------------------------------------------------------------------------------------


@intrinsic
def pointer(typing: Any, address: Any, like: Any) -> Any:
    """The address (an integer) as a pointer to numbers of the type of ``like``."""
    target = types.CPointer(like)

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        return b.inttoptr(arguments[0], context.get_value_type(target))

    return target(types.int64, like), code


@intrinsic
def shifted(typing: Any, base: Any, count: Any) -> Any:
    """The pointer ``count`` numbers further on."""

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        place = _at(b, arguments[0], arguments[1], _element(context, base))
        return b.bitcast(place, context.get_value_type(base))

    return base(base, types.int64), code


@intrinsic
def address_of(typing: Any, base: Any, count: Any) -> Any:
    """The address (an integer) of the number ``count`` further on."""

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        return b.ptrtoint(_at(b, arguments[0], arguments[1], _element(context, base)), I64)

    return types.int64(base, types.int64), code


@intrinsic
def converted(typing: Any, value: Any, like: Any) -> Any:
    """The number as one of the type of ``like``."""

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        return context.cast(b, arguments[0], value, like)

    return like(value, like), code


def lanes_of(unit: Vectors) -> Any:
    """``lanes(like)``: how many numbers of the type of ``like`` a vector holds."""

    @intrinsic
    def lanes(typing: Any, like: Any) -> Any:
        def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
            return I64(unit.bits // like.bitwidth)

        return types.int64(like), code

    return lanes


def _element(context: Any, pointer_type: Any) -> Any:
    return context.get_value_type(pointer_type.dtype)


def _at(b: Any, base: Any, offset: Any, kind: Any) -> Any:
    return b.gep(base, [offset], source_etype=kind)


# arithmetic -----------------------------------------------------------------------------------


@intrinsic
def fused(typing: Any, a: Any, x: Any, c: Any) -> Any:
    """A x + c with one rounding."""

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        name = "llvm.fma.f32" if kind == ir.FloatType() else "llvm.fma.f64"
        function = cgutils.get_or_insert_function(b.module, ir.FunctionType(kind, [kind] * 3), name)
        return b.call(function, arguments)

    return a(a, a, a), code


# threads --------------------------------------------------------------------------------------


@intrinsic
def add_atomically(typing: Any, place: Any, value: Any) -> Any:
    """Add to the integer there; gives what it was before."""

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        return b.atomic_rmw("add", arguments[0], arguments[1], "acq_rel")

    return types.int64(place, types.int64), code


@intrinsic
def load_atomically(typing: Any, place: Any) -> Any:
    """The integer there, as the thread that stored it last left it, and all it wrote before."""

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        return b.load_atomic(arguments[0], "acquire", 8, typ=I64)

    return types.int64(place), code


@intrinsic
def store_atomically(typing: Any, place: Any, value: Any) -> Any:
    """Store the integer, after everything this thread wrote before."""

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        b.store_atomic(arguments[1], arguments[0], "release", 8)
        return context.get_dummy_value()

    return types.void(place, types.int64), code


@intrinsic
def yield_processor(typing: Any) -> Any:
    """Let another thread have this core."""
    name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(I32, [])
        b.call(cgutils.get_or_insert_function(b.module, kind, name), [])
        return context.get_dummy_value()

    return types.void(), code


# formulas -------------------------------------------------------------------------------------


@intrinsic
def call_map(
    typing: Any, function: Any, rows: Any, n: Any, stride: Any, addresses: Any, weak: Any
) -> Any:
    """Call the formula at this address: ``emit.map_code``."""
    signature = types.void(types.int64, types.int64, types.int64, types.int64, addresses, weak)
    return signature, _call_first


@intrinsic
def call_outer(
    typing: Any,
    function: Any,
    count: Any,
    which: Any,
    x: Any,
    n: Any,
    dz: Any,
    W: Any,
    stride: Any,
    weak: Any,
) -> Any:
    """Call the update rule at this address: ``emit.outer_code``."""
    whole = types.int64
    return types.void(whole, whole, which, x, whole, dz, W, whole, weak), _call_first


def _call_first(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
    kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments[1:]])
    b.call(b.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])
    return context.get_dummy_value()


# the register tile ----------------------------------------------------------------------------


def make_tile(rows: int, columns: int, transposed: bool, unit: Vectors) -> Any:
    """``tile(A, lda, B, ldb, S, lds, C, ldc, K)``: C = S + A B for ``rows`` × ``columns`` vectors.

    Every element is one chain of multiply-adds over k = 0 … K−1 in that order, begun at S:
    c = fma(A[i, k], B[k, j], c). No other tile, edge or remainder computes it differently.

    A is (rows, K) with ``lda`` numbers from row to row, or its transpose (K, rows) if
    ``transposed``; B is (K, columns · lanes), C and S like it. All accumulators are in registers.
    """

    @intrinsic
    def tile(
        typing: Any, A: Any, lda: Any, B: Any, ldb: Any, S: Any, lds: Any, C: Any, ldc: Any, K: Any
    ) -> Any:
        whole = types.int64
        signature = types.void(A, whole, B, whole, S, whole, C, whole, whole)

        def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
            v = _Vectors(b, _element(context, A), unit)
            A_, lda_, B_, ldb_, S_, lds_, C_, ldc_, K_ = arguments
            places = [(i, j) for i in range(rows) for j in range(columns)]
            start = [v.load(S_, v.offset(lds_, i, j)) for i, j in places]

            def step(k: Any, sums: list[Any]) -> list[Any]:
                b_row = [
                    v.load(B_, b.add(b.mul(k, ldb_), I64(j * v.lanes))) for j in range(columns)
                ]
                new = []
                for i in range(rows):
                    place = (
                        b.add(b.mul(k, lda_), I64(i))
                        if transposed
                        else b.add(b.mul(lda_, I64(i)), k)
                    )
                    a = v.broadcast(A_, place)
                    new += [v.fma(a, b_row[j], sums[i * columns + j]) for j in range(columns)]
                return new

            sums = _chain(b, K_, start, step)
            for (i, j), value in zip(places, sums, strict=True):
                v.store(value, C_, v.offset(ldc_, i, j))
            return context.get_dummy_value()

        return signature, code

    return tile


def make_sparse_tile(columns: int, unit: Vectors) -> Any:
    """``tile(count, which, x, B, ldb, panel, S, C)``: one row of C = S + Σ x[q] B[which[q]].

    ``which`` are rows of B in rising order: the chain of ``make_tile`` without the terms that are
    zero. B lies in panels of two vectors, ``panel`` numbers from one to the next; S and C do not.
    """

    @intrinsic
    def tile(
        typing: Any, count: Any, which: Any, x: Any, B: Any, ldb: Any, panel: Any, S: Any, C: Any
    ) -> Any:
        signature = types.void(types.int64, which, x, B, types.int64, types.int64, S, C)

        def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
            v = _Vectors(b, _element(context, B), unit)
            count_, which_, x_, B_, ldb_, panel_, S_, C_ = arguments
            start = [v.load(S_, I64(j * v.lanes)) for j in range(columns)]

            def step(q: Any, sums: list[Any]) -> list[Any]:
                row = b.load(_at(b, which_, q, I32), typ=I32, align=4)
                base = b.mul(b.sext(row, I64), ldb_)
                a = v.broadcast(x_, q)
                places = [
                    b.add(base, b.add(b.mul(panel_, I64(j // 2)), I64(j % 2 * v.lanes)))
                    for j in range(columns)
                ]
                return [v.fma(a, v.load(B_, places[j]), sums[j]) for j in range(columns)]

            for j, value in enumerate(_chain(b, count_, start, step)):
                v.store(value, C_, I64(j * v.lanes))
            return context.get_dummy_value()

        return signature, code

    return tile


def make_compress(unit: Vectors) -> Any:
    """``compress(row, k, which, values)``: the numbers of one vector that are not zero.

    They go to the front of ``values``, and their places k, k + 1 … to that of ``which``; what
    stands behind them there is overwritten. Gives how many.
    """

    @intrinsic
    def compress(typing: Any, row: Any, k: Any, which: Any, values: Any) -> Any:
        def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
            v = _Vectors(b, _element(context, row), unit)
            row_, k_, which_, values_ = arguments
            numbers = v.load(row_, I64(0))
            kept = b.fcmp_unordered("!=", numbers, ir.Constant(v.type, [0.0] * v.lanes))
            places = b.add(
                v.splat(b.trunc(k_, I32)),
                ir.Constant(ir.VectorType(I32, v.lanes), list(range(v.lanes))),
            )
            v.store(v.compressed(numbers, kept), values_, I64(0))
            v.store(v.compressed(places, kept), which_, I64(0))
            mask = b.bitcast(kept, ir.IntType(v.lanes))
            return b.zext(b.ctpop(mask), I64)

        return types.int64(row, types.int64, which, values), code

    return compress


def make_transpose(unit: Vectors) -> Any:
    """``transpose(A, lda, B, ldb)``: B = Aᵀ for a block as high and wide as a vector is long."""

    @intrinsic
    def transpose(typing: Any, A: Any, lda: Any, B: Any, ldb: Any) -> Any:
        signature = types.void(A, types.int64, B, types.int64)

        def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
            v = _Vectors(b, _element(context, A), unit)
            A_, lda_, B_, ldb_ = arguments
            n = v.lanes
            rows = [v.load(A_, b.mul(lda_, I64(i))) for i in range(n)]
            # A perfect shuffle of all n² numbers, log₂ n times, is a transposition.
            for _ in range(n.bit_length() - 1):
                pairs = [(rows[i], rows[i + n // 2]) for i in range(n // 2)]
                rows = [v.interleaved(x, y, half) for x, y in pairs for half in (0, 1)]
            for i, row in enumerate(rows):
                v.store(row, B_, b.mul(ldb_, I64(i)))
            return context.get_dummy_value()

        return signature, code

    return transpose


class _Vectors:
    """Loads, stores and multiply-adds of whole vectors of ``element``."""

    def __init__(self, builder: Any, element: Any, unit: Vectors) -> None:
        self.b = builder
        self.element = element
        self.bytes = 4 if element == ir.FloatType() else 8
        self.lanes = unit.bits // (8 * self.bytes)
        self.type = ir.VectorType(element, self.lanes)
        self._fused = unit.fma

    def offset(self, stride: Any, i: int, j: int) -> Any:
        """Of row i, vector j."""
        return self.b.add(self.b.mul(stride, I64(i)), I64(j * self.lanes))

    def load(self, base: Any, offset: Any) -> Any:
        return self.b.load(_at(self.b, base, offset, self.element), typ=self.type, align=self.bytes)

    def store(self, value: Any, base: Any, offset: Any) -> None:
        kind = value.type
        place = self.b.bitcast(_at(self.b, base, offset, kind.element), kind.as_pointer())
        self.b.store(value, place, align=4 if kind.element == I32 else self.bytes)

    def broadcast(self, base: Any, offset: Any) -> Any:
        place = _at(self.b, base, offset, self.element)
        return self.splat(self.b.load(place, typ=self.element, align=self.bytes))

    def splat(self, number: Any) -> Any:
        b, undefined = self.b, ir.Constant(ir.VectorType(number.type, self.lanes), ir.Undefined)
        zeros = ir.Constant(ir.VectorType(I32, self.lanes), [0] * self.lanes)
        return b.shuffle_vector(b.insert_element(undefined, number, I32(0)), undefined, zeros)

    def compressed(self, values: Any, kept: Any) -> Any:
        """The values that are kept, moved together."""
        letter = "i" if values.type.element == I32 else "f"
        bits = 32 if letter == "i" else 8 * self.bytes
        name = f"llvm.experimental.vector.compress.v{self.lanes}{letter}{bits}"
        kind = ir.FunctionType(values.type, [values.type, kept.type, values.type])
        function = cgutils.get_or_insert_function(self.b.module, kind, name)
        return self.b.call(function, [values, kept, ir.Constant(values.type, ir.Undefined)])

    def fma(self, x: Any, y: Any, c: Any) -> Any:
        if not self._fused:
            return self.b.fadd(self.b.fmul(x, y), c)
        name = f"llvm.fma.v{self.lanes}f{8 * self.bytes}"
        kind = ir.FunctionType(self.type, [self.type] * 3)
        return self.b.call(cgutils.get_or_insert_function(self.b.module, kind, name), [x, y, c])

    def interleaved(self, x: Any, y: Any, half: int) -> Any:
        """x₀ y₀ x₁ y₁ … of the first or second halves."""
        n = self.lanes
        order = [i + n * k for i in range(half * n // 2, (half + 1) * n // 2) for k in (0, 1)]
        return self.b.shuffle_vector(x, y, ir.Constant(ir.VectorType(I32, n), order))


def _chain(b: Any, count: Any, start: list[Any], step: Any) -> list[Any]:
    """``for k in range(count): values = step(k, values)``."""
    before = b.block
    body, after = b.append_basic_block("chain"), b.append_basic_block("chained")
    b.cbranch(b.icmp_signed(">", count, I64(0)), body, after)
    b.position_at_end(body)
    k = b.phi(I64)
    k.add_incoming(I64(0), before)
    values = [b.phi(value.type) for value in start]
    for phi, value in zip(values, start, strict=True):
        phi.add_incoming(value, before)
    new = step(k, values)
    following = b.add(k, I64(1))
    k.add_incoming(following, body)
    for phi, value in zip(values, new, strict=True):
        phi.add_incoming(value, body)
    b.cbranch(b.icmp_signed("<", following, count), body, after)
    b.position_at_end(after)
    results = [b.phi(value.type) for value in start]
    for phi, value, first in zip(results, new, start, strict=True):
        phi.add_incoming(value, body)
        phi.add_incoming(first, before)
    return results
