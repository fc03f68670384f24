"""How figures are compared, and the model of a study."""

from __future__ import annotations

import pytest

from chalknet.errors import ConfigurationError
from chalknet.studies.catalogue import NAMES, study_named
from chalknet.studies.compare import agrees_to_the_digits, compared, in_distribution
from chalknet.studies.study import Verdict


@pytest.mark.parametrize(
    ("published", "value", "agrees"),
    [
        ("0.47", 0.4749, True),
        ("0.47", 0.4751, False),
        ("8671", 8671, True),
        ("8671", 8672, False),
        ("93.5%", 93.49, True),
        ("-0.12", -0.1239, True),
        ("1382.6803822154936", 1382.6803822154931, True),
        ("1382.6803822154936", 1382.6803823, False),
        ("0.5219721329046088", 0.52197213290460877, True),
    ],
)
def test_to_the_digits_printed(published: str, value: float, agrees: bool) -> None:
    assert agrees_to_the_digits(published, value) is agrees
    row = compared("t", "r", published, value, differs="because")
    assert (row.verdict is Verdict.EXACT) is agrees
    assert (row.reason == "because") is not agrees


def test_in_distribution_places_the_published_value() -> None:
    runs = [1.0, 2.0, 3.0, 4.0]
    inside = in_distribution("t", "r", "2.5", runs)
    assert inside.verdict is Verdict.IN_DISTRIBUTION
    assert inside.reason == "2 of 4 runs lie below the published value"
    assert inside.ours == "2.5 (1.0 to 4.0)"
    assert in_distribution("t", "r", "5.5", runs).verdict is Verdict.IN_DISTRIBUTION  # the margin
    assert in_distribution("t", "r", "5.6", runs).verdict is Verdict.DIFFERS
    assert in_distribution("t", "r", "-0.6", runs).verdict is Verdict.DIFFERS


def test_every_problem_of_every_study_is_there() -> None:
    wanted = {
        "nyu-f23": ["P1", "P2", "P3a", "P3b", "P3c", "P3d", "P4", "P5"],
        "usc": ["Q1", "Q2", "Q3"],
        "ucr": ["Q1", "Q2"],
        "nyu-s25": ["Q1", "Q2", "Q3", "Q4"],
    }
    assert {name: [part.number for part in study_named(name).parts] for name in NAMES} == wanted
    for name in NAMES:
        for part in study_named(name).parts:
            assert part.question.endswith((".", "?"))
            assert part.method.endswith(".")
            assert 1 <= len(part.code.splitlines()) <= 5


def test_an_unknown_study_suggests_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="unknown study 'nyu-s24': did you mean 'nyu-s25'"):
        study_named("nyu-s24")
