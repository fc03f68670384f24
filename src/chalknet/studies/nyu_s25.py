"""nyu-s25: Deep Learning, Spring 2025, assignment 1."""

from __future__ import annotations

import numpy as np

from chalknet.derive.catalogue import derive
from chalknet.report.plots import Curve, curves
from chalknet.studies import digits_in_numpy, fashion
from chalknet.studies.boxes import expressivity
from chalknet.studies.compare import compared, in_distribution
from chalknet.studies.figures import published
from chalknet.studies.initialization import initialization
from chalknet.studies.pictures import class_bars
from chalknet.studies.setting import Runs, Setting
from chalknet.studies.study import Part, Picture, Result, Study

__all__ = ["STUDY"]

CLASSES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


def q2(setting: Setting) -> Result:
    """The five answers, derived; and what many drawn networks say."""
    rows = initialization(setting)
    names = ("variance-forward", "variance-relu", "variance-backward", "glorot")
    return Result(rows=rows, explanations=[derive(name) for name in names])


def q3(setting: Setting) -> Result:
    """Losses and accuracies of many runs, and where the published run falls."""
    runs, result = setting.made(fashion.RUNS), Result()
    for name, printed in published("nyu-s25")["q3"].items():
        epoch = fashion.tested_after(name)
        ours = {
            "train_loss": [run.train_loss[epoch - 1] for run in runs],
            "test_loss": [run.test[epoch].loss for run in runs],
            "test_accuracy": [run.test[epoch].accuracy or 0.0 for run in runs],
        }
        result.rows += [
            in_distribution(f"Q3, {name}", quantity.replace("_", " "), figure, ours[quantity])
            for quantity, figure in printed.items()
        ]
    first = runs[0]
    result.pictures.append(
        Picture(
            title="Loss of the first of our runs",
            drawing=curves(
                "nyu-s25-q3",
                list(range(1, fashion.EPOCHS + 1)),
                [Curve("train", first.train_loss), Curve("test", first.test_loss[1:], second=True)],
                title="Loss",
            ),
        )
    )
    test = setting.data("fashion-mnist").test
    rows = np.random.default_rng(0).choice(len(test), size=3, replace=False)
    result.pictures.append(
        Picture(
            title="Three test images, and what the network makes of them",
            drawing=class_bars(first.model, test, rows.tolist(), CLASSES),
        )
    )
    return result


SCALED = Runs(
    "nyu-s25 Q4",
    lambda setting, _: digits_in_numpy.course(setting, scaled=True),
    lambda _: (None,),
    seconds=0.3,
)


def q4(setting: Setting) -> Result:
    """Pixels divided by 255: every printed figure to the digit."""
    [course] = setting.made(SCALED)
    figures, result = published("nyu-s25")["q4"], Result()
    when = ("at the start", "after epoch 1", "after epoch 2", "after epoch 3")
    for k, moment in enumerate(when):
        result.rows.append(
            compared(f"Q4, {moment}", "test loss", figures["test_loss"][k], course.test_loss[k])
        )
        result.rows.append(
            compared(
                f"Q4, {moment}", "correct of 10,000", figures["correct"][k], course.test_correct[k]
            )
        )
    return result


STUDY = Study(
    name="nyu-s25",
    title="Deep Learning, Spring 2025: what networks express, how they begin and learn",
    summary="Step networks by reasoning, the theory of initialisation, Fashion-MNIST in PyTorch "
    "and MNIST in plain NumPy.",
    parts=(
        Part(
            number="Q1",
            title="Expressivity",
            question="Build a box from two step neurons, approximate functions by boxes, and count "
            "the neurons that d inputs need.",
            method="Networks constructed in closed form, with the measured error beside the proved "
            "bound.",
            code="$ chalknet approximate 'sin(x)' --range 3 --error 0.1",
            run=expressivity,
        ),
        Part(
            number="Q2",
            title="Initialisation",
            question="Which variance of the weights keeps the variance of signals and gradients?",
            method="Each answer is a derivation with every line verified; the predictions are then "
            "measured on networks drawn at random.",
            code="$ chalknet derive variance-relu\n$ chalknet variance 100x51 --init he_normal",
            run=q2,
        ),
        Part(
            number="Q3",
            title="Fashion-MNIST",
            question="Train 784-256-128-64-10 for 25 epochs; show the losses, the accuracy, and "
            "three test images with their class probabilities.",
            method="The published run has no seed, so many runs are made, and the published values "
            "are placed among them.",
            code="network = Network.dense([784, 256, 128, 64, 10], init='torch_default', rng=rng)\n"
            "for record in train(network, split.train, loss='softmax_cross_entropy',\n"
            "        optimizer=SGD(learning_rate=0.01), epochs=25, batch_size=64, rng=rng):\n"
            "    print(record)",
            run=q3,
            runs=(fashion.RUNS,),
        ),
        Part(
            number="Q4",
            title="MNIST in NumPy",
            question="Train 784-32-32-10 with sigmoids, one sample at a time, for three epochs.",
            method="The same initial weights from numpy.random.default_rng(80085), in float64, "
            "with pixels divided by 255.",
            code="$ chalknet train mnist --hidden 32,32 --activation sigmoid --optimizer sgd \\\n"
            "    --init max_fan_normal --learning-rate 0.003 --batch-size 1 --epochs 3 \\\n"
            "    --no-shuffle --seed 80085 --dtype float64",
            run=q4,
            runs=(SCALED,),
        ),
    ),
)
