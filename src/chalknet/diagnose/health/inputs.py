"""Findings about the data itself: its columns, its classes, rows that contradict one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset
from chalknet.data.preprocessing import Preprocessing
from chalknet.diagnose.health.finding import Finding, listed, verb
from chalknet.diagnose.health.rows import fingerprints, input_slices

__all__ = ["data_findings"]

Vector = npt.NDArray[np.float64]

LARGE = 10.0  # root mean square of an input that slows the first layer down
SPREAD = 30.0  # between the widest column and the narrowest
FAR = 10.0  # deviations between a column's mean and 0
IMBALANCE, SEVERE_IMBALANCE = 4.0, 20.0
FEW = 5
HUGE = 1e140  # whose squares can still be added up


def data_findings(
    data: Dataset,
    preprocessing: Preprocessing | None = None,
    test: Dataset | None = None,
    *,
    row_numbers: Sequence[int] | None = None,
) -> list[Finding]:
    """What is to be said of ``data``, as it reaches the network through ``preprocessing``.

    Parameters
    ----------
    data : Dataset
        What is trained on.
    preprocessing : Preprocessing, optional
        By default what training takes: bytes are divided by 255, floats are left as they are.
    test : Dataset, optional
        To be looked through for rows of ``data``.
    row_numbers : sequence of int, optional
        What to call the rows, where they are some of a larger set; by default 0, 1, …
    """
    columns = _Columns.of(data, preprocessing or Preprocessing.for_data(data.X))
    found = [*_of_columns(data, columns), *_of_targets(data), *_of_classes(data)]
    rows = fingerprints(data.X)
    found += _twins(data, rows, range(len(data)) if row_numbers is None else row_numbers)
    if test is not None and test.n_features == data.n_features:
        found += _leaks(rows, test)
    return found


@dataclass(frozen=True)
class _Columns:
    """Mean and deviation of every input, as the network sees it, and which never change."""

    mean: Vector
    deviation: Vector
    constant: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, data: Dataset, preprocessing: Preprocessing) -> _Columns:
        total, square = np.zeros(data.n_features), np.zeros(data.n_features)
        first: Any = None
        low, high = np.full(data.n_features, np.inf), np.full(data.n_features, -np.inf)
        for _, X in input_slices(data.X, preprocessing, np.float64):
            # Taken from the first row, so that large numbers that differ little keep their digits.
            first = X[0] if first is None else first
            with np.errstate(over="ignore"):
                away = np.clip(X - first, -HUGE, HUGE)
                total += away.sum(axis=0)
                square += np.square(away).sum(axis=0)
            low, high = np.minimum(low, X.min(axis=0)), np.maximum(high, X.max(axis=0))
        n = len(data)
        variance = np.maximum(square / n - (total / n) ** 2, 0.0)
        return cls(first + total / n, np.sqrt(variance), low == high)


def _of_columns(data: Dataset, columns: _Columns) -> Iterator[Finding]:
    names = data.feature_names or tuple(f"input {k + 1}" for k in range(data.n_features))
    constant = np.flatnonzero(columns.constant)
    images = data.image_shape is not None
    if len(constant):
        share = len(constant) / data.n_features
        yield Finding(
            name="constant_inputs",
            severity="note" if images and share < 0.5 else "warning",
            title=f"{len(constant):,} of {data.n_features:,} inputs never "
            f"{verb(len(constant), 'changes', 'change')}",
            evidence=f"The same value in all {len(data):,} rows: "
            f"{listed(names[k] for k in constant)}.",
            advice="leave them in: pixels that never change do no harm."
            if images and share < 0.5
            else "leave these columns out, or find out why they are empty.",
            figures={"columns": constant.tolist(), "inputs": data.n_features},
        )
    varying = np.flatnonzero(~columns.constant)
    if len(varying):
        yield from _scale(data, columns, varying, names)


def _scale(
    data: Dataset, columns: _Columns, varying: npt.NDArray[np.intp], names: tuple[str, ...]
) -> Iterator[Finding]:
    mean, deviation = columns.mean[varying], columns.deviation[varying]
    size = float(np.sqrt(np.mean(mean**2 + deviation**2)))
    wide, narrow = int(deviation.argmax()), int(deviation.argmin())
    far = int(np.argmax(np.abs(mean) / deviation))
    scaling = "pixels" if data.image_shape is not None else "standard"
    figures = {
        "root_mean_square": size,
        "largest_deviation": float(deviation[wide]),
        "smallest_deviation": float(deviation[narrow]),
    }
    evidence = ""
    if data.image_shape is None and deviation[wide] > SPREAD * deviation[narrow]:
        evidence = (
            f"{names[varying[wide]]} has standard deviation {deviation[wide]:.3g}, "
            f"{names[varying[narrow]]} {deviation[narrow]:.3g}."
        )
    elif size > LARGE or size < 1 / LARGE**2:
        evidence = f"Their root mean square is {size:.3g}, where about 1 is best."
    elif data.image_shape is None and abs(mean[far]) > FAR * deviation[far]:
        evidence = (
            f"{names[varying[far]]} has mean {mean[far]:.4g} but standard deviation "
            f"{deviation[far]:.3g}."
        )
    if evidence:
        yield Finding(
            name="unscaled_inputs",
            severity="serious" if size > 10 * LARGE else "warning",
            title="the inputs are not on one scale",
            evidence=evidence,
            advice=f"scale them: --scaling {scaling}.",
            figures=figures,
        )


def _of_targets(data: Dataset) -> Iterator[Finding]:
    """Regression targets that make the first gradients huge, or that do not vary."""
    if data.task != "regression":
        return
    y = data.targets.reshape(len(data), -1)
    deviation, size = float(y.std(axis=0).max()), float(np.abs(y).max())
    figures = {"largest_deviation": deviation, "largest": size}
    if deviation == 0:
        yield Finding(
            name="constant_target",
            severity="serious",
            title="the target never changes",
            evidence=f"It is {float(y.ravel()[0]):g} in all {len(data):,} rows.",
            advice="check which column is the target: --target.",
            figures=figures,
        )
    elif size > 10 * LARGE:
        yield Finding(
            name="unscaled_targets",
            severity="warning",
            title="the targets are large",
            evidence=f"Up to {size:.3g} in size, with standard deviation {deviation:.3g}: the "
            "first gradients are as large.",
            advice="predict (target − mean) / standard deviation instead.",
            figures=figures,
        )


def _of_classes(data: Dataset) -> Iterator[Finding]:
    if data.task != "classification" or data.classes is None:
        return
    names = data.class_names or tuple(str(label) for label in data.classes)
    counts = np.bincount(data.targets, minlength=len(names))
    most, least = int(counts.argmax()), int(counts.argmin())
    figures = {"counts": dict(zip(names, counts.tolist(), strict=True))}
    ratio = counts[most] / max(int(counts[least]), 1)
    if ratio >= IMBALANCE:
        share = counts[most] / len(data)
        yield Finding(
            name="class_imbalance",
            severity="serious" if ratio >= SEVERE_IMBALANCE else "warning",
            title=f"the classes are uneven: {ratio:.3g} times as many {names[most]} as "
            f"{names[least]}",
            evidence=f"{counts[most]:,} rows against {counts[least]:,}; always saying "
            f"{names[most]} would be right in {share:.1%} of all cases.",
            advice="--class-weight balanced, and judge by each class's recall, not by accuracy.",
            figures={**figures, "ratio": float(ratio), "majority_share": float(share)},
        )
    few = [names[k] for k in np.flatnonzero(counts < FEW)]
    if few:
        yield Finding(
            name="rare_classes",
            severity="warning",
            title=f"{len(few):,} of {len(names):,} classes {verb(len(few), 'has', 'have')} fewer "
            f"than {FEW} rows",
            evidence=f"{listed(few)}.",
            advice="collect more of them, or put them together with another class.",
            figures=figures,
        )


def _twins(data: Dataset, rows: list[bytes], numbers: Sequence[int]) -> Iterator[Finding]:
    """Rows that are equal in every input: the same sample twice, or two opinions of one."""
    places: dict[bytes, list[int]] = defaultdict(list)
    for row, fingerprint in enumerate(rows):
        places[fingerprint].append(row)
    twins = [group for group in places.values() if len(group) > 1]
    alike: list[list[int]] = []
    split: list[list[int]] = []
    for group in twins:
        one_label = len({data.y[row].tobytes() for row in group}) == 1
        (alike if one_label else split).append(group)
    copies = sum(len(group) - 1 for group in alike)
    if copies:
        pairs = (f"{numbers[group[0]]} and {numbers[group[1]]}" for group in alike)
        yield Finding(
            name="duplicate_rows",
            severity="warning" if copies > 0.05 * len(data) else "note",
            title=f"{copies:,} of {len(data):,} rows {verb(copies, 'is a copy', 'are copies')} of "
            "another",
            evidence=f"Equal in inputs and label: rows {listed(pairs, 3)}.",
            advice="keep one of each, or a random test set will hold rows that are trained on.",
            figures={"count": copies},
        )
    if split and data.task != "regression":
        told = ", ".join(f"row {numbers[row]} {_label(data, row)}" for row in split[0][:3])
        affected = sum(map(len, split))
        yield Finding(
            name="contradictions",
            severity="warning" if affected > 0.01 * len(data) else "note",
            title=f"{affected:,} rows have a twin with another label",
            evidence=f"{len(split):,} groups of equal inputs; the first: {told}.",
            advice="look at them: at most one of the labels can be right.",
            figures={
                "rows": affected,
                "groups": [[int(numbers[row]) for row in group] for group in split[:50]],
            },
        )


def _leaks(rows: list[bytes], test: Dataset) -> Iterator[Finding]:
    known = set(rows)
    leaked = [row for row, one in enumerate(fingerprints(test.X)) if one in known]
    if leaked:
        share = len(leaked) / len(test)
        yield Finding(
            name="test_rows_in_training",
            severity="serious" if share > 0.1 else "warning" if share > 0.01 else "note",
            title=f"{len(leaked):,} of {len(test):,} test rows {verb(len(leaked), 'is', 'are')} "
            "also trained on",
            evidence=f"Equal in every input: test rows {listed(leaked)} ({share:.1%}).",
            advice="take them out of the training data, or the test is too easy.",
            figures={"rows": leaked[:50], "count": len(leaked)},
        )


def _label(data: Dataset, row: int) -> str:
    label = data.y[row]
    return str(label.tolist()) if np.ndim(label) else str(label)
