"""The peak is a rate of work that was really done; how high it is depends on the machine."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chalknet.engine.compiled import peak
from chalknet.engine.compiled.kernels import compiled
from chalknet.errors import ConfigurationError


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("threads", [1, 3])
def test_the_peak_is_a_positive_number(
    dtype: type, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peak, "SECONDS", 0.0)
    found = peak.gflops(dtype, threads)
    assert type(found) is float
    assert math.isfinite(found)
    assert found > 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_thread_multiplies_its_matrices(dtype: str) -> None:
    number = np.dtype(dtype)
    operations, arrays, descriptors = peak._operands(number, 3)
    rng = np.random.default_rng(0)
    for array in arrays[0::3] + arrays[1::3]:
        array[...] = rng.normal(size=array.size)
    peak._seconds(compiled("peak", peak._kernel, number), descriptors)
    for thread, descriptor in enumerate(descriptors):
        A, B, C = arrays[3 * thread : 3 * thread + 3]
        rows, K, width = (int(size) for size in descriptor[1:4])
        assert operations == 2 * rows * K * width
        A, B = A.reshape(rows, K).astype(float), B.reshape(K, width).astype(float)
        found = C.reshape(rows + 1, width)
        # The bound of any order of K additions: K roundings of the sum of the magnitudes.
        bound = 2 * K * np.finfo(number).eps * (abs(A) @ abs(B))
        assert (abs(found[:rows] - A @ B) <= bound).all()
        assert not found[rows].any()


def test_the_operands_fit_into_a_first_level_cache() -> None:
    for dtype in (np.float32, np.float64):
        _, arrays, _ = peak._operands(np.dtype(dtype), 1)
        assert sum(array.nbytes for array in arrays) <= 32 * 1024


@pytest.mark.parametrize(("dtype", "threads"), [("float16", 1), ("int64", 1), ("float32", 0)])
def test_what_has_no_peak_is_refused(dtype: str, threads: int) -> None:
    with pytest.raises(ConfigurationError, match=f"not for {dtype} on {threads}"):
        peak.gflops(dtype, threads)
