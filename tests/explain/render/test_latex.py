"""LaTeX that pdflatex compiles, with nothing reaching into the margin."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from chalknet.explain.formula import Array, Formula, Number, Words
from chalknet.explain.notation import Notation
from chalknet.explain.render import render_latex
from chalknet.explain.render.latex.characters import prose, verbatim
from chalknet.explain.render.latex.drawing import Latex
from chalknet.explain.steps import Explanation, Section, Step

from .examples import EXAMPLES, NASTY, equation
from .formulas import anything

Explanations = Callable[[str], Explanation]
Compile = Callable[[str], str]


@pytest.fixture
def compiled(tmp_path: Path) -> Compile:
    """Compiles a document; gives the log."""
    program = shutil.which("pdflatex")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("pdflatex is needed to compile worked solutions: install TeX Live.")
        pytest.skip("no pdflatex on this machine")

    def run(source: str) -> str:
        (tmp_path / "page.tex").write_text(source, encoding="utf-8")
        # No shell, no files of others: the document may come from anybody.
        done = subprocess.run(
            [program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
            cwd=tmp_path, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        log = (tmp_path / "page.log").read_text(errors="replace")
        assert done.returncode == 0, log[-2000:]
        assert (tmp_path / "page.pdf").stat().st_size > 1000
        return log

    return run


def complaints(log: str) -> list[str]:
    return re.findall(r"^(?:Overfull|Missing character|LaTeX Warning).*", log, re.MULTILINE)


@pytest.mark.parametrize("name", EXAMPLES)
def test_compiles_with_nothing_in_the_margin(
    explanation_of: Explanations, compiled: Compile, name: str
) -> None:
    assert complaints(compiled(render_latex(explanation_of(name)))) == []


def test_what_reaches_into_the_margin_is_noticed(compiled: Compile) -> None:
    wide = "\\begin{align*}x &= " + "+ x" * 99 + "\\end{align*}"
    head = "\\documentclass{article}\\usepackage{amsmath}\\begin{document}"
    assert complaints(compiled(f"{head}{wide}\\end{{document}}"))


def test_needs_amsmath_and_nothing_else(explanation_of: Explanations) -> None:
    source = render_latex(explanation_of("column"))
    assert re.findall(r"\\usepackage(?:\[.*?\])?\{(.*?)\}", source) == ["amsmath"]


def test_a_fragment_can_be_put_into_any_document(
    explanation_of: Explanations, compiled: Compile
) -> None:
    fragment = render_latex(explanation_of("wide"), document=False)
    assert "documentclass" not in fragment
    head = "\\documentclass{article}\\usepackage{amsmath}\\begin{document}"
    log = compiled(f"{head}\n{fragment}\n\\end{{document}}")
    assert complaints(log) == []


def test_random_formulas_compile_within_the_margins(compiled: Compile) -> None:
    """One document of many, compiled once."""
    found: list[Formula] = []

    @settings(
        max_examples=150, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(anything)
    def collect(formula: Formula) -> None:
        found.append(formula)

    collect()
    steps = tuple(
        Step(symbol=f"s{k}", title=f"Formula {k}", equation=formula, reason="At random.")
        for k, formula in enumerate(found)
    )
    page = Explanation(
        title="Anything", sections=(Section(title="All", steps=steps),), notation=Notation()
    )
    assert len(found) > 100
    assert complaints(compiled(render_latex(page))) == []


def test_widths_are_not_underestimated(compiled: Compile, explanation_of: Explanations) -> None:
    """What TeX makes of a formula is no wider than was thought, or lines would be too long."""
    notation = Notation()
    formulas = [
        part
        for name in ("column", "wide", "derivation", "exact")
        for step in explanation_of(name).steps
        for part in (step.equation, step.substituted, step.result)
        if part is not None
    ]
    marks = [Latex(notation).set(formula) for formula in formulas]
    lines = [
        rf"\sbox0{{$\displaystyle {m.source}$}}\typeout{{width {k} \the\wd0}}"
        for k, m in enumerate(marks)
    ]
    head = "\\documentclass[11pt]{article}\\usepackage{amsmath}\\begin{document}"
    log = compiled("\n".join([head, *lines, "x", "\\end{document}"]))
    measured = [float(width) / 10.95 for width in re.findall(r"width \d+ ([\d.]+)pt", log)]
    assert len(measured) == len(marks) > 60
    assert all(true <= m.width for true, m in zip(measured, marks, strict=True))
    # … and not by much: the estimate is of use.
    assert sum(m.width for m in marks) < 1.25 * sum(measured)


@pytest.mark.parametrize("text", NASTY)
def test_text_is_printed_and_not_obeyed(compiled: Compile, text: str) -> None:
    body = f"{prose(text)}\n\n{verbatim(text)}\n\n${Latex(Notation()).set(Words(text)).source}$"
    head = "\\documentclass{article}\\usepackage{amsmath}\\begin{document}\\sloppy"
    log = compiled(f"{head}\n{body}\n\\end{{document}}")
    assert "passwd" not in re.sub(r"\\textbackslash.*", "", log)


@pytest.mark.skipif(not shutil.which("pdftotext") and not os.environ.get("CI"), reason="poppler")
def test_what_a_reader_copies_from_the_pdf_are_the_numbers(
    explanation_of: Explanations, compiled: Compile, tmp_path: Path
) -> None:
    compiled(render_latex(explanation_of("column")))
    command = ["pdftotext", "-layout", "page.pdf", "-"]
    text = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    assert "Pre-activation of layer 1" in text
    for word in ("softmax", "7.4846", "0.99993", "Verified: all 19 checks"):
        assert word in text


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("δ₂ = p − y", r"$\delta_{2}$ = p $-$ y"),
        ("(W₂ᵀ δ₂) ⊙ f′(z₁).", r"($W_{2}^{\mathsf{T}}$ $\delta_{2}$) $\odot$ $f'(z_{1})$."),
        ("50 % of {x}", r"50 \% of \{x\}"),
        ("naïve", r"na\"{i}ve"),
    ],
)
def test_prose_sets_mathematics_as_mathematics(sentence: str, source: str) -> None:
    assert prose(sentence) == source


def test_a_row_that_begins_with_a_bracket_is_no_argument(compiled: Compile) -> None:
    entries = np.empty((2, 1), dtype=object)
    entries[0, 0], entries[1, 0] = Number(1), Array.of([[1, 2]])
    line = equation(Words("[d]"), Array(entries))
    step = Step(symbol="x", title="[c]", equation=line, reason="[e]")
    section = Section(title="[b]", steps=(step,))
    compiled(render_latex(Explanation(title="[a]", notation=Notation(), sections=(section,))))
