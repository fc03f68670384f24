"""Dataset: samples with the labels their owner gave them; Split: to train on and to test on."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError, DataFormatError, ShapeError, TargetError

__all__ = ["Dataset", "Split", "Task", "stored_type"]

Task = Literal["classification", "multilabel", "regression"]
Array = npt.NDArray[Any]

_EXACT_IN_FLOAT32 = frozenset(np.dtype(kind) for kind in ("?", "i1", "i2", "u2", "f2"))


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples ``X`` and what is to be said of them, ``y``.

    Parameters
    ----------
    X : array (n, features), or images (n, height, width) or (n, height, width, channels)
        A sparse matrix of SciPy's stays one, in compressed rows.
        ``uint8``, ``float32`` and ``float64`` are kept as they are, so that images cost one byte a
        pixel; other numbers become floats that hold them exactly: ``float32`` (booleans and
        integers of 8 or 16 bits) or ``float64``. Images are kept as rows and remember their shape.
    y : array (n,) or (n, K)
        Labels as their owner writes them. Strings or integers (n,) are classes; integers or
        booleans (n, K) mark which of K classes apply (multilabel); floats are regression targets.
    name : str
        What to call the data in reports and messages.
    class_names : sequence of str, optional
        Names for people, one a class, in the order of ``classes``.
    image_shape : tuple, optional
        (height, width) or (height, width, channels) when the rows of ``X`` are images.
    feature_names : sequence of str, optional
        Names of the columns of ``X``.
    classes : array (K,), optional
        The distinct labels in the order of their indices; by default the sorted labels of ``y``.
        Test data is given the classes of the training data here.
    task : "classification", "multilabel" or "regression", optional
        Says what ``y`` is where the rule above would guess wrong.

    Raises
    ------
    ShapeError
        ``X`` and ``y`` do not have the same number of rows, or have the wrong number of axes.
    DataFormatError
        ``X`` or a regression target holds a NaN or an infinity, or is not numeric.
    TargetError
        A label is not among ``classes``.

    Examples
    --------
    >>> flowers = Dataset([[5.1, 3.5], [6.2, 2.9], [5.0, 3.4]], ["setosa", "virginica", "setosa"],
    ...                   name="flowers")
    >>> flowers.classes, flowers.targets
    (array(['setosa', 'virginica'], dtype='<U9'), array([0, 1, 0]))
    """

    X: Array
    y: Array
    name: str = dataclasses.field(kw_only=True)
    class_names: tuple[str, ...] | None = dataclasses.field(default=None, kw_only=True)
    image_shape: tuple[int, ...] | None = dataclasses.field(default=None, kw_only=True)
    feature_names: tuple[str, ...] | None = dataclasses.field(default=None, kw_only=True)
    classes: Array | None = dataclasses.field(default=None, kw_only=True)
    task: Task | None = dataclasses.field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        X, image_shape = _as_rows(self.X, self.image_shape, self.name)
        y = np.asarray(self.y)
        n = X.shape[0]
        if y.ndim not in (1, 2) or len(y) != n:
            raise ShapeError(
                f"{self.name}: X has {n:,} rows, so y must have shape ({n},) or "
                f"({n}, K), but y has shape {y.shape}."
            )
        task = self.task or _task_of(y)
        y, classes = _as_labels(y, task, self.classes, self.name)
        keep = object.__setattr__
        keep(self, "X", X)
        keep(self, "y", y)
        keep(self, "image_shape", image_shape)
        keep(self, "task", task)
        keep(self, "classes", classes)
        keep(self, "class_names", _names(self.class_names, classes, "class_names", "classes"))
        keep(
            self,
            "feature_names",
            _names(self.feature_names, range(X.shape[1]), "feature_names", "columns"),
        )

    def __len__(self) -> int:
        """The number of samples."""
        return int(self.X.shape[0])

    @property
    def n_features(self) -> int:
        """The number of columns of ``X``: the fan_in of a network's first layer."""
        return int(self.X.shape[1])

    @property
    def n_outputs(self) -> int:
        """The number of classes, labels or regression targets: the width of an output layer."""
        if self.classes is not None:
            return len(self.classes)
        return 1 if self.y.ndim == 1 else int(self.y.shape[1])

    @property
    def targets(self) -> Array:
        """``y`` as a loss takes it: class indices int64 (n,); 0/1 or floats as float64 (n, K)."""
        if self.task != "classification" or self.classes is None:
            return self.y.astype(np.float64)
        order = np.argsort(self.classes, kind="stable")
        return order[np.searchsorted(self.classes, self.y, sorter=order)].astype(np.int64)

    def take(self, rows: npt.ArrayLike | slice) -> Dataset:
        """The data set of just these rows (indices or a boolean mask), classes unchanged.

        A slice of rows is not copied.
        """
        index = rows if isinstance(rows, slice) else np.asarray(rows)
        return dataclasses.replace(self, X=self.X[index], y=self.y[index])

    def __repr__(self) -> str:
        what = {
            "classification": f"{self.n_outputs} classes",
            "multilabel": f"{self.n_outputs} labels",
            "regression": f"{self.n_outputs} target{'s' if self.n_outputs > 1 else ''}",
        }[self.task or "regression"]
        shape = "×".join(map(str, self.image_shape)) if self.image_shape else f"{self.n_features}"
        unit = "images" if self.image_shape else "features"
        return f"<Dataset {self.name}: {len(self):,} samples, {shape} {unit}, {what}>"


