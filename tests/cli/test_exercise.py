"""chalknet exercise, from the class list to the marked sheet."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from chalknet.cli.app import main
from chalknet.explain.problem import read_problem
from chalknet.explain.solution import solve


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert main([*map(str, arguments), "--json"]) == 0
    made: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return made


def fill(workbook: Path, network: Path, *, wrong: str = "") -> None:
    """Fill the boxes in, as a student would: four digits, as text; one symbol wrong."""
    values = solve(read_problem(network)).values
    book = openpyxl.load_workbook(workbook)
    for name, defined in book.defined_names.items():
        symbol = name.removeprefix("answer_")
        rows = np.atleast_2d(np.asarray(values[symbol], float))
        ((sheet, area),) = defined.destinations
        cells = book[sheet][area.replace("$", "")]
        cells = cells if isinstance(cells, tuple) else ((cells,),)
        for line, row in zip(cells, rows, strict=True):
            for cell, value in zip(line, row, strict=True):
                cell.value = f"{-value - 1 if symbol == wrong else value:.4g}".replace(".", ",")
    book.save(workbook)


def test_a_class_gets_an_exercise_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name\nada,Ada <b>Lovelace</b>\nalan,Alan Turing\n")
    arguments = ("exercise", "--layers", "2,3,2", "--seed", 7, "--students", roster)
    made = run(capsys, *arguments, "--format", "html,latex,excel", "--output", tmp_path / "a")
    assert [one["student"] for one in made["exercises"]] == ["ada", "alan"]
    files = {
        *("network.toml", "answers.toml", "answers.xlsx", "key.xlsx"),
        *("sheet.html", "key.html", "sheet.tex", "key.tex"),
    }
    for student in ("ada", "alan"):
        assert {path.name for path in (tmp_path / "a" / student).iterdir()} == files
    networks = [(tmp_path / "a" / s / "network.toml").read_text() for s in ("ada", "alan")]
    assert networks[0] != networks[1]
    page = (tmp_path / "a" / "ada" / "sheet.html").read_text()
    assert "Ada &lt;b&gt;Lovelace&lt;/b&gt;" in page
    again = run(capsys, *arguments, "--format", "html,latex,excel", "--output", tmp_path / "b")
    assert len(again["exercises"]) == 2
    for path in (tmp_path / "a").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_a_class_list_with_control_characters_makes_answer_files_that_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name\nbell,Ring\x07 \x7f\u2028ing\n")
    run(capsys, "exercise", "--students", roster, "--format", "html", "--output", tmp_path / "a")
    answers = tmp_path / "a" / "bell" / "answers.toml"
    answers.write_text(answers.read_text().replace('"?"', "99"))
    assert main(["check", str(answers.with_name("network.toml")), str(answers), "--json"]) == 1


def test_the_sheet_is_blank_and_the_key_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "exercise", "--loss", "mean_squared_error", "--output", tmp_path / "e")
    values = solve(read_problem(tmp_path / "e" / "network.toml"), exact=True).values
    toml = (tmp_path / "e" / "answers.toml").read_text()
    for symbol in ("z1", "loss", "dW1", "W1_new"):
        assert re.search(rf"^{symbol} = .*\"\?\"", toml, re.MULTILINE)
    sheet, key = ((tmp_path / "e" / f"{name}.html").read_text() for name in ("sheet", "key"))
    loss = values["loss"]
    shown = f"<mn>{loss.numerator}</mn>"
    assert shown in key
    assert shown not in sheet
    assert sheet.count("____") > 20
    assert "____" not in key


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "half_squared_error"])
def test_the_filled_workbook_is_marked(
    loss: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "e"
    run(capsys, "exercise", "--loss", loss, "--seed", 3, "--output", folder)
    network, workbook = folder / "network.toml", folder / "answers.xlsx"
    blank = workbook.read_bytes()
    fill(workbook, network)
    assert run(capsys, "check", network, workbook)["correct"] is True
    workbook.write_bytes(blank)
    fill(workbook, network, wrong="dW2")
    assert main(["check", str(network), str(workbook), "--json"]) == 1
    marking = json.loads(capsys.readouterr().out)
    assert (marking["correct"], marking["first_wrong"]) == (False, "dW2")
    workbook.write_bytes(blank)
    assert main(["check", str(network), str(workbook)]) == 2
    assert "there is no answer" in capsys.readouterr().err


def test_people_see_where_it_went(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exercise", "--output", str(tmp_path / "e"), "--format", "html"]) == 0
    out = capsys.readouterr().out
    assert str(tmp_path / "e") in out.replace("\n", "")
    assert "sheet.html" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--layers", "2"], "layers must be at least two widths from 1 to 12"),
        (["--layers", "2,x"], "--layers takes widths separated by commas"),
        (["--activation", "rellu"], "did you mean 'relu'"),
        (["--format", "pdf"], "unknown format 'pdf'"),
        (["--students", "/nowhere.csv"], "/nowhere.csv: cannot be read"),
        (["--samples", "11"], "samples must be from 1 to 10, not 11"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exercise", "--output", str(tmp_path / "e"), *arguments]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err
    assert not (tmp_path / "e").exists()
