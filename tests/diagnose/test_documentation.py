"""What docs/diagnose.md says: its examples run, and the findings it lists are those there are."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from chalknet.diagnose import health

PAGE = Path(__file__).parents[2] / "docs" / "diagnose.md"


def test_examples_run() -> None:
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, optionflags=flags)
    assert failed == 0
    assert tried >= 8


def test_every_finding_is_listed() -> None:
    """The names in the code, by a search of its text, are those in the table."""
    folder = Path(health.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    table = PAGE.read_text(encoding="utf-8").partition("## Doctor")[2].partition("## Find-lr")[0]
    listed = set(
        re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE)))
    )
    assert set(re.findall(r'name="([a-z_]+)",\s+severity', code)) == listed
