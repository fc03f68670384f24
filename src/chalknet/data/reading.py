"""From a path to a data set: which format it is, and where its test set lies."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset, Split, Task
from chalknet.data.formats.contents import Array, Contents, FilePath
from chalknet.data.formats.delimited import read_csv, read_csv_inputs
from chalknet.data.formats.hdf5 import read_hdf5, read_hdf5_inputs
from chalknet.data.formats.idx import read_idx, read_idx_array
from chalknet.data.formats.image import read_image
from chalknet.data.formats.image_folder import read_image_folder
from chalknet.data.formats.npz import read_npy, read_npz, read_npz_inputs
from chalknet.data.formats.parquet import read_parquet, read_parquet_inputs
from chalknet.data.sources import KNOWN, holds_both, kind_of, train_and_test
from chalknet.errors import ConfigurationError, DataFormatError, ShapeError, TargetError

__all__ = ["read_dataset", "read_inputs", "read_split"]


@dataclass(frozen=True)
class _Options:
    """Where X and y are in the source, and how to take them."""

    inputs: str | Sequence[str] | None = None
    target: str | None = None
    labels: FilePath | None = None
    task: Task | None = None
    image_size: tuple[int, int] | None = None
    max_bytes: int | None = None


@dataclass(frozen=True)
class _Naming:
    """What the caller knows of the data that the source does not say."""

    class_names: Sequence[str] | None = None
    image_shape: tuple[int, ...] | None = None


def read_dataset(
    path: FilePath,
    *,
    name: str | None = None,
    inputs: str | Sequence[str] | None = None,
    target: str | None = None,
    labels: FilePath | None = None,
    task: Task | None = None,
    classes: npt.ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    image_shape: tuple[int, ...] | None = None,
    image_size: tuple[int, int] | None = None,
    max_bytes: int | None = None,
) -> Dataset:
    """Read one data set from a file or a folder of images.

    Parameters
    ----------
    path : path
        ``.idx`` (gzipped or not), ``.npz``, ``.h5``/``.hdf5``, ``.csv``/``.tsv``, ``.parquet``, or
        a folder with one subfolder of images a class. Files of other names are known by how they
        begin.
    name : str, optional
        What to call the data; by default the name of the file or folder.
    inputs, target : str, optional
        Where X and y are: the names of arrays (NPZ, HDF5), or of the target column and a list of
        feature columns (tables). Without them the usual names are found; a table's target is the
        column called target, label, class or y, otherwise the last, and its features all others.
    labels : path, optional
        The labels file that goes with an IDX file, where it is not beside it under the usual name.
    task : "classification", "multilabel" or "regression", optional
        What y is. By default text and integers are classes, floats regression targets; rows of
        exactly one 1 are classes (one-hot); and whole numbers in a *table* are classes only if
        they take at most 50 different values.
    classes : array, optional
        The known classes, as for test data.
    class_names, image_shape : optional
        As in :class:`~chalknet.data.dataset.Dataset`.
    image_size : (height, width), optional
        Bring the images of a folder to this size.
    max_bytes : int, optional
        How much memory the contents of a compressed file may take; by default 40 MiB + 4 × the
        size of the file.

    Raises
    ------
    DataNotFoundError
        There is nothing at ``path``.
    DataFormatError
        The contents are damaged, unsafe, or not a data set; the message names the place.
    MissingLibraryError
        The format needs an optional library.
    """
    options = _Options(inputs, target, labels, task, image_size, max_bytes)
    naming = _Naming(class_names, image_shape)
    return _dataset(
        _contents(path, options), path, name or _name_of(path), options, naming, classes
    )


def read_split(
    path: FilePath,
    *,
    name: str | None = None,
    inputs: str | Sequence[str] | None = None,
    target: str | None = None,
    labels: FilePath | None = None,
    task: Task | None = None,
    classes: npt.ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    image_shape: tuple[int, ...] | None = None,
    image_size: tuple[int, int] | None = None,
    max_bytes: int | None = None,
) -> Split:
    """Read training data and, where the source has one, the test set. Options as `read_dataset`.

    A test set is found in a folder with a pair of files (``train-images-idx3-ubyte.gz`` and
    ``t10k-images-idx3-ubyte.gz``, ``mnist_traindata.hdf5`` and ``mnist_testdata.hdf5``,
    ``train.csv`` and ``test.csv``), in a folder with the subfolders ``train`` and ``test`` (or
    ``val``), and in an NPZ or HDF5 file with ``x_train``, ``y_train``, ``x_test`` and ``y_test``.
    Its classes are those of the training data.
    """
    options = _Options(inputs, target, labels, task, image_size, max_bytes)
    naming = _Naming(class_names, image_shape)
    name = name or _name_of(path)
    train_path, test_path = train_and_test(Path(path))
    parts = ("", "")
    if test_path is None and inputs is None and holds_both(train_path):
        test_path, parts = train_path, ("train", "test")
    contents = _contents(train_path, options, parts[0])
    train = _dataset(contents, train_path, name, options, naming, classes)
    if test_path is None:
        return Split(train, None)
    # What y is, and which columns are X, was decided on the training data.
    columns = train.feature_names or inputs
    options = dataclasses.replace(options, task=train.task, inputs=columns, labels=None)
    contents = _contents(test_path, options, parts[1])
    test = _dataset(contents, test_path, f"{name} (test)", options, naming, train.classes)
    if train.X.shape[1] != test.X.shape[1] or train.image_shape != test.image_shape:
        raise DataFormatError(
            f"{test_path} has samples of {test.image_shape or test.X.shape[1]}, but {train_path} "
            f"has samples of {train.image_shape or train.X.shape[1]}: they must be alike."
        )
    return Split(train, test)


def read_inputs(
    path: FilePath,
    *,
    image_shape: tuple[int, ...] | None = None,
    feature_names: Sequence[str] | None = None,
    inputs: str | None = None,
    resize: bool = False,
    max_bytes: int | None = None,
) -> Array:
    """Read samples without labels, to predict: an image, or the rows of an array or a table.

    Parameters
    ----------
    path : path
        An image (PNG, JPEG, BMP, GIF, TIFF, WebP), or ``.npy``, ``.npz``, ``.idx``, ``.h5``,
        ``.csv`` or ``.parquet``.
    image_shape : tuple, optional
        (height, width) or (height, width, 3) of the images that the model takes; an image is turned
        to gray or colour accordingly, and with ``resize`` brought to that size.
    feature_names : sequence of str, optional
        The columns that the model takes; they are picked from a table by name.
    inputs : str, optional
        The name of the array in an NPZ or HDF5 file, where it cannot be found.

    Returns
    -------
    array (n, features), uint8, float32 or float64

    Raises
    ------
    DataNotFoundError, DataFormatError, MissingLibraryError
        As :func:`read_dataset`.
    ShapeError
        An image is not of the size that the model takes.
    """
    X = _inputs(Path(path), image_shape, feature_names, inputs, resize, max_bytes)
    if X.ndim == 1 or (image_shape is not None and X.shape == tuple(image_shape)):
        X = X[np.newaxis]
    # A Dataset checks X: finite numbers, in rows.
    unlabelled = Contents(X=X, y=np.zeros(len(X)))
    return _dataset(unlabelled, path, str(path), _Options(), _Naming()).X


def _inputs(
    path: Path,
    image_shape: tuple[int, ...] | None,
    feature_names: Sequence[str] | None,
    inputs: str | None,
    resize: bool,
    max_bytes: int | None,
) -> Array:
    kind = kind_of(path)
    if kind == "image":
        return read_image(path, image_shape=image_shape, resize=resize)[np.newaxis]
    if kind == "csv":
        return read_csv_inputs(path, feature_names=feature_names)
    if kind == "parquet":
        return read_parquet_inputs(path, feature_names=feature_names, max_bytes=max_bytes)
    if kind in ("npz", "hdf5"):
        read = read_npz_inputs if kind == "npz" else read_hdf5_inputs
        return read(path, inputs=inputs, max_bytes=max_bytes)
    return read_npy(path) if kind == "npy" else read_idx_array(path, max_bytes=max_bytes)


def _contents(path: FilePath, o: _Options, part: str = "") -> Contents:
    """Whatever is at ``path``; each format is given the options that it knows."""
    if Path(path).is_dir():
        return read_image_folder(path, image_size=o.image_size)
    match kind_of(Path(path)):
        case "idx":
            return read_idx(path, labels=o.labels, task=o.task, max_bytes=o.max_bytes)
        case "npz":
            return read_npz(
                path, inputs=_one(o.inputs), target=o.target, part=part, task=o.task,
                max_bytes=o.max_bytes,
            )  # fmt: skip
        case "hdf5":
            return read_hdf5(
                path, inputs=_one(o.inputs), target=o.target, part=part, task=o.task,
                max_bytes=o.max_bytes,
            )  # fmt: skip
        case "parquet":
            return read_parquet(
                path, inputs=_several(o.inputs), target=o.target, task=o.task,
                max_bytes=o.max_bytes,
            )  # fmt: skip
        case "csv":
            return read_csv(
                path, inputs=_several(o.inputs), target=o.target, task=o.task,
                max_bytes=o.max_bytes,
            )  # fmt: skip
    raise DataFormatError(f"{path} has inputs but no labels; a data set to learn from is {KNOWN}.")


def _one(inputs: str | Sequence[str] | None) -> str | None:
    if inputs is None or isinstance(inputs, str):
        return inputs
    raise ConfigurationError(f"inputs must name one array here, not several: {list(inputs)}.")


def _several(inputs: str | Sequence[str] | None) -> Sequence[str] | None:
    return [inputs] if isinstance(inputs, str) else inputs


def _dataset(
    contents: Contents,
    path: FilePath,
    name: str,
    options: _Options,
    naming: _Naming,
    classes: npt.ArrayLike | None = None,
) -> Dataset:
    """The Dataset of what was read; what is wrong with it is wrong with the file."""
    y = contents.y
    known = None if classes is None else np.asarray(classes)
    if known is not None and y is not None and y.ndim == 1:
        y = _as_known(y, known)
    try:
        dataset = Dataset(
            contents.X,
            y if y is not None else np.zeros(len(contents.X)),
            name=name,
            task=options.task,
            classes=known,
            class_names=None if naming.class_names is None else tuple(naming.class_names),
            image_shape=naming.image_shape or contents.image_shape,
            feature_names=contents.feature_names,
        )
    except (DataFormatError, ShapeError, TargetError) as error:
        raise DataFormatError(f"{path}: {str(error).removeprefix(f'{name}: ')}") from None
    if dataset.task == "classification" and classes is None and dataset.n_outputs < 2:
        raise DataFormatError(
            f"{path}: all {len(dataset):,} samples have the label {dataset.y[0].item()!r}, but "
            "telling classes apart needs at least two. Is the right column or array the target?"
        )
    return dataset


def _as_known(y: Array, known: Array) -> Array:
    """Labels of the known classes' type: where one format has 7 or True, another has text.

    Among names such as "7" and "other", for one, a file that has only "7" looks like integers.
    """
    if known.dtype.kind == "U" and y.dtype.kind in "biu":
        return y.astype(str)
    if known.dtype.kind in "biu" and y.dtype.kind == "U":
        by_text = {str(label): label for label in known}
        if by_text.keys() >= set(y.tolist()):
            return np.array([by_text[text] for text in y.tolist()], known.dtype)
    return y


def _name_of(path: FilePath) -> str:
    resolved = Path(path).resolve()
    return resolved.name if resolved.is_dir() else resolved.name.split(".")[0] or resolved.name
