# ruff: noqa: ARG001 - the names of an intrinsic's arguments are its signature
"""The register tile in its forms, of which all products are made; and a transpose."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from chalknet.engine.compiled.instructions import element_of, place_at
from chalknet.engine.compiled.processor import Vectors
from chalknet.engine.compiled.registers import Registers, chain

__all__ = [
    "make_abreast_tile",
    "make_listed_tile",
    "make_sparse_tile",
    "make_tile",
    "make_transpose",
]

I32, I64 = ir.IntType(32), ir.IntType(64)


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
            v = Registers(b, element_of(context, A), unit)
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

            sums = chain(b, K_, start, step)
            for (i, j), value in zip(places, sums, strict=True):
                v.store(value, C_, v.offset(ldc_, i, j))
            return context.get_dummy_value()

        return signature, code

    return tile


def make_sparse_tile(columns: int, unit: Vectors) -> Any:
    """``tile(count, which, x, stride, B, ldb, panel, S, C)``: one row, C = S + Σ xₖ Bₖ.

    The sum is over k = which[0], which[1] … in rising order: the chain of ``make_tile`` without the
    terms that are zero. The xₖ are ``stride`` numbers apart. B lies in panels of two vectors,
    ``panel`` numbers from one to the next; S and C do not.
    """

    @intrinsic
    def tile(
        typing: Any, count: Any, which: Any, x: Any, stride: Any, B: Any, ldb: Any, panel: Any,
        S: Any, C: Any,
    ) -> Any:  # fmt: skip
        whole = types.int64
        signature = types.void(whole, which, x, whole, B, whole, whole, S, C)

        def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
            v = Registers(b, element_of(context, B), unit)
            count_, which_, x_, stride_, B_, ldb_, panel_, S_, C_ = arguments
            start = [v.load(S_, I64(j * v.lanes)) for j in range(columns)]

            def step(q: Any, sums: list[Any]) -> list[Any]:
                k = b.sext(b.load(place_at(b, which_, q, I32), typ=I32, align=4), I64)
                base = b.mul(k, ldb_)
                a = v.broadcast(x_, b.mul(k, stride_))
                places = [
                    b.add(base, b.add(b.mul(panel_, I64(j // 2)), I64(j % 2 * v.lanes)))
                    for j in range(columns)
                ]
                return [v.fma(a, v.load(B_, places[j]), sums[j]) for j in range(columns)]

            for j, value in enumerate(chain(b, count_, start, step)):
                v.store(value, C_, I64(j * v.lanes))
            return context.get_dummy_value()

        return signature, code

    return tile


def make_listed_tile(vectors: int, narrow: bool, transposed: bool, unit: Vectors) -> Any:
    """``tile(count, which, rows, A, lda, B, ldb, S, lds, s_panel, C, ldc, panel)``: C = S + A B.

    Four rows of it: those that ``rows`` lists, or the first four if ``transposed``. The sums are
    over k = which[0], which[1] … in rising order: the chain of ``make_tile`` without the terms that
    are zero in all four rows.

    A is (…, K), or its transpose (K, …) if ``transposed``. Of B and C one lies in panels of two
    vectors, ``panel`` numbers from one to the next: B, or C if ``transposed``. The last vector may
    stand alone in a ``narrow`` panel, whose rows are half as long. S is like C, with ``s_panel``.
    """
    height = 4

    @intrinsic
    def tile(
        typing: Any, count: Any, which: Any, rows: Any, A: Any, lda: Any, B: Any, ldb: Any,
        S: Any, lds: Any, s_panel: Any, C: Any, ldc: Any, panel: Any,
    ) -> Any:  # fmt: skip
        whole = types.int64
        signature = types.void(
            whole, which, rows, A, whole, B, whole, S, whole, whole, C, whole, whole
        )

        def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
            v = Registers(b, element_of(context, A), unit)
            count_, which_, rows_, A_, lda_, B_, ldb_ = arguments[:7]
            S_, lds_, s_panel_, C_, ldc_, panel_ = arguments[7:]

            def listed(which: Any, q: Any) -> Any:
                return b.sext(b.load(place_at(b, which, q, I32), typ=I32, align=4), I64)

            def in_panels(row: Any, ld: Any, panel: Any, j: int) -> Any:
                if narrow and j == vectors - 1:
                    ld = b.ashr(ld, I64(1))
                offset = b.add(b.mul(panel, I64(j // 2)), I64(j % 2 * v.lanes))
                return b.add(b.mul(row, ld), offset)

            def in_rows(row: Any, ld: Any, panel: Any, j: int) -> Any:
                return b.add(b.mul(row, ld), I64(j * v.lanes))

            of_B, of_C = (in_rows, in_panels) if transposed else (in_panels, in_rows)
            four = [I64(i) if transposed else listed(rows_, I64(i)) for i in range(height)]
            places = [(i, j) for i in range(height) for j in range(vectors)]
            start = [v.load(S_, of_C(four[i], lds_, s_panel_, j)) for i, j in places]

            def step(q: Any, sums: list[Any]) -> list[Any]:
                k = listed(which_, q)
                b_row = [v.load(B_, of_B(k, ldb_, panel_, j)) for j in range(vectors)]
                new = []
                for i in range(height):
                    row, column = (k, four[i]) if transposed else (four[i], k)
                    a = v.broadcast(A_, b.add(b.mul(row, lda_), column))
                    new += [v.fma(a, b_row[j], sums[i * vectors + j]) for j in range(vectors)]
                return new

            sums = chain(b, count_, start, step)
            for (i, j), value in zip(places, sums, strict=True):
                v.store(value, C_, of_C(four[i], ldc_, panel_, j))
            return context.get_dummy_value()

        return signature, code

    return tile


def make_abreast_tile(vectors: int, transposed: bool, unit: Vectors) -> Any:
    """``tile(count, which, rows, A, lda, B, ldb, Bs, S, lds, Ss, C, ldc, Cs)``: Cⱼ = Sⱼ + A Bⱼ.

    Four rows of it and of several matrices one vector each, which ``make_listed_tile`` takes from
    one matrix. Bⱼ begins Bs[j] numbers after B, and so do Sⱼ and Cⱼ after S and C.
    """
    height = 4

    @intrinsic
    def tile(
        typing: Any, count: Any, which: Any, rows: Any, A: Any, lda: Any, B: Any, ldb: Any, Bs: Any,
        S: Any, lds: Any, Ss: Any, C: Any, ldc: Any, Cs: Any,
    ) -> Any:  # fmt: skip
        whole = types.int64
        signature = types.void(
            whole, which, rows, A, whole, B, whole, Bs, S, whole, Ss, C, whole, Cs
        )

        def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
            v = Registers(b, element_of(context, A), unit)
            count_, which_, rows_, A_, lda_, B_, ldb_, Bs_ = arguments[:8]
            S_, lds_, Ss_, C_, ldc_, Cs_ = arguments[8:]

            def listed(which: Any, q: Any) -> Any:
                return b.sext(b.load(place_at(b, which, q, I32), typ=I32, align=4), I64)

            def distances(table: Any) -> list[Any]:
                places = [place_at(b, table, I64(j), I64) for j in range(vectors)]
                return [b.load(place, typ=I64, align=8) for place in places]

            to_B, to_S, to_C = distances(Bs_), distances(Ss_), distances(Cs_)
            four = [I64(i) if transposed else listed(rows_, I64(i)) for i in range(height)]
            places = [(i, j) for i in range(height) for j in range(vectors)]
            start = [v.load(S_, b.add(b.mul(four[i], lds_), to_S[j])) for i, j in places]

            def step(q: Any, sums: list[Any]) -> list[Any]:
                k = listed(which_, q)
                b_row = [v.load(B_, b.add(b.mul(k, ldb_), to_B[j])) for j in range(vectors)]
                new = []
                for i in range(height):
                    row, column = (k, four[i]) if transposed else (four[i], k)
                    a = v.broadcast(A_, b.add(b.mul(row, lda_), column))
                    new += [v.fma(a, b_row[j], sums[i * vectors + j]) for j in range(vectors)]
                return new

            sums = chain(b, count_, start, step)
            for (i, j), value in zip(places, sums, strict=True):
                v.store(value, C_, b.add(b.mul(four[i], ldc_), to_C[j]))
            return context.get_dummy_value()

        return signature, code

    return tile


def make_transpose(unit: Vectors) -> Any:
    """``transpose(A, lda, B, ldb)``: B = Aᵀ for a block as high and wide as a vector is long."""

    @intrinsic
    def transpose(typing: Any, A: Any, lda: Any, B: Any, ldb: Any) -> Any:
        signature = types.void(A, types.int64, B, types.int64)

        def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
            v = Registers(b, element_of(context, A), unit)
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
