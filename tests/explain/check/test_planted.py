"""Hundreds of random networks for each kind of mistake: the line always, the cause nearly always.

The mistakes are made by ``student.py``, which shares nothing with the code that finds them.
``campaign.py`` runs any number of them and prints the rates.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from chalknet.explain.check import check
from explain.check.paper import Rounding, written
from explain.check.planting import KINDS, named, planted, random_task
from explain.check.problems import problem_of
from explain.check.student import Student

NETWORKS = 500
LEAST = 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_mistake_is_found(kind):
    found = Counter()
    for seed in range(NETWORKS):
        case = planted(kind, random.Random(f"{kind}-{seed}"))
        marking = check(problem_of(case.task), case.sheet)
        assert marking.first_wrong == case.first_wrong, (kind, seed, case.slip)
        assert marking.message.startswith(("In ", case.first_wrong))
        found[named(case, marking)] += 1
    assert found["named"] + found["coincides"] >= LEAST * NETWORKS, found


def test_later_lines_follow():
    """After a mistake on a whole sheet, every later line is right or follows."""
    for seed in range(100):
        rng = random.Random(f"later-{seed}")
        case = planted(rng.choice(KINDS), rng)
        case.sheet = {
            symbol: written(value, case.slip.rounding)
            for symbol, value in Student(case.task, case.slip).sheet.items()
        }
        marking = check(problem_of(case.task), case.sheet)
        if marking.first_wrong != case.slip.line:
            continue  # it does not show in its own line at these digits
        verdicts = [line.verdict for line in marking.lines if line.symbol != case.slip.line]
        assert "wrong" not in verdicts, (seed, case.slip, marking.lines)


def correct_sheet(rng, *, carry, share):
    """A random network with its right sheet, at 3 to 6 digits; ``share`` of its lines."""
    while True:
        task = random_task(rng)
        rounding = Rounding(rng.randint(3, 6), significant=rng.random() < 0.7)
        try:
            lines = Student(task, carry=rounding if carry else None).sheet
        except (OverflowError, ValueError):  # a softmax that overflows by hand, log 0
            continue
        sheet = {s: written(v, rounding) for s, v in lines.items() if rng.random() < share}
        if sheet:
            return task, sheet


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_no_false_alarm_for_a_rounded_sheet(share):
    for seed in range(NETWORKS):
        task, sheet = correct_sheet(random.Random(f"right-{seed}"), carry=False, share=share)
        marking = check(problem_of(task), sheet)
        assert marking.correct, (seed, marking.message)
        assert {line.verdict for line in marking.lines} == {"right"}, seed


def test_no_false_alarm_for_whom_carries_rounded_numbers():
    rounded = 0
    for seed in range(300):
        task, sheet = correct_sheet(random.Random(f"carried-{seed}"), carry=True, share=1.0)
        marking = check(problem_of(task), sheet)
        assert marking.correct, (seed, marking.message)
        rounded += any(line.verdict == "rounded" for line in marking.lines)
    assert rounded > 200  # so that the case was met


def test_a_mistake_among_carried_rounding_is_found():
    """Who carries rounded numbers and errs is told where, nearly always."""
    right = 0
    for seed in range(200):
        rng = random.Random(f"both-{seed}")
        case = planted(rng.choice(KINDS), rng, carry=True)
        right += check(problem_of(case.task), case.sheet).first_wrong == case.first_wrong
    assert right >= 190
