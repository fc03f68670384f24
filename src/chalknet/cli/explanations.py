"""What becomes of an explanation on the command line: shown, written to a file, or as JSON."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING

from chalknet.cli.terminal import messages, plain, print_json

if TYPE_CHECKING:
    from chalknet.explain.steps import Explanation

__all__ = ["Format", "show"]


class Format(enum.StrEnum):
    """What the explanation is written as."""

    TEXT = "text"
    LATEX = "latex"
    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"


_SUFFIXES = {
    ".txt": Format.TEXT,
    ".tex": Format.LATEX,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".md": Format.MARKDOWN,
    ".json": Format.JSON,
}


def show(
    explanation: Explanation,
    *,
    format: Format | None,  # noqa: A002 - the option's name
    output: Path | None,
    json: bool,
) -> None:
    """Write the explanation to ``output`` if there is one, and print it otherwise."""
    if output is not None:
        _write(output, _rendered(explanation, format or _format_of(output)))
    if json:
        from chalknet.explain.render.json import explanation_as_dict

        print_json(explanation_as_dict(explanation))
    elif output is None:
        _print(explanation, format or Format.TEXT)


def _rendered(explanation: Explanation, wanted: Format) -> str:
    if wanted is Format.TEXT:
        from chalknet.explain.render.text import render_text

        return render_text(explanation)
    if wanted is Format.LATEX:
        from chalknet.explain.render.latex import render_latex

        return render_latex(explanation)
    if wanted is Format.HTML:
        from chalknet.explain.render.html import render_html

        return render_html(explanation)
    if wanted is Format.MARKDOWN:
        from chalknet.explain.render.markdown import render_markdown

        return render_markdown(explanation)
    from chalknet.explain.render.json import render_json

    return render_json(explanation, indent=1) + "\n"


def _print(explanation: Explanation, wanted: Format) -> None:
    import os
    import shutil
    import sys

    if wanted is Format.TEXT:
        from chalknet.explain.render.text import render_text

        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        width = min(max(shutil.get_terminal_size((80, 24)).columns, 40), 100)
        sys.stdout.write(render_text(explanation, width=width, colour=colour))
    else:
        sys.stdout.write(_rendered(explanation, wanted))


def _format_of(path: Path) -> Format:
    from chalknet.errors import ConfigurationError

    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ConfigurationError(
            f"--output {path}: the name must end in {', '.join(_SUFFIXES)}, or say what to write "
            "with --format."
        )
    return _SUFFIXES[suffix]


def _write(path: Path, text: str) -> None:
    from chalknet.files import write_atomically

    write_atomically(path, text)
    messages().print(f"written to {plain(str(path))}", markup=False)
