"""``following.follow`` for very many points: from the same Python source, as machine code.

It is compiled once a machine and kept where the engine keeps its kernels, without fused operations
or anything else that would change a bit. Loading it does not import Numba. Where Numba is missing,
or its cache folder, that costs time and nothing else.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.construct import following

__all__ = ["follow_compiled"]

Array = npt.NDArray[Any]

NUMBERS = 11, 12  # which arguments of ``follow`` are numbers; the others are arrays


def follow_compiled() -> Callable[..., None] | None:
    """``follow`` for arrays of float64 and int64; None where it cannot be compiled."""
    try:
        kernel = _kernel()
    except (ImportError, OSError):
        return None

    def follow(*arguments: Any) -> None:
        descriptor = np.array(
            [value if i in NUMBERS else value.ctypes.data for i, value in enumerate(arguments)],
            np.int64,
        )
        kernel(descriptor.ctypes.data, 0)

    return follow


@functools.cache
def _kernel() -> Any:
    import ctypes

    from chalknet.engine.compiled.objects import callable_at, entry_point

    address = entry_point(f"follow {_digest_of_sources()}", _object)
    return callable_at(address, None, ctypes.c_int64, ctypes.c_int64)


def _digest_of_sources() -> str:
    """Of everything that ``follow`` calls, and of what compiles it."""
    from chalknet.engine import compiled

    parts = "double_double", "turns", "neuron_in_pairs", "following", "machine_code"
    files = [Path(__file__).parent / f"{part}.py" for part in parts]
    engine = Path(str(compiled.__file__)).parent
    files += [engine / f"{part}.py" for part in ("compilation", "instructions", "objects")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _object() -> bytes:
    """The object file of ``follow``, for arguments that a descriptor holds the addresses of."""
    import numba

    from chalknet.engine.compiled.compilation import KERNEL, object_of_kernel
    from chalknet.engine.compiled.instructions import pointer

    follow = _compilable(following.follow, numba.njit(**KERNEL), {})
    whole = numba.njit(**KERNEL)(lambda D, k: pointer(D[k], np.int64(0)))

    def kernel(D: Any, _thread: Any, like: Any) -> None:
        follow(
            pointer(D[0], like),
            pointer(D[1], like),
            whole(D, 2),
            whole(D, 3),
            whole(D, 4),
            pointer(D[5], like),
            pointer(D[6], like),
            pointer(D[7], like),
            pointer(D[8], like),
            pointer(D[9], like),
            pointer(D[10], like),
            D[11],
            D[12],
            whole(D, 13),
            pointer(D[14], like),
        )

    return object_of_kernel(kernel, numba.types.float64)


def _compilable(function: Any, compiled: Any, done: dict[Any, Any]) -> Any:
    """The function for Numba, and all functions that it calls."""
    if function not in done:
        names = {
            name: function.__globals__[name]
            for name in function.__code__.co_names
            if name in function.__globals__
        }
        for name, value in names.items():
            if isinstance(value, FunctionType):
                names[name] = _compilable(value, compiled, done)
        done[function] = compiled(FunctionType(function.__code__, names, function.__name__))
    return done[function]
