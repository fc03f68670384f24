"""The live workbook: every number a formula in ordinary functions, with its value beside it."""

from __future__ import annotations

from chalknet.explain.render.excel.answers import read_answer_sheet, write_answer_sheet
from chalknet.explain.render.excel.workbook import write_table, write_workbook

__all__ = ["read_answer_sheet", "write_answer_sheet", "write_table", "write_workbook"]
