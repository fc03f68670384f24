"""The machine and the libraries a run was made with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = (
    "chalknet", "numpy", "numba", "llvmlite", "torch", "scikit-learn", "jax", "jaxlib", "onnx",
    "onnxruntime",
)  # fmt: skip
# The widest first.
INSTRUCTIONS = ("avx512f", "avx2", "avx", "sse4_2", "asimd")


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def restrict_to(threads: int) -> None:
    """Leave this process so many cores, whatever libraries it loads afterwards.

    Libraries that offer no setting of their own, such as JAX, start one thread a core.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM"):
        os.environ[f"{library}_NUM_THREADS"] = str(threads)


def description() -> dict[str, Any]:
    model, flags = _processor()
    return {
        "processor": model,
        "instructions": next((name for name in INSTRUCTIONS if name in flags), "unknown"),
        "cores_in_use": cores(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "load_at_start": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
    }


def _processor() -> tuple[str, list[str]]:
    """Its name and its flags; on Linux from the kernel, elsewhere what Python knows."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor() or platform.machine(), []
    lines = (line.partition(":") for line in path.read_text().splitlines())
    about = {key.strip(): value.strip() for key, _, value in lines}
    flags = about.get("flags") or about.get("Features") or ""
    return about.get("model name", platform.machine()), flags.split()


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None
