"""usc Q3: ReLU and tanh with three learning rates each, as the program trained them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset
from chalknet.network import Dense, Network
from chalknet.report.plots import Curve, curves
from chalknet.studies.compare import agrees_to_the_digits, compared
from chalknet.studies.figures import published
from chalknet.studies.protocol import Course, Recipe, train
from chalknet.studies.setting import Runs, Setting
from chalknet.studies.study import Picture, Result, Row, Verdict
from chalknet.training.schedules import Schedule

__all__ = ["SIX", "learning_rates"]

ACTIVATIONS = ("relu", "tanh")
RATES = (1e-5, 1e-4, 1e-3)
SHOWN_RATE = 1e-3
SHOWN_EPOCHS = (0, 1, 2, 3, 4, *range(5, 51, 5))
TRAINED = 50_000  # five sixths; the rest validates
LAST_BEFORE_DECAY = 19
AS_WRITTEN = "with the decay as the printed program has it"
WITHOUT = "without the decay"


@dataclass(frozen=True, kw_only=True)
class SummedBatches(Schedule):
    """The study sums gradients where chalknet averages: the rate is multiplied by the batch."""

    name = "summed_batches"
    first: int
    full: int

    def multipliers(
        self,
        epoch: int,  # noqa: ARG002 - the same in every epoch
        epochs: int,  # noqa: ARG002
        steps: int,
        state: dict[str, float],  # noqa: ARG002
    ) -> npt.NDArray[np.float64]:
        """99 in the first step of each epoch, 100 in the others."""
        factors = np.full(steps, float(self.full))
        factors[0] = self.first
        return factors


def start(activation: str) -> Network:
    """Weights and biases N(0, 1) in the order of the program, of which w2 and b2 go unused."""
    stream = np.random.RandomState(243)
    drawn = [
        stream.normal(0, 1, shape)
        for shape in ((784, 100), (100, 1), (100, 50), (50, 1), (100, 10), (10, 1))
    ]
    return Network(
        [
            Dense(drawn[0], drawn[1].ravel(), activation),
            Dense(drawn[4], drawn[5].ravel(), "identity"),
        ]
    )


def parts_of(setting: Setting) -> tuple[Dataset, Dataset, npt.NDArray[np.float64]]:
    """Training samples as the program steps over them, validation samples, and the weights.

    The first update comes after 99 samples and the epoch's last sample makes none: a sample that
    weighs nothing stands before the first 49,999.
    """
    mnist = setting.data("mnist")
    X, y = mnist.train.X, mnist.train.y
    shape = mnist.train.image_shape
    stepped = Dataset(
        np.concatenate([X[:1], X[: TRAINED - 1]]),
        np.concatenate([y[:1], y[: TRAINED - 1]]),
        name="train",
        image_shape=shape,
    )
    validation = Dataset(X[TRAINED:], y[TRAINED:], name="validation", image_shape=shape)
    weights = np.ones(TRAINED)
    weights[0] = 0.0
    return stepped, validation, weights


@dataclass(frozen=True)
class Trained:
    """One activation and rate; train and validation accuracy, in per cent, by way of training.

    What the decay leaves of the rate trains nothing: the figures with it are those before it.
    """

    course: Course
    accuracies: dict[str, tuple[float, float]]


def run(setting: Setting, case: tuple[str, float]) -> Trained:
    """Fifty epochs."""
    activation, rate = case
    stepped, validation, weights = setting.once("usc Q3", lambda: parts_of(setting))
    before_decay: list[tuple[float, float]] = []

    def note(epoch: int, course: Course) -> None:
        if epoch == LAST_BEFORE_DECAY:
            before_decay.append(_accuracies(course, stepped, validation))

    recipe = Recipe(
        loss="softmax_cross_entropy",
        learning_rate=rate,
        epochs=50,
        batch_size=100,
        shuffle=False,
        schedule=SummedBatches(first=99, full=100),
        sample_weight=weights,
    )
    course = train(
        setting,
        start(activation),
        stepped,
        recipe,
        test=validation if rate == SHOWN_RATE else None,
        test_after=SHOWN_EPOCHS,
        after_epoch=note,
    )
    last = _accuracies(course, stepped, validation)
    return Trained(course, {WITHOUT: last, AS_WRITTEN: before_decay[0]})


CASES = [(activation, rate) for activation in ACTIVATIONS for rate in RATES]
SIX = Runs("usc Q3", run, lambda _: CASES, seconds=4.5)


def _accuracies(course: Course, stepped: Dataset, validation: Dataset) -> tuple[float, float]:
    trained = course.model.predict(stepped.X) == stepped.y
    validated = course.model.evaluate(validation).accuracy or 0
    return 100 * float(trained[1:].mean()), 100 * validated


def learning_rates(setting: Setting) -> Result:
    """Six runs, each with and without the decay; the best on validation is tested once."""
    runs = dict(zip(CASES, setting.made(SIX), strict=True))
    figures, result = published("usc")["q3"], Result()
    for activation in ACTIVATIONS:
        for rate in RATES:
            printed = figures[activation][str(rate)]
            for k, quantity in enumerate(("train", "validation")):
                ways = _ways(runs, activation, rate, k)
                elsewhere = _elsewhere(runs, activation, rate, k)
                table = f"Q3, {activation}, η = {rate:g}"
                result.rows.append(_row(table, quantity, printed[quantity], ways, elsewhere))
    best = max(runs.values(), key=lambda trained: max(v for _, v in trained.accuracies.values()))
    test = best.course.model.evaluate(setting.data("mnist").test)
    result.rows.append(
        compared("Q3, best on validation", "test", figures["test"], 100 * (test.accuracy or 0))
    )
    result.pictures.append(
        Picture(
            title="Validation accuracy of ReLU and tanh at η = 0.001",
            drawing=curves(
                "usc-q3",
                SHOWN_EPOCHS,
                [
                    Curve("ReLU", runs["relu", 1e-3].course.test_accuracy),
                    Curve("tanh", runs["tanh", 1e-3].course.test_accuracy, second=True),
                ],
                title="Accuracy",
                percent=True,
            ),
        )
    )
    return result


def _ways(
    runs: dict[tuple[str, float], Trained], activation: str, rate: float, k: int
) -> dict[str, float]:
    """A figure in each way in which it may have come about."""
    trained = runs[activation, rate]
    ways = {way: figures[k] for way, figures in trained.accuracies.items()}
    if k == 0:
        ways["counted while it trained, without the decay"] = (
            100 * trained.course.train_accuracy[-1]
        )
    return ways


def _elsewhere(
    runs: dict[tuple[str, float], Trained], activation: str, rate: float, k: int
) -> dict[str, float]:
    """Figures of other cells that were printed in this one."""
    trained = runs[activation, rate]
    if (activation, rate) == ("tanh", 1e-3):
        return {
            "of ReLU at the same rate, with the decay": runs["relu", rate].accuracies[AS_WRITTEN][k]
        }
    if (activation, rate, k) == ("tanh", 1e-5, 0):
        return {"for validation, with the decay": trained.accuracies[AS_WRITTEN][1]}
    return {}


def _row(
    table: str, row: str, printed: str, ways: dict[str, float], elsewhere: dict[str, float]
) -> Row:
    """The row of the first way that gives what was printed, or of the one that comes nearest."""
    found = next((way for way, value in ways.items() if _agrees(printed, value)), None)
    if found is not None:
        rounded = agrees_to_the_digits(printed, ways[found])
        reason = found if rounded else f"{found}, cut instead of rounded"
    else:
        cause = "no way of running the printed program that we know gives it"
        for what, value in elsewhere.items():
            if _agrees(printed, value):
                cause = f"the figure printed here is the one {what}, {value:.2f}"
        reason = "; ".join([cause, *(f"{way}: {value:.2f}" for way, value in ways.items())])
    nearest = min(ways, key=lambda way: abs(ways[way] - float(printed)))
    return Row(
        table=table,
        row=row,
        published=printed,
        ours=f"{ways[found or nearest]:.2f}",
        verdict=Verdict.EXACT if found else Verdict.DIFFERS,
        reason=reason,
    )


def _agrees(printed: str, value: float) -> bool:
    cut = math.floor(100 * value) / 100  # some were cut instead of rounded
    return agrees_to_the_digits(printed, value) or agrees_to_the_digits(printed, cut)
