"""ucr: CS171 / EE142, Fall 2022, homework 3. Two networks in NumPy, full batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chalknet.data.dataset import Dataset
from chalknet.data.preprocessing import Preprocessing
from chalknet.network import Dense, Network
from chalknet.report.plots import Curve, curves
from chalknet.studies.compare import compared
from chalknet.studies.figures import published
from chalknet.studies.pictures import gallery
from chalknet.studies.protocol import Course, Recipe, train
from chalknet.studies.setting import Runs, Setting
from chalknet.studies.study import Part, Picture, Result, Row, Study

__all__ = ["STUDY"]

RAW = Preprocessing()  # pixels from 0 to 255
PARTED = 46  # epochs after which runs that differ in their roundings have parted
LOST = (
    "the printed backward pass did not survive; this recipe with the correct gradient does better, "
    "so the published curve cannot come from a correct gradient"
)


def first_of_each_class(data: Dataset, labels: Sequence[int], count: int) -> Dataset:
    """The first ``count`` images of each class in file order."""
    rows = [np.flatnonzero(data.y == label)[:count] for label in labels]
    y = np.concatenate([np.full(len(some), k) for k, some in enumerate(rows)])
    X = data.X[np.concatenate(rows)]
    return Dataset(X, y, name="chosen digits", image_shape=data.image_shape)


def start(seed: int, outputs: int) -> Network:
    """784-256-outputs: w1, then w2, from the legacy generator, N(0, 0.01²); biases 0."""
    stream = np.random.RandomState(seed)
    w1, w2 = stream.normal(0, 0.01, (256, 784)), stream.normal(0, 0.01, (outputs, 256))
    return Network(
        [Dense(w1.T, np.zeros(256), "sigmoid"), Dense(w2.T, np.zeros(outputs), "identity")]
    )


def five_against_eight(setting: Setting, _: None) -> tuple[Course, Dataset, Dataset]:
    """Q1 as it was run: summed gradients with η are averaged gradients with η · N."""
    mnist = setting.data("mnist")
    data, test = (first_of_each_class(part, (5, 8), 1000) for part in (mnist.train, mnist.test))
    recipe = Recipe(
        loss="sigmoid_cross_entropy",
        learning_rate=1e-5 * len(data),
        epochs=100,
        batch_size=len(data),
        shuffle=False,
        preprocessing=RAW,
    )
    return train(setting, start(3, 1), data, recipe, test=test), data, test


Q1 = Runs("ucr Q1", five_against_eight, lambda _: (None,), seconds=1.5)


def q1(setting: Setting) -> Result:
    """Losses, accuracies, counts and galleries of 5 against 8."""
    [(course, data, test)] = setting.made(Q1)
    figures, result = published("ucr"), Result()
    trained = course.model.evaluate(data)
    for name, printed in figures["q1"].items():
        last = name == "after the last update"
        epoch = 100 if last else int(name.removeprefix("epoch "))
        ours = {
            "loss": 0.0 if last else course.train_loss[epoch] * len(data),
            "train": trained.accuracy if last else course.train_accuracy[epoch],
            "test": course.test_accuracy[epoch],
        }
        result.rows += [
            compared(f"Q1, {name}", quantity, figure, ours[quantity] or 0.0)
            for quantity, figure in printed.items()
        ]
    for part, samples in (("train", data), ("test", test)):
        result.rows += _counts(course, samples, part, figures["q1_counts"][part])
        result.pictures.append(
            Picture(
                title=f"Five of each kind, {part}ing images"
                if part == "train"
                else "Five of each kind, test images",
                drawing=gallery(course.model, samples, _kinds(course, samples)),
            )
        )
    result.pictures = [*_all_epochs(course, len(data)), *result.pictures]
    return result


def _all_epochs(course: Course, samples: int) -> list[Picture]:
    """Accuracies and loss before each of the 100 updates."""
    epochs = list(range(100))
    accuracies = [
        Curve("train", course.train_accuracy),
        Curve("test", course.test_accuracy[:100], second=True),
    ]
    losses = [Curve("train", [loss * samples for loss in course.train_loss])]
    return [
        Picture(
            title="All 100 epochs: accuracy before each update",
            drawing=curves("ucr-q1", epochs, accuracies, title="Accuracy", percent=True),
        ),
        Picture(
            title="All 100 epochs: loss before each update, summed over the samples",
            drawing=curves("ucr-q1-loss", epochs, losses, title="Loss"),
        ),
    ]


def _kinds(course: Course, data: Dataset) -> dict[str, np.ndarray]:
    says, is_8 = course.model.predict(data.X) == 1, data.y == 1
    return {
        "true positives": np.flatnonzero(says & is_8),
        "true negatives": np.flatnonzero(~says & ~is_8),
        "false negatives": np.flatnonzero(~says & is_8),
        "false positives": np.flatnonzero(says & ~is_8),
    }


def _counts(course: Course, data: Dataset, part: str, printed: dict[str, str]) -> list[Row]:
    kinds = _kinds(course, data)
    rows = []
    for name, figure in printed.items():
        reason = ""
        if name.startswith("false"):
            reason = (
                "printed under the other name: true positives and false negatives together must be "
                "the 8s"
            )
        rows.append(compared(f"Q1, {part}", name, figure, len(kinds[name]), reason=reason))
    return rows


def ten_digits(setting: Setting, backwards: bool) -> Course:
    """Q2's recipe with the correct gradient; its first epochs with the pixels summed backwards."""
    mnist = setting.data("mnist")
    data, test, network = (
        first_of_each_class(mnist.train, range(10), 1000),
        mnist.test,
        start(29, 10),
    )
    if backwards:
        X = np.ascontiguousarray(data.X[:, ::-1])
        data = Dataset(X, data.y, name="pixels backwards")
        hidden, output = network.layers
        network = Network([Dense(hidden.W[::-1], hidden.b, hidden.activation), output])
    recipe = Recipe(
        loss="softmax_cross_entropy",
        learning_rate=0.000017 * len(data),
        epochs=PARTED if backwards else 200,
        batch_size=len(data),
        shuffle=False,
        preprocessing=RAW,
    )
    return train(
        setting, network, data, recipe,
        test=None if backwards else test, test_after=(0, 199, 200),
    )  # fmt: skip


