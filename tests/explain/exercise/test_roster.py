"""The class list: everyone gets a seed of their own, and keeps it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chalknet.errors import DataFormatError, DataNotFoundError
from chalknet.explain.exercise import Student, read_roster, seed_of


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    ("text", "students"),
    [
        ("Ada\nAlan\n", [("Ada", "Ada"), ("Alan", "Alan")]),
        ("id,name\n7,Ada\n8,Alan", [("7", "Ada"), ("8", "Alan")]),
        ("Name;ID\nAda;7\n\nAlan;8\n", [("7", "Ada"), ("8", "Alan")]),
        ("name\nAda\n", [("Ada", "Ada")]),
        ("email,group\na@b.org,1\n", [("a@b.org", "a@b.org")]),
        ('\ufeffname,id\n"Lovelace, Ada",1\n', [("1", "Lovelace, Ada")]),
    ],
)
def test_read(tmp_path: Path, text: str, students: list[tuple[str, str]]) -> None:
    read = read_roster(written(tmp_path / "r.csv", text))
    assert [(student.key, student.name) for student in read] == students


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no student in it"),
        ("id,name\n", "there is no student in it"),
        ("Ada\nAlan\nAda\n", "line 3: 'Ada' stands on line 1 already"),
        ('id,name\n1,Ada\n,""\n2,Alan\n1,Grace', "line 5: '1' stands on line 2 already"),
        ("id,name,x\n1,Ada,\n,,3\n", "line 3: there is no name and no id"),
        (b"Ad\xff", "byte 2 is no text in UTF-8"),
        ('"Ada', "line 1: unexpected end of data"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str | bytes, message: str) -> None:
    path = written(tmp_path / "r.csv", text)
    with pytest.raises(DataFormatError, match=message) as caught:
        read_roster(path)
    assert str(path) in str(caught.value)


def test_no_roster(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="No such file"):
        read_roster(tmp_path / "none.csv")


def test_seeds_depend_on_the_student_alone(tmp_path: Path) -> None:
    few = read_roster(written(tmp_path / "a.csv", "id\n1\n2\n"))
    more = read_roster(written(tmp_path / "b.csv", "id,name\n9,New\n2,B\n1,A\n"))
    seeds = {student.key: seed_of(3, student) for student in more}
    assert all(seed_of(3, student) == seeds[student.key] for student in few)
    assert len({tuple(seed) for seed in seeds.values()}) == 3
    assert seed_of(4, few[0]) != seed_of(3, few[0])


def test_folders_are_safe_and_differ() -> None:
    keys = ["ada", "Ada", "../../etc", "Ünal", "unal", "李", "", "a/b", "a b", "x" * 300, "CON."]
    folders = [Student(key, key).folder for key in keys]
    assert len(set(folders)) == len(keys)
    assert folders[0] == "ada"
    assert all(re.fullmatch(r"[a-z0-9-]{1,60}", folder) for folder in folders)
