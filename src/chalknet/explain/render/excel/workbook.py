"""A solution, or a network with its data set, as a workbook that follows every change."""

from __future__ import annotations

import io
import itertools
import os
from pathlib import Path

import numpy as np

from chalknet.errors import ConfigurationError
from chalknet.explain.problem import Problem
from chalknet.explain.render.excel.cells import Block
from chalknet.explain.render.excel.passes import (
    Given,
    Parameters,
    backward,
    forward,
    names,
    update,
)
from chalknet.explain.render.excel.sheet import Book, Sheet
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
    network = book.sheet("Network", problem.title or "Network", _width(solution), checked=False)
    verdict = network.next
    network.next += 1
    network.text("Change any yellow number: everything else follows.")
    network.next += 1
    given, start = _network(network, solution)
    now, counts = start, []
    for one in solution.rounds:
        suffix = "" if one.number == 1 else f" {one.number}"
        sheet = book.sheet(f"Forward{suffix}", f"Forward pass{suffix}", _width(solution))
        done = forward(sheet, solution, one, given, now)
        counts.append(sheet.close())
        if one.loss is None:
            continue
        sheet = book.sheet(f"Backward{suffix}", f"Backward pass{suffix}", _width(solution))
        slopes = backward(sheet, solution, one, given, now, done)
        counts.append(sheet.close())
        if one.update is not None:
            sheet = book.sheet(f"Update{suffix}", f"Update{suffix}", _width(solution))
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
    network = book.sheet("Network", problem.title or "Network", _width(solution), checked=False)
    network.text("Change any yellow number, here or in the table: everything else follows.")
    network.next += 1
    add_table(book, solution, _parameters(network, solution), None)
    book.workbook.close()
    return write_atomically(path, buffer.getvalue())


def _width(solution: Solution) -> int:
    return max(*solution.problem.widths, 2)


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


def _network(sheet: Sheet, solution: Solution) -> tuple[Given, Parameters]:
    problem = solution.problem
    samples = names("sample", len(problem.inputs))
    inputs = sheet.given("inputs x", problem.inputs, samples, names("input", problem.widths[0]))
    targets = weight = None
    if problem.targets is not None:
        outputs = names("output", problem.widths[-1])
        targets = sheet.given("targets", problem.targets, samples, outputs)
        if problem.sample_weight is not None:
            weight = sheet.given(
                "sample weights", problem.sample_weight[:, None], samples, ["weight"]
            )
    now = _parameters(sheet, solution)
    l2, fields = "", {}
    if problem.l2:
        l2 = sheet.given("L2 penalty", np.array([[problem.l2]]), ["λ"], [""]).cell()
    if problem.optimizer is not None and problem.targets is not None:
        values = dict(vars(problem.optimizer))
        block = sheet.given(
            problem.optimizer.name, np.array([list(values.values())]), ["update"], list(values)
        )
        fields = {name: block.cell(0, k) for k, name in enumerate(values)}
    given = Given(inputs=inputs, targets=targets, sample_weight=weight, l2=l2, fields=fields)
    return given, now


def _parameters(sheet: Sheet, solution: Solution) -> Parameters:
    W: list[Block] = []
    b: list[Block] = []
    for number, layer in enumerate(solution.problem.layers, 1):
        neurons = names("neuron", layer.fan_out)
        inputs = names("input" if number == 1 else "from", layer.fan_in)
        W.append(sheet.given(f"weights W{number}", layer.weights, neurons, inputs))
        b.append(sheet.given(f"biases b{number}", layer.bias[None], ["bias"], neurons))
    return Parameters(W=W, b=b, slots=[{} for _ in W])
