"""The plots: the one place that knows matplotlib.

Each is an SVG a phone is wide. Lines differ in dash and lightness as well as in hue, so that they
can be told apart in print without colour.
"""

from __future__ import annotations

from chalknet.report.plots.curves import Curve, curves
from chalknet.report.plots.results import (
    calibration_plot,
    confusion_map,
    histogram,
    scatter,
)

__all__ = ["Curve", "calibration_plot", "confusion_map", "curves", "histogram", "scatter"]
