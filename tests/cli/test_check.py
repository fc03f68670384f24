"""chalknet check: what is printed, what JSON says, and the exit statuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
USC = EXAMPLES / "usc-q1.toml"

WHOLE = """
z1 = [5, -5]
a1 = [5, 0]
z2 = [5, 15]           # the bias is left out
a2 = [5, 15]
z3 = [40, -34, 23]
p = [0.99999996, "?", "4.14e-8"]
dz2 = ["0", "0.9999999"]
"""


@pytest.fixture
def sheet(tmp_path):
    def write(text, name="answers.toml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write


def test_a_sheet_is_marked(chalknet, sheet):
    result = chalknet("check", USC, sheet(WHOLE))
    assert result.status == 1
    assert result.err == ""
    lines = [line.rstrip() for line in result.out.splitlines()]
    assert lines[0] == "answers.toml  One step by hand"
    assert lines[2:9] == [
        "  ✓ z1   [5, -5]",
        "  ✓ a1   [5, 0]",
        "  ✗ z2   [5, 15]",
        "  → a2   [5, 15]",
        "  → z3   [40, -34, 23]",
        "  ✓ p    [0.99999996, ?, 4.14e-8]",
        "  ✓ dz2  [0, 0.9999999]",
    ]
    assert lines[-4] == "  ✓ right   → follows from a wrong line   ✗ wrong"
    assert " ".join(lines[-2:]) == (
        "In z2, entry 1 should be 6, not 5: that is what comes out when the bias b2 is left out."
    )
    assert max(map(len, lines)) <= 80


def test_the_published_working_fits_the_screen(chalknet):
    result = chalknet("check", USC, EXAMPLES / "usc-q1-published.toml")
    assert result.status == 1
    assert max(map(len, result.out.splitlines())) <= 80
    assert "  ✗ p       [?, 1.079e-32, 4.14e-8]" in result.out
    assert "row 1, column 2 should be -5.5, not 5.5" in result.out


def test_all_right(chalknet, sheet):
    name = sheet('z1 = [5, "-5,0"]\np = [1, "1.98e-32", "4.1e-8"]')
    result = chalknet("check", USC, name)
    assert result.status == 0
    assert result.out.rstrip().endswith("All 2 lines are right.")
    result = chalknet("check", USC, sheet("z1 = [5, -5]"), "--json")
    assert result.status == 0
    assert result.last["correct"] is True
    assert result.last["message"] == "z1 is right."


def test_json_is_one_object(chalknet, sheet):
    result = chalknet("check", USC, sheet(WHOLE), "--json")
    assert result.status == 1
    assert len(result.lines) == 1
    marking = result.last
    assert list(marking) == ["correct", "first_wrong", "cause", "message", "lines"]
    assert (marking["correct"], marking["first_wrong"]) == (False, "z2")
    assert marking["cause"] == "forgot_bias"
    verdicts = {line["symbol"]: line["verdict"] for line in marking["lines"]}
    assert verdicts["z3"] == "follows"


def test_a_long_line_is_cut(chalknet, sheet):
    zeros = "0" * 30
    result = chalknet(
        "check", USC, sheet(f"W1_new = [[-0.5{zeros}, -0.5, -0.5{zeros}], [3, 4, -2]]")
    )
    assert result.status == 0
    shown = f"  ✓ W1_new  [[-0.5{zeros}, -0.5, -0.5{zeros}"[:79] + "…"
    assert result.out.splitlines()[2] == shown


@pytest.mark.parametrize(
    ("network", "text", "message"),
    [
        (USC, "z7 = [1]", "answers.toml, line 1: z7 is no symbol of this problem: did you mean"),
        (USC, "z1 = [5]", "answers.toml, line 1: z1 must be 2 numbers, not 1 number."),
        (USC, "z1 = [5, 1/2]", "put 1/2 in quotes, as in"),
        (USC, "z1 = [5, 'x']", "answers.toml, line 1: z1, entry 2: 'x' is not a number"),
        (USC, "", "answers.toml: there is no answer"),
        ("nowhere.toml", "z1 = [5, -5]", "nowhere.toml: cannot be read"),
    ],
)
def test_bad_input_is_one_sentence(chalknet, sheet, network, text, message):
    result = chalknet("check", network, sheet(text))
    assert result.status == 2
    assert result.out == ""
    assert message in result.err
    assert len(result.err.splitlines()) == 1


def test_it_is_listed_and_light(chalknet, start):
    assert "check" in chalknet("--help").out
    process = start("check", "missing.toml", "answers.toml")
    assert "cannot be read" in process.communicate()[1]
    assert process.returncode == 2
    code = (
        "import sys, json, chalknet; chalknet.check; "
        "heavy = ('sklearn', 'scipy', 'sympy', 'pandas', 'matplotlib', 'numba', 'openpyxl'); "
        "print(json.dumps([name for name in heavy if name in sys.modules]))"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert json.loads(loaded.stdout) == []


def test_the_page_shows_what_is_printed(chalknet):
    page = (EXAMPLES.parent / "check.md").read_text(encoding="utf-8")
    shown = re.search(r"```text\n\$ chalknet check (\S+) (\S+)\n(.*?)```", page, re.DOTALL)
    result = chalknet("check", *(EXAMPLES.parents[1] / name for name in shown.groups()[:2]))
    printed = "\n".join(line.rstrip() for line in result.out.splitlines())
    assert printed == shown[3].rstrip()


def test_the_page_knows_every_cause():
    from chalknet.explain.check.hypotheses import MISTAKES
    from chalknet.explain.check.wording import _PHRASES, _REMARKS

    page = (EXAMPLES.parent / "check.md").read_text(encoding="utf-8")
    causes = {mistake.cause for mistake in MISTAKES} | {*_PHRASES, *_REMARKS}
    assert {cause for cause in causes if f"`{cause}`" not in page} == set()
    assert {mistake.cause for mistake in MISTAKES} <= {*_PHRASES}
