"""A study as an article: question, method, code, figures and verdicts; and the index of all."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chalknet.explain.render.html import html_fragment
from chalknet.files import write_atomically
from chalknet.pages import render_page
from chalknet.studies.study import Part, Result, Study, Verdict, rows_of

__all__ = ["tally", "write_index", "write_study"]

Done = Sequence[tuple[Part, Result]]


def write_study(path: str | os.PathLike[str], study: Study, done: Done) -> Path:
    """Write the page of a study: one offline file."""
    parts = [
        {
            "part": part,
            "result": result,
            "explanations": [
                {"title": explanation.title, "fragment": html_fragment(explanation)}
                for explanation in result.explanations
            ],
        }
        for part, result in done
    ]
    page = render_page(
        "chalknet.studies",
        "study.html",
        study=study,
        parts=parts,
        tally=tally(done),
        verdicts=[verdict for verdict in Verdict if dict(tally(done)).get(verdict.value)],
    )
    return write_atomically(path, page)


def write_index(path: str | os.PathLike[str], done: Sequence[tuple[Study, Done]]) -> Path:
    """Write the page that leads to those of all studies, in the same folder."""
    studies = [
        {"study": study, "file": f"{study.name}.html", "tally": tally(parts)}
        for study, parts in done
    ]
    page = render_page("chalknet.studies", "index.html", studies=studies, verdicts=list(Verdict))
    return write_atomically(path, page)


def tally(done: Done) -> list[tuple[str, int]]:
    """How many figures have which verdict."""
    counts = Counter(row.verdict for row in rows_of(done))
    return [(verdict.value, counts[verdict]) for verdict in Verdict if counts[verdict]]
