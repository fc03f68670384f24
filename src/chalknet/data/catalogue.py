"""The data sets that are known by name: digits, mnist and fashion-mnist."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from chalknet.data.dataset import Array, Dataset, Split
from chalknet.data.download import Progress, download, one_at_a_time
from chalknet.data.formats.idx import read_idx_array
from chalknet.errors import ConfigurationError, DataFormatError, DataNotFoundError, unknown_name

__all__ = ["NAMES", "load_dataset"]

ENVIRONMENT = "CHALKNET_DATA"
TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"
# What these files unfold to is known, and their bytes are checked.
LARGEST = 64 * 2**20


@dataclass(frozen=True)
class _Checksums:
    """``unfolded`` is the SHA-256 of the IDX bytes, ``packed`` the MD5 of the original .gz file."""

    unfolded: str
    packed: str


@dataclass(frozen=True)
class _ImageSet:
    """A published set of 28×28 images in four IDX files."""

    name: str
    mirrors: tuple[str, ...]
    files: dict[str, _Checksums]
    class_names: tuple[str, ...]


MNIST = _ImageSet(
    name="mnist",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    files={
        TRAIN_IMAGES: _Checksums(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        ),
        TRAIN_LABELS: _Checksums(
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "d53e105ee54ea40749a09fcbcd1e9432",
        ),
        TEST_IMAGES: _Checksums(
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "9fb629c4189551a2d022fa330f9573f3",
        ),
        TEST_LABELS: _Checksums(
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
    },
    class_names=tuple("0123456789"),
)

FASHION_MNIST = _ImageSet(
    name="fashion-mnist",
    mirrors=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    files={
        TRAIN_IMAGES: _Checksums(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        ),
        TRAIN_LABELS: _Checksums(
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "25c81989df183df01b3e8a0aad5dffbe",
        ),
        TEST_IMAGES: _Checksums(
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "bef4ecab320f06d8554ea6380940ec79",
        ),
        TEST_LABELS: _Checksums(
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
    },
    class_names=(
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
)  # fmt: skip

IMAGE_SETS = {found.name: found for found in (MNIST, FASHION_MNIST)}
NAMES = ("digits", *IMAGE_SETS)


def load_dataset(
    name: str,
    data_dir: str | os.PathLike[str] | None = None,
    *,
    progress: Progress | None = None,
) -> Split:
    """Load a data set by name.

    - ``digits``: 1,797 images of 8×8, from scikit-learn; no file is needed. Pixels 0 … 16 are
      divided by 16, exactly, to float32. In each class every fifth image, in file order, is a test
      image: the same 355 of them for everyone.
    - ``mnist``, ``fashion-mnist``: 60,000 training and 10,000 test images of 28×28, uint8.

    Parameters
    ----------
    data_dir : path, optional
        A folder with ``mnist/`` and ``fashion-mnist/`` in it, each with its four IDX files, gzipped
        or not. Without it the environment variable CHALKNET_DATA may name one. Without both, the
        files are downloaded once into the cache of the user.
    progress : callable, optional
        Called while downloading with the file's name, the bytes that are here, and their total
        (None while that is unknown).

    Raises
    ------
    ConfigurationError
        No data set has that name.
    DataNotFoundError
        The folder named does not hold the set.
    DataFormatError
        A file's bytes are not those that were published.
    DownloadError
        No mirror served a file.

    Examples
    --------
    >>> load_dataset("digits").train
    <Dataset digits: 1,442 samples, 8×8 images, 10 classes>
    """
    if name == "digits":
        return _digits()
    if name not in IMAGE_SETS:
        raise ConfigurationError(
            f"{unknown_name('data set', name, NAMES)} For data of your own give the path of a file "
            "or a folder that exists."
        )
    image_set = IMAGE_SETS[name]
    root = data_dir or os.environ.get(ENVIRONMENT)
    if root:
        return _from_folder(image_set, Path(root) / name)
    return _from_cache(image_set, _cache_folder() / name, progress)


def _digits() -> Split:
    """Scikit-learn's copy of the test part of the UCI "Optical Recognition of Digits" (1998)."""
    table = _table_of_digits()
    images, labels = table[:, :-1], table[:, -1].astype(np.int64)
    is_test = np.zeros(len(labels), bool)
    for label in range(10):
        is_test[np.flatnonzero(labels == label)[4::5]] = True
    # Sixteenths are exact in binary.
    everything = Dataset(
        (images / 16).astype(np.float32),
        labels,
        name="digits",
        class_names=tuple("0123456789"),
        image_shape=(8, 8),
    )
    return Split(everything.take(~is_test), everything.take(is_test))


def _table_of_digits() -> Array:
    """64 pixels and a label a row, from scikit-learn's file, since its loader is slow to import."""
    spec = importlib.util.find_spec("sklearn")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, "datasets", "data", "digits.csv.gz")
        if path.is_file():
            with gzip.open(path, "rt", encoding="ascii") as file:
                return np.loadtxt(file, delimiter=",")
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return np.column_stack([bunch.data, bunch.target])


def _from_folder(image_set: _ImageSet, folder: Path) -> Split:
    """The set from files that someone has put there; nothing is downloaded or changed."""
    paths = {stem: _present(folder, stem) for stem in image_set.files}
    missing = [stem for stem, path in paths.items() if path is None]
    if missing:
        listed = ", ".join(f"{stem}[.gz]" for stem in missing)
        raise DataNotFoundError(
            f"{image_set.name} is expected in {folder}, but {listed} "
            f"{'is' if len(missing) == 1 else 'are'} not there; put the original IDX files there, "
            f"or name another folder with --data-dir or {ENVIRONMENT}."
        )
    return _split(image_set, {stem: _verified(image_set, stem, paths[stem]) for stem in paths})


def _from_cache(image_set: _ImageSet, folder: Path, progress: Progress | None) -> Split:
    """The set from the user's cache; files that are missing or damaged are downloaded."""
    arrays: dict[str, Array] = {}
    for stem, checksums in image_set.files.items():
        path = folder / f"{stem}.gz"
        with contextlib.suppress(DataNotFoundError, DataFormatError):
            arrays[stem] = _verified(image_set, stem, path)
            continue
        with one_at_a_time(folder):
            download(path, image_set.mirrors, md5=checksums.packed, progress=progress)
        arrays[stem] = _verified(image_set, stem, path)
    return _split(image_set, arrays)


def _present(folder: Path, stem: str) -> Path | None:
    return next((path for gz in ("", ".gz") if (path := folder / (stem + gz)).is_file()), None)


def _verified(image_set: _ImageSet, stem: str, path: Path | None) -> Array:
    """The array in ``path``, whose every byte is as published."""
    digest = hashlib.sha256()
    values = read_idx_array(path or stem, digest=digest, max_bytes=LARGEST)
    if digest.hexdigest() != image_set.files[stem].unfolded:
        raise DataFormatError(
            f"{path} is not the published {stem} of {image_set.name}: the SHA-256 of its IDX bytes "
            f"is {digest.hexdigest()}, not {image_set.files[stem].unfolded}; fetch it again."
        )
    return values


def _split(image_set: _ImageSet, arrays: dict[str, Array]) -> Split:
    def part(images: str, labels: str) -> Dataset:
        return Dataset(
            arrays[images],
            arrays[labels].astype(np.int64),
            name=image_set.name,
            class_names=image_set.class_names,
            image_shape=(28, 28),
            classes=np.arange(10),
        )

    return Split(part(TRAIN_IMAGES, TRAIN_LABELS), part(TEST_IMAGES, TEST_LABELS))


def _cache_folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("chalknet", appauthor=False)
