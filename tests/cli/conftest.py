"""Running the command line: in this process for speed, in another where signals are involved."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest

from chalknet.cli.app import main


@dataclass
class Result:
    status: int
    out: str
    err: str

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def last(self):
        return self.lines[-1]


@pytest.fixture
def chalknet(capsys, tmp_path, monkeypatch):
    """Run ``chalknet ARGUMENTS`` in an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Result(status, out, err)

    return run


@pytest.fixture
def start(tmp_path):
    """Start ``chalknet ARGUMENTS`` as a process of its own."""
    started = []

    def begin(*arguments, **options):
        command = [sys.executable, "-m", "chalknet", *map(str, arguments)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True, **options
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
