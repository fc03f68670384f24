"""What this processor can do: its vectors, and how many of its cores this process may use."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["Vectors", "usable_cores", "vectors"]


@dataclass(frozen=True)
class Vectors:
    """The vector unit that the kernels are made for.

    Attributes
    ----------
    bits : int
        Width of a vector register: 512, 256 or 128.
    rows : int
        Rows of the register tile; it is two vectors wide, so ``2 * rows`` accumulators.
    fma : bool
        Whether the processor multiplies and adds with one rounding.
    cpu, features : str
        As LLVM names them.
    """

    bits: int
    rows: int
    fma: bool
    cpu: str
    features: str

    def lanes(self, dtype: np.dtype[np.floating]) -> int:
        """How many numbers of ``dtype`` a vector holds."""
        return self.bits // (8 * dtype.itemsize)


@functools.cache
def vectors() -> Vectors:
    """The vector unit of this processor; ``CHALKNET_VECTOR_BITS`` may ask for a narrower one."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    cpu = llvm.get_host_cpu_name()
    x86 = "sse2" in features
    bits = 128
    if features.get("avx2") and features.get("fma"):
        bits = 256
    if features.get("avx512f") and features.get("avx512dq") and features.get("avx512vl"):
        bits = 512
    bits = min(bits, int(os.environ.get("CHALKNET_VECTOR_BITS", bits)))
    # 512-bit AVX and NEON have 32 vector registers, older x86 has 16: two columns of accumulators,
    # two vectors of B and one of A have to fit.
    rows = 8 if bits == 512 or not x86 else 6
    fma = bool(features.get("fma")) or not x86
    return Vectors(bits, rows, fma, cpu, features.flatten())


def usable_cores() -> int:
    """How many cores this process may use: its affinity, its control group's quota, OpenMP's word.

    ``OMP_NUM_THREADS`` is heeded because joblib sets it in its workers so that they share the
    machine.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limits = [cores or 1, _quota()]
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        limits.append(int(asked))
    return max(1, min(limits))


def _quota() -> int:
    """The cores that a Linux control group grants, rounded up; no limit where there is none."""
    unlimited = 1 << 16
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return unlimited if quota == "max" else max(1, -(-int(quota) // int(period)))
    except (OSError, ValueError):
        return unlimited
