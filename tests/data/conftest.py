from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REFUSAL = """
import resource, sys
from chalknet.data import read_dataset
from chalknet.errors import DataFormatError

def peak():
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return [resource.getrusage(kind).ru_maxrss * 1024 for kind in kinds]

try:
    read_dataset(sys.argv[2])
except DataFormatError:
    pass
before = peak()
try:
    read_dataset(sys.argv[1])
except DataFormatError as error:
    print(error)
print(max(now - then for now, then in zip(peak(), before)))
"""


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[[Path], tuple[str, int]]:
    """Read a file in a process of its own: what it said, and by how many bytes it grew.

    What the libraries need themselves is not counted: they are loaded with an empty file first.
    """

    def told(path: Path) -> tuple[str, int]:
        empty = tmp_path / f"empty{path.suffix}"
        empty.write_bytes(b"")
        command = [sys.executable, "-c", REFUSAL, path, empty]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        message, grown = done.stdout.rstrip().rsplit("\n", 1)
        return message, int(grown)

    return told
