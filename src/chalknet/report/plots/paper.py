"""Plots as files of their own, on white paper: SVG, PNG or PDF, by the ending of their name."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from chalknet.errors import ConfigurationError
from chalknet.files import write_atomically
from chalknet.report.plots.canvas import drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "PAPER", "on_paper", "power_of_ten", "require_format", "write_figure"]

FORMATS = ("svg", "png", "pdf")
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

# The page's colours by daylight (report.css); blue is darker than orange, also without colour.
PAPER = {
    "ink": "#1c2024",
    "soft": "#596068",
    "line": "#dedad2",
    "paper": "#ffffff",
    "blue": "#1f5f9c",
    "orange": "#c8641e",
}


@contextlib.contextmanager
def on_paper() -> Iterator[dict[str, str]]:
    """Draw as for the page, but in real colours, which the context gives by name."""
    with drawing():
        import matplotlib as mpl

        mpl.rcParams.update(
            {
                "svg.fonttype": "path",  # no reader need have the font
                "axes.edgecolor": PAPER["soft"],
                "axes.labelcolor": PAPER["ink"],
                "figure.facecolor": PAPER["paper"],
                "savefig.facecolor": PAPER["paper"],
                "xtick.color": PAPER["soft"],
                "ytick.color": PAPER["soft"],
                "text.color": PAPER["ink"],
            }
        )
        yield PAPER


def power_of_ten(power: int) -> str:
    """For the ticks of a logarithmic axis: written out where that is as short.

    >>> [power_of_ten(power) for power in (-12, -3, 0, 2)]
    ['10⁻¹²', '0.001', '1', '100']
    """
    return f"{10.0**power:g}" if -3 <= power <= 3 else "10" + str(power).translate(SUPERSCRIPTS)


def require_format(path: str | os.PathLike[str]) -> str:
    """The format that the name asks for.

    Raises
    ------
    ConfigurationError
        It is none of ``FORMATS``.

    >>> require_format("curve.PNG")
    'png'
    """
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise ConfigurationError(
            f"{os.fspath(path)}: a plot is written as {', '.join(FORMATS[:-1])} or {FORMATS[-1]}; "
            "end the name in one of them, as in plot.svg."
        )
    return ending


def write_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure drawn ``on_paper``, atomically; the same drawing gives the same bytes.

    Raises
    ------
    ConfigurationError
        The name has another ending.
    OSError
        The file cannot be written.
    """
    ending, stream = require_format(path), io.BytesIO()
    dated = {"svg": "Date", "pdf": "CreationDate"}.get(ending)
    metadata = None if dated is None else {dated: None}
    figure.savefig(stream, format=ending, dpi=160, metadata=metadata)
    return write_atomically(path, stream.getvalue())
