"""The passes as sheets: forward, backward and update, each block refers to those before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chalknet.explain.numerals import Array
from chalknet.explain.render.excel.cells import Block
from chalknet.explain.render.excel.checks import (
    activation_check,
    agree,
    slope_check,
    update_check,
)
from chalknet.explain.render.excel.formulas import (
    activation_formula,
    slope_formula,
    update_formulas,
)
from chalknet.explain.render.excel.losses import LossCells, guarded
from chalknet.explain.render.excel.sheet import Sheet
from chalknet.explain.solution import Round, Solution
from chalknet.operations.activations import Activation

__all__ = ["Given", "Parameters", "backward", "forward", "names", "update"]


@dataclass(frozen=True, kw_only=True)
class Given:
    """Where the numbers that are changed by hand stand."""

    inputs: Block
    targets: Block | None
    sample_weight: Block | None
    l2: str
    fields: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Where weights, biases and the optimizer's slots of a round stand, by layer."""

    W: list[Block]
    b: list[Block]
    slots: list[dict[str, tuple[Block, Block]]]


@dataclass(frozen=True, kw_only=True)
class Forward:
    """Where the forward pass stands, by layer; ``activations`` begin with the inputs."""

    pre_activations: list[Block]
    activations: list[Block]
    prediction: Block | None
    loss: LossCells | None


def names(what: str, count: int) -> list[str]:
    """``what`` with the numbers from 1."""
    return [f"{what} {number}" for number in range(1, count + 1)]


def forward(sheet: Sheet, solution: Solution, one: Round, given: Given, now: Parameters) -> Forward:
    """z and a of each layer, what the loss makes of the output, and the loss."""
    n = len(solution.inputs)
    samples = names("sample", n)
    below, z_blocks, a_blocks = given.inputs, [], [given.inputs]
    layers = solution.problem.layers
    for number, layer in enumerate(layers, 1):
        W, b, A = now.W[number - 1], now.b[number - 1], below
        neurons = names("neuron", layer.fan_out)
        Z_values = one.trace.pre_activations[number - 1]
        sums = sheet.block(
            f"Σ W{number}",
            one.network.layers[number - 1].W.sum(axis=1)[None],
            lambda _, j, W=W: f"SUM({W.column(j)})",  # type: ignore[misc]
            rows=["of columns"],
            columns=names("input", layer.fan_in),
        )
        Z = sheet.block(
            f"z{number} = W{number} · {'x' if number == 1 else f'a{number - 1}'} + b{number}",
            Z_values,
            lambda s, k, W=W, b=b, A=A: (  # type: ignore[misc]
                f"SUMPRODUCT({W.row(k)},{A.row(s)})+{b.cell(0, k)}"
            ),
            rows=samples,
            columns=neurons,
            check=lambda block, s, A=A, b=b, sums=sums: agree(  # type: ignore[misc]
                f"SUM({block.row(s)})", f"SUM({b.row()})+SUMPRODUCT({A.row(s)},{sums.row()})"
            ),
        )
        z_blocks.append(Z)
        linear_output = number == len(layers) and layer.activation.name == "identity"
        below = Z
        if not (linear_output and solution.problem.output_function):
            below = _activated(sheet, number, layer.activation, one, Z, samples, neurons)
        a_blocks.append(below)
    loss, prediction = _loss(sheet, solution, one, given, now, below)
    return Forward(pre_activations=z_blocks, activations=a_blocks, prediction=prediction, loss=loss)


def _activated(
    sheet: Sheet,
    number: int,
    activation: Activation,
    one: Round,
    Z: Block,
    samples: Sequence[str],
    neurons: Sequence[str],
) -> Block:
    return sheet.block(
        f"a{number} = {activation.spec}(z{number})",
        one.trace.activations[number - 1],
        lambda s, k: activation_formula(activation, Z.cell(s, k)),
        rows=samples,
        columns=neurons,
        check=lambda block, s: activation_check(activation, Z.row(s), block.row(s)),
    )


def _loss(
    sheet: Sheet, solution: Solution, one: Round, given: Given, now: Parameters, output: Block
) -> tuple[LossCells | None, Block | None]:
    parts, loss = one.loss, solution.loss
    if parts is None or loss is None or given.targets is None:
        return None, None
    n, K = parts.prediction.shape
    share = "" if n == 1 else f"/{n}"
    weights = given.sample_weight
    cells = LossCells(loss, output, given.targets, share)
    if weights is not None:
        cells.weight = lambda s: f"*{weights.cell(s)}/SUM({weights.whole()})"  # type: ignore[method-assign]
    prediction = None
    if solution.problem.output_function is not None:
        prediction = sheet.block(
            f"p = {solution.problem.output_function}",
            parts.prediction,
            cells.prediction,
            rows=names("sample", n),
            columns=names("output", K),
            check=cells.prediction_check,
        )
    terms = sheet.block(
        "loss of a sample",
        parts.terms[:, None],
        lambda s, _: cells.term(s),
        rows=names("sample", n),
        columns=[loss.name],
        check=lambda block, s: (
            guarded(agree(block.cell(s), other))
            if (other := cells.term_check(s, prediction))
            else ""
        ),
    )
    mean = f"AVERAGE({terms.whole()})"
    if weights is not None:
        mean = f"SUMPRODUCT({weights.whole()},{terms.whole()})/SUM({weights.whole()})"
    total = sheet.block(
        "loss", np.array([[parts.loss]]), lambda *_: mean, rows=["mean"], columns=[""]
    )
    if solution.l2:
        squares = "+".join(f"SUMSQ({W.whole()})" for W in now.W)
        penalty = sheet.block(
            "penalty",
            np.array([[parts.penalty]]),
            lambda *_: f"{given.l2}/2*({squares})",
            rows=["½ λ Σ W²"],
            columns=[""],
        )
        sheet.block(
            "objective",
            np.array([[parts.loss + parts.penalty]]),
            lambda *_: f"{total.cell()}+{penalty.cell()}",
            rows=["loss + penalty"],
            columns=[""],
        )
    return cells, prediction


