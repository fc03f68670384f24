"""One page about one run: plots and a self-contained HTML file."""

from __future__ import annotations

from chalknet.report.page import write_report

__all__ = ["write_report"]
