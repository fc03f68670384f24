"""Reading sheets of answers: every way to write a number, and a sentence for every mistake."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from openpyxl import load_workbook

from chalknet.errors import ChalknetError, ConfigurationError, DataFormatError, ShapeError
from chalknet.explain.check import check, read_answers
from chalknet.explain.check.answers import Answers, as_sheet
from chalknet.explain.problem import Layer, Problem
from chalknet.explain.render.excel.answers import write_answer_sheet

SHAPES = {"z1": (2,), "z2": (3,), "p": (3,), "dW1": (2, 3), "dW2": (1, 2), "loss": (), "db2": (1,)}


def read(text, tmp_path):
    path = tmp_path / "sheet.toml"
    path.write_text(text, encoding="utf-8")
    return as_sheet(read_answers(path), SHAPES)


def values(text, tmp_path, symbol):
    sheet = read(text, tmp_path)[symbol]
    return np.array([None if n is None else n.value for n in sheet.ravel()]).reshape(sheet.shape)


@pytest.mark.parametrize(
    ("text", "symbol", "expected"),
    [
        ("z1 = [5, -5]", "z1", [5, -5]),
        ('z1 = ["1,5", 1.5]', "z1", [1.5, 1.5]),
        ('z1 = ["1/3", "−2/4"]', "z1", [1 / 3, -0.5]),
        ('z1 = [1e-3, "1e−3"]', "z1", [0.001, 0.001]),
        ('z1 = ["50 %", "?"]', "z1", [0.5, None]),
        ("z1 = [[5], [-5]]", "z1", [5, -5]),
        ("z1 = [[5, -5]]", "z1", [5, -5]),
        ("loss = 0.25", "loss", 0.25),
        ("loss = [0.25]", "loss", 0.25),
        ("db2 = 3", "db2", [3]),
        ("dW2 = [1, 2]", "dW2", [[1, 2]]),
        ("dW2 = [[1], [2]]", "dW2", [[1, 2]]),
        ("dW1 = [[1, 2, 3], [4, 5, 6]]", "dW1", [[1, 2, 3], [4, 5, 6]]),
        ('"z1" = [1_000, 0x10]', "z1", [1000, 16]),
        ('\ufeffz1 = [1, "" ]', "z1", [1, None]),
    ],
)
def test_numbers_as_people_write_them(text, symbol, expected, tmp_path):
    assert values(text, tmp_path, symbol).tolist() == expected


def test_the_text_of_a_number_is_kept(tmp_path):
    sheet = read("p = [1.50, 1.5, 1e-3]", tmp_path)
    assert [number.unit for number in sheet["p"]] == [0.01, 0.1, 0.001]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("z9 = [1, 2]", "line 1: z9 is no symbol of this problem: did you mean z2? Known are z1,"),
        ("\n\ndw1 = 1", "line 3: dw1 is no symbol of this problem: did you mean dW1? Known"),
        ('"δ1" = [1, 2]', "line 1: δ1 is no symbol of this problem: did you mean"),
        ("a2 = [1, 2, 3]", "a2 is no symbol of this problem: did you mean p?"),
        ("potato = 1", "potato is no symbol of this problem: known are z1, z2, p, dW1"),
        ("z1 = [1, 2, 3]", 'line 1: z1 must be 2 numbers, not 3 numbers; a decimal comma needs '
         'quotes, as in "1,5".'),
        ("z1 = 1", "z1 must be 2 numbers, not 1 number."),
        ("dW1 = [[1, 4], [2, 5], [3, 6]]", "dW1 must be 2 rows of 3 numbers, not 3 rows of 2 "
         "numbers; it seems to be transposed: rows are neurons, or samples."),
        ("dW1 = [1, 2, 3, 4, 5, 6]", "dW1 must be 2 rows of 3 numbers, not 6 numbers."),
        ("dW1 = [[1, 2, 3], [4, 5]]", "dW1, row 2 has 2 numbers but row 1 has 3: all rows must"),
        ("dW1 = [[1, 2, 3], 4]", "dW1, row 2: a row must be a list, not 4."),
        ("dW1 = [[[1]], [[2]]]", "dW1, row 1, column 1: brackets are nested too deeply."),
        ('z1 = [1, "two"]', "line 1: z1, entry 2: 'two' is not a number: write it as 2, -0.5,"),
        ('dW1 = [[1, 2, 3], [4, 5, "1/0"]]', "dW1, row 2, column 3: '1/0' has a zero denom"),
        ("z1 = [1, true]", "z1, entry 2: true is not a number."),
        ("z1 = [1, nan]", "z1, entry 2: 'nan' is not a number"),
        ("z1 = [1, 1e999]", "z1, entry 2: '1e999' is out of range"),
        ("z1 = [1, 1979-05-27]", "z1, entry 2: 1979-05-27 is not a number."),
        (f"z1 = [1, {{ a = '{'x' * 99}' }}]", "z1, entry 2: {'a': 'xxxxxxxx"),
        ("z1 = { a = 1 }", "z1: {'a': 1} is not a number."),
        ("z1 = [1/3, 2]", 'this is no TOML file: Unclosed array (at line 1, column 8); put 1/3 in '
         'quotes, as in "1/3".'),
        ("loss = 50 %", 'put 50 % in quotes, as in "50 %".'),
        ("z1 = [1, 2", "this is no TOML file"),
        ("z1 = [1, 2]\nz1 = [1, 2]", "this is no TOML file: Cannot overwrite a value"),
        ("", "there is no answer: give at least one line such as z1 = [1, 2]."),
        ('z1 = ["?", "?"]', "there is no answer"),
        ("z1 = " + "[" * 5000, "this is no TOML file|nested too deeply"),
    ],
)  # fmt: skip
def test_a_sentence_for_every_mistake(text, message, tmp_path):
    with pytest.raises(ChalknetError) as error:
        read(text, tmp_path)
    assert any(part in str(error.value) for part in message.split("|")), str(error.value)
    assert "sheet.toml" in str(error.value)
    assert str(error.value).count("\n") == 0


def test_files_that_are_none(tmp_path):
    with pytest.raises(ChalknetError, match=r"missing.toml: cannot be read \(No such file"):
        read_answers(tmp_path / "missing.toml")
    (tmp_path / "bytes.toml").write_bytes(b"z1 = \xff")
    with pytest.raises(DataFormatError, match=r"byte 5 is no text in UTF-8"):
        read_answers(tmp_path / "bytes.toml")
    with pytest.raises(DataFormatError, match=r"read from .toml or .xlsx files, not from '.csv'"):
        read_answers(tmp_path / "sheet.csv")


def test_answers_in_python():
    answers = {
        "z1": np.array([1.25, 2.5]),
        "p": [Fraction(1, 3), 0, "0,67"],
        "dW1": np.arange(6).reshape(2, 3),
        "loss": np.float32(0.5),
    }
    sheet = as_sheet(Answers(answers), SHAPES)
    assert [n.value for n in sheet["p"]] == [1 / 3, 0.0, 0.67]
    # 2.5 has lost the zero that 1.25 says was meant.
    assert [n.unit for n in sheet["z1"]] == [0.01, 0.01]
    assert sheet["loss"].item().unit == 0.1
    with pytest.raises(ShapeError, match=r"^z1 must be 2 numbers"):
        as_sheet(Answers({"z1": [[1, 2], [3, 4]]}), SHAPES)
    with pytest.raises(DataFormatError, match=r"^z1, entry 1: inf is not a finite number"):
        as_sheet(Answers({"z1": [np.inf, 1]}), SHAPES)
    with pytest.raises(ConfigurationError, match="q is no symbol"):
        as_sheet(Answers({"q": 1}), SHAPES)


def test_a_filled_workbook(tmp_path):
    """The boxes of an exercise's workbook, filled in by another program."""
    problem = Problem(
        layers=[Layer(weights=[[1, -2], ["1/2", 1]], bias=[1, 1], activation="relu")],
        inputs=[3, 1],
        targets=[1, 2],
        loss="half_squared_error",
    )
    shapes = {"z1": (2,), "a1": (2,), "loss": (), "dW1": (2, 2)}
    path = write_answer_sheet(tmp_path / "answers.xlsx", problem, shapes)
    book = load_workbook(path)
    filled = {
        "z1": [[2, "3,5"]],
        "a1": [[2, "7/2"]],
        "loss": [[1.63]],
        "dW1": [[3, 1], ["4.5", None]],
    }
    for symbol, rows in filled.items():
        ((name, area),) = book.defined_names[f"answer_{symbol}"].destinations
        cells = book[name][area.replace("$", "")]
        cells = cells if isinstance(cells, tuple) else ((cells,),)
        for row, numbers in zip(cells, rows, strict=True):
            for cell, number in zip(row, numbers, strict=True):
                cell.value = number
    book.save(path)
    assert check(problem, path).correct
    sheet = book[name]
    sheet[area.replace("$", "")][1][0].value = "5.4"
    book.save(path)
    marking = check(problem, path)
    assert (marking.first_wrong, marking.cause) == ("dW1", "digits_swapped")


def test_other_names_for_the_same_symbols() -> None:
    """A course that writes s and δ is understood, but nothing may stand there twice."""
    shapes = {"z1": (2,), "dz1": (2,)}
    for names in (("s1", "δ1"), ("z1", "delta1"), ("s1", "ds1")):
        sheet = as_sheet(Answers({names[0]: [1, 2], names[1]: [3, 4]}), shapes)
        assert list(sheet) == ["z1", "dz1"]
    with pytest.raises(DataFormatError, match="s1 stands there twice, as z1 too"):
        as_sheet(Answers({"z1": [1, 2], "s1": [1, 2]}), shapes)
