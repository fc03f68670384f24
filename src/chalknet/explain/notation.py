"""How a worked solution is written: orientation, names, digits and the decimal sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chalknet.errors import ConfigurationError

__all__ = ["Notation"]


@dataclass(frozen=True, kw_only=True)
class Notation:
    """What the reader is used to.

    Attributes
    ----------
    orientation : "column" or "row"
        z = Wx + b with samples as columns, as on paper; or Z = XW + b with samples as rows, as in
        code.
    pre_activation : "z" or "s"
        The letter of the pre-activations.
    delta : bool
        Whether ∂loss/∂z is written δ instead of dz.
    decimal_comma : bool
        1,5 instead of 1.5.
    digits : int
        Significant digits shown, 1 to 17. Values are carried at full precision and rounded for
        display only.
    entries : int
        A row or column longer than this is abbreviated in the middle.
    """

    orientation: Literal["column", "row"] = "column"
    pre_activation: Literal["z", "s"] = "z"
    delta: bool = False
    decimal_comma: bool = False
    digits: int = 5
    entries: int = 12

    def __post_init__(self) -> None:
        if self.orientation not in ("column", "row"):
            raise ConfigurationError(
                f"orientation is column (Wx + b) or row (XW + b), not {self.orientation!r}."
            )
        if self.pre_activation not in ("z", "s"):
            raise ConfigurationError(
                f"pre-activations are written z or s, not {self.pre_activation!r}."
            )
        if not 1 <= self.digits <= 17:
            raise ConfigurationError(f"digits must be from 1 to 17, not {self.digits}.")
        if self.entries < 3:
            raise ConfigurationError(f"entries must be at least 3, not {self.entries}.")
