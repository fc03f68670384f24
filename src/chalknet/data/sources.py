"""Which format a file is in, and where a test set lies beside a training set."""

from __future__ import annotations

from pathlib import Path

from chalknet.data.formats.array_names import has_parts
from chalknet.data.formats.bounded import file_size
from chalknet.data.formats.hdf5 import hdf5_members
from chalknet.data.formats.npz import npz_members
from chalknet.errors import DataFormatError

__all__ = ["KNOWN", "holds_both", "kind_of", "train_and_test"]

SUFFIXES = {
    ".idx": "idx",
    ".gz": "idx",
    ".npz": "npz",
    ".npy": "npy",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".png": "image",
    ".jpg": "image",
    ".jpeg": "image",
    ".bmp": "image",
    ".gif": "image",
    ".tif": "image",
    ".tiff": "image",
    ".webp": "image",
}
SIGNATURES = {
    b"\x1f\x8b": "idx",
    b"\0\0": "idx",
    b"PK": "npz",
    b"\x93NUMPY": "npy",
    b"\x89HDF": "hdf5",
    b"PAR1": "parquet",
    b"\x89PNG": "image",
    b"\xff\xd8\xff": "image",
}
KNOWN = ".idx[.gz], .npz, .h5, .hdf5, .csv, .tsv, .parquet or a folder of images"


TEST_WORDS = ("test", "t10k", "val", "valid", "validation")


def kind_of(path: Path) -> str:
    """The format of the file at ``path``: by its suffix, otherwise by how it begins."""
    file_size(path)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if (
        suffixes[-1:] == [".gz"]
        and SUFFIXES.get(suffixes[-2] if suffixes[1:] else "", "idx") != "idx"
    ):
        raise DataFormatError(f"{path} is gzipped: decompress it first (gunzip {path.name}).")
    if suffixes and suffixes[-1] in SUFFIXES:
        return SUFFIXES[suffixes[-1]]
    with path.open("rb") as stream:
        start = stream.read(8)
    for signature, known in SIGNATURES.items():
        if start.startswith(signature):
            return known
    raise DataFormatError(f"{path} is of no known format; expected {KNOWN}.")


def train_and_test(path: Path) -> tuple[Path, Path | None]:
    """The training set at ``path``, and the test set where a folder has one."""
    if not path.is_dir():
        return path, None
    for word in TEST_WORDS:
        if (path / "train").is_dir() and (path / word).is_dir():
            return path / "train", path / word
    found: dict[str, tuple[Path, Path | None]] = {}
    for file in sorted(path.iterdir()):
        name = file.name
        if "train" not in name or "labels" in name or not file.is_file() or name.startswith("."):
            continue
        others = (path / name.replace("train", word) for word in TEST_WORDS)
        # Of a file and its gzipped copy the first will do.
        found.setdefault(name.removesuffix(".gz"), (file, next(filter(Path.is_file, others), None)))
    if len(found) > 1:
        listed = ", ".join(file.name for file, _ in found.values())
        raise DataFormatError(
            f"{path} has several training sets ({listed}); name one of the files."
        )
    return next(iter(found.values()), (path, None))


def holds_both(path: Path) -> bool:
    """Whether one file holds a training set and a test set."""
    if path.is_dir():
        return False
    kind = kind_of(path)
    return (kind == "npz" and has_parts(npz_members(path))) or (
        kind == "hdf5" and has_parts(hdf5_members(path))
    )
