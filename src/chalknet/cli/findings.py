"""Findings as lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalknet.cli.terminal import plain

if TYPE_CHECKING:
    from chalknet.diagnose.health import Finding

__all__ = ["printed"]

STYLES = {"serious": "bold red", "warning": "yellow", "note": "dim"}
MARGIN, WIDTH = 9, 79


def printed(finding: Finding) -> Iterator[tuple[str, str]]:
    """A finding as lines for a terminal, each with its style."""
    indent = " " * MARGIN
    head = textwrap.wrap(
        plain(finding.title),
        WIDTH,
        initial_indent=f"{finding.severity:<{MARGIN}}",
        subsequent_indent=indent,
    )
    for line in head:
        yield STYLES[finding.severity], line
    for text in (finding.evidence, f"Try: {finding.advice}"):
        lines = textwrap.wrap(
            plain(text),
            WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in lines:
            yield "", line
