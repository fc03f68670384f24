# ruff: noqa: ARG001 - the names of an intrinsic's arguments are its signature
"""Which numbers are not zero: found a vector at a time, without a branch."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from chalknet.engine.compiled.instructions import element_of, place_at

__all__ = ["marks_of", "places_of", "rows_marked"]

I32, I64 = ir.IntType(32), ir.IntType(64)


@intrinsic
def marks_of(typing: Any, row: Any, k: Any) -> Any:
    """Which of the 16 numbers from the k-th on are not zero, a bit each."""

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        element = element_of(context, row)
        kind = ir.VectorType(element, 16)
        place = place_at(b, arguments[0], arguments[1], element)
        numbers = b.load(place, typ=kind, align=4 if element == ir.FloatType() else 8)
        kept = b.fcmp_unordered("!=", numbers, ir.Constant(kind, [0.0] * 16))
        return b.zext(b.bitcast(kept, ir.IntType(16)), I64)

    return types.int64(row, types.int64), code


@intrinsic
def rows_marked(typing: Any, marks: Any, stride: Any) -> Any:
    """Which of 16 rows' marks, ``stride`` apart, have one of the lowest four bits set: a bit each.

    The next 16 bits say so of the marks' next four bits, and so on.
    """

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        short = ir.IntType(16)
        kind = ir.VectorType(short, 16)
        found: Any = ir.Constant(kind, ir.Undefined)
        for row in range(16):
            place = place_at(b, arguments[0], b.mul(arguments[1], I64(row)), short)
            found = b.insert_element(found, b.load(place, typ=short, align=2), I32(row))
        four = I64(0)
        for part in range(4):
            bits = b.and_(found, ir.Constant(kind, [15 << 4 * part] * 16))
            marked = b.icmp_unsigned("!=", bits, ir.Constant(kind, [0] * 16))
            mask = b.zext(b.bitcast(marked, short), I64)
            four = b.or_(four, b.shl(mask, I64(16 * part)))
        return four

    return types.int64(marks, types.int64), code


@intrinsic
def places_of(typing: Any, mask: Any, first: Any, which: Any) -> Any:
    """The places of the bits set among 16, counted from ``first``, to ``which``; gives how many.

    What stands behind them, up to the sixteenth, is overwritten.
    """

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        mask_, first_, which_ = arguments
        kind, truths = ir.VectorType(I32, 16), ir.VectorType(ir.IntType(1), 16)
        bits = b.trunc(mask_, ir.IntType(16))
        undefined = ir.Constant(kind, ir.Undefined)
        begin = b.insert_element(undefined, b.trunc(first_, I32), I32(0))
        begins = b.shuffle_vector(begin, undefined, ir.Constant(kind, [0] * 16))
        places = b.add(begins, ir.Constant(kind, list(range(16))))
        function = cgutils.get_or_insert_function(
            b.module,
            ir.FunctionType(kind, [kind, truths, kind]),
            "llvm.experimental.vector.compress.v16i32",
        )
        kept = b.call(function, [places, b.bitcast(bits, truths), undefined])
        b.store(kept, b.bitcast(which_, kind.as_pointer()), align=4)
        return b.zext(b.ctpop(bits), I64)

    return types.int64(types.int64, types.int64, which), code
