"""The vocabulary of vector code: numbers, integers and truths in so many lanes, as LLVM takes them.

``elementary.py`` and ``emit.py`` are written in it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir

__all__ = ["COMPARE", "I32", "I64", "POINTER", "Lanes", "Value"]

I32, I64, POINTER = ir.IntType(32), ir.IntType(64), ir.PointerType()

COMPARE = {
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "equal": "==",
    "not_equal": "!=",
}


@dataclass
class Value:
    """A vector of numbers, integers or truths on its way through LLVM."""

    lanes: Lanes
    ir: Any

    def _with(self, result: Any) -> Value:
        return Value(self.lanes, result)

    @property
    def _is_integer(self) -> bool:
        return isinstance(getattr(self.ir.type, "element", self.ir.type), ir.IntType)

    def __add__(self, other: Value) -> Value:
        b = self.lanes.builder
        return self._with((b.add if self._is_integer else b.fadd)(self.ir, other.ir))

    def __sub__(self, other: Value) -> Value:
        b = self.lanes.builder
        return self._with((b.sub if self._is_integer else b.fsub)(self.ir, other.ir))

    def __mul__(self, other: Value) -> Value:
        return self._with(self.lanes.builder.fmul(self.ir, other.ir))

    def __truediv__(self, other: Value) -> Value:
        return self._with(self.lanes.builder.fdiv(self.ir, other.ir))

    def __neg__(self) -> Value:
        return self._with(self.lanes.builder.fneg(self.ir))

    def compare(self, name: str, other: Value) -> Value:
        """A truth a lane; every comparison with a NaN is false, except ``not_equal``."""
        b = self.lanes.builder
        compare = b.fcmp_unordered if name == "not_equal" else b.fcmp_ordered
        return self._with(compare(COMPARE[name], self.ir, other.ir))

    def less(self, other: Value) -> Value:
        """Self < other."""
        return self.compare("less", other)

    def greater(self, other: Value) -> Value:
        """Self > other."""
        return self.compare("greater", other)

    def equal(self, other: Value) -> Value:
        """Self == other."""
        return self.compare("equal", other)

    def not_equal(self, other: Value) -> Value:
        """Self != other, true for NaNs."""
        return self.compare("not_equal", other)

    def choose(self, yes: Value, no: Value) -> Value:
        """Where this truth holds ``yes``, else ``no``."""
        return self._with(self.lanes.builder.select(self.ir, yes.ir, no.ir))

    def absolute(self) -> Value:
        """|x|."""
        return self.lanes.intrinsic("llvm.fabs", self)

    def shift_right(self, bits: int) -> Value:
        """Of integers, the sign kept."""
        return self._with(self.lanes.builder.ashr(self.ir, self.lanes.integer(bits).ir))

    def shift_left(self, bits: int) -> Value:
        """Of integers."""
        return self._with(self.lanes.builder.shl(self.ir, self.lanes.integer(bits).ir))

    def as_bits(self) -> Value:
        """The bits of a number as an integer of its size."""
        return self._with(self.lanes.builder.bitcast(self.ir, self.lanes.integers))

    def as_number(self) -> Value:
        """The number that has these bits."""
        return self._with(self.lanes.builder.bitcast(self.ir, self.lanes.reals))

    def to_number(self) -> Value:
        """The integer as a number."""
        return self._with(self.lanes.builder.sitofp(self.ir, self.lanes.reals))

    def power_of_two(self) -> Value:
        """2ⁿ of an integer n within the range of exponents."""
        bias = self.lanes.integer((1 << (self.lanes.bits - self.lanes.mantissa_bits - 2)) - 1)
        return (self + bias).shift_left(self.lanes.mantissa_bits).as_number()


class Lanes:
    """The vocabulary of vector code of one width and type, at one place in a function."""

    def __init__(self, builder: ir.IRBuilder, dtype: np.dtype[Any], width: int, fma: bool) -> None:
        self.builder = builder
        self.bits = 8 * dtype.itemsize
        self.mantissa_bits = 23 if self.bits == 32 else 52
        self.width = width
        self.real: Any = ir.FloatType() if self.bits == 32 else ir.DoubleType()
        whole = ir.IntType(self.bits)
        self.reals: Any = self.real if width == 1 else ir.VectorType(self.real, width)
        self.integers: Any = whole if width == 1 else ir.VectorType(whole, width)
        self.truths: Any = ir.VectorType(ir.IntType(1), width)
        self._fma = fma

    def constant(self, value: float) -> Value:
        """The same number in every lane, rounded to the type."""
        if self.bits == 32 and np.isfinite(value):
            value = struct.unpack("f", struct.pack("f", np.float32(value)))[0]
        return Value(self, self._splat(self.reals, float(value)))

    def integer(self, value: int) -> Value:
        """The same integer in every lane."""
        return Value(self, self._splat(self.integers, value))

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        """A b + c, with one rounding where the processor can."""
        return self.intrinsic("llvm.fma", a, b, c) if self._fma else a * b + c

    def intrinsic(self, name: str, *values: Value) -> Value:
        """One of LLVM's own functions, lane by lane."""
        module = self.builder.module
        full_name = f"{name}.{'' if self.width == 1 else f'v{self.width}'}f{self.bits}"
        function = module.globals.get(full_name)
        if function is None:
            kind = ir.FunctionType(self.reals, [self.reals] * len(values))
            function = ir.Function(module, kind, full_name)
        return Value(self, self.builder.call(function, [value.ir for value in values]))

    def load(self, pointer: Any, present: Any = None) -> Value:
        """As many numbers as there are lanes, from any address; zero where one is not present."""
        if present is None:
            return Value(self, self.builder.load(pointer, typ=self.reals, align=self.bits // 8))
        function = self._masked("load", self.reals, [POINTER, I32, self.truths, self.reals])
        arguments = [pointer, I32(self.bits // 8), present, self.constant(0.0).ir]
        return Value(self, self.builder.call(function, arguments))

    def store(self, value: Value, pointer: Any, present: Any = None) -> None:
        """The reverse of ``load``; what is not present is left as it was."""
        if present is None:
            self.builder.store(value.ir, pointer, align=self.bits // 8)
            return
        function = self._masked("store", ir.VoidType(), [self.reals, POINTER, I32, self.truths])
        self.builder.call(function, [value.ir, pointer, I32(self.bits // 8), present])

    def first(self, count: Any) -> Any:
        """Which lanes are among the first ``count``."""
        b, kind = self.builder, ir.VectorType(I64, self.width)
        undefined, zeros = ir.Constant(kind, ir.Undefined), [0] * self.width
        counts = b.insert_element(undefined, count, I32(0))
        counts = b.shuffle_vector(
            counts, undefined, ir.Constant(ir.VectorType(I32, self.width), zeros)
        )
        return b.icmp_signed("<", ir.Constant(kind, list(range(self.width))), counts)

    def _masked(self, what: str, result: Any, arguments: list[Any]) -> Any:
        name = f"llvm.masked.{what}.v{self.width}f{self.bits}.p0"
        module = self.builder.module
        function = module.globals.get(name)
        return function or ir.Function(module, ir.FunctionType(result, arguments), name)

    def broadcast(self, scalar: Any) -> Value:
        """A scalar of the type in every lane."""
        if self.width == 1:
            return Value(self, scalar)
        b, undefined = self.builder, ir.Constant(self.reals, ir.Undefined)
        first = b.insert_element(undefined, scalar, I32(0))
        zeros = ir.Constant(ir.VectorType(I32, self.width), [0] * self.width)
        return Value(self, b.shuffle_vector(first, undefined, zeros))

    def _splat(self, kind: Any, value: float) -> Any:
        return ir.Constant(kind, value if self.width == 1 else [value] * self.width)
