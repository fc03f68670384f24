"""nyu-s25 Q1: the box from two step neurons, functions by boxes, and the price of more inputs."""

from __future__ import annotations

import numpy as np

from chalknet.construct.approximation import approximate
from chalknet.construct.growth import growth
from chalknet.construct.step_networks import box_network
from chalknet.report.plots import Curve, curves
from chalknet.studies.setting import Setting
from chalknet.studies.study import Picture, Result, Row, Verdict

__all__ = ["expressivity"]

HEIGHT, WIDTH = 3.0, 0.5
LOW, HIGH = -3.0, 3.0
COUNTS = (9, 17, 33, 65, 129, 257)
ERROR = 0.1


def expressivity(setting: Setting) -> Result:  # noqa: ARG001 - every part takes it
    """(a) the box, (b) sin x by boxes, (c) how many neurons d inputs take."""
    result = Result(rows=[*_box(), *_boxes(), *_inputs()])
    found = [approximate("sin(x)", LOW, HIGH, neurons=count) for count in COUNTS]
    result.pictures.append(
        Picture(
            title="The error of sin x by boxes halves when the neurons double",
            drawing=curves(
                "nyu-s25-q1",
                list(COUNTS),
                [
                    Curve("measured", [one.measured for one in found]),
                    Curve("bound", [one.bound for one in found], second=True),
                ],
                title="Largest error",
                across="neuron",
            ),
        )
    )
    return result


def _box() -> list[Row]:
    """h σ(x) − h σ(x − δ), on both sides of its walls and on them."""
    network = box_network(HEIGHT, WIDTH)
    x = np.array([-0.1, 0.0, 1e-9, WIDTH / 2, WIDTH - 1e-9, WIDTH, WIDTH + 1e-9])
    wanted = np.where((x > 0) & (x <= WIDTH), HEIGHT, 0.0)
    right = np.array_equal(network.output(x[:, None])[:, 0], wanted)
    hidden, output = network.layers
    weights = (
        f"weights {_listed(hidden.W[0])}, biases {_listed(hidden.b)}, "
        f"output weights {_listed(output.W[:, 0])}"
    )
    return [
        Row(
            table="Q1 (a)",
            row="the box from two step neurons",
            published="weights 1, 1; biases 0, −δ; output weights h, −h",
            ours=f"h = {HEIGHT:g}, δ = {WIDTH:g}: {weights}",
            verdict=Verdict.EXACT if right else Verdict.DIFFERS,
            reason="with σ(0) := 0 the box is open at 0 and closed at δ: at x = δ it is still h",
        )
    ]


def _boxes() -> list[Row]:
    rows = []
    for count in COUNTS[::2]:
        found = approximate("sin(x)", LOW, HIGH, neurons=count)
        rows.append(
            Row(
                table="Q1 (b)",
                row=f"sin x on [−3, 3] with {found.neurons} neurons",
                published="the error falls as 1/n",
                ours=f"{found.measured:.4f} measured, at most {found.bound:.4f}",
                verdict=Verdict.SHOWN
                if found.measured <= found.bound <= 2 * found.measured
                else Verdict.DIFFERS,
                reason="the bound is proved for every input in the range",
            )
        )
    return rows


def _inputs() -> list[Row]:
    found = growth(1.0, LOW, HIGH, errors=(ERROR,))
    (counts,) = found.neurons
    return [
        Row(
            table="Q1 (c)",
            row=f"neurons for an error of {ERROR:g} in {inputs} input{'s' * (inputs > 1)}",
            published="grows exponentially",
            ours=f"{count:,}",
            verdict=Verdict.SHOWN,
            reason=f"so many cells along each input, to the power {inputs}, for slopes of at "
            "most 1, as sin x has",
        )
        for inputs, count in zip(found.inputs, counts, strict=True)
    ]


def _listed(values: np.ndarray) -> str:
    return ", ".join(f"{value:g}" for value in values)
