"""Machine code: made once a machine, kept as object files in a cache folder, loaded when needed.

A file's name is a digest of all that its content follows from: the code's own identity (its source
or its formula), the processor, and the versions of Numba and llvmlite. Loading needs llvmlite
alone, so a process that finds all its kernels in the cache never imports Numba, which takes longer
than they do. A cache that is absent, read-only or damaged costs time and nothing else.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.metadata
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm

from chalknet.engine.compiled.processor import vectors
from chalknet.engine.notices import on_first_compile

__all__ = ["cache_folder", "entry_point", "object_of_code"]

ENTRY = "kernel"
DIGEST_BYTES = 32

_lock = threading.RLock()
_loaded: dict[str, int] = {}
_kept_alive: list[Any] = []
_announced: list[bool] = []


def _start_anew() -> None:
    global _lock  # noqa: PLW0603 - in the parent a thread that the child lacks may have held it
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


def cache_folder() -> Path | None:
    """Where object files are kept: ``CHALKNET_CACHE``, or the user's cache folder; None if none."""
    asked = os.environ.get("CHALKNET_CACHE")
    if asked:
        return Path(asked) / "kernels"
    try:
        import platformdirs

        return Path(platformdirs.user_cache_dir("chalknet", appauthor=False)) / "kernels"
    except (OSError, RuntimeError, KeyError):
        return None  # no home folder


def entry_point(identity: str, make: Callable[[], bytes]) -> int:
    """The address of the function ``kernel`` in the object file that ``make`` makes.

    ``identity`` says all that the file follows from, besides processor and versions.
    """
    name = hashlib.sha256("\n".join((identity, *_surroundings())).encode()).hexdigest()[:40]
    with _lock:
        if name not in _loaded:
            code = _read(name)
            if code is None:
                _announce()
                code = make()
                _write(name, code)
            _loaded[name] = _load(code)
        return _loaded[name]


def object_of_code(code: str) -> bytes:
    """The object file of a module in LLVM's language that defines ``kernel``."""
    module = llvm.parse_assembly(code)
    module.verify()
    machine = _target_machine()
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    passes.getModulePassManager().run(module, passes)
    return bytes(machine.emit_object(module))


def _announce() -> None:
    if not _announced:
        _announced.append(True)
        for listener in on_first_compile:
            listener()


@functools.cache
def _surroundings() -> tuple[str, ...]:
    unit = vectors()
    versions = (importlib.metadata.version(name) for name in ("numba", "llvmlite"))
    return (llvm.get_process_triple(), unit.cpu, unit.features, str(unit.bits), *versions)


@functools.cache
def _target_machine() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    unit = vectors()
    _name_outside_functions()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(
        cpu=unit.cpu,
        features=unit.features,
        opt=3,
        reloc="default",
        codemodel="jitdefault",
        jit=True,
    )


def _name_outside_functions() -> None:
    """Tell the loader where the few functions are that machine code calls by name."""
    library = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None)
    places = [(name, library) for name in ("memcpy", "memmove", "memset")]
    if sys.platform == "win32":
        places.append(("SwitchToThread", ctypes.windll.kernel32))
    else:
        places.append(("sched_yield", library))
    for name, where in places:
        address = ctypes.cast(getattr(where, name), ctypes.c_void_p).value
        llvm.add_symbol(name, address)


def _load(code: bytes) -> int:
    machine = _target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _kept_alive.append(engine)
    address = int(engine.get_function_address(ENTRY))
    if not address:
        raise RuntimeError("a kernel's object file does not define its entry point")
    return address


def _read(name: str) -> bytes | None:
    """The object file of that name if it is there and whole."""
    folder = cache_folder()
    try:
        content = (folder / f"{name}.o").read_bytes() if folder else b""
    except OSError:
        return None
    digest, code = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
    return code if code and hashlib.sha256(code).digest() == digest else None


def _write(name: str, code: bytes) -> None:
    """Put the file in place in one piece, so that processes started together cannot disturb it."""
    folder = cache_folder()
    if folder is None:
        return
    temporary = ""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        Path(temporary).replace(folder / f"{name}.o")
    except OSError:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def callable_at(address: int, result: Any, *arguments: Any) -> Any:
    """A C function at an address, to be called from Python without the interpreter's lock."""
    return ctypes.CFUNCTYPE(result, *arguments)(address)
