"""Labels that look wrong: rows that a network which has not learnt them by heart contradicts.

A network is trained on two thirds of the rows and asked about the others, three times over. A label
is suspect where the network is surer of another class than it usually is of that class's own rows,
and gives the label itself next to nothing.

Source: Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels",
JAIR 70 (2021).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset
from chalknet.data.preprocessing import Preprocessing
from chalknet.diagnose.health.finding import Finding, verb
from chalknet.model import Model
from chalknet.network import Network
from chalknet.training.loop import Training

__all__ = ["held_out_probabilities", "label_findings", "suspect_labels"]

Array = npt.NDArray[Any]

FOLDS = 3
WIDTH, RATE, BATCH = 64, 0.003, 32
STEPS = 3000  # of training, about, in each fold
MOST_ROWS = 20_000
UNLIKELY = 0.1  # the most that the network may give a suspect label
SHOWN = 20


def suspect_labels(probabilities: Array, targets: Array) -> Array:
    """Rows whose label looks wrong, the most doubtful first.

    Parameters
    ----------
    probabilities : array (n, K)
        Of each class, from a network that has not been trained on the row.
    targets : array (n,)
        Class indices, as labelled.

    Returns
    -------
    array of int
    """
    n, K = probabilities.shape
    # How sure the network is of a class, on average over the rows that are labelled so.
    usual = np.array(
        [
            probabilities[targets == k, k].mean() if (targets == k).any() else np.inf
            for k in range(K)
        ]
    )
    sure = np.where(probabilities >= usual, probabilities, 0.0)
    other = sure.argmax(axis=1)
    given = probabilities[np.arange(n), targets]
    suspect = (sure.max(axis=1) > 0) & (other != targets) & (given < UNLIKELY)
    rows = np.flatnonzero(suspect)
    return rows[np.argsort(given[rows] - sure.max(axis=1)[rows], kind="stable")]


def held_out_probabilities(
    data: Dataset,
    preprocessing: Preprocessing | None = None,
    *,
    rng: np.random.Generator | None = None,
    on_fold: Callable[[int], None] | None = None,
) -> Array:
    """P(class) for every row (n, K), each from a small network that was not trained on it."""
    rng = rng or np.random.default_rng(0)
    how = preprocessing or Preprocessing.for_data(data.X)
    fold = rng.permutation(np.arange(len(data)) % FOLDS)
    probabilities = np.empty((len(data), data.n_outputs))
    for k in range(FOLDS):
        rest = data.take(np.flatnonzero(fold != k))
        network = Network.dense([data.n_features, WIDTH, data.n_outputs], rng=rng)
        training = Training(
            network,
            rest,
            loss="softmax_cross_entropy",
            optimizer=_adam(),
            epochs=max(2, min(40, STEPS * BATCH // len(rest))),
            batch_size=BATCH,
            rng=rng,
            preprocessing=how,
            schedule="cosine",
        )
        for _ in training:
            pass
        model = Model.for_data(network, "softmax_cross_entropy", how, data)
        rows = np.flatnonzero(fold == k)
        probabilities[rows] = model.predict_proba(data.X[rows])
        if on_fold is not None:
            on_fold(k + 1)
    return probabilities


def label_findings(
    data: Dataset,
    preprocessing: Preprocessing | None = None,
    *,
    probabilities: Array | None = None,
    row_numbers: Sequence[int] | None = None,
    rng: np.random.Generator | None = None,
    on_fold: Callable[[int], None] | None = None,
) -> Iterator[Finding]:
    """The suspects among the labels; of more than 20,000 rows, among so many at random.

    ``probabilities`` saves the training of networks, if there are some already; ``row_numbers`` are
    what to call the rows.
    """
    if data.task != "classification" or data.classes is None or len(data) < 10 * FOLDS:
        return
    rng = rng or np.random.default_rng(0)
    rows = np.arange(len(data))
    if probabilities is None:
        if len(data) > MOST_ROWS:
            rows = np.sort(rng.choice(len(data), MOST_ROWS, replace=False))
        some = data.take(rows)
        probabilities = held_out_probabilities(some, preprocessing, rng=rng, on_fold=on_fold)
    targets = data.targets[rows]
    found = suspect_labels(probabilities, targets)
    if not len(found):
        return
    names = data.class_names or tuple(str(label) for label in data.classes)
    shown = [
        {
            "row": int(rows[k] if row_numbers is None else row_numbers[rows[k]]),
            "label": names[targets[k]],
            "likelier": names[int(probabilities[k].argmax())],
            "probability": float(probabilities[k].max()),
            "probability_of_label": float(probabilities[k, targets[k]]),
        }
        for k in found
    ]
    told = "; ".join(
        f"row {one['row']} is labelled {one['label']}, but looks like {one['likelier']} "
        f"({one['probability']:.0%})"
        for one in shown[:3]
    )
    share = len(found) / len(rows)
    yield Finding(
        name="suspect_labels",
        severity="warning" if share > 0.01 else "note",
        title=f"{len(found):,} of {len(rows):,} labels {verb(len(found), 'looks', 'look')} wrong",
        evidence=f"To networks that had not seen them: {told} (rows counted from 0).",
        advice="look at them, the first ones first (--json lists them), and mend what is wrong.",
        figures={"count": len(found), "looked_at": len(rows), "rows": shown},
    )


def _adam() -> Any:
    from chalknet.training.optimizers import Adam

    return Adam(learning_rate=RATE)
