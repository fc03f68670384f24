"""What a file held, before it is made into a Dataset."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

__all__ = ["Array", "Contents", "FilePath"]

Array = npt.NDArray[Any]
FilePath = str | os.PathLike[str]


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Rows ``X`` and, where the file has them, labels ``y``, with the names found beside them."""

    X: Array
    y: Array | None = None
    feature_names: tuple[str, ...] | None = None
    image_shape: tuple[int, ...] | None = None
