"""Vector registers while code is made: loads, stores and multiply-adds of whole vectors."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from chalknet.engine.compiled.instructions import place_at
from chalknet.engine.compiled.processor import Vectors

__all__ = ["Registers", "chain"]

I32, I64 = ir.IntType(32), ir.IntType(64)


class Registers:
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
        """The vector ``offset`` elements further on."""
        return self.b.load(
            place_at(self.b, base, offset, self.element), typ=self.type, align=self.bytes
        )

    def store(self, value: Any, base: Any, offset: Any) -> None:
        """The reverse."""
        place = place_at(self.b, base, offset, self.element)
        self.b.store(value, self.b.bitcast(place, self.type.as_pointer()), align=self.bytes)

    def broadcast(self, base: Any, offset: Any) -> Any:
        """The number there, in every lane."""
        place = place_at(self.b, base, offset, self.element)
        return self.splat(self.b.load(place, typ=self.element, align=self.bytes))

    def splat(self, number: Any) -> Any:
        """A scalar in every lane."""
        b, undefined = self.b, ir.Constant(ir.VectorType(number.type, self.lanes), ir.Undefined)
        zeros = ir.Constant(ir.VectorType(I32, self.lanes), [0] * self.lanes)
        return b.shuffle_vector(b.insert_element(undefined, number, I32(0)), undefined, zeros)

    def fma(self, x: Any, y: Any, c: Any) -> Any:
        """The sum x y + c, with one rounding where the processor can."""
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


def chain(b: Any, count: Any, start: list[Any], step: Any) -> list[Any]:
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
