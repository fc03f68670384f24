"""The report: one HTML file that needs nothing but itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np

from chalknet.data.dataset import Dataset
from chalknet.evaluation.metrics import Evaluation, evaluate
from chalknet.files import write_atomically
from chalknet.model import Model
from chalknet.pages import clean, render_page
from chalknet.report.images import Pictures
from chalknet.report.overview import (
    Shown,
    curves_section,
    headlines,
    overview_section,
    summary,
)
from chalknet.report.results import calibration_section, classes_section, regression_section
from chalknet.report.samples import Samples
from chalknet.report.weights import weights_section
from chalknet.training.records import History

__all__ = ["write_report"]

# Bytes of pixels that all pictures together may have before they are compressed.
PIXEL_BUDGET = 1_600_000


def write_report(
    path: str | os.PathLike[str],
    *,
    model: Model,
    history: History,
    settings: Mapping[str, object],
    train: Dataset,
    validation: Dataset | None = None,
    test: Dataset | None = None,
    rng: np.random.Generator,
    finished: datetime | None = None,
    evaluation: Evaluation | None = None,
) -> Path:
    """Write ``report.html``: what was trained, how it went, what it gets right and wrong.

    The page runs no script and fetches nothing; it follows the reader's choice of light or dark,
    and prints. The same arguments and an equal ``rng`` give the same bytes.

    Parameters
    ----------
    path : path
        The file to write, atomically.
    model : Model
    history : History
        May be empty; the page then has no learning curves.
    settings : mapping
        What the run was configured with, name to value, in the order to show.
    train, validation, test : Dataset
        The figures are of the test set; without one, of the validation set, else of the training
        set, and the page says so.
    rng : numpy.random.Generator
        Chooses which samples are shown.
    finished : datetime, optional
        When the training ended, to be shown.
    evaluation : Evaluation, optional
        Of that same data set, where it has been made already.

    Raises
    ------
    ShapeError, TargetError
        A data set does not fit the model.
    OSError
        The file cannot be written; an older one is then untouched.
    """
    shown = Shown.best_of(train, validation, test)
    evaluation = evaluation or evaluate(model, shown.data)
    pictures = _pictures(shown.data, model)
    samples = Samples(model, shown, evaluation, pictures)
    return write_atomically(
        path,
        render_page(
            "chalknet.report",
            "report.html",
            title=clean(train.name),
            summary=summary(model, history, shown, evaluation),
            finished=f"{finished.day} {finished:%B %Y, %H:%M}" if finished else None,
            shown=shown,
            headlines=headlines(model, history, shown, evaluation),
            overview=overview_section(model, settings, train, validation, test),
            curves=curves_section(history),
            classes=classes_section(evaluation),
            regression=regression_section(evaluation, rng),
            galleries=samples.by_class(rng),
            worst=samples.worst(),
            random=samples.random(rng),
            calibration=calibration_section(evaluation),
            weights=weights_section(model, pictures),
            columns=samples.column_names,
            pictures=pictures,
            task=evaluation.task,
        ),
    )


def _pictures(data: Dataset, model: Model) -> Pictures | None:
    if data.image_shape is None:
        return None
    channels = 3 if len(data.image_shape) == 3 and data.image_shape[2] in {3, 4} else 1
    expected = min(16 * len(model.names), 600) + 100
    side = int(np.clip((PIXEL_BUDGET / (expected * channels)) ** 0.5, 24, 64))
    return Pictures.of(data, side=side)
