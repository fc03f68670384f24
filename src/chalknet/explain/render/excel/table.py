"""The sheet of a data set: one row a sample, from its inputs to its error."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.explain.render.excel.cells import Block
from chalknet.explain.render.excel.formulas import activation_formula
from chalknet.explain.render.excel.losses import LossCells
from chalknet.explain.render.excel.passes import Given, Parameters
from chalknet.explain.render.excel.sheet import FIRST, Book, Formula, Sheet
from chalknet.explain.solution import Solution

__all__ = ["add_table"]

_WRITTEN = {"relu": "ReLU", "leaky_relu": "leakyReLU", "gelu": "GELU", "silu": "SiLU"}


def add_table(book: Book, solution: Solution, now: Parameters, given: Given | None) -> None:
    """Inputs, each layer's Z and activations, prediction, target and error, side by side.

    The inputs and targets are written here, to be changed by hand, unless ``given`` says where
    they stand.
    """
    problem, trace = solution.problem, solution.rounds[0].trace
    table = _Columns(book, len(solution.inputs))
    A = table.numbers("x", problem.inputs, given.inputs if given else None)
    shallow = len(problem.layers) == 2  # one hidden layer: Z1 … Z4, as one writes it by hand
    for number, layer in enumerate(problem.layers, 1):
        W, b, last = now.W[number - 1], now.b[number - 1], number == len(problem.layers)
        plain = shallow or last
        Z = table.formulas(
            "output" if last else ("Z" if plain else f"Z{number}."),
            trace.pre_activations[number - 1],
            lambda s, k, W=W, b=b, A=A: (  # type: ignore[misc]
                f"SUMPRODUCT({W.row(k)},{A.row(s)})+{b.cell(0, k)}"
            ),
        )
        A = Z
        if layer.activation.name != "identity":
            name = _WRITTEN.get(layer.activation.name, layer.activation.name)
            A = table.formulas(
                name if plain else f"{name}{number}.",
                trace.activations[number - 1],
                lambda s, k, Z=Z, f=layer.activation: activation_formula(f, Z.cell(s, k)),  # type: ignore[misc]
            )
    parts, loss, targets = solution.rounds[0].loss, solution.loss, problem.targets
    if parts is not None and loss is not None and targets is not None:
        cells = LossCells(loss, A, A, "")
        prediction = table.formulas("prediction", parts.prediction, cells.prediction)
        wanted = table.numbers("target", targets, given.targets if given else None)
        table.formulas(
            "error",
            parts.prediction - targets.astype(np.float64),
            lambda s, k: f"{prediction.cell(s, k)}-{wanted.cell(s, k)}",
        )
    table.finish()


class _Columns:
    """Blocks side by side, all of the same rows, under one line of headings."""

    top = 3

    def __init__(self, book: Book, n: int) -> None:
        self.sheet = Sheet(book, "Table", "One row a sample", 1, checked=False)
        self.sheet.sheet.set_column(0, 0, 12)
        self.n, self.next = n, FIRST
        style = book.style["name"]
        for s in range(n):
            self.sheet.sheet.write_string(self.top + s, 0, f"sample {s + 1}", style)

    def numbers(self, head: str, values: npt.NDArray[Any], where: Block | None) -> Block:
        """Numbers to be changed by hand, or what stands in another block."""
        if where is not None:
            return self.formulas(head, values.astype(np.float64), where.cell)
        block = self._block(head, values.shape[1])
        for s, row in enumerate(values):
            for k, value in enumerate(row):
                self.sheet.number(self.top + s, block.left + k, value)
        return block

    def formulas(self, head: str, values: npt.NDArray[Any], formula: Formula) -> Block:
        """Formulas (sample, column) with their values."""
        block = self._block(head, values.shape[1])
        for s, row in enumerate(values):
            for k, value in enumerate(row):
                self.sheet.formula(self.top + s, block.left + k, formula(s, k), value)
        return block

    def _block(self, head: str, count: int) -> Block:
        style = self.sheet.book.style["heading"]
        for k in range(count):
            text = head if count == 1 else f"{head}{k + 1}"
            self.sheet.sheet.write_string(self.top - 1, self.next + k, text, style)
        block = Block(self.sheet.name, self.top, self.next, self.n, count)
        self.next += count
        return block

    def finish(self) -> None:
        """Keep the headings in sight."""
        self.sheet.sheet.set_column(FIRST, self.next, 12)
        self.sheet.sheet.freeze_panes(self.top, FIRST)
