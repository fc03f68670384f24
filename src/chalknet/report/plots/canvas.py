"""What all plots are drawn on: the settings, the axes, and the way into the page."""

from __future__ import annotations

import contextlib
import io
import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from markupsafe import Markup

from chalknet.report.svg import INK, inline_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["HEIGHT", "WIDTH", "drawing", "load_ahead", "new_axes", "quiet", "svg_of"]

WIDTH, HEIGHT = 384, 252  # points; one is a CSS pixel on a phone


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """Draw with matplotlib's defaults and these, whatever the user's own settings are."""
    log = logging.getLogger("matplotlib.font_manager")
    level = log.level
    # The first plot on a machine makes a list of fonts; that is nobody's concern here.
    log.setLevel(logging.ERROR)
    import matplotlib as mpl

    try:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(
                {
                    "svg.fonttype": "none",
                    "svg.hashsalt": "chalknet",
                    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
                    "font.size": 9.5,
                    "axes.edgecolor": INK["line"],
                    "axes.labelcolor": INK["soft"],
                    "axes.facecolor": "none",
                    "figure.facecolor": "none",
                    "xtick.color": INK["soft"],
                    "ytick.color": INK["soft"],
                    "text.color": INK["ink"],
                }
            )
            yield
    finally:
        log.setLevel(level)


def load_ahead() -> None:
    """Begin to load matplotlib, beside other work, so that it is there when something is drawn."""

    def load() -> None:
        with contextlib.suppress(ImportError):  # whoever draws will say so
            import matplotlib.backends.backend_svg
            import matplotlib.figure  # noqa: F401

    threading.Thread(target=load, name="load matplotlib", daemon=True).start()


def new_axes(
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    left: int = 52,
    right: int = 14,
    top: int = 14,
    bottom: int = 40,
) -> tuple[Figure, Axes]:
    """A figure with one pair of axes, its margins in points."""
    from matplotlib.figure import Figure

    figure_ = Figure(figsize=(width / 72, height / 72))
    axes = figure_.add_axes(
        (left / width, bottom / height, 1 - (left + right) / width, 1 - (top + bottom) / height)
    )
    quiet(axes)
    return figure_, axes


def quiet(axes: Axes) -> None:
    """Take away what says nothing: two of the four spines, and the tick marks."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0, pad=5)


def svg_of(figure_: Figure, prefix: str, label: str) -> Markup:
    """The drawing as SVG to be put into a page, with ``label`` for who cannot see it."""
    stream = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure_.savefig(stream, format="svg", metadata=nothing)
    return inline_svg(stream.getvalue(), prefix=prefix, label=label)
