"""A model as one Python file with its weights inside, that needs NumPy or nothing at all.

What the files look like stands in ``templates/``.
"""

from __future__ import annotations

import os
from pathlib import Path

from chalknet.export.code import render
from chalknet.files import write_atomically
from chalknet.model import Model

__all__ = ["write_numpy", "write_python"]


def write_numpy(model: Model, path: str | os.PathLike[str]) -> Path:
    """Write ``model`` as one Python file that needs NumPy and nothing else.

    It computes as the model does: in float64 for rows of float64, in the model's type for others.

    Raises
    ------
    ConfigurationError
        An activation or the loss is the user's own, or a label cannot be written as code.
    """
    return write_atomically(path, render("numpy.py.jinja", model, Path(path)))


def write_python(model: Model, path: str | os.PathLike[str]) -> Path:
    """Write ``model`` as one Python file that needs nothing but Python, and computes in float64.

    Raises
    ------
    ConfigurationError
        As for ``write_numpy``.
    """
    return write_atomically(path, render("plain.py.jinja", model, Path(path)))
