"""What an exported model takes: the type of its raw rows, and the type it computes in."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError
from chalknet.model import Model

__all__ = ["computed_in", "row_type"]


def row_type(model: Model, asked: npt.DTypeLike | None = None) -> np.dtype[Any]:
    """uint8, float32 or float64: as asked; or bytes for a model that divides bytes by 255, and the
    float type of its parameters for all others.

    Raises
    ------
    ConfigurationError
        Another type is asked for.
    """  # noqa: D205
    if asked is None:
        preprocessing = model.preprocessing
        divides = np.ndim(preprocessing.divisor) == 0 and preprocessing.divisor == 255
        of_bytes = divides and not np.any(preprocessing.offset)
        return np.dtype(np.uint8) if of_bytes else model.network.dtype
    known = [np.dtype(kind) for kind in (np.uint8, np.float32, np.float64)]
    try:
        dtype = np.dtype(asked)
    except TypeError:
        dtype = np.dtype(object)
    if dtype not in known:
        raise ConfigurationError(
            f"input_type must be uint8, float32 or float64, not {str(asked)!r}."
        )
    return dtype


def computed_in(model: Model, rows: np.dtype[Any]) -> np.dtype[Any]:
    """float64 for a model or rows of float64, else float32."""
    floats = rows if rows.kind == "f" else np.dtype(np.float32)
    return np.result_type(model.network.dtype, floats)
