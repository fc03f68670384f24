"""The files of an exercise: the network, a blank sheet, the key, and a workbook to fill in."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chalknet.errors import unknown_name
from chalknet.explain.formula import Array, Formula, Number, Words
from chalknet.explain.notation import Notation
from chalknet.explain.problem import Problem
from chalknet.explain.steps import Explanation, Section, Step
from chalknet.explain.walkthrough import explain
from chalknet.files import write_atomically

__all__ = ["FORMATS", "blank", "checked_formats", "write_exercise"]

FORMATS = ("html", "latex", "excel")
BOX = Words("_" * 8)  # wide enough for a number written by hand
INSTRUCTIONS = (
    "Work every line out and write the result into its boxes, from the first to the last.",
    "Matrices have one row a neuron. Fractions may stay fractions; decimals need four digits.",
)


def checked_formats(formats: Sequence[str]) -> list[str]:
    """The formats, if they are all known; ConfigurationError otherwise."""
    for name in formats:
        if name not in FORMATS:
            raise unknown_name("format", name, FORMATS)
    return [*formats]


def blank(explanation: Explanation) -> Explanation:
    """The same working with its results left out: formulas and empty boxes."""
    return dataclasses.replace(
        explanation,
        sections=tuple(_blank_section(section) for section in explanation.sections),
        values={},
        notes=INSTRUCTIONS,
    )


def _blank_section(section: Section) -> Section:
    return dataclasses.replace(
        section, steps=tuple(_blank_step(step) for step in section.steps), introduction=""
    )


def _blank_step(step: Step) -> Step:
    return dataclasses.replace(
        step, substituted=None, result=_boxes(step.result), reason="", operands={}, checks=()
    )


def _boxes(result: Formula | None) -> Formula | None:
    if isinstance(result, Number):
        return BOX
    if isinstance(result, Array):
        return dataclasses.replace(result, values=np.full(result.values.shape, BOX, object))
    return result


def write_exercise(
    folder: str | os.PathLike[str],
    problem: Problem,
    *,
    formats: Sequence[str] = ("html", "excel"),
    notation: Notation | None = None,
) -> list[Path]:
    """Write an exercise into a folder of its own.

    ``network.toml`` (for ``explain`` and ``check``), ``answers.toml`` to be filled in, and by
    format ``sheet.html`` and ``key.html``, ``sheet.tex`` and ``key.tex``, ``answers.xlsx`` and
    ``key.xlsx``.

    Raises
    ------
    ConfigurationError
        A format is unknown.
    VerificationError
        A line of the key did not stand up to its second computation.
    """
    formats = checked_formats(formats)
    key = explain(problem, exact=True, notation=notation, digits=(notation or Notation()).digits)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = _pages(key, formats)
    files["network.toml"] = problem.to_toml()
    files["answers.toml"] = _answers(problem, key)
    written = [write_atomically(folder / name, content) for name, content in files.items()]
    if "excel" in formats:
        from chalknet.explain.render.excel import write_answer_sheet, write_workbook

        shapes = _shapes(key)
        written.append(
            write_answer_sheet(folder / "answers.xlsx", problem, shapes, instructions=INSTRUCTIONS)
        )
        written.append(write_workbook(folder / "key.xlsx", problem))
    return sorted(written)


def _pages(key: Explanation, formats: Sequence[str]) -> dict[str, str]:
    from chalknet.explain.render import render_html, render_latex

    sheet = blank(key)
    key = dataclasses.replace(key, title=f"Key: {key.title}")
    pages: dict[str, str] = {}
    if "html" in formats:
        pages |= {"sheet.html": render_html(sheet), "key.html": render_html(key)}
    if "latex" in formats:
        pages |= {"sheet.tex": render_latex(sheet), "key.tex": render_latex(key)}
    return pages


def _shapes(key: Explanation) -> dict[str, tuple[int, ...]]:
    """The symbols of the lines to be worked out, with the shape of each, in order."""
    return {
        step.symbol: np.shape(key.values[step.symbol])
        for step in key.steps
        if step.symbol in key.values
    }


def _answers(problem: Problem, key: Explanation) -> str:
    lines = [
        f"# {line}"
        for line in (
            *problem.title.splitlines(),
            *INSTRUCTIONS,
            "Leave a ? where you"
            ' have nothing. Put fractions and decimal commas in quotes: "1/3", "1,5".',
        )
    ]
    # A comment of TOML may hold no control character, which a class list may.
    lines = ["".join(c if c.isprintable() else "\ufffd" for c in line) for line in lines]
    return "\n".join([*lines, "", *(_line(s, shape) for s, shape in _shapes(key).items()), ""])


def _line(symbol: str, shape: tuple[int, ...]) -> str:
    return f"{symbol} = {_question_marks(shape)}"


def _question_marks(shape: tuple[int, ...]) -> str:
    if not shape:
        return '"?"'
    return f"[{', '.join([_question_marks(shape[1:])] * shape[0])}]"