class Split(NamedTuple):
    """What to train on and what to test on; ``test`` is None where the data names no test set."""

    train: Dataset
    test: Dataset | None


def _as_rows(
    X: npt.ArrayLike, image_shape: Sequence[int] | None, name: str
) -> tuple[Array, tuple[int, ...] | None]:
    if hasattr(X, "tocsr"):
        return _as_compressed_rows(X.tocsr(), name), None
    X = np.asarray(X)
    if X.dtype.kind not in "buif":
        raise DataFormatError(
            f"{name}: X must be numeric, but its elements are of type {X.dtype}; "
            "turn categories into numbers first."
        )
    if X.ndim in (3, 4):
        image_shape = tuple(X.shape[1:]) if image_shape is None else image_shape
        X = X.reshape(len(X), -1)
    if X.ndim != 2 or X.shape[0] == 0 or X.shape[1] == 0:
        raise ShapeError(
            f"{name}: X must be (n, features) with at least one row and one column, "
            f"or images (n, height, width[, channels]), but has shape {X.shape}."
        )
    if image_shape is not None:
        image_shape = tuple(int(side) for side in image_shape)
        if int(np.prod(image_shape)) != X.shape[1]:
            raise ShapeError(
                f"{name}: image_shape {image_shape} has {int(np.prod(image_shape))} values, "
                f"but X has {X.shape[1]} columns."
            )
    X = X.astype(stored_type(X.dtype), copy=False)
    _require_finite(X, f"{name}: X")
    return X, image_shape


def _as_compressed_rows(X: Any, name: str) -> Any:
    """SciPy's sparse matrix (n, features) in compressed rows, each column at most once a row."""
    if X.dtype.kind not in "buif" or 0 in X.shape:
        raise DataFormatError(
            f"{name}: a sparse X must be numeric with at least one row and one column, but is "
            f"{X.dtype} {X.shape}."
        )
    X = X.astype(stored_type(X.dtype), copy=False)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    if len(X.data):
        _require_finite(X.data, f"{name}: what X stores")
    return X


def _require_finite(values: Array, what: str) -> None:
    # The extremes are NaN or infinite if any value is, and cost no memory to find.
    if values.dtype.kind != "f" or np.isfinite([values.min(), values.max()]).all():
        return
    place = np.unravel_index(np.argmin(np.isfinite(values)), values.shape)
    row, *column = (int(i) for i in place)
    where = f"row {row}" + (f", column {column[0]}" if column else "")
    raise DataFormatError(
        f"{what} has {values[place]} at {where} (counted from 0): every value must be a finite "
        "number; fill the gap or drop the row."
    )


