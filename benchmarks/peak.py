"""The machine's matrix-product peak: GFLOP/s of all threads on operands that lie in the cache."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

SECONDS = 0.2
# Three square matrices of float64 up to this size lie in a second-level cache of 1 MiB.
SIZES = (96, 128, 192)
MICRO_KERNEL = "chalknet.engine.compiled.peak"


@dataclass(frozen=True)
class Peak:
    """GFLOP/s, and what reached them."""

    gflops: float
    by: str


def measured(dtype: npt.DTypeLike, threads: int) -> Peak:
    """By chalknet's micro-kernel where the compiled engine has one, else by NumPy's BLAS."""
    found = micro_kernel_gflops(dtype, threads)
    if found is not None:
        return Peak(found, "chalknet's micro-kernel")
    return Peak(max(_blas_gflops(size, dtype, threads) for size in SIZES), "NumPy's BLAS")


def micro_kernel_gflops(dtype: npt.DTypeLike, threads: int) -> float | None:
    """The hook: ``chalknet.engine.compiled.peak.gflops(dtype, threads)``, where there is one."""
    try:
        if find_spec(MICRO_KERNEL) is None:
            return None
        from chalknet.engine.compiled.peak import gflops
    except ImportError:
        return None
    return float(gflops(np.dtype(dtype), threads))


def _blas_gflops(size: int, dtype: npt.DTypeLike, threads: int) -> float:
    """Each thread multiplies matrices of its own, so that none waits for another."""
    with threadpool_limits(limits=1), ThreadPoolExecutor(threads) as pool:
        rates = list(pool.map(lambda _: _rate(size, dtype), range(threads)))
    return sum(rates)


def _rate(size: int, dtype: npt.DTypeLike) -> float:
    """The best of many short spans: what else the machine does is no part of its peak."""
    A, B = np.ones((2, size, size), dtype)
    C = A @ B
    shortest, end = np.inf, time.perf_counter() + SECONDS
    while (began := time.perf_counter()) < end:
        for _ in range(10):
            np.matmul(A, B, out=C)
        shortest = min(shortest, (time.perf_counter() - began) / 10)
    return float(2 * size**3 / shortest / 1e9)
