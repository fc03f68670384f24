"""A folder of images, one subfolder a class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chalknet.data.formats.contents import Array, Contents, FilePath
from chalknet.data.formats.image import SUFFIXES, colour_of, decoded
from chalknet.data.formats.labels import is_whole
from chalknet.errors import DataFormatError, DataNotFoundError

__all__ = ["class_folders", "image_files", "read_image_folder"]


def read_image_folder(path: FilePath, *, image_size: tuple[int, int] | None = None) -> Contents:
    """Read every image below ``path``; the name of its subfolder is its label.

    Names that are all whole numbers become integers.

    Files come in the order of their names, class by class. All must be of one size, unless
    ``image_size=(height, width)`` says what to bring them to. Gray images give rows of an (h, w)
    image; if any image is in colour, all are read in colour, (h, w, 3).

    Raises
    ------
    DataFormatError
        There are no images, or in one class only, or they differ in size, or one is damaged.
    """
    folders = class_folders(path)
    files = [(file, folder.name) for folder in folders for file in image_files(folder)]
    if not files:
        raise DataFormatError(
            f"{path} has no images in its subfolders: expected one subfolder a class, each with "
            f"images ({', '.join(SUFFIXES)})."
        )
    images = [file for file, _ in files]
    X, shape = _pixels(images, image_size)
    names = [label for _, label in files]
    whole = all(map(is_whole, names))
    y = np.array([int(name) for name in names]) if whole else np.array(names)
    return Contents(X=X, y=y, image_shape=shape)


def class_folders(path: FilePath) -> list[Path]:
    """The subfolders of ``path`` in the order of their names, hidden ones left out."""
    root = Path(path)
    if not root.is_dir():
        raise DataNotFoundError(f"{path} must be a folder of images, but there is no such folder.")
    return sorted(
        child for child in root.iterdir() if child.is_dir() and not child.name.startswith(".")
    )


def image_files(folder: Path) -> list[Path]:
    """The images right in ``folder`` in the order of their names, hidden ones left out."""
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()
    )


def _pixels(
    files: Sequence[Path], image_size: tuple[int, int] | None
) -> tuple[Array, tuple[int, ...]]:
    """All images as one array uint8 (n, pixels), and the shape of each."""
    colour = any(colour_of(file) for file in files)
    # A bytearray grows without a second copy of everything, as stacking a list would need.
    pixels = bytearray()
    shape: tuple[int, ...] = ()
    for file in files:
        image = decoded(file, colour=colour, size=image_size)
        if shape and image.shape != shape:
            raise DataFormatError(
                f"{file} is {image.shape[0]}×{image.shape[1]} (height×width), but {files[0]} is "
                f"{shape[0]}×{shape[1]}: all images must have one size; "
                "say which with image_size (--image-size)."
            )
        shape = image.shape
        pixels += image.data
    return np.frombuffer(pixels, np.uint8).reshape(len(files), -1), shape