def _task_of(y: Array) -> Task:
    if y.dtype.kind == "f":
        return "regression"
    return "classification" if y.ndim == 1 else "multilabel"


def stored_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type in which inputs of ``dtype`` are kept: the smallest of Dataset's that is exact.

    >>> [stored_type(np.dtype(kind)).name for kind in ("u1", "i2", ">f8", "i4")]
    ['uint8', 'float32', 'float64', 'float64']
    """
    native = dtype.newbyteorder("=")
    if native in (np.uint8, np.float32, np.float64):
        return native
    return np.dtype(np.float32 if native in _EXACT_IN_FLOAT32 else np.float64)


def _as_labels(
    y: Array, task: Task, classes: npt.ArrayLike | None, name: str
) -> tuple[Array, Array | None]:
    if task == "regression":
        return _regression_targets(y, name), None
    if task == "multilabel":
        return _multilabel_marks(y, classes, name)
    if task == "classification":
        return _class_labels(y, classes, name)
    raise ConfigurationError(
        f"task must be classification, multilabel or regression, not {task!r}."
    )


def _regression_targets(y: Array, name: str) -> Array:
    if y.dtype.kind not in "buif":
        raise DataFormatError(f"{name}: regression targets must be numbers, not {y.dtype}.")
    y = y.astype(np.float64)
    _require_finite(y, f"{name}: y")
    return y


def _multilabel_marks(y: Array, classes: npt.ArrayLike | None, name: str) -> tuple[Array, Array]:
    if y.ndim != 2 or not np.isin(y, (0, 1)).all():
        raise TargetError(f"{name}: multilabel y must be (n, K) with values 0 and 1 only.")
    known = np.arange(y.shape[1]) if classes is None else np.asarray(classes)
    if len(known) != y.shape[1]:
        raise ShapeError(f"{name}: y has {y.shape[1]} columns but there are {len(known)} classes.")
    return y.astype(np.uint8), known


def _class_labels(y: Array, classes: npt.ArrayLike | None, name: str) -> tuple[Array, Array]:
    if y.ndim != 1:
        raise ShapeError(f"{name}: class labels must have shape (n,), but y has shape {y.shape}.")
    if y.dtype.kind == "O":
        y = _from_objects(y, name)
    if y.dtype.kind == "S":
        y = np.char.decode(y, "utf-8")
    if y.dtype.kind not in "buifU":
        raise DataFormatError(f"{name}: class labels must be text or numbers, not {y.dtype}.")
    _require_finite(y, f"{name}: y")
    known = np.unique(y) if classes is None else np.asarray(classes)
    strange = ~np.isin(y, known)
    if strange.any():
        row = int(np.argmax(strange))
        raise TargetError(
            f"{name}: row {row} has the label {y[row].item()!r}, "
            f"which is none of the {len(known)} known classes ({_listed(known)})."
        )
    return y, known


def _from_objects(y: Array, name: str) -> Array:
    """Labels as pandas keeps them: text, whole numbers, or both, which together are text."""
    for row, label in enumerate(y):
        if not isinstance(label, str | int | np.integer | np.bool_):
            raise DataFormatError(
                f"{name}: y has {label!r} at row {row} (counted from 0): a label must be text or a "
                "whole number; fill the gap or drop the row."
            )
    return np.array(y.tolist())


def _names(
    names: Sequence[str] | None, things: Sized | None, option: str, what: str
) -> tuple[str, ...] | None:
    if names is None or things is None:
        return None
    if len(names) != len(things):
        raise ShapeError(f"{option} has {len(names)} names, but there are {len(things)} {what}.")
    return tuple(str(name) for name in names)


def _listed(values: Array, limit: int = 8) -> str:
    shown = ", ".join(str(value) for value in values[:limit])
    return shown + (", …" if len(values) > limit else "")
