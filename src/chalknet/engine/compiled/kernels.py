"""The kernels a network needs, as addresses: traced or compiled now, or taken from the cache."""

from __future__ import annotations

import ctypes
import functools
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chalknet.engine.compiled.emit import map_code, outer_code
from chalknet.engine.compiled.formulas import Expression, canonical, trace
from chalknet.engine.compiled.objects import callable_at, entry_point, object_of_code
from chalknet.engine.compiled.processor import vectors
from chalknet.operations import dropout

__all__ = ["compiled", "map_kernel", "network_kernel", "outer_kernel"]

Dtype = np.dtype[Any]


def map_kernel(formula: Callable[..., Any], dtype: Dtype, *, real: int, weak: int = 0) -> int:
    """``emit.map_code`` of a formula with so many arguments and coefficients."""
    results = trace(formula, real=real, weak=weak)
    return _of_formula("map", results, dtype, lambda: map_code(results, real, dtype, vectors()))


def outer_kernel(update: Callable[..., Any], dtype: Dtype, *, weak: int) -> int:
    """``emit.outer_code`` of an update rule without slots."""
    results = trace(update, real=2, weak=weak)
    return _of_formula("outer", results, dtype, lambda: outer_code(results, dtype, vectors()))


def _of_formula(
    loop: str, results: Sequence[Expression], dtype: Dtype, code: Callable[[], str]
) -> int:
    identity = f"{loop} {dtype} {_digest_of_emitter()} {canonical(results)}"
    return entry_point(identity, lambda: object_of_code(code()))


@functools.cache
def network_kernel(dtype: Dtype) -> Callable[[int, int], None]:
    """``step.run`` as a function of (address of the descriptor, number of the thread)."""

    def kernel() -> Any:
        from chalknet.engine.compiled.step import run

        return run

    return compiled("network", kernel, dtype)


def compiled(name: str, kernel: Callable[[], Any], dtype: Dtype) -> Callable[[int, int], None]:
    """A Python kernel of this folder, as a function of (address of the descriptor, thread).

    ``kernel`` gives the function of (descriptor, thread, a number of the type to compute in). It is
    called, and Numba imported, only if the object file is not in the cache.
    """

    def make() -> bytes:
        from numba import types

        from chalknet.engine.compiled.compilation import object_of_kernel

        return object_of_kernel(kernel(), types.float32 if dtype.itemsize == 4 else types.float64)

    address = entry_point(f"{name} {dtype} {_digest_of_sources()}", make)
    call: Callable[[int, int], None] = callable_at(address, None, ctypes.c_int64, ctypes.c_int64)
    return call


@functools.cache
def _digest_of_sources() -> str:
    """Of everything the Python kernels are made of."""
    files = [*sorted(Path(__file__).parent.glob("*.py")), Path(dropout.__file__)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@functools.cache
def _digest_of_emitter() -> str:
    """Of everything that turns a formula into code."""
    folder = Path(__file__).parent
    files = [folder / name for name in ("emit.py", "lanes.py", "elementary.py", "objects.py")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
