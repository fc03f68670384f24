"""Small pictures inside the page: samples and weights as PNG data URIs."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.data.dataset import Dataset

__all__ = ["Pictures", "weight_picture"]

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]

# The two ends of the diverging colour map. Zero is transparent, so it is the page itself.
POSITIVE, NEGATIVE = (31, 111, 178), (214, 96, 20)
MEASURED_ROWS = 500


@dataclass(frozen=True)
class Pictures:
    """How the samples of one data set are shown.

    Attributes
    ----------
    shape : tuple
        (height, width, channels); channels are 1, 3 or 4.
    low, high : float
        The pixel values that are drawn black and white.
    as_ink : bool
        Bright figures on an empty ground are drawn as ink on paper, and by a dark page as chalk on
        a board: there is nothing to see in a page of black squares.
    side : int
        Larger pictures are reduced to this many pixels.
    """

    shape: tuple[int, int, int]
    low: float
    high: float
    as_ink: bool
    side: int

    @classmethod
    def of(cls, data: Dataset, *, side: int = 64) -> Pictures | None:
        """How to show ``data``; None where its rows are no images."""
        if data.image_shape is None:
            return None
        height, width, *rest = data.image_shape
        channels = rest[0] if rest and rest[0] in {3, 4} else 1
        low, high = float(min(data.X.min(), 0)), float(data.X.max())
        if high <= low:
            high = low + 1.0
        some = data.X[:: max(1, len(data) // MEASURED_ROWS)]
        as_ink = channels == 1 and _is_figure_on_ground(some.reshape(len(some), height, width, -1))
        return cls((height, width, channels), low, high, as_ink, side)

    @property
    def pixelated(self) -> bool:
        """Whether pixels are to be seen as squares: pictures with few of them."""
        return max(self.shape[:2]) <= self.side

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the picture as embedded."""
        height, width, _ = self.shape
        scale = min(1.0, self.side / max(height, width))
        return max(1, round(width * scale)), max(1, round(height * scale))

    def uri(self, row: Array) -> str:
        """A sample as a data URI."""
        from PIL import Image

        height, width, channels = self.shape
        pixels = row.reshape(height, width, -1).astype(np.float64)
        if channels == 1:
            pixels = pixels.mean(axis=2, keepdims=True)
        shade = np.clip((pixels - self.low) / (self.high - self.low), 0, 1)
        if self.as_ink:
            shade = 1 - shade
        values = np.rint(255 * shade).astype(np.uint8)
        image = Image.fromarray(values[:, :, 0] if channels == 1 else values)
        if not self.pixelated:
            image = image.resize(self.size, Image.Resampling.BOX)
        return _data_uri(image)


def weight_picture(weights: Array, shape: tuple[int, int, int], limit: float) -> str:
    """One neuron's weights as a data URI, ``limit`` and more in full colour.

    Grey images: blue positive, orange negative, transparent zero. Colour images: grey is zero and
    each channel's weight brightens or darkens it.
    """
    from PIL import Image

    height, width, channels = shape
    grid = np.clip(weights.reshape(height, width, -1).astype(np.float64) / limit, -1, 1)
    if channels != 1:
        return _data_uri(Image.fromarray(np.rint(127.5 + 127.5 * grid[:, :, :3]).astype(np.uint8)))
    index = np.rint(127 + 127 * grid.mean(axis=2)).astype(np.uint8)
    image = Image.fromarray(index)
    image.putpalette([channel for entry in _palette() for channel in entry])
    opacity = bytes(min(255, 2 * abs(level - 127)) for level in range(256))
    return _data_uri(image, transparency=opacity)


def _palette() -> list[tuple[int, int, int]]:
    return [NEGATIVE if level < 127 else POSITIVE for level in range(256)]


def _is_figure_on_ground(images: Array) -> bool:
    """Whether most of the border is at the lowest value there is, and a good part of the rest."""
    lowest = images.min()
    border = np.concatenate(
        [part.ravel() for part in (images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1])]
    )
    empty = float(np.mean(border == lowest)), float(np.mean(images == lowest))
    return empty[0] > 0.5 and empty[1] > 0.25


def _data_uri(image: Any, **options: Any) -> str:
    stream = io.BytesIO()
    image.save(stream, format="PNG", optimize=True, **options)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