@dataclass(frozen=True, kw_only=True)
class Backward:
    """Where the gradients stand, by layer."""

    dW: list[Block]
    db: list[Block]


def backward(
    sheet: Sheet, solution: Solution, one: Round, given: Given, now: Parameters, done: Forward
) -> Backward:
    """dz, dW and db of each layer, from the last to the first."""
    parts, cells = one.loss, done.loss
    if parts is None or cells is None:
        raise ValueError("there is no loss to go backward from.")
    layers = solution.problem.layers
    samples = names("sample", len(solution.inputs))
    dW: list[Block] = []
    db: list[Block] = []
    dZ: Block | None = None
    for number in range(len(layers), 0, -1):
        layer, index = layers[number - 1], number - 1
        neurons = names("neuron", layer.fan_out)
        linear_output = number == len(layers) and layer.activation.name == "identity"
        if dZ is None:
            dA = sheet.block(
                f"{'dz' if linear_output else 'da'}{number}: gradient of the loss",
                parts.dA[index],
                lambda s, k: cells.gradient(s, k, done.prediction),
                rows=samples,
                columns=neurons,
                check=cells.gradient_check,
            )
        else:
            dA = _through_weights(sheet, one, number, now, dZ, samples)
        dZ = dA
        if not linear_output:
            dZ = _through_activation(sheet, one, number, layer.activation, done, dA, samples)
        made = _gradients(sheet, solution, one, number, given, now, done.activations[index], dZ)
        dW.insert(0, made[0])
        db.insert(0, made[1])
    return Backward(dW=dW, db=db)


def _through_weights(
    sheet: Sheet, one: Round, number: int, now: Parameters, above: Block, samples: Sequence[str]
) -> Block:
    """da of a layer: dz of the layer above times its weights, transposed."""
    assert one.loss is not None  # noqa: S101 - for the type checker
    W, values = now.W[number], one.network.layers[number].W
    down, up = names("neuron", values.shape[0]), names("to neuron", values.shape[1])
    flipped = sheet.block(
        f"W{number + 1} transposed", values, lambda i, k: W.cell(k, i), rows=down, columns=up
    )
    sums = sheet.block(
        f"Σ W{number + 1} transposed",
        values.sum(axis=0)[None],
        lambda _, k: f"SUM({flipped.column(k)})",
        rows=["of columns"],
        columns=up,
    )
    return sheet.block(
        f"da{number} = dz{number + 1} · W{number + 1}",
        one.loss.dA[number - 1],
        lambda s, i: f"SUMPRODUCT({above.row(s)},{flipped.row(i)})",
        rows=samples,
        columns=down,
        check=lambda block, s: agree(
            f"SUM({block.row(s)})", f"SUMPRODUCT({above.row(s)},{sums.row()})"
        ),
    )


def _through_activation(
    sheet: Sheet,
    one: Round,
    number: int,
    activation: Activation,
    done: Forward,
    dA: Block,
    samples: Sequence[str],
) -> Block:
    """dz = da ∘ f′(z)."""
    assert one.loss is not None  # noqa: S101 - for the type checker
    Z, A = done.pre_activations[number - 1], done.activations[number]
    neurons = names("neuron", dA.columns)
    slopes = sheet.block(
        f"f′(z{number}) of {activation.spec}",
        one.loss.slopes[number - 1],
        lambda s, k: slope_formula(activation, Z.cell(s, k)),
        rows=samples,
        columns=neurons,
        check=lambda block, s: slope_check(activation, Z.row(s), A.row(s), block.row(s)),
    )
    return sheet.block(
        f"dz{number} = da{number} ∘ f′(z{number})",
        one.loss.gradients.dZ[number - 1],
        lambda s, k: f"{dA.cell(s, k)}*{slopes.cell(s, k)}",
        rows=samples,
        columns=neurons,
        check=lambda block, s: agree(
            f"SUM({block.row(s)})", f"SUMPRODUCT({dA.row(s)},{slopes.row(s)})"
        ),
    )


