"""The class list: each student gets a seed of their own, and keeps it when others join."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from chalknet.errors import DataFormatError, DataNotFoundError

__all__ = ["Student", "read_roster", "seed_of"]

_HEADINGS = ("id", "student", "student_id", "number", "name", "email", "login")
_LARGEST = 10_000_000  # bytes


@dataclass(frozen=True)
class Student:
    """A line of the roster.

    Attributes
    ----------
    key : str
        What tells students apart: the id where there is one, else the name.
    name : str
        What is written on the sheet.
    """

    key: str
    name: str

    @property
    def folder(self) -> str:
        """The name of the student's folder: letters, digits and hyphens, and never empty."""
        plain = unicodedata.normalize("NFKD", self.key).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40]
        # What letters cannot tell apart, a few digits of the key's hash do.
        return slug if slug == self.key != "" else f"{slug or 'student'}-{_digest(self.key)[:6]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def seed_of(seed: int, student: Student) -> list[int]:
    """The student's own seed: it depends on the exercise's seed and on the student alone."""
    return [seed, int(_digest(student.key)[:16], 16)]


def read_roster(path: str | os.PathLike[str]) -> list[Student]:
    """The students in a CSV file, one a line.

    With a line of headings, the columns ``id`` and ``name`` are taken (one of them will do);
    without, the first column.

    Raises
    ------
    DataNotFoundError
        There is no such file, or it cannot be read.
    DataFormatError
        It is no text, has no student, or the same student twice; the message names the line.
    """
    rows = _rows(Path(path))
    headings = [cell.strip().lower() for cell in rows[0][1]] if rows else []
    has_headings = any(heading in _HEADINGS for heading in headings)
    id_column = _column(headings, ("id", "student_id", "number", "login", "email"))
    name_column = _column(headings, ("name", "student"))
    students: dict[str, int] = {}
    read: list[Student] = []
    for line, cells in rows[1:] if has_headings else rows:
        columns = (id_column, name_column) if has_headings else (0, 0)
        texts = [_cell(cells, column) for column in columns]
        key, name = texts[0] or texts[1], texts[1] or texts[0]
        if not key:
            raise DataFormatError(f"{path}, line {line}: there is no name and no id.")
        if key in students:
            raise DataFormatError(
                f"{path}, line {line}: {key!r} stands on line {students[key]} already: give each "
                "student an id of their own."
            )
        students[key] = line
        read.append(Student(key, name))
    if not read:
        raise DataFormatError(f"{path}: there is no student in it: write one a line.")
    return read


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    try:
        if path.stat().st_size > _LARGEST:
            raise DataFormatError(f"{path}: this is no class list: it has more than 10 MB.")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataFormatError(f"{path}: byte {error.start} is no text in UTF-8.") from None
    except OSError as error:
        raise DataNotFoundError(f"{path}: cannot be read ({error.strerror}).") from None
    lines = text.splitlines()
    delimiter = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    try:
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DataFormatError(f"{path}, line {reader.line_num}: {error}.") from None


def _column(headings: list[str], known: tuple[str, ...]) -> int | None:
    return next((headings.index(name) for name in known if name in headings), None)


def _cell(cells: list[str], column: int | None) -> str:
    return cells[column].strip() if column is not None and column < len(cells) else ""
