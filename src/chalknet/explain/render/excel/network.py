"""The sheet of what is given: the numbers that are changed by hand."""

from __future__ import annotations

import numpy as np

from chalknet.explain.problem import Problem
from chalknet.explain.render.excel.cells import Block
from chalknet.explain.render.excel.passes import Given, Parameters, names
from chalknet.explain.render.excel.sheet import Sheet
from chalknet.explain.solution import Solution

__all__ = ["network_sheet", "parameter_blocks", "width_of"]


def width_of(problem: Problem) -> int:
    """How many columns the widest block of a problem has."""
    return max(*problem.widths, 2)


def network_sheet(sheet: Sheet, solution: Solution) -> tuple[Given, Parameters]:
    """Write what is given: inputs, targets, weights, biases and the update rule's numbers."""
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
    now = parameter_blocks(sheet, solution)
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


def parameter_blocks(sheet: Sheet, solution: Solution) -> Parameters:
    """Write the weights and biases alone."""
    W: list[Block] = []
    b: list[Block] = []
    for number, layer in enumerate(solution.problem.layers, 1):
        neurons = names("neuron", layer.fan_out)
        inputs = names("input" if number == 1 else "from", layer.fan_in)
        W.append(sheet.given(f"weights W{number}", layer.weights, neurons, inputs))
        b.append(sheet.given(f"biases b{number}", layer.bias[None], ["bias"], neurons))
    return Parameters(W=W, b=b, slots=[{} for _ in W])