Q2 = Runs("ucr Q2", ten_digits, lambda _: (False, True), seconds=8.0)


def q2(setting: Setting) -> Result:
    """The initial figures to the digit; after that, what a correct gradient gives."""
    course, backwards = setting.made(Q2)
    figures, result = published("ucr")["q2"], Result()
    first, second, last = figures["epoch 0"], figures["epoch 1"], figures["epoch 199"]
    after = figures["after the last update"]
    before, almost, end = (course.test[epochs].accuracy or 0.0 for epochs in (0, 199, 200))
    result.rows = [
        compared("Q2, epoch 0", "loss", first["loss"], course.train_loss[0]),
        compared("Q2, epoch 0", "train", first["train"], course.train_accuracy[0]),
        compared("Q2, epoch 0", "test", first["test"], before),
        compared("Q2, epoch 1", "loss", second["loss"], course.train_loss[1], differs=LOST),
        compared("Q2, epoch 199", "loss", last["loss"], course.train_loss[199], differs=LOST),
        compared("Q2, epoch 199", "train", last["train"], course.train_accuracy[199], differs=LOST),
        compared("Q2, epoch 199", "test", last["test"], almost, differs=LOST),
        compared("Q2, after", "test", after["test"], end, differs=LOST),
    ]
    result.remarks.append(
        f"With the correct gradient the loss falls from {course.train_loss[0]:.4f} to "
        f"{course.train_loss[1]:.4f} in the first update; the printed one rises to "
        f"{float(second['loss']):.4f}. A step against the gradient that is this small cannot raise "
        "the loss of a full batch: chalknet gradcheck finds such a gradient before any training."
    )
    last_shared = PARTED - 1
    result.remarks.append(
        "Where it ends nobody can say to the digit: pixels from 0 to 255 saturate the sigmoids, "
        "the rate is high, and the training is chaotic. The same run with the pixels summed in the "
        "other order, which is the same mathematics with other roundings, has the same loss in "
        f"epoch 1 ({course.train_loss[1]:.6f} and {backwards.train_loss[1]:.6f}), but not in "
        f"epoch {last_shared} ({course.train_loss[last_shared]:.6f} and "
        f"{backwards.train_loss[last_shared]:.6f})."
    )
    result.pictures.append(
        Picture(
            title="The loss with the correct gradient, and with the pixels summed backwards",
            drawing=curves(
                "ucr-q2",
                list(range(PARTED)),
                [
                    Curve("in order", course.train_loss[:PARTED]),
                    Curve("backwards", backwards.train_loss, second=True),
                ],
                title="Loss",
            ),
        )
    )
    return result


STUDY = Study(
    name="ucr",
    title="CS171 / EE142, Fall 2022: two networks written in NumPy",
    summary="784-256-1 tells 5 from 8, 784-256-10 reads all digits: sigmoid, full batch, gradients "
    "summed over the samples.",
    parts=(
        Part(
            number="Q1",
            title="Five against eight",
            question="Train 784-256-1 with sigmoids on the first 1,000 images of 5 and of 8, with "
            "η = 1e-5 for 100 epochs; print loss and accuracies, and show hits and misses.",
            method="The same initial weights from the legacy generator with seed 3. Gradients "
            "summed over 2,000 samples with η are averaged gradients with 2,000 η.",
            code="training = Training(network, data, loss='sigmoid_cross_entropy',\n"
            "    optimizer=SGD(learning_rate=1e-5 * 2000), batch_size=2000,\n"
            "    epochs=100, shuffle=False, rng=rng)\n"
            "for record in training:\n"
            "    print(record.train_loss * 2000, record.train_accuracy)",
            run=q1,
            runs=(Q1,),
        ),
        Part(
            number="Q2",
            title="Ten digits",
            question="The same with ten outputs, softmax and 10,000 images, η = 0.000017, 200 "
            "epochs.",
            method="The backward pass of the submission is lost; here it is the correct one.",
            code="network = Network([Dense(w1.T, zeros(256), 'sigmoid'), Dense(w2.T, zeros(10))])\n"
            "for record in Training(network, data, loss='softmax_cross_entropy',\n"
            "        optimizer=SGD(learning_rate=0.17), batch_size=10_000,\n"
            "        epochs=200, shuffle=False, rng=rng):\n"
            "    print(record)",
            run=q2,
            runs=(Q2,),
        ),
    ),
)
