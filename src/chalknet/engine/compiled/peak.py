"""The most that the register tile reaches here, which the speed of a step is measured against."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.engine.compiled.kernels import compiled
from chalknet.engine.compiled.processor import vectors
from chalknet.engine.compiled.threads import run_team
from chalknet.engine.compiled.workspace import address_of, aligned
from chalknet.errors import ConfigurationError

__all__ = ["gflops"]

# With 512-bit vectors a panel of B is 16 KB. It fits, with a tile's rows of A and C, into a
# first-level cache of 32 KB.
DEPTH = 128
FEWEST_SPANS = 5
SECONDS = 0.25
SECONDS_A_SPAN = 0.005  # handing work to other threads takes a hundredth of it


def gflops(dtype: npt.DTypeLike, threads: int) -> float:
    """Billions of floating-point operations a second, of all threads, on operands in the cache.

    Every thread multiplies matrices of its own again and again, by the code that multiplies in a
    step; a multiply-add counts as two operations. The figure is the best of many short spans, each
    timed from its first thread's start to its last one's end.

    Parameters
    ----------
    dtype : dtype
        float32 or float64.
    threads : int
        How many threads compute at once.

    Raises
    ------
    ConfigurationError
        If the dtype is another, or there is no thread.
    """
    number = np.dtype(dtype)
    if number not in (np.float32, np.float64) or threads < 1:
        raise ConfigurationError(
            "A peak is measured for float32 or float64 on at least one thread, "
            f"not for {number} on {threads}; ask for one of those."
        )
    kernel = compiled("peak", _kernel, number)
    operations, keep, descriptors = _operands(number, threads)
    best, spans, repeats = 0.0, 0, 1
    end = time.perf_counter() + SECONDS
    while spans < FEWEST_SPANS or time.perf_counter() < end:
        for descriptor in descriptors:
            descriptor[0] = repeats
        seconds, team = _seconds(kernel, descriptors)
        best = max(best, team * repeats * operations / seconds / 1e9)
        if seconds < SECONDS_A_SPAN:
            repeats *= 2
        else:
            spans += 1
    del keep  # until now the kernel knew these arrays by their addresses
    return best


def _kernel() -> Any:
    """C = A B, as often as asked: the kernel of the descriptor (times, rows, K, width, A, B, C)."""
    from chalknet.engine.compiled.gemm import multiply
    from chalknet.engine.compiled.instructions import pointer, shifted

    def kernel(D: Any, _thread: int, like: Any) -> None:
        rows, K, width = D[1], D[2], D[3]
        A, B, C = pointer(D[4], like), pointer(D[5], like), pointer(D[6], like)
        zeros = shifted(C, rows * width)
        for _ in range(D[0]):
            multiply(rows, K, A, K, B, width, zeros, 0, C, width)

    return kernel


def _operands(
    dtype: np.dtype[Any], threads: int
) -> tuple[int, list[np.ndarray[Any, Any]], list[np.ndarray[Any, Any]]]:
    """The operations of one product, and for each thread its matrices and their descriptor."""
    unit = vectors()
    rows, K, width = unit.rows, DEPTH, 2 * unit.lanes(dtype)
    keep, descriptors = [], []
    for _ in range(threads):
        A, B = aligned(rows * K, dtype), aligned(K * width, dtype)
        C = aligned((rows + 1) * width, dtype)
        A[...], B[...], C[...] = 0.5, 0.25, 0.0
        keep += [A, B, C]
        places = [address_of(array) for array in (A, B, C)]
        descriptors.append(np.array([1, rows, K, width, *places], np.int64))
    return 2 * rows * K * width, keep, descriptors


def _seconds(
    kernel: Callable[[int, int], None], descriptors: list[np.ndarray[Any, Any]]
) -> tuple[float, int]:
    """How long one call of the kernel on every thread takes, and how many threads there were."""
    nobody_waits = np.zeros(1, np.int64)
    team = [1]
    places = [address_of(descriptor) for descriptor in descriptors]

    def prepare(threads: int) -> tuple[Callable[[int], None], int]:
        team[0] = threads
        return (lambda thread: kernel(places[thread], thread)), address_of(nobody_waits)

    began = time.perf_counter()
    run_team(len(descriptors), prepare)
    return time.perf_counter() - began, team[0]
