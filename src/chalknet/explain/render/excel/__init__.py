"""The live workbook: every number a formula in ordinary functions, with its value beside it."""

from __future__ import annotations

from chalknet.explain.render.excel.workbook import write_table, write_workbook

__all__ = ["write_table", "write_workbook"]
