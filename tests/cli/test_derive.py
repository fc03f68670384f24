"""chalknet derive, as a person meets it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chalknet.cli.app import main


def test_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 26
    assert any(re.fullmatch(r"softmax-cross-entropy\s+∂C/∂s = p − y", line) for line in lines)
    assert main(["derive", "--json"]) == 0
    assert "glorot" in json.loads(capsys.readouterr().out)["derivations"]


def test_one_is_shown_at_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "backpropagation"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "The four equations" in out
    assert "proved by computer algebra" in out


def test_json_has_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["derive", "softmax_jacobian", "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert [step["symbol"] for step in steps] == [f"softmax-jacobian-{k}" for k in range(1, 8)]
    assert steps[1]["checks"]


@pytest.mark.parametrize("name", ["r.html", "r.tex", "r.md", "r.txt", "r.json"])
def test_written_to_a_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    assert main(["derive", "glorot", "--output", str(path)]) == 0
    assert "Glorot" in path.read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["softmax-crossentropy"], "did you mean 'softmax-cross-entropy'"),
        (["--output", "x.html"], "name what is to be derived: chalknet derive lists it."),
        (["glorot", "--output", "x.pdf"], "the name must end in .txt, .tex, .html"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["derive", *arguments]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err
