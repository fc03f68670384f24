"""The README's commands run as they stand, on a fresh folder, and its pictures exist."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from chalknet.cli.app import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
COMMANDS = [line[2:] for block in BLOCKS for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.slow
def test_every_command_of_the_tour_works(tmp_path, monkeypatch, data_dir, capsys):
    assert len(COMMANDS) >= 4
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHALKNET_DATA", str(data_dir))
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "chalknet"
        assert main(arguments) == 0, capsys.readouterr().err


def test_the_two_commands_are_targets_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_its_pictures_and_links_exist():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).is_file(), target
