"""A solution, or a network with its data set, as a workbook that follows every change."""

from __future__ import annotations

import io
import itertools
import os
from pathlib import Path

from chalknet.errors import ConfigurationError
from chalknet.explain.problem import Problem
from chalknet.explain.render.excel.network import network_sheet, parameter_blocks, width_of
from chalknet.explain.render.excel.passes import backward, forward, update
from chalknet.explain.render.excel.sheet import Book
from chalknet.explain.render.excel.table import add_table
from chalknet.explain.solution import Solution, solve
from chalknet.files import write_atomically

__all__ = ["write_table", "write_workbook"]

MOST_COLUMNS = 16_000  # a sheet has 16,384
MOST_CELLS = 2_000_000


def write_workbook(path: str | os.PathLike[str], problem: Problem, *, steps: int = 1) -> Path:
    """Write a problem worked out as a live workbook.

    Sheet Network holds the numbers to be changed (inputs, targets, weights, biases, the update
    rule's coefficients); Forward, Backward and Update hold formulas only, once a step, each with
    its value and a self-check at the right; a batch also has the sheet Table.

    Parameters
    ----------
    path : path
        Written whole or not at all.
    problem : Problem
    steps : int
        How many updates, one after the other.

    Raises
    ------
    ConfigurationError
        The network is too large for a sheet, or something in it has no spreadsheet formula.
    """
    solution = solve(problem, steps=steps)
    _check_size(solution)
    buffer = io.BytesIO()
    book = Book(buffer)
    network = book.sheet("Network", problem.title or "Network", width_of(problem), checked=False)
    verdict = network.next
    network.next += 1
    network.text("Change any yellow number: everything else follows.")
    network.next += 1
    given, start = network_sheet(network, solution)
    now, counts = start, []
    for one in solution.rounds:
        suffix = "" if one.number == 1 else f" {one.number}"
        sheet = book.sheet(f"Forward{suffix}", f"Forward pass{suffix}", width_of(problem))
        done = forward(sheet, solution, one, given, now)
        counts.append(sheet.close())
        if one.loss is None:
            continue
        sheet = book.sheet(f"Backward{suffix}", f"Backward pass{suffix}", width_of(problem))
        slopes = backward(sheet, solution, one, given, now, done)
        counts.append(sheet.close())
        if one.update is not None:
            sheet = book.sheet(f"Update{suffix}", f"Update{suffix}", width_of(problem))
            now = update(sheet, solution, one, given, now, slopes)
            counts.append(sheet.close())
    if not problem.single:
        add_table(book, solution, start, given)
    network.verdict(verdict, [count for count in counts if count])
    book.workbook.close()
    return write_atomically(path, buffer.getvalue())


def write_table(path: str | os.PathLike[str], problem: Problem) -> Path:
    """Write a network and its data set as a live workbook: the sheets Network and Table.

    One row a sample: its inputs, Z1, Z2, …, ReLU1, ReLU2, …, prediction, target, error.

    Parameters
    ----------
    path : path
        Written whole or not at all.
    problem : Problem
        A batch; its targets may be left out.

    Raises
    ------
    ConfigurationError
        The table is too large for a sheet, or something in it has no spreadsheet formula.
    """
    solution = solve(problem)
    _check_size(solution)
    buffer = io.BytesIO()
    book = Book(buffer)
    network = book.sheet("Network", problem.title or "Network", width_of(problem), checked=False)
    network.text("Change any yellow number, here or in the table: everything else follows.")
    network.next += 1
    add_table(book, solution, parameter_blocks(network, solution), None)
    book.workbook.close()
    return write_atomically(path, buffer.getvalue())


def _check_size(solution: Solution) -> None:
    widths, n = solution.problem.widths, len(solution.inputs)
    parameters = sum((below + 1) * above for below, above in itertools.pairwise(widths))
    cells = len(solution.rounds) * (6 * parameters + 8 * n * sum(widths)) + n * 3 * sum(widths)
    if max(widths) > MOST_COLUMNS or n > 1_000_000 or cells > MOST_CELLS:
        raise ConfigurationError(
            f"a workbook of this network would need about {cells:,} cells and {max(widths):,} "
            f"columns, more than {MOST_CELLS:,} or {MOST_COLUMNS:,}: take a smaller network, fewer "
            "samples or fewer steps."
        )
