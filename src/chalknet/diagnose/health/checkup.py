"""The whole examination, and the watch that is kept during training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from chalknet.data.dataset import Dataset
from chalknet.data.preprocessing import Preprocessing
from chalknet.diagnose.health.curves import baseline_loss, history_findings
from chalknet.diagnose.health.finding import SEVERITIES, Finding, by_severity
from chalknet.diagnose.health.gradients import gradient_findings, update_findings
from chalknet.diagnose.health.inputs import data_findings
from chalknet.diagnose.health.labels import label_findings
from chalknet.diagnose.health.units import unit_findings
from chalknet.errors import ConfigurationError, DivergenceError
from chalknet.model import Model
from chalknet.training.loop import Training
from chalknet.training.records import History

__all__ = ["Watch", "check_health"]


def check_health(
    data: Dataset,
    *,
    model: Model | None = None,
    history: History | None = None,
    training: Training | None = None,
    test: Dataset | None = None,
    preprocessing: Preprocessing | None = None,
    labels: bool = True,
    row_numbers: Sequence[int] | None = None,
    rng: np.random.Generator | None = None,
    on_fold: Callable[[int], None] | None = None,
) -> list[Finding]:
    """Examine data, and the network trained on it as far as it is given; the gravest first.

    Parameters
    ----------
    data : Dataset
        What is, or was, trained on.
    model : Model, optional
        Its units and gradients are looked at, over all of ``data``.
    history : History, optional
        The learning curve.
    training : Training, optional
        For the size of its next steps; left as it is.
    test : Dataset, optional
        To be searched for rows of ``data``.
    preprocessing : Preprocessing, optional
        As in training; by default the model's, or what training takes by default.
    labels : bool
        Whether to look for wrong labels, which trains three small networks.
    row_numbers : sequence of int, optional
        What to call the rows, where they are some of a larger set; by default 0, 1, …
    rng : numpy.random.Generator, optional
        For the small networks; by default ``numpy.random.default_rng(0)``.
    on_fold : callable, optional
        Told how many of the three have been trained.

    Raises
    ------
    ShapeError, TargetError
        The data does not fit the model.

    Examples
    --------
    >>> X = np.array([[1000.0 * k, 0.001 * (k % 3), 5.0] for k in range(20)])
    >>> flat = Dataset(X, ["yes"] * 17 + ["no"] * 3, name="flat")
    >>> for finding in check_health(flat, labels=False):
    ...     print(f"{finding.severity}: {finding.title}")
    serious: the inputs are not on one scale
    warning: 1 of 3 inputs never changes
    warning: the classes are uneven: 5.67 times as many yes as no
    warning: 1 of 2 classes has fewer than 5 rows
    """
    if model is not None:
        preprocessing = preprocessing or model.preprocessing
    found = data_findings(data, preprocessing, test, row_numbers=row_numbers)
    if model is not None:
        found += unit_findings(model, model.in_own_classes(data))
        found += gradient_findings(model, data)
    if history is not None:
        baseline = None if model is None else baseline_loss(data, model.loss)
        found += history_findings(history, baseline=baseline, best_epoch=history.best_epoch)
    if training is not None:
        found += update_findings(training)
    if labels:
        found += _suspects(data, row_numbers, rng, on_fold)
    return by_severity(found)


def _suspects(
    data: Dataset,
    row_numbers: Sequence[int] | None,
    rng: np.random.Generator | None,
    on_fold: Callable[[int], None] | None,
) -> list[Finding]:
    # Whatever the user's own scaling: the question is about the labels.
    bytes_or_sparse = data.X.dtype == np.uint8 or hasattr(data.X, "tocsr")
    try:
        with np.errstate(all="ignore"):
            scaling = Preprocessing.for_data(data.X, "auto" if bytes_or_sparse else "standard")
            return list(
                label_findings(data, scaling, row_numbers=row_numbers, rng=rng, on_fold=on_fold)
            )
    except (ConfigurationError, DivergenceError):
        return []  # numbers so large that nothing can be learnt of them


class Watch:
    """Looks at a training under way, and tells what is new since it last looked.

    >>> from chalknet import Network
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(64, 2))
    >>> data = Dataset(X, (X[:, 0] > 0).astype(int), name="halves")
    >>> network = Network.dense([2, 8, 2], rng=rng)
    >>> network.layers[0].b[:6] = -100.0
    >>> training = Training(network, data, loss="softmax_cross_entropy", optimizer="sgd", epochs=2,
    ...                     batch_size=32, rng=rng)
    >>> watch = Watch()
    >>> for record in training:
    ...     print(record.epoch, [finding.title for finding in watch.look(training)])
    1 ['6 of 8 units of layer 1 are dead']
    2 []
    """

    def __init__(self, rows: int = 2000) -> None:
        self.rows = rows
        self._told: dict[tuple[str, int | None], int] = {}

    def look(self, training: Training) -> list[Finding]:
        """What was not to be found, or less grave, before: on at most ``rows`` rows, quickly."""
        plan, data = training.plan, training.data
        every = max(1, len(data) // self.rows)
        some = data.take(np.arange(0, len(data), every)[: self.rows])
        model = Model.for_data(training.network, plan.loss, plan.preprocessing, data)
        found = [*unit_findings(model, some), *gradient_findings(model, some)]
        found += update_findings(training)
        found += history_findings(training.history, baseline=baseline_loss(data, plan.loss))
        return by_severity(finding for finding in found if self._is_new(finding))

    def _is_new(self, finding: Finding) -> bool:
        key, grade = (finding.name, finding.layer), SEVERITIES.index(finding.severity)
        if self._told.get(key, len(SEVERITIES)) <= grade:
            return False
        self._told[key] = grade
        return True
