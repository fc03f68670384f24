"""What was trained, on what, how, and with what success: the first screen of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chalknet.data.dataset import Dataset
from chalknet.evaluation.metrics import (
    Evaluation,
    MultilabelEvaluation,
    RegressionEvaluation,
    wilson_interval,
)
from chalknet.model import Model
from chalknet.pages import clean, isolated
from chalknet.report.diagram import diagram_of
from chalknet.report.plots import Curve, curves
from chalknet.report.wording import count, figure, percent, plural, seconds
from chalknet.training.records import History

__all__ = ["Headline", "Shown", "curves_section", "headlines", "overview_section", "summary"]


# What the loss does to the output of the last layer.
OUTPUTS = {"softmax_cross_entropy": "softmax", "sigmoid_cross_entropy": "sigmoid"}


@dataclass(frozen=True)
class Shown:
    """The data set that the figures are of, and what it is to the model."""

    data: Dataset
    role: str  # "test", "validation" or "training"

    @classmethod
    def best_of(cls, train: Dataset, validation: Dataset | None, test: Dataset | None) -> Shown:
        """The test set if there is one, else the validation set, else the training set."""
        if test is not None:
            return cls(test, "test")
        return cls(train, "training") if validation is None else cls(validation, "validation")

    @property
    def caution(self) -> str | None:
        """What the reader must know where this is no test set."""
        if self.role == "validation":
            return (
                "No test set was given, so all figures are of the validation set. If it was used "
                "to choose settings or the best epoch, expect a little worse on new data."
            )
        if self.role == "training":
            return (
                "Neither a test set nor a validation set was given, so all figures are of the "
                "training set, which the network has learnt from: expect worse on new data."
            )
        return None

    @property
    def unit(self) -> str:
        """What one sample is."""
        return "sample" if self.data.image_shape is None else "image"


@dataclass(frozen=True)
class Headline:
    """A figure worth printing large, with a line of explanation."""

    title: str
    value: str
    note: str


def summary(model: Model, history: History, shown: Shown, evaluation: Evaluation) -> str:
    """Two sentences that say it all."""
    widths = [str(width) for width in model.network.widths]
    short = [*widths[:2], "…", *widths[-2:]] if len(widths) > 7 else widths
    network = "–".join(short)
    trained = f", trained for {plural(len(history), 'epoch')}" if len(history) else ""
    first = f"A network of {network} neurons{trained}."
    where = f"{count(evaluation.total)} {shown.role} {shown.unit}s"
    if evaluation.correct is not None:
        what = "all labels of " if evaluation.task == "multilabel" else ""
        return f"{first} It gets {what}{count(evaluation.correct)} of {where} right."
    if isinstance(evaluation, RegressionEvaluation):
        error = figure(evaluation.mean_absolute_error, 3)
        return f"{first} On {where} it is off by {error} on average."
    return first


def headlines(
    model: Model, history: History, shown: Shown, evaluation: Evaluation
) -> list[Headline]:
    """The four figures at the top."""
    role = shown.role
    figures = _success(shown, evaluation)
    figures.append(
        Headline(f"{role.capitalize()} loss", figure(evaluation.loss), _words(model.loss.spec))
    )
    if len(history):
        times = history.column("seconds")
        each = f", {seconds(sum(times) / len(times))} each" if len(times) > 1 else ""
        figures.append(
            Headline("Training time", seconds(sum(times)), plural(len(times), "epoch") + each)
        )
    parameters = model.network.parameters
    figures.append(Headline("Parameters", count(len(parameters)), str(parameters.dtype)))
    return figures


def _success(shown: Shown, evaluation: Evaluation) -> list[Headline]:
    role = shown.role.capitalize()
    if isinstance(evaluation, RegressionEvaluation):
        typical = figure(evaluation.root_mean_squared_error)
        off = f"mean absolute error {figure(evaluation.mean_absolute_error)}"
        return [
            Headline(f"{role} R²", figure(evaluation.r2, 3), "1 is perfect, 0 the mean as guess"),
            Headline("Root mean squared error", typical, off),
        ]
    correct, total = evaluation.correct or 0, evaluation.total
    low, high = (f"{100 * bound:.1f}" for bound in wilson_interval(correct, total))
    what = " in all labels" if evaluation.task == "multilabel" else ""
    note = f"{count(correct)} of {count(total)} right{what}; 95 % interval {low}–{high}"
    figures = [Headline(f"{role} accuracy", percent(correct / total), note)]
    if isinstance(evaluation, MultilabelEvaluation):
        wrong = percent(evaluation.hamming_loss)
        figures.append(Headline("Wrong marks", wrong, "Hamming loss: of all labels of all samples"))
    return figures


def overview_section(
    model: Model,
    settings: Mapping[str, object],
    train: Dataset,
    validation: Dataset | None,
    test: Dataset | None,
) -> dict[str, Any]:
    """The network drawn, its layers, the data and the settings."""
    then = OUTPUTS.get(model.loss.name, "")
    layers = [
        {
            "number": number,
            "fan_in": count(layer.fan_in),
            "fan_out": count(layer.fan_out),
            "activation": layer.activation.spec,
            "then": then if number == len(model.network.layers) else "",
            "weights": count(layer.W.size),
            "biases": count(layer.b.size),
            "parameters": count(layer.W.size + layer.b.size),
        }
        for number, layer in enumerate(model.network.layers, start=1)
    ]
    return {
        "diagram": diagram_of(model.network, output=then),
        "widths": model.network.widths,
        "layers": layers,
        "parameters": count(len(model.network.parameters)),
        "data": _data_rows(model, train, validation, test),
        "settings": [(clean(name), _setting(value)) for name, value in settings.items()],
    }


def _data_rows(
    model: Model, train: Dataset, validation: Dataset | None, test: Dataset | None
) -> list[tuple[str, str]]:
    rows = [("Data set", clean(train.name))]
    for title, part in (("Training", train), ("Validation", validation), ("Test", test)):
        rows.append((title, plural(len(part), "sample") if part is not None else "none"))
    rows += [("Inputs", _inputs(train)), ("Preprocessing", repr(model.preprocessing))]
    if model.classes is None:
        rows.append(("Targets", plural(train.n_outputs, "number")))
        return rows
    noun = ("label", "labels") if model.multilabel else ("class", "classes")
    rows.append((noun[1].capitalize(), f"{len(model.names)}: {_listed(model.names)}"))
    if train.task == "classification":
        sizes = np.bincount(train.targets, minlength=train.n_outputs)
        balance = f"from {count(int(sizes.min()))} to {count(int(sizes.max()))} training samples"
        if sizes.min() == sizes.max():
            balance = f"{plural(int(sizes[0]), 'training sample')}"
        rows.append(("In each class", balance))
    return rows


def _inputs(data: Dataset) -> str:
    if data.image_shape is None:
        names = f": {_listed(data.feature_names)}" if data.feature_names else ""
        return plural(data.n_features, "column") + names
    height, width, *rest = data.image_shape
    colour = {1: "grey", 3: "colour", 4: "colour"}.get(rest[0] if rest else 1, "many-channel")
    kind = "bytes" if data.X.dtype == np.uint8 else str(data.X.dtype)
    return f"{height} × {width} {colour} images: {count(data.n_features)} values, {kind}"


def _listed(names: tuple[str, ...], limit: int = 20) -> str:
    shown = ", ".join(isolated(name) for name in names[:limit])
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "")


def _setting(value: object) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        value = [f"{name}={_setting(part)}" for name, part in value.items()]
    if isinstance(value, list | tuple):
        return ", ".join(_setting(item) for item in value) or "none"
    return clean(value)


def _words(spec: str) -> str:
    return spec.replace("_", " ")


def curves_section(history: History) -> dict[str, Any] | None:
    """The learning curves; None where there is no history to draw."""
    if not len(history):
        return None
    epochs = history.column("epoch")
    losses, accuracies = history.column("validation_loss"), history.column("train_accuracy")
    validated = any(value is not None for value in losses)
    best = history.best_epoch
    if best is None and validated:
        best = min(
            (record for record in history if record.validation_loss is not None),
            key=lambda record: record.validation_loss or 0.0,
        ).epoch
    # Without validation there is no telling which epoch was best.
    best = best if best in epochs and len(epochs) > 1 else None
    plots = [
        (
            "Loss",
            curves("loss", epochs, _lines(history, "loss", validated=validated), title="loss",
                   best=best),
        )
    ]  # fmt: skip
    if any(value is not None for value in accuracies):
        lines = _lines(history, "accuracy", validated=validated)
        plot = curves("accuracy", epochs, lines, title="accuracy", percent=True, best=best)
        plots.append(("Accuracy", plot))
    rates = history.column("learning_rate")
    if max(rates) > min(rates):
        plot = curves("rate", epochs, [Curve("", rates)], title="learning rate")
        plots.append(("Learning rate", plot))
    return {
        "plots": plots,
        "best": best,
        "restored": history.best_epoch is not None,
        "validated": validated,
        "last": _last(history[-1]),
    }


def _lines(history: History, what: str, *, validated: bool) -> list[Curve]:
    lines = [Curve("training", history.column(f"train_{what}"))]
    if validated:
        lines.append(Curve("validation", history.column(f"validation_{what}"), second=True))
    return lines


def _last(record: Any) -> list[tuple[str, str]]:
    rows = [("Training loss", figure(record.train_loss))]
    if record.validation_loss is not None:
        rows.append(("Validation loss", figure(record.validation_loss)))
    if record.train_accuracy is not None:
        rows.append(("Training accuracy", percent(record.train_accuracy)))
    if record.validation_accuracy is not None:
        rows.append(("Validation accuracy", percent(record.validation_accuracy)))
    return rows
