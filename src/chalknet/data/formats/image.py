"""One image as an array of bytes, decoded with Pillow."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from chalknet.data.formats.bounded import file_size
from chalknet.data.formats.contents import Array, FilePath
from chalknet.errors import DataFormatError, ShapeError

__all__ = ["SUFFIXES", "colour_of", "decoded", "read_image"]

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
# Pillow's pixels take four bytes and are converted once or twice: this stays within 64 MB.
MAX_PIXELS = 4_000_000
GRAY = frozenset({"1", "L", "LA", "La"})
COLOUR = frozenset({"RGB", "RGBA", "RGBa", "RGBX", "P", "PA", "CMYK", "YCbCr", "LAB", "HSV"})


def read_image(
    path: FilePath, *, image_shape: tuple[int, ...] | None = None, resize: bool = False
) -> Array:
    """One image as uint8, (h, w) if it is gray and (h, w, 3) if it is in colour.

    With ``image_shape`` the image is turned to gray or colour as that says; with ``resize`` also
    brought to that size.

    Raises
    ------
    DataFormatError
        The file is no image, is damaged, or would unfold to more than 4 million pixels.
    ShapeError
        The image is not of ``image_shape``, and ``resize`` is not set.
    """
    colour = colour_of(path) if image_shape is None else len(image_shape) == 3
    size = (image_shape[0], image_shape[1]) if image_shape is not None and resize else None
    image = decoded(path, colour=colour, size=size)
    if image_shape is not None and image.shape != tuple(image_shape):
        raise ShapeError(
            f"{path} is {_size(image.shape)} (height×width), but the model takes images of "
            f"{_size(image_shape)}: resize it, or ask for that with resize (--resize)."
        )
    return image


def colour_of(path: FilePath) -> bool:
    """Whether the image is in colour, by its header."""
    with _opened(path) as image:
        if image.mode == "P":
            palette = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
            return bool(np.any(palette != palette[:, :1]))
        return image.mode in COLOUR


def decoded(path: FilePath, *, colour: bool, size: tuple[int, int] | None = None) -> Array:
    """The pixels, uint8 (h, w) or with ``colour`` (h, w, 3), brought to ``size`` if given.

    The image is turned upright as its EXIF says; transparent parts lie on white, as on paper; of
    several frames the first is taken.
    """
    from PIL import Image, ImageOps

    mode = "RGB" if colour else "L"
    with _opened(path, size) as image:
        ImageOps.exif_transpose(image, in_place=True)
        plain = image
        if image.has_transparency_data:
            glass = image.convert("RGBA")
            plain = Image.alpha_composite(Image.new("RGBA", glass.size, "white"), glass)
        if plain.mode != mode:
            plain = plain.convert(mode)
        if size is not None and plain.size != size[::-1]:
            plain = plain.resize(size[::-1], Image.Resampling.BILINEAR)
        return np.asarray(plain)


@contextlib.contextmanager
def _opened(path: FilePath, size: tuple[int, int] | None = None) -> Iterator[Any]:
    file_size(path)
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Of a damaged file everything that matters is raised; the bomb is refused below.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                if size is not None:
                    # A JPEG can be decoded at a half, a quarter or an eighth of its size.
                    image.draft(None, size[::-1])
                _require_plain(image, path)
                yield image
    except DataFormatError:
        raise
    # Pillow's decoders raise nearly every built-in exception on damaged files.
    except Exception as error:  # noqa: BLE001
        reason = str(error).replace(repr(str(path)), "this file") or type(error).__name__
        reason = reason.rstrip(".")
        raise DataFormatError(
            f"{path} cannot be read as an image ({reason}): it is damaged or of another format."
        ) from None


def _require_plain(image: Any, path: FilePath) -> None:
    width, height = image.size
    if not 0 < width * height <= MAX_PIXELS:
        raise DataFormatError(
            f"{path} says it is {height:,}×{width:,} pixels, and at most {MAX_PIXELS:,} pixels are "
            "unfolded; scale the image down first."
        )
    if image.mode not in GRAY and image.mode not in COLOUR:
        raise DataFormatError(
            f"{path} has pixels of mode {image.mode} (more than 8 bits a channel); convert it to "
            "8 bits first."
        )


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]}×{shape[1]}" + (" in colour" if len(shape) == 3 else " in gray")