def _gradients(
    sheet: Sheet,
    solution: Solution,
    one: Round,
    number: int,
    given: Given,
    now: Parameters,
    A: Block,
    dZ: Block,
) -> tuple[Block, Block]:
    """dW = Σ over samples of dz · a, db = Σ dz; the penalty adds λ W."""
    assert one.loss is not None  # noqa: S101 - for the type checker
    gradients, W = one.loss.gradients, now.W[number - 1]
    neurons, n = names("neuron", dZ.columns), len(solution.inputs)
    source = "x" if number == 1 else f"a{number - 1}"
    below = one.trace.inputs if number == 1 else one.trace.activations[number - 2]
    sums = sheet.block(
        f"Σ {source}",
        below.sum(axis=1)[:, None],
        lambda s, _: f"SUM({A.row(s)})",
        rows=names("sample", n),
        columns=["of rows"],
    )
    decay = solution.l2 and given.l2
    dW = sheet.block(
        f"dW{number} = Σ dz{number} · {source}{' + λ W' if decay else ''}",
        gradients.dW[number - 1].T,
        lambda k, i: (
            f"SUMPRODUCT({dZ.column(k)},{A.column(i)})"
            + (f"+{given.l2}*{W.cell(k, i)}" if decay else "")
        ),
        rows=neurons,
        columns=names("input", A.columns),
        check=lambda block, k: agree(
            f"SUM({block.row(k)})",
            f"SUMPRODUCT({dZ.column(k)},{sums.column()})"
            + (f"+{given.l2}*SUM({W.row(k)})" if decay else ""),
        ),
    )
    db = sheet.block(
        f"db{number} = Σ dz{number}",
        gradients.db[number - 1][None],
        lambda _, k: f"SUM({dZ.column(k)})",
        rows=["all samples"],
        columns=neurons,
        check=lambda block, _: agree(f"SUM({block.row()})", f"SUM({dZ.whole()})"),
    )
    return dW, db


def update(
    sheet: Sheet, solution: Solution, one: Round, given: Given, now: Parameters, slopes: Backward
) -> Parameters:
    """The optimizer's slots and the new weights and biases, last layer first."""
    if one.update is None or solution.optimizer is None:
        raise ValueError("there is no update.")
    after = one.network.views(one.update.parameters)
    slot_views = [one.network.views(slot) for slot in one.update.slots]
    made: list[tuple[list[Block], dict[str, tuple[Block, Block]]]] = []
    for number in range(len(after), 0, -1):
        pair: list[Block] = []
        slots: list[dict[str, Block]] = []
        for part, letter in enumerate("Wb"):
            old = (now.W, now.b)[part][number - 1]
            g = (slopes.dW, slopes.db)[part][number - 1]
            values = [np.atleast_2d(views[number - 1][part].T) for views in (after, *slot_views)]
            before = {name: both[part] for name, both in now.slots[number - 1].items()}
            blocks = _updated(
                sheet, solution, one.number, given, f"{letter}{number}", old, g, before, values
            )
            pair.append(blocks.pop("new"))
            slots.append(blocks)
        made.append((pair, {name: (slots[0][name], slots[1][name]) for name in slots[0]}))
    made.reverse()
    return Parameters(
        W=[pair[0] for pair, _ in made],
        b=[pair[1] for pair, _ in made],
        slots=[slots for _, slots in made],
    )


def _updated(
    sheet: Sheet,
    solution: Solution,
    step: int,
    given: Given,
    symbol: str,
    old: Block,
    g: Block,
    before: dict[str, Block],
    values: list[Array],
) -> dict[str, Block]:
    """The blocks of one parameter after the step: each slot by its name, and "new"."""
    optimizer = solution.optimizer
    assert optimizer is not None  # noqa: S101 - for the type checker
    slot_names = optimizer.slot_names

    # Written once, with a character for each cell: a wide layer has tens of thousands of cells.
    sources = [old, g, *(before[name] for name in slot_names if before)]
    places = [chr(number) for number in range(len(sources))]
    zeros = [] if before else ["0"] * len(slot_names)
    formulas = update_formulas(optimizer, given.fields, step, [*places, *zeros])

    def formula(which: int, i: int, j: int) -> str:
        cells = {number: source.cell(i, j) for number, source in enumerate(sources)}
        return formulas[which].translate(cells)

    weights = symbol.startswith("W")
    rows = names("neuron", old.rows) if weights else ["bias"]
    columns = names("input" if weights else "neuron", old.columns)
    blocks: dict[str, Block] = {}
    for which, name in enumerate(slot_names, 1):
        blocks[name] = sheet.block(
            f"{name} of {symbol}",
            values[which],
            lambda i, j, which=which: formula(which, i, j),  # type: ignore[misc]
            rows=rows,
            columns=columns,
        )
    blocks["new"] = sheet.block(
        f"{symbol} new",
        values[0],
        lambda i, j: formula(0, i, j),
        rows=rows,
        columns=columns,
        check=lambda block, i: update_check(
            optimizer,
            given.fields,
            step,
            {"old": old.row(i), "new": block.row(i), "g": g.row(i)}
            | {name: blocks[name].row(i) for name in slot_names},
        ),
    )
    return blocks
