"""How the steps of an epoch are executed; every engine computes the same mathematics."""

from __future__ import annotations

import functools
import importlib.util
import warnings

import numpy as np
import numpy.typing as npt

from chalknet.engine.notices import on_first_compile
from chalknet.engine.plan import Engine, Plan, Request, StepRange, Totals
from chalknet.engine.reference import ReferenceEngine
from chalknet.errors import MissingLibraryError, unknown_name

__all__ = [
    "ENGINES",
    "Engine",
    "Plan",
    "ReferenceEngine",
    "Request",
    "StepRange",
    "Totals",
    "as_engine",
    "on_first_compile",
    "prepare",
]

ENGINES = ("auto", "compiled", "reference")


def as_engine(name: str | Engine, threads: int | None = None) -> Engine:
    """The engine of that name; ``auto`` is the fastest that works here.

    Parameters
    ----------
    name : "auto", "compiled", "reference" or Engine
        Without Numba, ``auto`` is the reference engine, and a warning says so once.
    threads : int, optional
        At most so many; by default as many as are free and useful.

    Raises
    ------
    ConfigurationError
        The name is unknown (the message suggests the nearest).
    MissingLibraryError
        The compiled engine is asked for by name and Numba is not installed.
    """
    if not isinstance(name, str):
        return name if threads is None else name.with_threads(threads)
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    if name == "reference":
        return ReferenceEngine()
    if importlib.util.find_spec("numba") is not None:
        return _compiled(threads)
    if name == "compiled":
        raise MissingLibraryError("the compiled engine needs Numba: pip install numba.")
    _warn_of_slowness()
    return ReferenceEngine()


def prepare(dtype: npt.DTypeLike = np.float32) -> None:
    """Compile all that networks of ``dtype`` may need now, if this machine does not have it yet.

    That is the kernel, and the formulas of every activation, loss and optimizer that has a name.
    Otherwise the first training compiles what it needs. It takes some seconds, once a machine;
    where Numba is not installed there is nothing to prepare.
    """
    if importlib.util.find_spec("numba") is not None:
        from chalknet.engine.compiled.ahead import compile_ahead

        compile_ahead(np.dtype(dtype))


@functools.cache
def _warn_of_slowness() -> None:
    """Once a process, wherever it is asked from."""
    warnings.warn(
        "Numba is not installed, so training runs on the reference engine, which is many times "
        "slower: pip install numba.",
        RuntimeWarning,
        stacklevel=3,
    )


@functools.cache
def _compiled(threads: int | None) -> Engine:
    """One engine a process, so that what prediction has prepared is found again."""
    from chalknet.engine.compiled.engine import CompiledEngine

    return CompiledEngine(threads)
