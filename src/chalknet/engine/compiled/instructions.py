# ruff: noqa: ARG001 - the names of an intrinsic's arguments are its signature
"""What the kernels say directly to LLVM: raw addresses, single instructions, atomics, formulas.

Nearly everything else in this folder is plain Python that Numba compiles. The functions below look
like functions there (``shifted(…)``) and become the instructions that they describe.
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
    "bits_set",
    "call_map",
    "call_outer",
    "converted",
    "element_of",
    "fused",
    "lanes_of",
    "load_atomically",
    "place_at",
    "plain",
    "pointer",
    "prefetch",
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
        place = place_at(b, arguments[0], arguments[1], element_of(context, base))
        return b.bitcast(place, context.get_value_type(base))

    return base(base, types.int64), code


@intrinsic
def address_of(typing: Any, base: Any, count: Any) -> Any:
    """The address (an integer) of the number ``count`` further on."""

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        return b.ptrtoint(place_at(b, arguments[0], arguments[1], element_of(context, base)), I64)

    return types.int64(base, types.int64), code


@intrinsic
def prefetch(typing: Any, base: Any, count: Any) -> Any:
    """Have the number ``count`` further on fetched into the second-level cache."""

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        place = place_at(b, arguments[0], arguments[1], element_of(context, base))
        place = b.bitcast(place, ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [place.type, I32, I32, I32])
        function = cgutils.get_or_insert_function(b.module, kind, "llvm.prefetch.p0")
        b.call(function, [place, I32(0), I32(2), I32(1)])
        return context.get_dummy_value()

    return types.void(base, types.int64), code


@intrinsic
def converted(typing: Any, value: Any, like: Any) -> Any:
    """The number as one of the type of ``like``."""

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        return context.cast(b, arguments[0], value, like)

    return like(value, like), code


@intrinsic
def plain(typing: Any, value: Any) -> Any:
    """The constant as a variable: Numba compiles a function once more for every constant."""
    kind = types.unliteral(value)

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        return arguments[0]

    return kind(kind), code


def lanes_of(unit: Vectors) -> Any:
    """``lanes(like)``: how many numbers of the type of ``like`` a vector holds."""

    @intrinsic
    def lanes(typing: Any, like: Any) -> Any:
        def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
            return I64(unit.bits // like.bitwidth)

        return types.int64(like), code

    return lanes


def element_of(context: Any, pointer_type: Any) -> Any:
    """LLVM's type of what a pointer points to."""
    return context.get_value_type(pointer_type.dtype)


def place_at(b: Any, base: Any, offset: Any, kind: Any) -> Any:
    """The address ``offset`` elements of this kind further on."""
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


@intrinsic
def bits_set(typing: Any, mask: Any) -> Any:
    """How many bits are set."""

    def code(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        return b.ctpop(arguments[0])

    return types.int64(types.int64), code


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
