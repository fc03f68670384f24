"""From Python kernels to object files: Numba compiles, and what remains is free of Python."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import llvmlite.binding as llvm
import numba
from numba import types
from numba.core import codegen, config
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

__all__ = ["INLINED", "KERNEL", "object_of_kernel"]

# No error can arise in a kernel: nothing is bounds-checked, and division follows IEEE 754.
KERNEL: dict[str, Any] = {
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}
INLINED: dict[str, Any] = KERNEL | {"forceinline": True}
ENTRY_CODE = """{module}
define void @{name}(ptr %descriptor, i64 %thread) {{
  %places = alloca [2 x i64]
  %exception = getelementptr i64, ptr %places, i64 1
  call i32 @"{entry}"(ptr %places, ptr %exception, ptr %descriptor, i64 %thread, {number} 0.0)
  ret void
}}
"""


def object_of_kernel(kernel: Callable[..., Any], like: Any) -> bytes:
    """The object file of ``kernel(descriptor, thread, like)`` for numbers of the type ``like``.

    Its entry point takes the first two: Numba's own calling convention, with a place for a result
    and one for an exception, neither ever used, stays inside.
    """
    from chalknet.engine.compiled.objects import ENTRY, object_of_code

    signature = types.void(types.CPointer(types.int64), types.int64, like)
    with _nothing_thrown_away(), _translating_only():
        compiled = numba.njit(signature, **KERNEL)(kernel)
    module = llvm.parse_assembly(compiled.inspect_llvm(compiled.signatures[0]))
    entry = compiled.overloads[compiled.signatures[0]].fndesc.llvm_func_name
    for function in module.functions:
        if not function.is_declaration:
            function.linkage = "internal"
    number = "float" if like == types.float32 else "double"
    return object_of_code(ENTRY_CODE.format(module=module, entry=entry, name=ENTRY, number=number))


@contextmanager
def _nothing_thrown_away() -> Iterator[None]:
    """Spare Python the search for garbage: compilation makes little, of very many objects."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@contextmanager
def _translating_only() -> Iterator[None]:
    """Have Numba translate to LLVM's language and leave it at that.

    By itself it would optimize and assemble every function that it meets, for use from Python; the
    whole is optimized and assembled once, at the end. This makes the first run four times shorter.
    Where a version of Numba has other insides, it merely takes the longer way.
    """
    generator = cpu_target.target_context.codegen()
    inside = (
        (config, "OPT", type(config.OPT)(0)),
        (generator, "_add_module", lambda _: None),
        (generator, "set_env", lambda *_: None),
        (codegen.JITCodeLibrary, "_finalize_specific", lambda _: None),
        (codegen.JITCodeLibrary, "_optimize_final_module", lambda _: None),
    )
    with global_compiler_lock, ExitStack() as changes:
        for owner, name, value in inside:
            if hasattr(owner, name):
                changes.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, value)
        yield
