"""Every error chalknet raises on purpose.

Each message is one sentence, or two, that says what was expected, what came and what to do.

::

    ChalknetError
    ├── ConfigurationError   (ValueError)         an option, a name or a combination is wrong
    ├── ShapeError           (ValueError)         an array has the wrong rows, columns or axes
    ├── TargetError          (ValueError)         a target or a label has a value it cannot have
    ├── DataNotFoundError    (FileNotFoundError)  no such file, folder or named data set
    ├── DataFormatError      (ValueError)         a data file is not what it claims to be
    ├── DownloadError        (OSError)            no mirror served the file whole and unaltered
    ├── ModelFileError       (ValueError)         a model or checkpoint file is damaged or foreign
    ├── RunFolderError       (OSError)            a folder is not a run, or cannot become one
    ├── DivergenceError      (ArithmeticError)    training produced a number that is not finite
    ├── VerificationError    (ArithmeticError)    a line of an explanation failed its second check
    └── MissingLibraryError  (ImportError)        an optional library is needed and not installed
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "ChalknetError",
    "ConfigurationError",
    "DataFormatError",
    "DataNotFoundError",
    "DivergenceError",
    "DownloadError",
    "MissingLibraryError",
    "ModelFileError",
    "RunFolderError",
    "ShapeError",
    "TargetError",
    "VerificationError",
    "unknown_name",
]


class ChalknetError(Exception):
    """The root of all errors that chalknet raises on purpose."""


class ConfigurationError(ChalknetError, ValueError):
    """An option, a name or a combination of options is wrong."""


class ShapeError(ChalknetError, ValueError):
    """An array has the wrong number of rows, columns or axes; nothing is ever broadcast to fit."""


class TargetError(ChalknetError, ValueError):
    """A target or a label has a value that the loss or the data set cannot take."""


class DataNotFoundError(ChalknetError, FileNotFoundError):
    """There is no such file, folder or named data set."""


class DataFormatError(ChalknetError, ValueError):
    """A data file is not what it claims to be; the message names the file and the place in it."""


class DownloadError(ChalknetError, OSError):
    """No mirror served the file whole and unaltered."""


class ModelFileError(ChalknetError, ValueError):
    """A model or checkpoint file is damaged, foreign or from an incompatible version."""


class RunFolderError(ChalknetError, OSError):
    """A folder is not a run of chalknet, or cannot become one."""


class MissingLibraryError(ChalknetError, ImportError):
    """An optional library is needed and not installed."""


class VerificationError(ChalknetError, ArithmeticError):
    """A line of an explanation failed its independent check, so nothing is shown.

    This is never the user's mistake: it is a defect, of chalknet or of the machine.
    """


class DivergenceError(ChalknetError, ArithmeticError):
    """Training produced a loss or a parameter that is not finite.

    The network keeps the last parameters that were all finite.

    Attributes
    ----------
    epoch, step : int
        Where it happened, both counted from 1; steps count within the epoch.
    learning_rate : float
        The rate of that step.
    """

    def __init__(self, message: str, *, epoch: int, step: int, learning_rate: float) -> None:
        super().__init__(message)
        self.epoch = epoch
        self.step = step
        self.learning_rate = learning_rate


def unknown_name(kind: str, name: object, known: Iterable[str]) -> ConfigurationError:
    """Build the error for a name that is not known: it suggests the nearest and lists them all.

    >>> print(unknown_name("activation", "rellu", ["relu", "tanh"]))
    unknown activation 'rellu': did you mean 'relu'? Known are relu, tanh.
    """
    names = sorted(known)
    near = difflib.get_close_matches(str(name).lower(), names, n=1, cutoff=0.5)
    hint = f": did you mean {near[0]!r}?" if near else "."
    return ConfigurationError(f"unknown {kind} {str(name)!r}{hint} Known are {', '.join(names)}.")
