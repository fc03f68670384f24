"""nyu-f23: Deep Learning, Fall 2023, homework 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from chalknet.derive.catalogue import derive
from chalknet.explain.notation import Notation
from chalknet.explain.problem import Layer, Problem
from chalknet.explain.walkthrough import explain
from chalknet.operations.losses import MeanSquaredError
from chalknet.report.plots import Curve, curves
from chalknet.studies import digits_in_numpy, fashion
from chalknet.studies.compare import compared, in_distribution
from chalknet.studies.exact_fits import exact_fits
from chalknet.studies.figures import published
from chalknet.studies.l1_regression import l1_regression
from chalknet.studies.protocol import Course
from chalknet.studies.setting import Runs, Setting
from chalknet.studies.study import Part, Picture, Result, Row, Study, Verdict

__all__ = ["STUDY"]

CHAOTIC = "chaotic: the same run with one sum reversed goes elsewhere, see below"


def derivations(*names: str) -> Any:
    """A part that consists of derivations."""
    return lambda setting: Result(explanations=[derive(name) for name in names])  # noqa: ARG005


def _p3_problem(x: float, y: float) -> Problem:
    """The network of P3c at one x."""
    return Problem(
        layers=(
            Layer(weights=[[-1], [1], [1], [-1]], bias=[1, 1, -1, 1], activation="relu"),
            Layer(weights=[[1, -1, -1, -1]], bias=[1]),
        ),
        inputs=np.array([x]),
        targets=np.array([y]),
        loss=MeanSquaredError(),
        title=f"P3 at x = {x:g}",
    )


def p3c(setting: Setting) -> Result:  # noqa: ARG001 - every part takes it
    """Predictions at four points, and the hidden layer at x = 2."""
    figures, result = published("nyu-f23")["p3c"], Result()
    for x, printed in enumerate(figures["predictions"]):
        values = explain(_p3_problem(x, 0), exact=True).values
        row = f"prediction at x = {x}"
        result.rows.append(compared("P3c", row, printed, float(values["z2"][0])))
    values = explain(_p3_problem(2, 3), exact=True).values
    for k in range(4):
        for name, symbol in (("z", "z1"), ("relu", "a1")):
            result.rows.append(
                compared("P3c, x = 2", f"{name}{k + 1}", figures[name][k], float(values[symbol][k]))
            )
    return result


def p3d(setting: Setting) -> Result:  # noqa: ARG001 - every part takes it
    """Every derivative at x = 2, worked out."""
    return Result(
        rows=[
            Row(
                table="P3d",
                row="∂L/∂w and ∂L/∂b",
                published="summed over neurons, with max(0, x) for the slope of the ReLU",
                ours="each neuron by itself, with slope 0 or 1",
                verdict=Verdict.DIFFERS,
                reason="a weight reaches the loss through its own neuron alone, and the slope of "
                "max(0, z) is 1 or 0; the working below has every value, checked by a complex step",
            )
        ],
        explanations=[explain(_p3_problem(2, 1), notation=Notation())],
    )


def p4(setting: Setting) -> Result:
    """The test pass comes before the training pass, and losses are summed over batches."""
    runs, figures, result = setting.made(fashion.RUNS), published("nyu-f23")["p4"], Result()
    for epoch, (train_printed, test_printed) in enumerate(
        zip(figures["train"], figures["test"], strict=True)
    ):
        sums = {
            "train loss, summed": (train_printed, [run.train_loss[epoch] for run in runs], "train"),
            "test loss, summed": (test_printed, [run.test[epoch].loss for run in runs], "test"),
        }
        result.rows += [
            in_distribution(
                f"P4, epoch {epoch + 1}",
                row,
                printed,
                [fashion.ROUNDED_BATCHES[part] * value for value in values],
            )
            for row, (printed, values, part) in sums.items()
        ]
    first = runs[0]
    result.pictures.append(
        Picture(
            title="Loss of the first of our runs, ten epochs",
            drawing=curves(
                "nyu-f23-p4",
                list(range(1, 11)),
                [
                    Curve("train", first.train_loss[:10]),
                    Curve("test", first.test_loss[:10], second=True),
                ],
                title="Loss",
            ),
        )
    )
    return result


def p5(setting: Setting) -> Result:
    """Raw pixels: only the start can agree; afterwards one rounding decides."""
    runs = setting.made(IN_MANY_ORDERS)
    figures, result = published("nyu-f23")["p5"], Result()
    first, backwards = runs[0], runs[1]
    printed, loss = figures["test_correct"], figures["test_loss"]
    result.rows = [
        compared("P5, at the start", "test loss", loss[0], first.test_loss[0]),
        compared("P5, at the start", "correct of 10,000", printed[0], first.test_correct[0]),
    ]
    for epoch in (1, 2, 3):
        ours: dict[str, tuple[str, list[float]]] = {
            "test loss": (loss[epoch], [run.test_loss[epoch] for run in runs]),
            "correct of 10,000": (printed[epoch], [float(run.test_correct[epoch]) for run in runs]),
            "train loss": (
                figures["train_loss"][epoch - 1],
                [r.train_loss[epoch - 1] for r in runs],
            ),
            "train correct of 60,000": (
                figures["train_correct"][epoch - 1],
                [60_000 * run.train_accuracy[epoch - 1] for run in runs],
            ),
        }
        result.rows += [
            in_distribution(f"P5, epoch {epoch}", row, figure, values, reason=CHAOTIC)
            for row, (figure, values) in ours.items()
        ]
    result.remarks.append(
        "Pixels from 0 to 255 saturate the sigmoids, and the training is chaotic. The same run "
        "with the pixels summed in the other order, which is the same mathematics with other "
        f"roundings: {_listed(first)} correct after each epoch, and {_listed(backwards)}. No "
        "program can reproduce such a figure on another machine; nyu-s25 divides by 255, and "
        "agrees. The runs below sum in as many orders as there are seeds."
    )
    return result


def _orders(setting: Setting) -> list[np.ndarray]:
    """The order of the file, backwards, and random orders of the pixels."""
    rng = np.random.default_rng(0)
    orders = [np.arange(784), np.arange(784)[::-1]]
    return orders + [rng.permutation(784) for _ in range(setting.seeds - 2)]


IN_MANY_ORDERS = Runs(
    "nyu-f23 P5",
    lambda setting, order: digits_in_numpy.course(setting, scaled=False, order=order),
    _orders,
    seconds=0.4,
)


def _listed(course: Course) -> str:
    return ", ".join(f"{correct:,}" for correct in course.test_correct[1:])


STUDY = Study(
    name="nyu-f23",
    title="Deep Learning, Fall 2023: gradients by hand, exact fits, two trainings",
    summary="Gradients and minima on paper, a ReLU network through given points, Fashion-MNIST in "
    "PyTorch and MNIST in plain NumPy. Two submissions.",
    parts=(
        Part(
            number="P1",
            title="Squares",
            question="The gradient of the squared norm; the point with the least sum of squared "
            "distances.",
            method="Two derivations of which every line is verified.",
            code="$ chalknet derive squared-norm\n$ chalknet derive mean-minimises-squares",
            run=derivations("squared-norm", "mean-minimises-squares"),
        ),
        Part(
            number="P2",
            title="L1 regression",
            question="Can ‖Xw − y‖₁ be minimised?",
            method="Its linear program is solved exactly; a network with no hidden layer and the "
            "absolute error must reach the same optimum.",
            code="network = Network.dense([5, 1], init='zeros', rng=rng, dtype=np.float64)\n"
            "history = fit(network, data, loss=AbsoluteError(), epochs=2000, batch_size=200,\n"
            "    optimizer=Adam(learning_rate=0.05), schedule=Cosine(), rng=rng)",
            run=l1_regression,
        ),
        Part(
            number="P3a",
            title="Through every point",
            question="Find a hidden layer of four ReLU neurons that goes through 13, and through "
            "11 given points.",
            method="In closed form, with fractions; and the published weights are evaluated.",
            code="$ chalknet fit-relu '0:8 1:6 2:4 3:2 4:0 5:2 6:4 7:2 8:0 9:2 10:4 11:6 12:8' \\\n"
            "    --excel sheet.xlsx",
            run=exact_fits,
        ),
        Part(
            number="P3b",
            title="The gradient of the squared error",
            question="∇Σ(y − f)².",
            method="A derivation of which every line is verified.",
            code="$ chalknet derive squared-error-gradient",
            run=derivations("squared-error-gradient"),
        ),
        Part(
            number="P3c",
            title="A forward pass by hand",
            question="The predictions of given weights at x = 0, 1, 2, 3.",
            method="Worked out in fractions.",
            code="problem = Problem(layers=[Layer(weights=…, bias=…, activation='relu'), …],\n"
            "    inputs=[2])\nexplain(problem, exact=True)",
            run=p3c,
        ),
        Part(
            number="P3d",
            title="A backward pass by hand",
            question="Every derivative of the loss at x = 2.",
            method="The worked solution, every line verified.",
            code="$ chalknet explain p3.toml",
            run=p3d,
        ),
        Part(
            number="P4",
            title="Fashion-MNIST",
            question="Train 784-256-128-64-10 for ten epochs; print the summed losses.",
            method="The published run has no seed, so many runs are made. In each epoch the test "
            "pass comes before the training pass; losses are sums over 938 and 157 batches.",
            code="network = Network.dense([784, 256, 128, 64, 10], init='torch_default', rng=rng)\n"
            "for record in train(network, split.train, loss='softmax_cross_entropy',\n"
            "        optimizer=SGD(learning_rate=0.01), epochs=10, batch_size=64, rng=rng):\n"
            "    print(938 * record.train_loss)",
            run=p4,
            runs=(fashion.RUNS,),
        ),
        Part(
            number="P5",
            title="MNIST in NumPy",
            question="Train 784-32-32-10 on raw pixels, one sample at a time.",
            method="The same initial weights, in float64; run twice, with one sum reversed.",
            code="network = Network.dense([784, 32, 32, 10], activation='sigmoid',\n"
            "    init='max_fan_normal', rng=np.random.default_rng(80085), dtype=np.float64)\n"
            "train(network, mnist.train, loss='softmax_cross_entropy', batch_size=1, epochs=3,\n"
            "    optimizer=SGD(learning_rate=0.003), shuffle=False,\n"
            "    preprocessing=Preprocessing(), rng=rng)",
            run=p5,
            runs=(IN_MANY_ORDERS,),
        ),
    ),
)
