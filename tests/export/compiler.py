"""A C compiler, with every warning an error."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

COMMAND = ["gcc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"]


def compiled(source: Path, optimize: str = "-O1") -> Path:
    """The program in a C file; without a compiler a failure in CI, elsewhere a skip."""
    if shutil.which("gcc") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("gcc is needed for C headers")
    program = source.with_suffix(".program")
    command = [*COMMAND, optimize, "-o", program, source, "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]
    return program
