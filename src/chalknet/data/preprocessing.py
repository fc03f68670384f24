"""From a row of raw data to a row of network inputs: x = (raw − offset) / divisor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chalknet.errors import ConfigurationError

__all__ = ["Preprocessing"]

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Preprocessing:
    """The affine map ``(X − offset) / divisor``, element by element, saved with the model.

    Parameters
    ----------
    offset, divisor : float or array (features,)
        Plain numbers apply to every column.

    Examples
    --------
    >>> pixels = np.array([[0, 51, 255]], dtype=np.uint8)
    >>> Preprocessing.for_data(pixels).apply(pixels, np.float64)
    array([[0. , 0.2, 1. ]])
    """

    offset: float | Array = 0.0
    divisor: float | Array = 1.0

    def __post_init__(self) -> None:
        if not np.all(np.isfinite(self.offset)):
            raise ConfigurationError("preprocessing: every offset must be finite.")
        if not np.all(np.isfinite(self.divisor)) or not np.all(np.asarray(self.divisor) != 0):
            raise ConfigurationError("preprocessing: every divisor must be finite and not zero.")

    @classmethod
    def for_data(cls, X: Array, scaling: str = "auto") -> Preprocessing:
        """Choose the map for ``X``.

        ``scaling`` is ``"none"``; ``"pixels"`` (divide by 255); ``"standard"`` (each column to mean
        0 and standard deviation 1; a constant column is only centred); or ``"auto"``: pixels for
        ``uint8``, none for floats, which are taken as they are.
        """
        if scaling == "auto":
            scaling = "pixels" if X.dtype == np.uint8 else "none"
        if scaling == "none":
            return cls()
        if scaling == "pixels":
            return cls(divisor=255.0)
        if scaling == "standard" and hasattr(X, "tocsr"):
            raise ConfigurationError(
                "scaling standard would fill the zeros of a sparse X: scale its columns yourself, "
                "or take scaling none."
            )
        if scaling == "standard":
            # The mean of equal numbers can miss them by a rounding error; so can the deviation.
            constant = X.min(axis=0) == X.max(axis=0)
            mean = np.where(constant, X[0], X.mean(axis=0, dtype=np.float64))
            deviation = np.where(constant, 1.0, X.std(axis=0, dtype=np.float64))
            return cls(offset=mean, divisor=deviation)
        raise ConfigurationError(
            f"scaling must be auto, none, pixels or standard, not {scaling!r}."
        )

    def apply(self, X: Array, dtype: npt.DTypeLike) -> Array:
        """Rows of ``X`` (n, features) as network inputs of ``dtype``, computed in that type.

        Only the difference to an offset is taken in float64: of large numbers that differ little,
        such as years or times, float32 would leave nothing.
        """
        dtype = np.dtype(dtype)
        if np.any(self.offset):
            inputs = np.subtract(X, self.offset, dtype=np.float64).astype(dtype, copy=False)
        else:
            inputs = X.astype(dtype, copy=False)
        if np.any(np.asarray(self.divisor) != 1):
            inputs = inputs / np.asarray(self.divisor, dtype)
        return inputs

    def seems_applied_to(self, X: Array) -> bool:
        """Whether ``X`` looks like pixels that have been divided by 255 already: floats in 0 … 1.

        >>> pixels = np.array([[0, 51, 255]], dtype=np.uint8)
        >>> divide = Preprocessing.for_data(pixels)
        >>> divide.seems_applied_to(pixels), divide.seems_applied_to(pixels / 255)
        (False, True)
        """
        divides = not np.any(self.offset) and np.ndim(self.divisor) == 0 and self.divisor == 255
        if not divides or X.dtype.kind != "f" or X.size == 0:
            return False
        return bool(X.min() >= 0 and 0 < X.max() <= 1)

    @property
    def is_identity(self) -> bool:
        """Whether inputs are the raw values themselves."""
        return not np.any(self.offset) and bool(np.all(np.asarray(self.divisor) == 1))

    def __repr__(self) -> str:
        if self.is_identity:
            return "inputs as they are"
        if np.ndim(self.offset) or np.ndim(self.divisor):
            return "each column to mean 0 and standard deviation 1"
        shift = f" − {self.offset:g}" if self.offset else ""
        return f"(inputs{shift}) / {self.divisor:g}" if shift else f"inputs / {self.divisor:g}"
