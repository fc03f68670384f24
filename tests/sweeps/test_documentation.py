"""What docs/sweeps.md shows is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from chalknet.cli.app import main

PAGE = (Path(__file__).parents[2] / "docs" / "sweeps.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)


def printed(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_the_example_prints_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    command, _, shown = BLOCKS[0].partition("\n")
    assert main(shlex.split(command)[2:]) == 0
    ours = printed(capsys.readouterr().out)
    # Accuracies depend, in their last digits, on the processor: the points, and the winner's, hold.
    assert len(ours) == len(printed(shown))
    assert ours[0] == printed(shown)[0]
    assert ours[1][4:] == printed(shown)[1][4:]
    assert float(ours[1][1]) == pytest.approx(float(printed(shown)[1][1]), abs=0.02)
    resume = next(block for block in BLOCKS if "--resume" in block)
    assert main(shlex.split(resume)[2:]) == 0
    assert printed(capsys.readouterr().out) == ours


def test_every_option_that_is_named_exists() -> None:
    import typer.main

    from chalknet.cli.app import app

    sweep = typer.main.get_command(app).commands["sweep"]  # type: ignore[attr-defined]
    known = {option for parameter in sweep.params for option in parameter.opts}
    ours = re.sub(r"`make [^`]*`", "", PAGE)
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", ours))
    assert named <= known


def test_networks_are_trained_together_as_is_shown(capsys: Any) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    code = next(block for block in blocks if "train_together" in block)
    exec(compile(code, "docs/sweeps.md", "exec"), {})
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[2]) for line in told] == [
        (rate, f"{epoch}:") for epoch in range(1, 6) for rate in ("0.0001", "0.001", "0.01")
    ]
