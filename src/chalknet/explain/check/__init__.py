"""Find my mistake: where a hand calculation first goes wrong, and how.

``check(problem, answers)`` marks a sheet of answers, any subset of the working in any order.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from chalknet.explain.check.answers import Answers, as_sheet, read_answers
from chalknet.explain.check.judge import judge
from chalknet.explain.check.marking import Entry, MarkedLine, Marking
from chalknet.explain.check.working import Working
from chalknet.explain.problem import Problem, read_problem

__all__ = ["Answers", "Entry", "MarkedLine", "Marking", "check", "read_answers"]


def check(
    problem: Problem | str | os.PathLike[str],
    answers: Answers | Mapping[str, Any] | str | os.PathLike[str],
) -> Marking:
    """Find the first wrong line of a hand calculation, and its likely cause.

    Parameters
    ----------
    problem : Problem, or the path of its file
    answers : path, Answers, or mapping
        Symbol → number, vector or matrix (neurons as rows). Numbers as text keep the digits given:
        "1.50", "1,5", "1/3". Floats have lost their closing zeros; the longest of a line tells how
        many digits were meant in it.

    Returns
    -------
    Marking
        As data: ``correct``, ``first_wrong``, ``cause``, ``message``, ``lines``.

    Raises
    ------
    DataNotFoundError, DataFormatError, ShapeError, ConfigurationError
        A file cannot be read, a symbol is unknown or has the wrong shape, or an entry is no number.

    Examples
    --------
    >>> from chalknet.explain.problem import Layer, Problem
    >>> problem = Problem(layers=[Layer(weights=[[1, -2], ["1/2", 1]], bias=[1, 1])], inputs=[3, 1])
    >>> marking = check(problem, {"z1": [1, 2.5]})
    >>> marking.first_wrong, marking.cause
    ('z1', 'forgot_bias')
    >>> print(marking.message)
    In z1, entry 1 should be 2, not 1 (no entry is right): that is what comes out when the bias
    b1 is left out.
    """
    if not isinstance(problem, Problem):
        problem = read_problem(problem)
    if not isinstance(answers, Answers):
        answers = Answers(answers) if isinstance(answers, Mapping) else read_answers(answers)
    working = Working(problem)
    return judge(working, as_sheet(answers, working.shapes))
